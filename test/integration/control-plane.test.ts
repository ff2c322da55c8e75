import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { connectionOf, createApiClient, waitFor } from '../cluster/api-client.ts';
import { startControlPlane } from '../cluster/control-plane.ts';
import { namespaceForTest, sharedApi } from '../cluster/shared.ts';
import { isAlive } from '../cluster/supervised-process.ts';

const run = promisify(execFile);

async function startForTest(options: Parameters<typeof startControlPlane>[0] = {}) {
  const controlPlane = await startControlPlane(options);
  onTestFinished(controlPlane.stop);
  return controlPlane;
}

describe('a control plane of its own', () => {
  test('keeps its objects when the API server is killed and started again', async () => {
    const controlPlane = await startForTest();
    const namespace = await controlPlane.createNamespace('kept');
    const before = controlPlane.apiServer.pid();

    await controlPlane.apiServer.kill();
    expect(isAlive(before)).toBe(false);
    await controlPlane.apiServer.start();

    expect(controlPlane.apiServer.pid()).not.toBe(before);
    await controlPlane.api.call('GET', `/api/v1/namespaces/${namespace}`);
  });

  test('answers nothing while the API server is paused, and answers again after', async () => {
    const controlPlane = await startForTest();
    await controlPlane.apiServer.pause();
    const answer = controlPlane.api.send('GET', '/version').then(() => 'answered' as const);
    const silence = new Promise((resolve) => setTimeout(resolve, 300, 'silent'));
    expect(await Promise.race([answer, silence])).toBe('silent');

    controlPlane.apiServer.resume();
    expect(await answer).toBe('answered');
  });

  test('is restarted in seconds while a client watches', async () => {
    const controlPlane = await startForTest();
    const watch = controlPlane.api.send('GET', '/api/v1/namespaces?watch=true').catch(() => undefined);
    const startedAt = performance.now();
    await controlPlane.apiServer.restart();
    expect(performance.now() - startedAt).toBeLessThan(18_000);
    await watch;
    await controlPlane.createNamespace();
  });

  test('leaves no process and no file behind', async () => {
    const controlPlane = await startForTest({ controllerManager: true });
    const { etcd, apiServer, controllerManager } = controlPlane;
    const pids = [etcd, apiServer, controllerManager].map((component) => component?.pid() ?? 0);
    expect(pids.map(isAlive)).toEqual([true, true, true]);

    await controlPlane.stop();

    expect(pids.map(isAlive)).toEqual([false, false, false]);
    expect(existsSync(controlPlane.directory)).toBe(false);
  });

  test('deletes a namespace and its contents when it has a controller manager', async () => {
    const { api, createNamespace } = await startForTest({ controllerManager: true });
    const namespace = await createNamespace();
    await api.call('POST', `/api/v1/namespaces/${namespace}/configmaps`, { metadata: { name: 'content' } });
    await api.call('DELETE', `/api/v1/namespaces/${namespace}`);
    await waitFor('the namespace to be gone', async () =>
      (await api.send('GET', `/api/v1/namespaces/${namespace}`)).status === 404 ? true : undefined,
    );
  });

  test('gives a kubeconfig to a user without rights, whom the API server knows by name', async () => {
    const controlPlane = await startForTest();
    const kubeconfig = await controlPlane.clientKubeconfig({ user: 'eve', groups: ['visitors'] });
    const eve = createApiClient(connectionOf(kubeconfig));
    onTestFinished(eve.close);

    expect(await eve.send('GET', '/api/v1/secrets')).toMatchObject({ status: 403 });
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    expect(await eve.call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', review)).toMatchObject({
      status: { userInfo: { username: 'eve', groups: ['visitors', 'system:authenticated'] } },
    });
  });

  test('says what the server said when it does not start', async () => {
    const starting = startControlPlane({ apiServerFlags: ['--no-such-flag'] });
    await expect(starting).rejects.toThrow(
      /kube-apiserver ended with code 1 before it was ready(.|\n)*unknown flag: --no-such-flag/,
    );
  });

  test('ends what it started when starting is aborted', async () => {
    const root = mkdtempSync(join(tmpdir(), 'aborted-'));
    onTestFinished(() => rmSync(root, { recursive: true }));
    vi.stubEnv('TMPDIR', root);
    onTestFinished(() => void vi.unstubAllEnvs());
    const abort = new AbortController();
    const ended = expect(startControlPlane({ signal: abort.signal })).rejects.toThrow('changed my mind');
    await waitFor('the API server to be started', async () =>
      (await runningIn(root)).some((command) => command.includes('kube-apiserver')) ? true : undefined,
    );

    abort.abort(new Error('changed my mind'));
    await ended;

    expect(await runningIn(root)).toEqual([]);
    expect(readdirSync(root)).toEqual([]);
  });
});

/** The command lines of all processes that name the directory. */
async function runningIn(directory: string): Promise<string[]> {
  const { stdout } = await run('ps', ['-A', '-ww', '-o', 'args=']);
  return stdout.split('\n').filter((command) => command.includes(directory));
}

describe('the control plane that tests share', () => {
  test('is an administrator for kubectl', async () => {
    const { stdout } = await run(inject('kubectlPath'), [
      `--kubeconfig=${inject('kubeconfigPath')}`,
      'auth',
      'can-i',
      'delete',
      'secrets',
      '--all-namespaces',
    ]);
    expect(stdout.trim()).toBe('yes');
  });

  test('gives each test a namespace and takes it away with its contents, finalizers or not', async () => {
    const api = sharedApi();
    let namespace = '';
    onTestFinished(async () => {
      expect(await api.send('GET', `/api/v1/namespaces/${namespace}`)).toMatchObject({ status: 404 });
      expect(await api.send('GET', `/api/v1/namespaces/${namespace}/secrets/held`)).toMatchObject({ status: 404 });
    });
    namespace = await namespaceForTest('lent');
    await api.call('POST', `/api/v1/namespaces/${namespace}/secrets`, {
      metadata: { name: 'held', finalizers: ['example.com/never'] },
    });
    expect(await api.send('GET', `/api/v1/namespaces/${namespace}/secrets/held`)).toMatchObject({ status: 200 });
  });
});
