import { describe, expect, test } from 'vitest';
import { MERGE_PATCH } from '../cluster/api-client.ts';
import { namespaceForTest, sharedApi } from '../cluster/shared.ts';
import { manifest as cmgManifest, type Manifest, minimalSpec, submit } from './crd-manifest.ts';

const GROUP = '/apis/configmgr.io/v1alpha1/namespaces';

const PLURALS = {
  Site: 'sites',
  ConnectionPoint: 'connectionpoints',
  BoundaryGroupReference: 'boundarygroupreferences',
} as const;

type Kind = keyof typeof PLURALS;

/** The smallest spec of each kind that is accepted. */
const SMALLEST: Readonly<Record<Kind, Manifest>> = {
  Site: {
    siteCode: 'PS1',
    type: 'StandalonePrimary',
    adminService: {
      url: 'https://provider.contoso.com/AdminService',
      auth: { type: 'Bearer', bearer: { secretRef: { name: 'site' } } },
    },
  },
  ConnectionPoint: { siteRef: { name: 'ps1' }, cmgRef: { name: 'granitefalls' }, siteSystem: 'cp01.contoso.com' },
  BoundaryGroupReference: {
    siteRef: { name: 'ps1' },
    cmgRef: { name: 'granitefalls' },
    boundaryGroup: { name: 'Branch offices' },
  },
};

function manifestOf(kind: Kind, change: Manifest = {}) {
  return {
    apiVersion: 'configmgr.io/v1alpha1',
    kind,
    metadata: { name: 'object' },
    spec: { ...SMALLEST[kind], ...change },
  };
}

interface Answer {
  readonly status: number;
  readonly message: string;
  readonly spec: Manifest;
}

async function create(kind: Kind, change: Manifest = {}, namespace?: string): Promise<Answer> {
  const query = namespace === undefined ? '?dryRun=All&fieldValidation=Strict' : '';
  const path = `${GROUP}/${namespace ?? 'default'}/${PLURALS[kind]}${query}`;
  const { status, body } = await sharedApi().send('POST', path, manifestOf(kind, change));
  const { message = '', spec = {} } = body as Partial<Answer>;
  return { status, message, spec };
}

const adminService = (change: Manifest) => ({
  adminService: { ...(SMALLEST.Site.adminService as Manifest), ...change },
});

describe('defaults', () => {
  test.each<[Kind, Manifest]>([
    ['Site', { suspend: false, allowUnproven: false }],
    ['ConnectionPoint', { suspend: false, role: 'Primary', deletionPolicy: 'Delete' }],
    ['BoundaryGroupReference', { suspend: false, connection: 'Fast', deletionPolicy: 'Delete' }],
  ])('make the smallest %s whole, and fill in nothing that is meant to be left alone', async (kind, defaults) => {
    const { message, spec } = await create(kind);
    expect(message).toBe('');
    const bearer = { secretRef: { name: 'site', key: 'token' } };
    const filled = kind === 'Site' ? adminService({ auth: { type: 'Bearer', bearer } }) : {};
    expect(spec).toEqual({ ...SMALLEST[kind], ...filled, ...defaults });
  });
});

/** A kind, what is wrong with an object of it, the fields that make it so, and words of what the API server says. */
type Refusal = [Kind, string, Manifest, string];

describe('what is refused, with what to do', () => {
  test.each<Refusal>([
    ['Site', 'a code that is none', { siteCode: 'P1' }, 'three letters and digits of a site code'],
    ['Site', 'plain http', adminService({ url: 'http://provider.contoso.com/AdminService' }), 'must be an https URL'],
    [
      'Site',
      'a password in the URL',
      adminService({ url: 'https://a:b@provider.contoso.com/x' }),
      'must not hold a user',
    ],
    [
      'Site',
      'a query in the URL',
      adminService({ url: 'https://provider.contoso.com/x?token=1' }),
      'must not hold a query',
    ],
    ['Site', 'no certificate in the bundle', adminService({ caBundle: 'contoso' }), 'must hold certificates in PEM'],
    [
      'Site',
      'a key in the bundle',
      adminService({ caBundle: '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----' }),
      'must not hold a private key',
    ],
    ['Site', 'a sign-in without its member', adminService({ auth: { type: 'Bearer' } }), 'member bearer must be set'],
    [
      'Site',
      'a member of another sign-in',
      adminService({ auth: { type: 'Kerberos', bearer: { secretRef: { name: 'site' } } } }),
      'member bearer must be set with type Bearer',
    ],
    ...['svc', 'svc@', 'a svc@CONTOSO.COM', 'svc@CONTOSO.COM]', 'svc{@CONTOSO.COM'].map(
      (principal): Refusal => [
        'Site',
        `the principal ${principal}`,
        adminService({ auth: { type: 'Kerberos', kerberos: { principal, keytabSecretRef: { name: 'k' } } } }),
        'must be an account with its realm',
      ],
    ),
    ...['dc01 dc02', 'dc01:port', '{dc01}'].map(
      (kdc): Refusal => [
        'Site',
        `the domain controller ${kdc}`,
        adminService({
          auth: {
            type: 'Kerberos',
            kerberos: { principal: 'svc@CONTOSO.COM', kdcs: [kdc], keytabSecretRef: { name: 'k' } },
          },
        }),
        'must be a DNS name with or without a port',
      ],
    ),
    ['Site', 'a role on a short name', role('mp01', 'ManagementPoint'), 'must be the full DNS name of a server'],
    ['Site', 'another role', role('mp01.contoso.com', 'DistributionPoint'), 'Unsupported value'],
    ['ConnectionPoint', 'a short server name', { siteSystem: 'cp01' }, 'must be the full DNS name of a server'],
    ['ConnectionPoint', 'another role', { role: 'Spare' }, 'Unsupported value'],
    ['ConnectionPoint', 'a name that no object can have', { siteRef: { name: 'PS 1' } }, 'must be the name of a Site'],
    ['BoundaryGroupReference', 'no group', { boundaryGroup: {} }, 'exactly one of name and id'],
    ['BoundaryGroupReference', 'name and id', { boundaryGroup: { name: 'a', id: 1 } }, 'exactly one of name and id'],
    ['BoundaryGroupReference', 'an empty name', { boundaryGroup: { name: '' } }, 'at least 1 chars'],
    ['BoundaryGroupReference', 'no id', { boundaryGroup: { id: 0 } }, 'greater than or equal to 1'],
    ['BoundaryGroupReference', 'another connection', { connection: 'Medium' }, 'Unsupported value'],
  ])('%s: %s', async (kind, _what, change, words) => {
    const { status, message } = await create(kind, change);
    expect(message).toContain(words);
    expect(status).toBe(422);
  });

  function role(server: string, name: string): Manifest {
    return { clientFacingRoles: [{ server, role: name, allowCmgTraffic: true }] };
  }

  test('Site: one role twice', async () => {
    const entry = { server: 'mp01.contoso.com', role: 'ManagementPoint', allowCmgTraffic: true };
    const { message } = await create('Site', { clientFacingRoles: [entry, { ...entry, allowCmgTraffic: false }] });
    expect(message).toContain('Duplicate value');
    // The site knows the server by one name, and the two would be set in turn for ever.
    const shouted = { ...entry, server: 'MP01.contoso.com', allowCmgTraffic: false };
    const { status, message: words } = await create('Site', { clientFacingRoles: [entry, shouted] });
    expect(words).toContain('must name each role on a server once');
    expect(status).toBe(422);
    const other = { ...shouted, role: 'SoftwareUpdatePoint' };
    expect((await create('Site', { clientFacingRoles: [entry, other] })).message).toBe('');
  });
});

describe('a stored object', () => {
  test.each<[Kind, Manifest, string]>([
    ['Site', { siteCode: 'PS2' }, 'siteCode cannot be changed'],
    ['ConnectionPoint', { siteRef: { name: 'ps2' } }, 'siteRef cannot be changed'],
    ['ConnectionPoint', { siteSystem: 'cp02.contoso.com' }, 'siteSystem cannot be changed'],
    ['BoundaryGroupReference', { siteRef: { name: 'ps2' } }, 'siteRef cannot be changed'],
    ['BoundaryGroupReference', { boundaryGroup: { name: 'Head office' } }, 'boundaryGroup cannot be changed'],
    ['BoundaryGroupReference', { boundaryGroup: { name: null, id: 16777217 } }, 'boundaryGroup cannot be changed'],
  ])('%s keeps what names the thing on the site: %o', async (kind, spec, words) => {
    const namespace = await namespaceForTest('crd');
    await create(kind, {}, namespace);
    const path = `${GROUP}/${namespace}/${PLURALS[kind]}/object`;
    const { status, body } = await sharedApi().send('PATCH', path, { spec }, MERGE_PATCH);
    expect((body as Answer).message).toContain(words);
    expect(status).toBe(422);
  });

  test.each<[Kind, Manifest]>([
    ['Site', { type: 'CentralAdministration', clientSettings: { allowCmg: true } }],
    ['ConnectionPoint', { cmgRef: { name: 'other' }, role: 'Standby' }],
    ['BoundaryGroupReference', { cmgRef: { name: 'other' }, connection: 'Slow', preferCloudSources: true }],
  ])('%s takes other changes', async (kind, spec) => {
    const namespace = await namespaceForTest('crd');
    await create(kind, {}, namespace);
    const path = `${GROUP}/${namespace}/${PLURALS[kind]}/object`;
    expect((await sharedApi().send('PATCH', path, { spec }, MERGE_PATCH)).status).toBe(200);
  });
});

test('a CMG may name a Site, and need not', async () => {
  const named = await submit(cmgManifest({ ...minimalSpec(), siteRef: { name: 'ps1' } }));
  expect(named.message).toBe('');
  expect(named.object.spec.siteRef).toEqual({ name: 'ps1' });
  expect((await submit(cmgManifest({ ...minimalSpec(), siteRef: {} }))).message).toContain(
    'spec.siteRef.name: Required',
  );
  expect((await submit(cmgManifest(minimalSpec()))).object.spec.siteRef).toBeUndefined();
});
