import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type {
  CMGStatusDeploymentCredentials,
  CMGStatusDeploymentServerCertificate,
} from '../api/v1alpha1/cmg.generated.ts';
import { bodyOf, contoso } from './deployment.test-world.ts';
import type { GatewayDeployment } from './deployment.ts';
import { resourceIds } from './ids.ts';
import { type GatewayMark, markOf, markTags } from './mark.ts';
import { identity } from './resources/identity.ts';
import { ownershipTags } from './tags.ts';

const anchor = resourceIds(contoso).identity;
const sought = { owner: contoso.owner, serviceName: contoso.serviceName };

const mark: GatewayMark = {
  id: contoso.id,
  identity: {
    environment: 'AzurePublicCloud',
    tenantId: contoso.tenantId,
    subscriptionId: contoso.subscriptionId,
    region: 'westeurope',
    resourceGroup: 'rg-cmg-europe',
    serviceName: contoso.serviceName,
    certificateRevision: '2',
  },
  serviceName: contoso.serviceName,
  served: 'No',
  wantedSince: Date.UTC(2026, 10, 28, 1, 2, 3, 4),
  wantedOrder: 3,
  serverCertificate: { format: 'TLS', secretRef: { name: 'granitefalls-tls' }, revision: '2' },
  credentials: {
    type: 'ClientSecret',
    clientSecret: {
      clientId: '88888888-8888-4888-8888-888888888888',
      secretRef: { name: 'azure', key: 'client-secret' },
    },
  },
  madeWith: { commonName: 'GraniteFalls.contoso.com', organization: 'Contoso', trust: 'Private' },
};

/** All tags of the resource that carries a mark. */
const tagsOf = (written: GatewayMark, deployment: GatewayDeployment = contoso) => ({
  ...ownershipTags({ ...deployment, id: written.id }),
  ...markTags({ ...deployment, mark: written }),
});
const readBack = (tags: unknown, id = anchor) => markOf({ id, location: 'westeurope', tags }, sought);

describe('a mark', () => {
  test('stands on the identity of the VMs, in tags that a person can read', () => {
    expect(bodyOf(identity({ ...contoso, mark }), contoso).tags).toEqual({
      'configmgr.io_owner': 'contoso-prod/gateways/europe',
      'configmgr.io_cluster': contoso.owner.clusterUid,
      'configmgr.io_deployment': contoso.id,
      'configmgr.io_served': 'No',
      'configmgr.io_wanted': '3 2026-11-28T01:02:03.004Z',
      'configmgr.io_service-name': 'GraniteFalls.contoso.com',
      'configmgr.io_identity':
        '{"environment":"AzurePublicCloud","tenantId":"11111111-1111-4111-8111-111111111111","region":"westeurope","certificateRevision":"2"}',
      'configmgr.io_server-certificate': '{"format":"TLS","secretRef":{"name":"granitefalls-tls"},"revision":"2"}',
      'configmgr.io_credentials':
        '{"type":"ClientSecret","clientSecret":{"clientId":"88888888-8888-4888-8888-888888888888","secretRef":{"name":"azure","key":"client-secret"}}}',
      'configmgr.io_made-with': '{"commonName":"GraniteFalls.contoso.com","organization":"Contoso","trust":"Private"}',
    });
  });

  test('that is not given leaves the tags as they are', () => {
    expect(bodyOf(identity(contoso), contoso).tags).toEqual(ownershipTags(contoso));
  });
});

const text = (characters: string, maxLength: number, minLength = 1) =>
  fc.string({ unit: fc.constantFrom(...characters), minLength, maxLength });
const guid = fc.uuid();
const secretName = text('a0', 253);
const secretKey = text('-._aZ0', 253);
const anyRevision = fc.string({ unit: 'binary', maxLength: 63 });
const anyName = fc.string({ unit: 'binary', maxLength: 64 });
const serviceName = text('-.aZ0', 253);
const secretRef = fc.record({ name: secretName });
const certificates: fc.Arbitrary<CMGStatusDeploymentServerCertificate> = fc.oneof(
  fc.record(
    {
      format: fc.constant('TLS' as const),
      secretRef,
      tls: fc.record({ certificateKey: secretKey, privateKeyKey: secretKey }),
      revision: anyRevision,
    },
    { requiredKeys: ['format', 'secretRef', 'revision'] },
  ),
  fc.record(
    {
      format: fc.constant('PFX' as const),
      secretRef,
      pfx: fc.record({ key: secretKey, passwordKey: secretKey }),
      revision: anyRevision,
    },
    { requiredKeys: ['format', 'secretRef', 'revision'] },
  ),
);
const credentials: fc.Arbitrary<CMGStatusDeploymentCredentials> = fc.oneof(
  fc.record({ type: fc.constant('WorkloadIdentity' as const), workloadIdentity: fc.record({ clientId: guid }) }),
  fc.record({
    type: fc.constant('ClientSecret' as const),
    clientSecret: fc.record({ clientId: guid, secretRef: fc.record({ name: secretName, key: secretKey }) }),
  }),
  fc.record({
    type: fc.constant('ClientCertificate' as const),
    clientCertificate: fc.record({
      clientId: guid,
      secretRef,
      certificateKey: secretKey,
      privateKeyKey: secretKey,
    }),
  }),
);
const identities = fc.record(
  {
    environment: fc.constantFrom('AzurePublicCloud', 'AzureUSGovernmentCloud'),
    tenantId: guid,
    subscriptionId: fc.oneof(fc.constant(contoso.subscriptionId), guid),
    region: text('a0', 50),
    resourceGroup: fc.oneof(fc.constant(contoso.resourceGroup.name), text('-_.()aZ0', 90)),
    serviceName,
    certificateRevision: anyRevision,
    provisioner: fc.constantFrom('Operator', 'Site'),
    deploymentModel: fc.constantFrom('VirtualMachineScaleSet', 'CloudServiceClassic'),
  },
  { requiredKeys: [] },
);
const marks: fc.Arbitrary<GatewayMark> = fc
  .record(
    {
      id: text('a0-', 63),
      identity: identities,
      serviceName,
      served: fc.constantFrom('Yes' as const, 'No' as const),
      wantedSince: fc.integer({ min: 0, max: Date.UTC(9999, 11, 31, 23, 59, 59, 999) }),
      wantedOrder: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
      serverCertificate: certificates,
      credentials,
      madeWith: fc.record(
        { commonName: anyName, organization: anyName, trust: fc.constantFrom('Public' as const, 'Private' as const) },
        { requiredKeys: ['commonName', 'trust'] },
      ),
    },
    { requiredKeys: ['id', 'identity', 'serviceName', 'served', 'wantedSince', 'wantedOrder'] },
  )
  .chain((made) =>
    // As a rule the identity has the name by which clients reach the deployment.
    fc.constantFrom(made, { ...made, identity: { ...made.identity, serviceName: made.serviceName } }),
  );

describe('a mark that is read', () => {
  test('is the one that was written, whatever Azure makes of the case of tag names and others add', () => {
    fc.assert(
      fc.property(marks, fc.infiniteStream(fc.boolean()), (written, upper) => {
        const shown = Object.entries(tagsOf(written)).map(([name, value]) => [
          upper.next().value ? name.toUpperCase() : name,
          value,
        ]);
        const tags = { ...Object.fromEntries(shown), 'cost-center': '42' };
        expect(readBack(tags)).toEqual({ kind: 'Read', mark: written });
      }),
    );
  });

  test('is the one that was written last, over what a longer one has left behind', () => {
    fc.assert(
      fc.property(marks, marks, (before, after) => {
        const mixed = { ...tagsOf(before), ...tagsOf(after) };
        const read = readBack(mixed);
        // References that are no longer given are known by nothing to be old.
        const { serverCertificate, credentials: signIn, madeWith } = before;
        const kept = {
          ...(serverCertificate && { serverCertificate }),
          ...(signIn && { credentials: signIn }),
          ...(madeWith && { madeWith }),
        };
        expect(read).toEqual({ kind: 'Read', mark: { ...kept, ...after } });
      }),
    );
  });

  test('keeps to what Azure allows', () => {
    fc.assert(
      fc.property(marks, (written) => {
        const tags = Object.entries(tagsOf(written));
        expect(tags.length).toBeLessThanOrEqual(30);
        for (const [name, value] of tags) {
          expect(name).toMatch(/^configmgr\.io_[a-z0-9-]{1,100}$/);
          expect(value).toMatch(/^[\x20-\x7e]{1,256}$/);
        }
      }),
    );
  });

  test('is complete with the longest values that a CMG can have', () => {
    const longest: GatewayMark = {
      id: 'd'.repeat(63),
      identity: {
        environment: 'AzureUSGovernmentCloud',
        tenantId: 't'.repeat(36),
        subscriptionId: 's'.repeat(36),
        region: 'r'.repeat(50),
        resourceGroup: 'g'.repeat(90),
        serviceName: 'N'.repeat(253),
        certificateRevision: '😀'.repeat(63),
        provisioner: 'Operator',
        deploymentModel: 'VirtualMachineScaleSet',
      },
      serviceName: 'n'.repeat(253),
      served: 'No',
      wantedSince: mark.wantedSince,
      wantedOrder: 2 ** 31 - 1,
      serverCertificate: {
        format: 'PFX',
        secretRef: { name: 's'.repeat(253) },
        pfx: { key: 'k'.repeat(253), passwordKey: 'p'.repeat(253) },
        revision: '😀'.repeat(63),
      },
      credentials: {
        type: 'ClientCertificate',
        clientCertificate: {
          clientId: '88888888-8888-4888-8888-888888888888',
          secretRef: { name: 's'.repeat(253) },
          certificateKey: 'c'.repeat(253),
          privateKeyKey: 'k'.repeat(253),
        },
      },
    };
    const tags = tagsOf(longest);
    expect(Object.keys(tags)).toHaveLength(23);
    expect(readBack(tags)).toEqual({ kind: 'Read', mark: longest });
  });

  test('has the group as Azure shows it, in the id in other case', () => {
    expect(readBack(tagsOf(mark), anchor.replace('rg-cmg-europe', 'RG-CMG-Europe'))).toMatchObject({
      mark: { identity: { ...mark.identity, resourceGroup: 'RG-CMG-Europe' } },
    });
  });
});

describe('nothing is read', () => {
  test('where nothing exists', () => {
    expect(markOf(undefined, sought)).toEqual({ kind: 'None' });
  });

  test.each([
    ['no tags', undefined],
    ['the mark alone', markTags({ ...contoso, mark })],
    ['an owner but no deployment', { ...tagsOf(mark), 'configmgr.io_deployment': undefined }],
    ['a deployment that no status can name', { ...tagsOf(mark), 'configmgr.io_deployment': 'd'.repeat(64) }],
    ['another owner', tagsOf(mark, { ...contoso, owner: { ...contoso.owner, name: 'asia' } })],
  ])('where the tags are lost: %s', (_what, tags) => {
    expect(readBack(tags)).toEqual({ kind: 'Lost' });
  });

  test('where another deployment has the resource', () => {
    const found = { id: anchor, tags: tagsOf(mark) };
    expect(markOf(found, { ...sought, deploymentId: 'another' })).toEqual({ kind: 'Lost' });
    expect(markOf(found, { ...sought, deploymentId: mark.id }).kind).toBe('Read');
  });
});

describe('in doubt a deployment has served', () => {
  test.each([
    ['served', 'maybe'],
    ['served', undefined],
    ['wanted', undefined],
    ['wanted', '3'],
    ['wanted', '3 yesterday'],
    ['wanted', '99999999999 2026-11-28T01:02:03.004Z'],
    ['service-name', undefined],
    ['service-name', 'two names'],
    ['identity', undefined],
    ['identity', '{"environment":'],
    ['identity', '{"environment":"Mars"}'],
    ['identity', '{"region":7}'],
    ['identity', `{"tenantId":"${'t'.repeat(37)}"}`],
  ])('with %s as %s', (name, value) => {
    expect(readBack({ ...tagsOf(mark), [`configmgr.io_${name}`]: value })).toMatchObject({
      kind: 'Read',
      mark: { id: mark.id, served: 'Yes' },
    });
  });

  test('as one that an earlier version of the operator made has, before all that is known', () => {
    expect(readBack(ownershipTags(contoso))).toEqual({
      kind: 'Read',
      mark: {
        id: contoso.id,
        identity: {
          subscriptionId: contoso.subscriptionId,
          resourceGroup: 'rg-cmg-europe',
          serviceName: 'GraniteFalls.contoso.com',
          region: 'westeurope',
        },
        serviceName: 'GraniteFalls.contoso.com',
        served: 'Yes',
        wantedSince: 0,
        wantedOrder: 0,
      },
    });
  });

  test('and is not the wanted one where its resources are named otherwise', () => {
    const renamed = { ...sought, serviceName: 'LakeHouse.contoso.com' };
    const tags = ownershipTags(contoso);
    expect(markOf({ id: anchor, tags }, renamed)).toMatchObject({
      mark: { serviceName: 'granitefalls', identity: { serviceName: 'granitefalls' } },
    });
    const { resourceGroup, storageAccount } = resourceIds(contoso);
    for (const id of [resourceGroup, storageAccount]) {
      expect(markOf({ id, tags }, renamed)).toMatchObject({ mark: { serviceName: 'LakeHouse.contoso.com' } });
    }
  });
});

test.each([
  ['server-certificate', 'no JSON'],
  ['server-certificate', '{"format":"TLS","secretRef":{"name":"Not_A_Name"},"revision":""}'],
  ['server-certificate', '{"format":"TLS","secretRef":{"name":"tls"},"tls":{"certificateKey":"a b"},"revision":""}'],
  ['server-certificate', `{"format":"TLS","secretRef":{"name":"tls"},"revision":"${'r'.repeat(64)}"}`],
  ['server-certificate', '{"format":"PEM","secretRef":{"name":"tls"},"revision":""}'],
  ['credentials', '{"type":"Password","password":{"clientId":"88888888-8888-4888-8888-888888888888"}}'],
  ['credentials', '{"type":"WorkloadIdentity","workloadIdentity":{"clientId":"me"}}'],
  ['credentials', '{"type":"ClientSecret","workloadIdentity":{"clientId":"88888888-8888-4888-8888-888888888888"}}'],
  ['made-with', '{"commonName":"a"}'],
  ['made-with', '{"commonName":"a","trust":"Perhaps"}'],
  ['made-with', `{"commonName":"${'c'.repeat(65)}","trust":"Public"}`],
  ['made-with', '{"commonName":"a","organization":["Contoso"],"trust":"Public"}'],
])('a reference that a CMG cannot have is none: %s as %s', (name, value) => {
  const tags = { ...tagsOf(mark), [`configmgr.io_${name}`]: value };
  const read = readBack(tags);
  const part = { 'server-certificate': 'serverCertificate', credentials: 'credentials', 'made-with': 'madeWith' }[name];
  const others = Object.entries(mark).filter(([each]) => each !== part);
  expect(read).toEqual({ kind: 'Read', mark: Object.fromEntries(others) });
});

test('what is too long for a CMG too is left out, and doubtful', () => {
  const tags = tagsOf({ ...mark, serviceName: 'n'.repeat(300), identity: { tenantId: 't'.repeat(2000) } });
  expect(Object.values(tags).every((value) => value.length <= 256)).toBe(true);
  expect(readBack(tags)).toMatchObject({ kind: 'Read', mark: { served: 'Yes' } });
});
