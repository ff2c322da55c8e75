import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { readIfThere } from '../generate-api-types.ts';
import { ALERT_GROUPS, rulesFile } from './rules.ts';

/** The rules, for who runs Prometheus without the chart, and the copy that the chart makes PrometheusRules of. */
const RULES = ['deploy/monitoring/rules.yaml', 'charts/cmg-operator/files/rules/alerts.yaml'];

function rulesText(): string {
  const header = '# Made from scripts/monitoring/rules.ts by `npm run generate`. Do not edit.\n';
  return header + stringify(rulesFile(ALERT_GROUPS), { lineWidth: 0 });
}

/**
 * Makes what Prometheus takes from the project, and returns the files that were not current. With `check` they are left
 * as they are.
 */
export function generateMonitoring(root: string, check: boolean): string[] {
  const text = rulesText();
  return RULES.filter((path) => {
    const file = join(root, path);
    if (readIfThere(file) === text) return false;
    if (!check) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    return true;
  });
}
