import { beforeEach, expect, it } from 'vitest';
import { createMemoryKubernetes, type MemoryKubernetes } from '../../../../test/world/memory-kubernetes.ts';
import type { Site as SiteObject } from '../../../api/v1alpha1/site.generated.ts';
import { SITE_KIND } from '../../site/kind.ts';
import { memorySite, reachedSite, START, servingCmg } from '../../site/site.test-world.ts';
import { changeClaim, claimInCache, claimNow } from './claim-on-site.ts';

const signal = new AbortController().signal;
const key = { namespace: 'gateways', name: 'ps1' };

let api: MemoryKubernetes;
beforeEach(() => {
  api = createMemoryKubernetes(() => START);
  const { apiVersion, kind, spec, status } = reachedSite();
  api.put(SITE_KIND, { apiVersion, kind, metadata: key, spec, status });
});

const read = () => api.client.get<SiteObject>(SITE_KIND, key, { signal });

/** A CMG whose cache has a Site as it was. */
function cmgThatSees(name: string, object: SiteObject): Parameters<typeof changeClaim>[0] {
  const cmg = servingCmg(name) as Parameters<typeof changeClaim>[0]['scope']['cmg'];
  const serverTime = { now: () => START } as Parameters<typeof changeClaim>[0]['scope']['azure']['serverTime'];
  return {
    scope: { cmg, azure: { serverTime } as Parameters<typeof changeClaim>[0]['scope']['azure'], signal },
    site: {
      siteOf: () => ({ kind: 'Usable', object, site: memorySite() }),
      siteObjectOf: () => object,
      siteObjectsBeside: () => [object],
      connectionPointsOf: () => [],
      boundaryGroupReferencesOf: () => [],
    },
    readSite: read,
    claims: { client: api.client, fieldManager: 'cmg-operator' },
  };
}

const take = { kind: 'TakeClaim', carrier: 'gateways/fabrikam' } as const;

it('one of two CMGs that see no claim makes it, and only that one gives it back', async () => {
  const seen = await read();
  const [one, two] = ['one', 'two'].map((name) => cmgThatSees(name, seen)) as [
    ReturnType<typeof cmgThatSees>,
    ReturnType<typeof cmgThatSees>,
  ];
  await Promise.all([changeClaim(one, take), changeClaim(two, take)]);
  const claim = await claimNow(one);
  expect(claim).toEqual({ claimant: expect.stringMatching(/^gateways\/(one|two)$/), carrier: 'gateways/fabrikam' });
  const [winner, loser] = claim?.claimant === 'gateways/one' ? [one, two] : [two, one];
  await changeClaim(loser, take);
  await changeClaim(loser, { kind: 'ReleaseClaim' });
  expect(await claimNow(loser)).toEqual(claim);
  await changeClaim(winner, { kind: 'ReleaseClaim' });
  expect(await claimNow(winner)).toBeUndefined();
});

it('a claim is read past the cache before something is deleted under it', async () => {
  const before = await read();
  const late = cmgThatSees('two', before);
  await changeClaim(cmgThatSees('one', before), take);
  expect(claimInCache(late)).toBeUndefined();
  expect(await claimNow(late)).toEqual({ claimant: 'gateways/one', carrier: 'gateways/fabrikam' });
});

it('a carrier is known by the claim on the Site that it was on, also when it names another one or none', async () => {
  const before = await read();
  await changeClaim(cmgThatSees('one', before), take);
  const held = await read();
  const claim = { claimant: 'gateways/one', carrier: 'gateways/fabrikam' };
  for (const own of [undefined, reachedSite('ps2')]) {
    const elsewhere = (name: string, seen: SiteObject) => {
      const input = cmgThatSees(name, seen);
      return { ...input, site: { ...input.site, siteObjectOf: () => own } };
    };
    expect(claimInCache(elsewhere('fabrikam', held))).toEqual(claim);
    expect(claimInCache(elsewhere('lakeside', held))).toBeUndefined();
    expect(await claimNow(elsewhere('fabrikam', before))).toEqual(claim);
    expect(await claimNow(elsewhere('lakeside', before))).toBeUndefined();
  }
});
