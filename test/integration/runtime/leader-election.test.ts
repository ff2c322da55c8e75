import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { createKubernetesClient } from '../../../src/runtime/client.ts';
import { sleep, systemClock } from '../../../src/runtime/clock.ts';
import { loadKubeConfig } from '../../../src/runtime/kube-config.ts';
import { kubernetesLease } from '../../../src/runtime/kubernetes-lease.ts';
import { LeaderElector } from '../../../src/runtime/leader-election.ts';
import type { LeaseClient, LeaseSpec } from '../../../src/runtime/lease.ts';
import { silentLogger } from '../../../src/runtime/logger.ts';
import { systemRandom } from '../../../src/runtime/random.ts';
import { waitFor } from '../../cluster/api-client.ts';
import { namespaceForTest, sharedApi } from '../../cluster/shared.ts';

/** Short, so that the test is; in the proportions of the defaults. */
const TIMING = { leaseDurationMs: 3_000, renewDeadlineMs: 2_000, retryPeriodMs: 400 };
const NAME = 'cmg-operator';
const MICRO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

interface LeaseObject {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec: LeaseSpec;
}

async function election() {
  const namespace = await namespaceForTest('leader-election');
  const api = sharedApi();
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${NAME}`;
  const kubeConfig = loadKubeConfig(inject('kubeconfigPath'));
  const client = createKubernetesClient({ kubeConfig, clock: systemClock, userAgent: 'leader-election-test' });
  onTestFinished(() => client.close());
  const join = (identity: string) => {
    let isReachable = true;
    const real = kubernetesLease(client, { namespace, name: NAME });
    const guarded = <T>(call: () => Promise<T>) =>
      isReachable ? call() : Promise.reject(new Error('The network is down.'));
    const lease: LeaseClient = {
      read: (signal) => guarded(() => real.read(signal)),
      create: (spec, signal) => guarded(() => real.create(spec, signal)),
      replace: (previous, spec, signal) => guarded(() => real.replace(previous, spec, signal)),
    };
    const leaving = new AbortController();
    const options = { lease, identity, clock: systemClock, random: systemRandom, logger: silentLogger, ...TIMING };
    const elector = new LeaderElector(options);
    const acquired = elector.acquire(leaving.signal);
    onTestFinished(async () => {
      leaving.abort();
      await elector.release();
    });
    return {
      identity,
      elector,
      acquired,
      cutOff: () => {
        isReachable = false;
      },
    };
  };
  const read = async () => (await api.call('GET', path)) as LeaseObject;
  return { api, path, join, read };
}

function mayWrite(elector: LeaderElector): boolean {
  try {
    elector.fence();
    return true;
  } catch {
    return false;
  }
}

describe('leader election on a real API server', () => {
  it('elects one of several that start together, with a lease that the server takes', async () => {
    const { join, read } = await election();
    const replicas = ['a', 'b', 'c', 'd', 'e'].map(join);
    await Promise.race(replicas.map(({ acquired }) => acquired));
    await sleep(systemClock, 2 * TIMING.retryPeriodMs);
    const leaders = replicas.filter(({ elector }) => mayWrite(elector));
    expect(leaders).toHaveLength(1);
    const { spec } = await read();
    expect(spec).toMatchObject({
      holderIdentity: leaders[0]?.identity,
      leaseDurationSeconds: 3,
      leaseTransitions: 0,
      acquireTime: expect.stringMatching(MICRO_TIME),
      renewTime: expect.stringMatching(MICRO_TIME),
    });
  });

  it('hands over within a few tries after a release, and renews on without taking labels away', async () => {
    const { api, path, join, read } = await election();
    const first = join('a');
    expect(await first.acquired).toBe(true);
    const second = join('b');
    await api.call('PATCH', path, { metadata: { labels: { team: 'platform' } } }, 'application/merge-patch+json');
    const { renewTime } = (await read()).spec;
    await waitFor('a renewal after a foreign change', async () => {
      const { spec } = await read();
      return spec.renewTime !== renewTime || undefined;
    });

    const releasedAt = systemClock.monotonic();
    await first.elector.release();
    expect(mayWrite(first.elector)).toBe(false);
    expect(await second.acquired).toBe(true);
    expect(systemClock.monotonic() - releasedAt).toBeLessThan(TIMING.leaseDurationMs);
    const lease = await read();
    expect(lease.spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
    expect(lease.metadata.labels).toEqual({ team: 'platform' });
  });

  it('replaces a leader that is cut off, after that one has stopped by itself', async () => {
    const { join, read } = await election();
    const first = join('a');
    expect(await first.acquired).toBe(true);
    const second = join('b');
    await waitFor('the candidate to see the leader', async () => second.elector.holder === 'a' || undefined);
    first.cutOff();
    await second.acquired;
    expect(mayWrite(first.elector)).toBe(false);
    expect(first.elector.lost.aborted).toBe(true);
    expect((await read()).spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  });

  it('stops when somebody takes the lease by hand, and makes a deleted one again', async () => {
    const { api, path, join, read } = await election();
    const leader = join('a');
    expect(await leader.acquired).toBe(true);
    await api.call('DELETE', path);
    await waitFor('the lease to be made again', async () => {
      const { status } = await api.send('GET', path);
      return status === 200 || undefined;
    });
    expect(mayWrite(leader.elector)).toBe(true);
    await api.call('PATCH', path, { spec: { holderIdentity: 'human' } }, 'application/merge-patch+json');
    await waitFor('the leader to stop', async () => leader.elector.lost.aborted || undefined);
    expect((await read()).spec.holderIdentity).toBe('human');
  });
});
