import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generateMonitoring } from './generate.ts';
import { customResourceState } from './kube-state-metrics.ts';
import { metricsIn, unknownMetrics } from './metrics-in.ts';
import { ALERT_GROUPS, rulesFile } from './rules.ts';

const ROOT = join(import.meta.dirname, '../..');
const RUNBOOKS = join(ROOT, 'docs/runbooks');
const alerts = ALERT_GROUPS.flatMap((group) => group.alerts);
const names = [...new Set(alerts.map(({ name }) => name))];

describe('the alerts', () => {
  it('have a page each, and each page an alert', () => {
    const pages = readdirSync(RUNBOOKS).map((file) => file.replace(/\.md$/, ''));
    expect(pages.toSorted()).toEqual(names.toSorted());
  });

  it.each(names)('%s has a page with all that a person needs who is woken by it', (name) => {
    const text = readFileSync(join(RUNBOOKS, `${name}.md`), 'utf8');
    const prose = text.replaceAll(/^```sh\n[\s\S]*?^```$/gm, '');
    const headings = [...prose.matchAll(/^#+ .+$/gm)].map(([heading]) => heading);
    expect(headings).toEqual([`# ${name}`, '## Meaning', '## Impact', '## Diagnosis', '## What to do']);
    expect(text).toContain('```sh\n');
  });

  it('read only metrics that the operator has', async () => {
    const expressions = alerts.map(({ expression }) => expression);
    expect(new Set(expressions.flatMap(metricsIn)).size).toBeGreaterThan(8);
    expect(await unknownMetrics(ROOT, expressions)).toEqual([]);
  });

  it('link to the page that bears their name', () => {
    for (const { rules } of rulesFile(ALERT_GROUPS).groups) {
      for (const { alert, annotations } of rules) {
        expect(annotations.runbook_url).toMatch(new RegExp(`^https://.+/docs/runbooks/${alert}\\.md$`));
      }
    }
  });

  it('stand on the page on monitoring, and so do the metrics of kube-state-metrics', () => {
    const page = readFileSync(join(ROOT, 'docs/how-to/monitor.md'), 'utf8');
    for (const { name, severity } of alerts)
      expect(page).toContain(`| [${name}](../runbooks/${name}.md) | ${severity} |`);
    const stateMetrics = customResourceState(ROOT).spec.resources.flatMap(({ metricNamePrefix, metrics }) =>
      metrics.map(({ name }) => `${metricNamePrefix}_${name}`),
    );
    for (const metric of stateMetrics) expect(page).toContain(`| \`${metric}\` |`);
  });

  it('have a severity of their own where they share a name', () => {
    const pairs = alerts.map(({ name, severity }) => `${name} ${severity}`);
    expect(new Set(pairs).size).toBe(pairs.length);
  });
});

it('the committed files are current', () => {
  expect(generateMonitoring(ROOT, true)).toEqual([]);
});
