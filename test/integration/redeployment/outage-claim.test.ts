import { beforeEach, describe, expect, it } from 'vitest';
import type { Site } from '../../../src/api/v1alpha1/site.generated.ts';
import { SITE_KIND } from '../../../src/controllers/site/kind.ts';
import { outageClaimOf, releaseOutageClaim, takeOutageClaim } from '../../../src/controllers/site/outage-claim.ts';
import { reachedSite } from '../../../src/controllers/site/site.test-world.ts';
import { namespaceForTest } from '../../cluster/shared.ts';
import { clientForTest, LASTING } from '../runtime/world.ts';

const FIELD_MANAGER = 'cmg-operator';
const NOW = Date.parse('2026-01-10T00:00:00Z');
const CLAIMANTS = ['one', 'two', 'three', 'four'];

let namespace: string;
let client: ReturnType<typeof clientForTest>;
beforeEach(async () => {
  namespace = await namespaceForTest('claim');
  client = clientForTest();
  const metadata = { namespace, name: 'ps1' };
  await client.create(SITE_KIND, { metadata, spec: reachedSite().spec }, LASTING);
  await applyStatus(reachedSite().status ?? {});
});

const named = (name: string) => `${namespace}/${name}`;
const claimBy = (claimant: string) => ({ claimant: named(claimant), carrier: named('carrier') });
const writer = () => ({ client, fieldManager: FIELD_MANAGER, ...LASTING });
/** As the controller of the Site does. */
const applyStatus = (status: NonNullable<Site['status']>) =>
  client.applyStatus(
    SITE_KIND,
    { metadata: { namespace, name: 'ps1' }, status },
    { ...LASTING, fieldManager: FIELD_MANAGER, force: true },
  );
const read = () => client.get<Site>(SITE_KIND, { namespace, name: 'ps1' }, LASTING);

describe('the claim on a Site of a real API server', () => {
  it('goes to one of several that have read the same Site, and to another one once it is given back', async () => {
    const seen = await read();
    const outcomes = await Promise.all(
      CLAIMANTS.map(async (name) => ({ name, ...(await takeOutageClaim(writer(), seen, claimBy(name), NOW)) })),
    );
    const [first, ...more] = outcomes.filter(({ kind }) => kind === 'Written').map(({ name }) => name);
    expect(more).toEqual([]);
    expect(outcomes.filter(({ kind }) => kind === 'Changed')).toHaveLength(CLAIMANTS.length - 1);
    const held = await read();
    expect(outageClaimOf(held)).toEqual(claimBy(first ?? ''));

    const next = CLAIMANTS.find((name) => name !== first) ?? '';
    expect(await takeOutageClaim(writer(), held, claimBy(next), NOW)).toEqual({ kind: 'Taken' });
    expect(await releaseOutageClaim(writer(), held, named(next))).toEqual({ kind: 'Taken' });
    expect(await releaseOutageClaim(writer(), held, named(first ?? ''))).toMatchObject({ kind: 'Written' });
    expect(await takeOutageClaim(writer(), await read(), claimBy(next), NOW)).toMatchObject({ kind: 'Written' });
    expect(outageClaimOf(await read())).toEqual(claimBy(next));
  });

  it('is not made on a Site that is no longer as it was read', async () => {
    const seen = await read();
    await applyStatus({ ...seen.status, version: '5.00.9128.1000' });
    expect(await takeOutageClaim(writer(), seen, claimBy('one'), NOW)).toEqual({ kind: 'Changed' });
    expect(outageClaimOf(await read())).toBeUndefined();
  });
});
