import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cmgPage } from './cmg.ts';
import { conditionsPage } from './conditions.ts';
import { dashboardsPage } from './dashboards.ts';
import { eventsPage } from './events.ts';
import { flagsPage } from './flags.ts';
import { metricsPage } from './metrics.ts';
import { redeploymentPage } from './redeployment.ts';
import { SITE_KINDS, siteKindPage } from './site-kinds.ts';
import { siteOperationsPage } from './site-operations.ts';

/** The pages of the reference, by their path in a checkout. */
export async function referencePages(root: string): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['docs/reference/cmg.md', cmgPage(root)],
    ...SITE_KINDS.map((kind) => [kind.page, siteKindPage(root, kind)] as const),
    ['docs/reference/conditions.md', conditionsPage()],
    ['docs/reference/dashboards.md', dashboardsPage()],
    ['docs/reference/events.md', eventsPage(root)],
    ['docs/reference/flags.md', flagsPage()],
    ['docs/reference/metrics.md', await metricsPage(root)],
    ['docs/reference/site-operations.md', siteOperationsPage()],
    ['docs/redeployment.md', redeploymentPage(root)],
  ]);
}

/** Makes the reference of a checkout, and returns the files that were not current. With `check` they are left as they are. */
export async function generateReference(root: string, check: boolean): Promise<readonly string[]> {
  const pages = await referencePages(root);
  const stale = [...pages].filter(([path, text]) => readIfThere(join(root, path)) !== text);
  for (const [path, text] of check ? [] : stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return stale.map(([path]) => path);
}

function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

if (import.meta.main) {
  const check = process.argv.includes('--check');
  const stale = await generateReference(join(import.meta.dirname, '../..'), check);
  for (const file of stale) {
    console.log(check ? `${file} does not match the code. Run: npm run generate` : `wrote ${file}`);
  }
  process.exitCode = check && stale.length > 0 ? 1 : 0;
}
