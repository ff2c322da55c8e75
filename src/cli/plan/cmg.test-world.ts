import type { CMG, CMGSpec, CMGStatus, CMGStatusDeployment } from '../../api/v1alpha1/cmg.generated.ts';
import type { ManagedCmg } from '../../controllers/cmg/managed-cmg.ts';
import { wishOf } from '../../controllers/cmg/redeployment/wish.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../json.ts';
import { CHANGE_CLASSES, COMING_FIELDS } from '../../redeployment/change-classes.ts';
import { changesOf } from './changes.ts';
import { consequenceOf } from './consequence.ts';
import type { KnownPoints } from './situation.ts';

const GUID = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';

/** A spec with all defaults filled in. */
export const SPEC = {
  managementPolicy: 'Manage',
  provisioner: 'Operator',
  deploymentModel: 'VirtualMachineScaleSet',
  suspend: false,
  deletionPolicy: 'Delete',
  deletionProtection: true,
  siteRef: { name: 'ps1' },
  azure: {
    environment: 'AzurePublicCloud',
    tenantId: GUID,
    subscriptionId: GUID,
    credentials: { type: 'WorkloadIdentity', workloadIdentity: { clientId: GUID } },
    region: 'westeurope',
    resourceGroup: { name: 'rg-cmg', mode: 'Create' },
  },
  serviceName: 'granitefalls.contoso.com',
  serverCertificate: { format: 'TLS', secretRef: { name: 'granitefalls-tls' }, revision: '' },
  vm: { size: 'Standard', instances: 2, modelUpdates: 'OnRequest' },
  servicePackage: { url: 'https://packages.contoso.com/cmg.zip', sha256: 'a'.repeat(64) },
  content: { enabled: true },
  clientAuthentication: {
    verifyRevocation: true,
    trustedCertificates: [{ name: 'contoso', type: 'ConfigMap', configMap: { name: 'authorities', key: 'ca.crt' } }],
  },
  enforceTls12: true,
  redeployment: {
    minimumWait: '36h',
    requiredRefreshPercent: 95,
    ignoreClientsInactiveFor: '336h',
    deadline: '720h',
    onDeadline: 'Hold',
    drainFor: '0s',
    evidence: 'Site',
  },
} as const satisfies CMGSpec;

/** The fields of the table that a CMG has already, with their class. */
export const FIELDS = Object.entries(CHANGE_CLASSES)
  .filter(([field]) => !COMING_FIELDS.includes(field))
  .map(([field, { kind }]) => ({ field, kind }));

/** A spec with another value in one field, and the same without; `[]` in the field is the first item of a list. */
export function changedIn(field: string): { readonly before: CMGSpec; readonly after: CMGSpec } {
  const path = field.replaceAll('[]', '.0').split('.').slice(1);
  const spec: JsonObject = SPEC;
  const before = valueAlong(spec, path) === undefined ? withValue(spec, path, 'some') : spec;
  const after = withValue(before, path, another(valueAlong(before, path)));
  return { before: before as unknown as CMGSpec, after: after as unknown as CMGSpec };
}

function valueAlong(value: JsonValue | undefined, path: readonly string[]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>(
    (found, name) => (Array.isArray(found) ? found[Number(name)] : isJsonObject(found) ? found[name] : undefined),
    value,
  );
}

function withValue(value: JsonValue | undefined, [name, ...rest]: readonly string[], set: JsonValue): JsonObject {
  if (name === undefined) {
    return set as unknown as JsonObject;
  }
  if (Array.isArray(value)) {
    return value.map((item, at) => (at === Number(name) ? withValue(item, rest, set) : item)) as unknown as JsonObject;
  }
  const object = isJsonObject(value) ? value : {};
  return { ...object, [name]: withValue(object[name], rest, set) };
}

function another(value: JsonValue | undefined): JsonValue {
  return typeof value === 'boolean' ? !value : typeof value === 'number' ? value + 1 : `${value}-other`;
}

/** What a deployment of a status has beside its spec. */
export type Stands = Partial<CMGStatusDeployment> & Pick<CMGStatusDeployment, 'id'>;

/** A deployment as a status has it, made from a spec. */
export function deployment(spec: CMGSpec, { id, ...rest }: Stands): CMGStatusDeployment {
  return {
    id,
    identity: wishOf(cmg(spec) as ManagedCmg).identity as CMGStatusDeployment['identity'],
    phase: 'Active',
    served: true,
    wantedOrder: 1,
    serviceName: spec.serviceName,
    createdAt: '2026-11-01T00:00:00Z',
    wantedSince: '2026-11-01T00:00:00Z',
    ...rest,
  };
}

/** A CMG with these gateways. */
export function cmg(spec: CMGSpec, deployments: readonly CMGStatusDeployment[] = [], status: CMGStatus = {}): CMG {
  return {
    apiVersion: 'configmgr.io/v1alpha1',
    kind: 'CMG',
    metadata: {
      name: 'granitefalls',
      namespace: 'default',
      uid: 'u',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2026-11-01T00:00:00Z',
    },
    spec,
    status: { ...status, deployments },
  };
}

/** The primary of the gateway, and a standby that is free. */
export const WITH_STANDBY: KnownPoints = {
  kind: 'Read',
  points: [
    { name: 'cp01', role: 'Primary', linkedTo: 'granitefalls.contoso.com', connected: 'Yes' },
    { name: 'cp02', role: 'Standby', connected: 'Unknown' },
  ],
};

/** When it is asked. */
export const NOW = Date.parse('2026-11-10T00:00:00Z');

/** What follows when a CMG gets another spec. */
export function follows(live: CMG, spec: CMGSpec, points: KnownPoints = WITH_STANDBY) {
  const changes = changesOf(live.spec, spec);
  const consequence = consequenceOf({ live, spec, changes, points, now: NOW });
  return { cmg: { ...live, spec }, changes, consequence };
}
