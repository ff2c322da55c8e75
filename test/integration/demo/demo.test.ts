import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../cluster/api-client.ts';
import { AZURITE_VARIABLE } from '../../simulators/arm/blobs/azurite-of-run.ts';

const ENTRY = join(import.meta.dirname, '../../demo/main.ts');

/** Every process that the demo starts inherits this variable, by which leftovers are found. */
const MARK = 'CMG_OPERATOR_DEMO_TEST';

interface Demo {
  readonly process: ChildProcess;
  readonly mark: string;
  output(): string;
}

const demos: Demo[] = [];

function startDemo(args: readonly string[] = [], environment: NodeJS.ProcessEnv = {}): Demo {
  const mark = randomUUID();
  const child = spawn(process.execPath, [ENTRY, ...args], {
    // It starts all that it needs, Azurite too.
    env: { ...process.env, [AZURITE_VARIABLE]: undefined, ...environment, [MARK]: mark },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const demo = { process: child, mark, output: () => output };
  demos.push(demo);
  return demo;
}

async function exitCodeOf({ process: child }: Demo): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    await once(child, 'exit');
  }
  return child.exitCode;
}

/** Process ids whose environment carries the mark. Reads `/proc`, so on Linux only. */
function processesWith(mark: string): readonly string[] {
  return readdirSync('/proc').filter((entry) => {
    try {
      return /^\d+$/.test(entry) && readFileSync(`/proc/${entry}/environ`, 'utf8').includes(`${MARK}=${mark}`);
    } catch {
      return false;
    }
  });
}

afterEach(() => {
  for (const { process: child } of demos.splice(0)) {
    child.kill('SIGKILL');
  }
});

describe('npm run demo', () => {
  it('shows every step with --once, in plain lines, and exits 0', { timeout: 300_000 }, async () => {
    const demo = startDemo(['--once']);
    expect(await exitCodeOf(demo), demo.output()).toBe(0);
    const steps = demo
      .output()
      .split('\n')
      .filter((line) => / ok {2}/.test(line));
    expect(steps).toHaveLength(13);
    const shown = demo.output();
    expect(shown).not.toContain('\u001b');
    expect(shown).toContain('the CMG is Ready');
    expect(shown).toMatch(/ok {2}bellevue\.contoso\.com is .* answers 401 to a client without a token/);
    expect(shown).toContain('mp1.ps1.corp.contoso.com takes the traffic of gateways');
    expect(shown).toContain('One step was for a person: Add-CMCloudManagementGatewayConnectionPoint');
    expect(shown).toMatch(/bellevue\.contoso\.com +northeurope +Superseded +cp1, Headquarters/);
    expect(shown).toMatch(/WaitingForClients: .*granitefalls\.contoso\.com/);
    expect(shown).toMatch(/rollback: Free, .*, until \d{4}-\d\d-\d\d \d\d:\d\d UTC at least/);
    expect(shown).toMatch(/hour 12: \d+ clients through bellevue, \d+ clients through granitefalls, 0 cut off/);
    expect(shown).toMatch(/the gate is open after 2[5-7] hours/);
    expect(shown).toMatch(/bellevue\.contoso\.com +northeurope +Draining/);
    expect(shown).toContain('rollback: NeedsWait');
    expect(shown).toMatch(/bellevue\.contoso\.com +northeurope +Deleting/);
    expect(shown).toContain('rollback: Rebuild');
    expect(shown).toMatch(
      /cmg-bellevue is gone from Azure, .* talk through granitefalls\.contoso\.com; 0 were cut off/,
    );
    expect(shown).toMatch(/ok {2}granitefalls\.contoso\.com is .* answers 401 to a client without a token/);
    expect(shown).toContain('two VMs serve');
    expect(shown).toContain('the rule https is back, and clients that were cut off get through again');
    if (process.platform === 'linux') {
      expect(processesWith(demo.mark)).toEqual([]);
    }
  });

  it.runIf(process.platform === 'linux').each([
    // What would not have stayed up has not done what it was asked for.
    ['while Kubernetes starts', 'Starting etcd and kube-apiserver', ['--once'], 130],
    ['while Azure starts', 'Starting a simulated Azure', [], 0],
    ['while a second gateway is built', 'BuildingReplacement', ['--keep', '--speed', '120'], 0],
  ])(
    'leaves no process behind when it is interrupted %s (looks into /proc: Linux only)',
    {
      timeout: 120_000,
    },
    async (_, moment, options, code) => {
      const demo = startDemo(options);
      await waitFor(`the demo to print "${moment}"`, async () => demo.output().includes(moment) || undefined, 100_000);
      expect(processesWith(demo.mark)).not.toEqual([]);
      demo.process.kill('SIGINT');
      expect(await exitCodeOf(demo), demo.output()).toBe(code);
      await waitFor('all processes to end', async () => processesWith(demo.mark).length === 0 || undefined);
    },
  );

  it('says which step failed, why, and what to do, leaves no process behind, and exits 1', async () => {
    const demo = startDemo(['--once'], { KUBEBUILDER_ASSETS: join(import.meta.dirname, 'no-such-folder') });
    expect(await exitCodeOf(demo), demo.output()).toBe(1);
    expect(demo.output()).toMatch(/==> Starting etcd and kube-apiserver\n.*ERR .*no-such-folder/s);
    expect(demo.output()).toMatch(/^What to do: .+$/m);
    if (process.platform === 'linux') {
      expect(processesWith(demo.mark)).toEqual([]);
    }
  });

  it('says what is wrong with its options', async () => {
    const demo = startDemo(['--speed', 'fast']);
    expect(await exitCodeOf(demo)).toBe(2);
    expect(demo.output()).toContain('--speed fast: must be a number from 1 to 1000.');
    const both = startDemo(['--once', '--keep']);
    expect(await exitCodeOf(both)).toBe(2);
    expect(both.output()).toContain('give one of them');
  });
});
