import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { ALERT_GROUPS, rulesFile } from '../../../scripts/monitoring/rules.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import { ALERT_CASES, type AlertCase, type FiringAlert } from './alert-cases.ts';
import { describeWithPrometheus } from './with-prometheus.ts';

const run = promisify(execFile);
const RULES = join(import.meta.dirname, '../../../deploy/monitoring/rules.yaml');
const rules = rulesFile(ALERT_GROUPS).groups.flatMap((group) => group.rules);

/** What Alertmanager gets: the rule's own texts with the labels put in, and the case's description. */
function expectedAlert(alert: string, { severity, labels, description }: FiringAlert) {
  const rule = rules.find((one) => one.alert === alert && one.labels.severity === severity);
  if (rule === undefined) throw new Error(`There is no rule ${alert} of severity ${severity}.`);
  const withLabels = (text: string) => text.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, label) => labels[label] ?? '');
  return {
    exp_labels: { ...labels, severity },
    exp_annotations: {
      ...rule.annotations,
      summary: withLabels(rule.annotations.summary),
      description: description ?? withLabels(rule.annotations.description),
    },
  };
}

/** One case in the form of promtool's rule tests. */
function ruleTest({ alert, when, series, minute, firing }: AlertCase) {
  return {
    name: when,
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [
      {
        eval_time: `${minute}m`,
        alertname: alert,
        exp_alerts: firing.map((expected) => expectedAlert(alert, expected)),
      },
    ],
  };
}

describeWithPrometheus('the alerts', ({ promtool }) => {
  /** What promtool says. */
  const judgement = (...args: readonly string[]): Promise<string> =>
    run(promtool, args).then(
      ({ stdout }) => stdout,
      (error: { readonly stdout: string; readonly stderr: string }) => `${error.stdout}${error.stderr}`,
    );

  test('are rules in which promtool finds nothing wrong', async () => {
    expect(await judgement('check', 'rules', RULES)).toMatch(new RegExp(`SUCCESS: ${rules.length} rules found`));
  });

  test.each(ALERT_CASES.map((one) => ({ ...one, verb: one.firing.length > 0 ? 'fires' : 'does not fire' })))(
    '$alert $verb when $when',
    async (one) => {
      const directory = makeTemporaryDirectory();
      onTestFinished(() => removeTemporaryDirectory(directory));
      const file = join(directory, 'test.yaml');
      writeFileSync(file, stringify({ rule_files: [RULES], evaluation_interval: '1m', tests: [ruleTest(one)] }));
      expect(await judgement('test', 'rules', file)).toMatch(/\n {2}SUCCESS\n/);
    },
  );
});

test.each(rules)(
  '$alert of severity $labels.severity has a case in which it fires, and the alert one in which not',
  ({ alert, labels }) => {
    const cases = ALERT_CASES.filter((one) => one.alert === alert);
    const fires = cases.filter(({ firing }) => firing.some(({ severity }) => severity === labels.severity));
    expect(fires.length).toBeGreaterThan(0);
    expect(cases.length).toBeGreaterThan(fires.length);
  },
);
