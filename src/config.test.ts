import { describe, expect, it } from 'vitest';
import { parseDuration, readConfig } from './config.ts';

describe('readConfig', () => {
  it('fills in the documented defaults', () => {
    const outcome = readConfig(['--installation-id', 'contoso'], {});
    expect(outcome).toEqual({
      kind: 'Run',
      config: {
        'installation-id': 'contoso',
        namespaces: [],
        kubeconfig: undefined,
        'leader-elect': true,
        'leader-election-namespace': undefined,
        'http-bind-address': { host: '0.0.0.0', port: 8080 },
        'max-concurrent-reconciles': 10,
        'drift-interval': 600_000,
        'full-read-interval': 3_600_000,
        'client-count-interval': 3_600_000,
        'max-deletions-per-hour': 3,
        'max-concurrent-rollouts': 1,
        'gateway-probe': 'TLS',
        'watch-secrets': true,
        'azure-cloud-file': undefined,
        'log-level': 'info',
        'log-format': 'json',
      },
    });
  });

  it('prefers a flag to its variable, and the variable to the default', () => {
    const environment = { CMG_OPERATOR_INSTALLATION_ID: 'from-variable', CMG_OPERATOR_DRIFT_INTERVAL: '1h' };
    const outcome = readConfig(['--drift-interval', '90s'], environment);
    expect(outcome).toMatchObject({
      kind: 'Run',
      config: { 'installation-id': 'from-variable', 'drift-interval': 90_000 },
    });
  });

  it('reports every problem at once, naming the flag', () => {
    const outcome = readConfig(['--drift-interval', '14d', '--leader-elect', 'yes'], {});
    expect(outcome.kind).toBe('Invalid');
    expect(outcome.kind === 'Invalid' && outcome.problems.map((text) => text.split(' ')[0])).toEqual([
      '--installation-id',
      '--leader-elect',
      '--drift-interval',
    ]);
  });

  it.each([
    ['an unknown flag', ['--installation-id', 'a', '--drift-intervall', '1m']],
    ['an installation id with a slash', ['--installation-id', 'a/b']],
    ['a namespace with a capital letter', ['--installation-id', 'a', '--namespaces', 'ok,Bad']],
    ['an address without a port', ['--installation-id', 'a', '--http-bind-address', 'localhost']],
    ['a drift interval under a second', ['--installation-id', 'a', '--drift-interval', '0.5s']],
    ['counts of clients every few minutes', ['--installation-id', 'a', '--client-count-interval', '9m59s']],
  ])('refuses %s', (_, args) => {
    expect(readConfig(args, {}).kind).toBe('Invalid');
  });

  it('explains each flag in the help text', () => {
    const outcome = readConfig(['--help'], {});
    expect(outcome.kind === 'Help' && outcome.text).toContain('--drift-interval DURATION');
  });
});

describe('parseDuration', () => {
  it.each([
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['24h', 86_400_000],
  ])('%s is %i ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });
});
