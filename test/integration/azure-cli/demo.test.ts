import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { waitFor } from '../../cluster/api-client.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import { demoThatIsUp } from '../demo/demo-that-is-up.ts';
import { finished, guardedEnvironment } from './signed-in.ts';
import { describeWithAzureCli } from './with-azure-cli.ts';

describeWithAzureCli('the demo', (az) => {
  it('points the Azure CLI at its Azure by the lines that it prints', { timeout: 420_000 }, async () => {
    const demo = await demoThatIsUp('--brief');
    const folder = makeTemporaryDirectory();
    onTestFinished(() => removeTemporaryDirectory(folder));
    const environment = guardedEnvironment(az, folder);
    const inShell = (lines: readonly string[]) => finished('/bin/sh', ['-ec', lines.join('\n')], environment);
    const printed = demo.said.split('\n').filter((line) => line.startsWith('  '));

    const forCli = printed.filter((line) => /^ {2}(az |export (AZURE|REQUESTS))/.test(line));
    expect(forCli.length).toBeGreaterThan(6);
    const { code, stdout, stderr } = await inShell(forCli);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/granitefalls +cmg-granitefalls +westeurope +Microsoft\.Compute\/virtualMachineScaleSets/);
    expect(stdout.match(/granitefalls_\d/g)).toHaveLength(2);

    const forKubectl = printed.filter((line) => /^ {2}(export (KUBECONFIG|PATH)=|kubectl get events)/.test(line));
    expect(forKubectl).toHaveLength(3);
    // What the lines did behind the operator's back is told of, and undone.
    await waitFor(
      'the operator to tell of the scale set',
      async () => {
        const events = await inShell(forKubectl);
        return /DriftRepaired.*scale set: sku\.capacity differs/.test(events.stdout) || undefined;
      },
      60_000,
    );

    demo.process.kill('SIGINT');
    expect(await once(demo.process, 'exit')).toEqual([0, null]);
  });
});
