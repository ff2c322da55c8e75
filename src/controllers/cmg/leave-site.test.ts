import { beforeEach, describe, expect, it } from 'vitest';
import type { BoundaryGroupReference } from '../../api/v1alpha1/boundarygroupreference.generated.ts';
import type { ConnectionPoint } from '../../api/v1alpha1/connectionpoint.generated.ts';
import {
  accessTo,
  leavingCmg,
  type MemorySite,
  memorySite,
  metadataOf,
  reachedSite,
  SERVICE_NAME,
  START,
  serviceRecord,
  servingCmg,
  storeOf,
  UNREACHABLE,
} from '../site/site.test-world.ts';
import { usableSite } from '../site/usable-site.ts';
import { stillOnSite, takeOffSite } from './leave-site.ts';
import type { OnSiteInput } from './on-site.ts';

let live: MemorySite;
let sites: ReturnType<typeof reachedSite>[];
let points: ConnectionPoint[];
let references: BoundaryGroupReference[];
beforeEach(() => {
  live = memorySite();
  live.records = [serviceRecord(SERVICE_NAME)];
  sites = [reachedSite()];
  points = [];
  references = [];
});

function input(cmg = leavingCmg()): OnSiteInput {
  const access = accessTo(live);
  return {
    cmg,
    now: START,
    signal: new AbortController().signal,
    site: {
      siteObjectOf: () => undefined,
      siteObjectsBeside: () => [],
      siteOf: ({ metadata, spec }) =>
        usableSite(
          storeOf(() => sites),
          access,
          metadata.namespace,
          spec.siteRef?.name ?? '',
        ),
      connectionPointsOf: () => points,
      boundaryGroupReferencesOf: () => references,
    },
  };
}

const refs = {
  suspend: false,
  siteRef: { name: 'ps1' },
  cmgRef: { name: 'granitefalls' },
  deletionPolicy: 'Delete',
} as const;

const pointLinkedTo = (serviceName: string, installed = true): ConnectionPoint => ({
  apiVersion: 'configmgr.io/v1alpha1',
  kind: 'ConnectionPoint',
  metadata: metadataOf('cp01'),
  spec: { ...refs, siteSystem: 'cp01.contoso.com', role: 'Primary' },
  status: { installed, serviceName },
});

const referenceTo = (...members: readonly string[]): BoundaryGroupReference => ({
  apiVersion: 'configmgr.io/v1alpha1',
  kind: 'BoundaryGroupReference',
  metadata: metadataOf('branch'),
  spec: { ...refs, boundaryGroup: { name: 'Branch offices' }, connection: 'Fast' },
  status: { members: members.map((serviceName) => ({ serviceName, nalPath: serviceName, adopted: false })) },
});

describe('what the site still has of a gateway', () => {
  it('is what its objects say, whatever the case of the name', () => {
    points = [pointLinkedTo(SERVICE_NAME.toUpperCase())];
    references = [referenceTo('other.contoso.com', SERVICE_NAME)];
    expect(stillOnSite(input(), SERVICE_NAME)).toEqual(['BoundaryGroupReference branch', 'ConnectionPoint cp01']);
  });

  it('is nothing of another gateway, nor a role that somebody else has installed', () => {
    points = [pointLinkedTo('other.contoso.com'), pointLinkedTo(SERVICE_NAME, false)];
    references = [referenceTo('other.contoso.com')];
    expect(stillOnSite(input(), SERVICE_NAME)).toEqual([]);
  });
});

describe("the site's record of a gateway", () => {
  const take = (cmg = leavingCmg()) => takeOffSite(input(cmg), SERVICE_NAME);

  it('goes, and that of another one stays', async () => {
    live.records = [serviceRecord('other.contoso.com'), serviceRecord(SERVICE_NAME, 2)];
    expect(await take()).toEqual({ kind: 'Known', happenings: [] });
    expect(live.writes).toEqual(['UnregisterService']);
    expect(live.records.map(({ serviceName }) => serviceName)).toEqual(['other.contoso.com']);
  });

  it('is nothing to a CMG without a site, or that has none', async () => {
    const { siteRef: _site, ...spec } = servingCmg().spec;
    expect(await take({ ...leavingCmg(), spec })).toEqual({ kind: 'Known', happenings: [] });
    live.records = [];
    expect(await take()).toEqual({ kind: 'Known', happenings: [] });
    expect(live.writes).toEqual([]);
  });

  it('is not known while the site does not answer, but to nobody where no Site is declared any more', async () => {
    live.failures.set('ReadServiceRecords', UNREACHABLE);
    expect(await take()).toMatchObject({ kind: 'Unknown' });
    sites = [reachedSite('ps1', { suspend: true })];
    expect(await take()).toMatchObject({ kind: 'Unknown' });
    sites = [];
    expect(await take()).toMatchObject({
      kind: 'Known',
      happenings: [{ reason: 'LeftOnSite', note: expect.stringContaining('may still have a record') }],
    });
  });

  it('is left to a person where the operator may not remove it, by the line to run', async () => {
    live.manual.add('UnregisterService');
    expect(await take()).toMatchObject({
      kind: 'Known',
      happenings: [{ reason: 'LeftOnSite', note: expect.stringContaining('UnregisterService -Now') }],
    });
  });
});
