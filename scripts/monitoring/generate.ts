import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { readIfThere } from '../generate-api-types.ts';
import { DASHBOARDS } from './dashboards/all.ts';
import { grafanaDashboard } from './dashboards/grafana.ts';
import { customResourceState, kubeStateMetricsValues } from './kube-state-metrics.ts';
import { ALERT_GROUPS, rulesFile } from './rules.ts';

function yamlText(source: string, content: unknown): string {
  const header = `# Made from scripts/monitoring/${source} by \`npm run generate\`. Do not edit.\n`;
  return header + stringify(content, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** The files with their texts. Some are there twice: for who runs Prometheus or Grafana without the chart, and for the chart. */
function monitoringFiles(root: string): Readonly<Record<string, string>> {
  const rules = yamlText('rules.ts', rulesFile(ALERT_GROUPS));
  const dashboards = DASHBOARDS.flatMap((dashboard) => {
    const text = `${JSON.stringify(grafanaDashboard(dashboard), undefined, 2)}\n`;
    const file = `dashboards/${dashboard.uid}.json`;
    return [`deploy/monitoring/${file}`, `charts/cmg-operator/files/${file}`].map((path) => [path, text]);
  });
  return {
    'deploy/monitoring/rules.yaml': rules,
    'charts/cmg-operator/files/rules/alerts.yaml': rules,
    'deploy/monitoring/custom-resource-state.yaml': yamlText('kube-state-metrics.ts', customResourceState(root)),
    'deploy/monitoring/kube-state-metrics-values.yaml': yamlText('kube-state-metrics.ts', kubeStateMetricsValues(root)),
    ...Object.fromEntries(dashboards),
  };
}

/**
 * Makes what Prometheus, kube-state-metrics and Grafana take from the project, and returns the files that were not current. With `check` they are left
 * as they are.
 */
export function generateMonitoring(root: string, check: boolean): string[] {
  const stale = Object.entries(monitoringFiles(root)).filter(([path, text]) => readIfThere(join(root, path)) !== text);
  for (const [path, text] of check ? [] : stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return stale.map(([path]) => path);
}
