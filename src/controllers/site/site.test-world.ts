import { DEFAULT_REDEPLOYMENT } from '../../../test/world/gateway-manifests.ts';
import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import type { Site as SiteObject, SiteSpec } from '../../api/v1alpha1/site.generated.ts';
import { type Condition, findCondition, toTimestamp } from '../../runtime/conditions.ts';
import type { ReconcileContext } from '../../runtime/controller.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { keyOf } from '../../runtime/objects.ts';
import type {
  BoundaryGroup,
  BoundaryGroupMember,
  ClientAuthentication,
  ClientFacingRole,
  ConnectionPointRole,
  ContentItem,
  ContentPass,
  DistributedContent,
  ServiceRecord,
  Site,
  SiteAnswer,
  SiteFailure,
  SiteIdentity,
  SiteOperation,
  WriteResult,
} from '../../site/site.ts';
import { type ManagedObject, type ObjectProcedure, statusAfter } from '../object-reconcile.ts';
import { createSiteAccess, type SiteAccess } from './site-access.ts';

/** Time in these tests begins here. */
export const START = Date.UTC(2026, 0, 1);

/** A site in memory: what it holds, and what may be made to happen to it. */
export interface MemorySite extends Site {
  identityFacts: SiteIdentity;
  records: ServiceRecord[];
  points: ConnectionPointRole[];
  groups: (BoundaryGroup & { members: BoundaryGroupMember[] })[];
  roles: ClientFacingRole[];
  /** By site code; `undefined`: a value that is not understood. */
  authentication: Map<string, ClientAuthentication | undefined>;
  allowCmg: boolean;
  /** What is assigned to gateways and how it stands there, by their NAL paths. */
  readonly content: Map<string, readonly (ContentItem & DistributedContent)[]>;
  /** What each operation fails with, until it is taken away. */
  readonly failures: Map<SiteOperation, SiteFailure>;
  /** Writes that only a person may make. */
  readonly manual: Set<SiteOperation>;
  /** Writes that were made. */
  readonly writes: SiteOperation[];
  reads: number;
  /** How connected a server is right after it has been linked. */
  connectedness: ConnectionPointRole['connectedness'];
}

export const UNREACHABLE: SiteFailure = { kind: 'Unreachable', code: 'ECONNREFUSED', message: 'Connection refused.' };

export function serviceRecord(serviceName: string, id = 1): ServiceRecord {
  return {
    id,
    name: serviceName,
    serviceName,
    deploymentName: `${serviceName.split('.')[0]}.westeurope.cloudapp.azure.com`,
    nalPath: `["Display=\\\\${serviceName}\\"]MSWNET:["SMS_SITE=PS1"]\\\\${serviceName}\\`,
    description: '',
    region: 'West Europe',
    siteCode: 'PS1',
    subscriptionId: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
    state: { kind: 'Ready' },
    certificateThumbprint: '',
    instances: 1,
  };
}

export function memorySite(): MemorySite {
  const answered = <T>(operation: SiteOperation, value: T): Promise<SiteAnswer<T>> => {
    site.reads += 1;
    const failure = site.failures.get(operation);
    return Promise.resolve(failure ?? { kind: 'Answered', value: structuredClone(value), date: START });
  };
  const write = (operation: SiteOperation, act: () => void): Promise<WriteResult> => {
    const failure = site.failures.get(operation);
    if (failure !== undefined) {
      return Promise.resolve(failure);
    }
    if (site.manual.has(operation)) {
      const step = { operation, instruction: `Do ${operation}.`, cmdlet: `${operation} -Now` };
      return Promise.resolve({ kind: 'Manual', step });
    }
    site.writes.push(operation);
    act();
    return Promise.resolve({ kind: 'Accepted', date: START });
  };
  const link = (siteSystem: string, siteCode: string, serviceName: string) => {
    site.points = [
      ...site.points.filter((point) => point.siteSystem !== siteSystem),
      { siteSystem, siteCode, serviceName, connectedness: site.connectedness },
    ];
  };
  const groupOf = (id: number) => site.groups.find((group) => group.id === id);
  const contentOf = async (
    { nalPath }: Pick<ServiceRecord, 'nalPath'>,
    onItems: (items: readonly (ContentItem & DistributedContent)[]) => void,
  ): Promise<SiteAnswer<ContentPass>> => {
    const items = site.content.get(nalPath) ?? [];
    const answer = await answered<ContentPass>('ReadContent', { kind: 'Complete', items: items.length });
    if (answer.kind === 'Answered') onItems(items);
    return answer;
  };
  const site: MemorySite = {
    identityFacts: {
      siteCode: 'PS1',
      siteName: 'Contoso',
      version: '5.00.9141.1000',
      type: 'StandalonePrimary',
      childSiteCodes: [],
    },
    records: [],
    points: [],
    groups: [],
    roles: [],
    authentication: new Map(),
    allowCmg: false,
    content: new Map(),
    failures: new Map(),
    manual: new Set(),
    writes: [],
    reads: 0,
    connectedness: 'Connected',
    identity: () => answered('ReadIdentity', site.identityFacts),
    serviceRecords: () => answered('ReadServiceRecords', site.records),
    connectionPoints: () => answered('ReadConnectionPoints', site.points),
    boundaryGroups: () => answered('ReadBoundaryGroups', site.groups),
    boundaryGroupMembers: (id) => answered('ReadBoundaryGroupMembers', groupOf(id)?.members ?? []),
    clientFacingRoles: () => answered('ReadClientFacingRoles', site.roles),
    clientAuthentication: (siteCode) => {
      return site.authentication.has(siteCode)
        ? answered('ReadClientAuthentication', site.authentication.get(siteCode))
        : Promise.resolve({ kind: 'NotFound', status: 404, message: 'No such site.' });
    },
    clientSettings: () => answered('ReadClientSettings', { allowCmg: site.allowCmg }),
    readDevices: () => Promise.reject(new Error('There are no devices here.')),
    readContent: contentOf,
    readDistribution: contentOf,
    registerService: ({ serviceName }) =>
      write('RegisterService', () => {
        site.records.push(serviceRecord(serviceName, site.records.length + 1));
      }),
    unregisterService: ({ id }) =>
      write('UnregisterService', () => {
        site.records = site.records.filter((record) => record.id !== id);
      }),
    startService: () => write('StartService', () => {}),
    stopService: () => write('StopService', () => {}),
    addConnectionPoint: ({ siteSystem, siteCode, service }) =>
      write('AddConnectionPoint', () => link(siteSystem, siteCode, service.serviceName)),
    linkConnectionPoint: ({ siteSystem, siteCode, service }) =>
      write('LinkConnectionPoint', () => link(siteSystem, siteCode, service.serviceName)),
    removeConnectionPoint: ({ siteSystem }) =>
      write('RemoveConnectionPoint', () => {
        site.points = site.points.filter((point) => point.siteSystem !== siteSystem);
      }),
    addBoundaryGroupMember: ({ group, service, connection }) =>
      write('AddBoundaryGroupMember', () => {
        const found = groupOf(group.id);
        if (found !== undefined) {
          const others = found.members.filter(({ nalPath }) => nalPath !== service.nalPath);
          found.members = [...others, { nalPath: service.nalPath, connection }];
        }
      }),
    removeBoundaryGroupMember: ({ group, member }) =>
      write('RemoveBoundaryGroupMember', () => {
        const found = groupOf(group.id);
        if (found !== undefined) {
          found.members = found.members.filter(({ nalPath }) => nalPath !== member.nalPath);
        }
      }),
    setPreferCloudSources: ({ group, preferCloudSources }) =>
      write('SetPreferCloudSources', () => {
        site.groups = site.groups.map((each) => (each.id === group.id ? { ...each, preferCloudSources } : each));
      }),
    setCmgTraffic: ({ server, role, allowCmgTraffic }) =>
      write('SetCmgTraffic', () => {
        site.roles = site.roles.map((each) =>
          each.server === server && each.role === role ? { ...each, allowCmgTraffic } : each,
        );
      }),
    setClientAuthentication: ({ siteCode, ...wanted }) =>
      write('SetClientAuthentication', () => {
        const known = site.authentication.get(siteCode);
        if (known !== undefined) {
          site.authentication.set(siteCode, {
            ...known,
            usePkiCertificate: wanted.usePkiCertificate ?? known.usePkiCertificate,
            checkRevocationForSiteSystems: wanted.checkRevocationForSiteSystems ?? known.checkRevocationForSiteSystems,
          });
        }
      }),
    setClientSettings: ({ allowCmg }) =>
      write('SetClientSettings', () => {
        site.allowCmg = allowCmg;
      }),
  };
  return site;
}

/** Ways to one site in memory, for whatever Site object. */
export function accessTo(site: Site): SiteAccess {
  return createSiteAccess({
    secrets: { read: () => Promise.resolve(undefined) },
    openSite: () => ({ site, close: () => Promise.resolve() }),
    logger: silentLogger,
  });
}

let objects = 0;

/** Metadata of an object that was created after those before it. */
export function metadataOf(name: string, createdAt = START) {
  objects += 1;
  return {
    name,
    namespace: 'gateways',
    uid: `uid-${objects}`,
    resourceVersion: String(objects),
    generation: 1,
    creationTimestamp: toTimestamp(createdAt),
  };
}

export function siteObject(name = 'ps1', spec: Partial<SiteSpec> = {}, status?: SiteObject['status']): SiteObject {
  return {
    apiVersion: 'configmgr.io/v1alpha1',
    kind: 'Site',
    metadata: metadataOf(name),
    spec: {
      suspend: false,
      siteCode: 'PS1',
      type: 'StandalonePrimary',
      allowUnproven: false,
      adminService: {
        url: 'https://provider.contoso.com/AdminService',
        auth: { type: 'Bearer', bearer: { secretRef: { name: 'site', key: 'token' } } },
      },
      ...spec,
    },
    ...(status === undefined ? {} : { status }),
  };
}

/** A Site that has been reached. */
export function reachedSite(name = 'ps1', spec: Partial<SiteSpec> = {}): SiteObject {
  return siteObject(name, spec, { conditions: [conditionOf('Reachable', 'True')] });
}

export function conditionOf(type: string, status: Condition['status'], reason = 'Succeeded'): Condition {
  return {
    type,
    status,
    reason,
    message: `${type} ${reason}.`,
    observedGeneration: 1,
    lastTransitionTime: toTimestamp(START),
  };
}

export const SERVICE_NAME = 'granitefalls.contoso.com';

/** A CMG whose gateway serves and whose record the site has. */
export function servingCmg(name = 'granitefalls', serviceName = SERVICE_NAME): CMG {
  const azure = {
    environment: 'AzurePublicCloud',
    tenantId: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
    subscriptionId: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
    region: 'westeurope',
  } as const;
  return {
    apiVersion: 'configmgr.io/v1alpha1',
    kind: 'CMG',
    metadata: metadataOf(name),
    spec: {
      suspend: false,
      managementPolicy: 'Manage',
      provisioner: 'Operator',
      deploymentModel: 'VirtualMachineScaleSet',
      deletionPolicy: 'Delete',
      deletionProtection: false,
      siteRef: { name: 'ps1' },
      azure: {
        ...azure,
        credentials: { type: 'WorkloadIdentity', workloadIdentity: { clientId: azure.tenantId } },
        resourceGroup: { name: 'rg-cmg', mode: 'Create' },
      },
      serviceName,
      serverCertificate: { format: 'TLS', secretRef: { name: 'tls' }, revision: '' },
      servicePackage: { url: 'https://packages.contoso.com/cmg.zip', sha256: 'a'.repeat(64) },
      vm: { size: 'Standard', instances: 1, modelUpdates: 'OnRequest' },
      clientAuthentication: { verifyRevocation: true },
      enforceTls12: true,
      redeployment: DEFAULT_REDEPLOYMENT,
      content: { enabled: true },
    },
    status: {
      activeDeployment: 'aaaaaaaa',
      conditions: [conditionOf('SiteRegistered', 'True'), conditionOf('ServiceHealthy', 'True')],
      deployments: [
        {
          id: 'aaaaaaaa',
          identity: { ...azure, resourceGroup: 'rg-cmg', serviceName },
          phase: 'Active',
          serviceName,
          createdAt: toTimestamp(START),
        },
      ],
    },
  };
}

/** A CMG that is being deleted, as long as its controller has not let its gateway leave. */
export function deletedCmg(cmg: CMG = servingCmg(), spec: Partial<CMG['spec']> = {}): CMG {
  return {
    ...cmg,
    metadata: { ...cmg.metadata, deletionTimestamp: toTimestamp(START) },
    spec: { ...cmg.spec, ...spec },
  };
}

/** A CMG that is being deleted, and whose gateway leaves its site. */
export function leavingCmg(cmg: CMG = servingCmg(), since = START): CMG {
  const deleted = deletedCmg(cmg);
  return { ...deleted, status: { ...deleted.status, leavingSince: toTimestamp(since) } };
}

/** Objects of one kind, by key, as a store gives them. */
export function storeOf<T extends ManagedObject>(
  list: () => readonly T[],
  indexes: Readonly<Record<string, (object: T) => readonly string[]>> = {},
) {
  return {
    get: (key: string) => list().find((object) => keyOf(object) === key),
    list,
    byIndex: (name: string, value: string) => list().filter((object) => indexes[name]?.(object).includes(value)),
  };
}

/** One object under its procedure, whose status is carried from round to round. */
export interface Rounds<T extends ManagedObject> {
  object: T;
  now: number;
  /** Runs one round, and returns the conditions as `status reason` by type. */
  round(): Promise<Readonly<Record<string, string>>>;
  /** Runs rounds until nothing is asked for at once. */
  settle(): Promise<Readonly<Record<string, string>>>;
  /** Runs one round of an object that is being deleted; `Gone` ends it. */
  removal(): Promise<'Gone' | 'Remaining'>;
  /** When the last round wants the next one; absent: when something changes. */
  readonly againAfterMs: number | undefined;
  /** Notes of what happened. */
  readonly happenings: string[];
  message(type: string): string;
}

const CONTEXT: ReconcileContext = {
  signal: new AbortController().signal,
  logger: silentLogger,
  reconcileId: 'test',
};

export function roundsOf<T extends ManagedObject>(
  object: T,
  procedure: (now: () => number) => ObjectProcedure<T>,
): Rounds<T> {
  let againAfterMs: number | undefined;
  const made = procedure(() => rounds.now);
  const conditions = () =>
    Object.fromEntries(
      (rounds.object.status?.conditions ?? []).map(({ type, status, reason }) => [type, `${status} ${reason}`]),
    );
  const take = (report: Parameters<typeof statusAfter<T>>[1]) => {
    rounds.object = { ...rounds.object, status: statusAfter(rounds.object, report, made.rules, rounds.now) };
    rounds.happenings.push(...(report.happenings ?? []).map(({ note }) => note));
    againAfterMs = report.againAfterMs;
  };
  const rounds: Rounds<T> = {
    object,
    now: START,
    happenings: [],
    get againAfterMs() {
      return againAfterMs;
    },
    message: (type) => findCondition(rounds.object.status?.conditions, type)?.message ?? '',
    round: async () => {
      const report = await made.reconcile(rounds.object, CONTEXT);
      if (report !== undefined) {
        take(report);
      }
      return conditions();
    },
    settle: async () => {
      for (let left = 20; left > 0; left -= 1) {
        await rounds.round();
        if (againAfterMs === undefined || againAfterMs > 5_000) {
          return conditions();
        }
        rounds.now += againAfterMs;
      }
      throw new Error(`It does not come to rest: ${JSON.stringify(rounds.object.status, undefined, 1)}`);
    },
    removal: async () => {
      if (rounds.object.metadata.deletionTimestamp === undefined) {
        const metadata = { ...rounds.object.metadata, deletionTimestamp: toTimestamp(rounds.now) };
        rounds.object = { ...rounds.object, metadata };
      }
      const removal = await made.remove(rounds.object, CONTEXT);
      if (removal.kind === 'Gone') {
        rounds.happenings.push(...(removal.happenings ?? []).map(({ note }) => note));
        return 'Gone';
      }
      if (removal.report !== undefined) {
        take(removal.report);
      }
      return 'Remaining';
    },
  };
  return rounds;
}
