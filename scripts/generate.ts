import { join } from 'node:path';
import { generateAll as generateApiTypes } from './generate-api-types.ts';
import { generateChart } from './generate-chart.ts';
import { generateDeploy } from './generate-deploy.ts';
import { generateMonitoring } from './monitoring/generate.ts';
import { generateReference } from './reference/main.ts';

/**
 * Makes some of the files of a checkout that follow from others, and returns the paths of those that were not current.
 * With `check` they are left as they are.
 */
type Generate = (root: string, check: boolean) => readonly string[] | Promise<readonly string[]>;

/** In this order: later ones may read what earlier ones make. */
const GENERATORS: readonly Generate[] = [
  generateApiTypes,
  generateChart,
  generateDeploy,
  generateMonitoring,
  generateReference,
];

const HELP = `Makes the files that follow from others: types, copies of the CRDs, the chart's table of values, what
deploy/ has of other files, the rules and dashboards, and the pages of the reference.

  npm run generate          writes what is not current
  npm run generate:check    writes nothing; exits with 1 when something is not current
`;

async function main(): Promise<number> {
  if (process.argv.includes('--help')) {
    process.stdout.write(HELP);
    return 0;
  }
  const check = process.argv.includes('--check');
  const root = join(import.meta.dirname, '..');
  const stale: string[] = [];
  for (const generate of GENERATORS) {
    stale.push(...(await generate(root, check)));
  }
  for (const file of stale) {
    console.log(check ? `${file} is not current. Run: npm run generate` : `wrote ${file}`);
  }
  return check && stale.length > 0 ? 1 : 0;
}

process.exitCode = await main();
