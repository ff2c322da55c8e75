import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryKubernetes, type MemoryKubernetes } from '../../../test/world/memory-kubernetes.ts';
import type { Site as SiteObject } from '../../api/v1alpha1/site.generated.ts';
import { SITE_KIND } from './kind.ts';
import { type ClaimWriter, outageClaimOf, releaseOutageClaim, takeOutageClaim } from './outage-claim.ts';
import { reachedSite, START } from './site.test-world.ts';

const signal = new AbortController().signal;

let api: MemoryKubernetes;
let writer: ClaimWriter;
let key: { readonly namespace: string; readonly name: string };
beforeEach(() => {
  api = createMemoryKubernetes(() => START);
  const { apiVersion, kind, metadata, spec, status } = reachedSite();
  key = { namespace: metadata.namespace ?? '', name: metadata.name };
  api.put(SITE_KIND, { apiVersion, kind, metadata: key, spec, status });
  writer = { client: api.client, fieldManager: 'cmg-operator', signal };
});

const read = () => api.client.get<SiteObject>(SITE_KIND, key, { signal });
const named = (name: string) => `${key.namespace}/${name}`;
const claimBy = (claimant: string) => ({ claimant: named(claimant), carrier: named('carrier') });

describe('the claim on a site', () => {
  it('is written beside what else the status says, and taken away again', async () => {
    const before = (await read()).status;
    expect(outageClaimOf(await read())).toBeUndefined();
    expect(await takeOutageClaim(writer, await read(), claimBy('one'), START)).toMatchObject({ kind: 'Written' });
    expect((await read()).status).toEqual({
      ...before,
      outageClaim: { claimant: 'one', carrier: 'carrier', since: '2026-01-01T00:00:00Z' },
    });
    expect(outageClaimOf(await read())).toEqual(claimBy('one'));
    expect(await releaseOutageClaim(writer, await read(), named('one'))).toMatchObject({ kind: 'Written' });
    expect((await read()).status).toEqual(before);
  });

  it('goes to one of two that read the same Site', async () => {
    const seen = await read();
    const outcomes = await Promise.all(
      ['one', 'two'].map((name) => takeOutageClaim(writer, seen, claimBy(name), START)),
    );
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['Changed', 'Written']);
    const winner = outcomes[0]?.kind === 'Written' ? 'one' : 'two';
    expect(outageClaimOf(await read())).toEqual(claimBy(winner));
  });

  it('is replaced by nobody, nor given back by another than its claimant', async () => {
    await takeOutageClaim(writer, await read(), claimBy('one'), START);
    const held = await read();
    expect(await takeOutageClaim(writer, held, claimBy('two'), START)).toEqual({ kind: 'Taken' });
    expect(await releaseOutageClaim(writer, held, named('two'))).toEqual({ kind: 'Taken' });
    expect(await takeOutageClaim(writer, held, { ...claimBy('one'), carrier: named('other') }, START)).toEqual({
      kind: 'Taken',
    });
    expect(await takeOutageClaim(writer, held, claimBy('one'), START)).toEqual({ kind: 'AsWanted' });
    expect(await read()).toEqual(held);
  });

  it('that is released from a Site that has changed stays until that is read', async () => {
    const before = await read();
    await takeOutageClaim(writer, before, claimBy('one'), START);
    const held = await read();
    api.put(SITE_KIND, { ...held, metadata: { ...key, labels: { team: 'endpoint' } } });
    expect(await releaseOutageClaim(writer, held, named('one'))).toEqual({ kind: 'Changed' });
    expect(outageClaimOf(await read())).toEqual(claimBy('one'));
    expect(await releaseOutageClaim(writer, await read(), named('one'))).toMatchObject({ kind: 'Written' });
  });

  it('is not there to give back', async () => {
    expect(await releaseOutageClaim(writer, await read(), named('one'))).toEqual({ kind: 'AsWanted' });
  });

  it('names no CMG of another namespace', async () => {
    const claim = { claimant: 'elsewhere/one', carrier: named('carrier') };
    await expect(takeOutageClaim(writer, await read(), claim, START)).rejects.toThrow('not in the namespace');
  });
});
