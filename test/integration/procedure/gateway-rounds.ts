import type { CMGStatus } from '../../../src/api/v1alpha1/cmg.generated.ts';
import { type AzureAccess, createAzureAccess } from '../../../src/controllers/cmg/azure-access.ts';
import type { DeletionBudget } from '../../../src/controllers/cmg/deletion-budget.ts';
import { isManaged } from '../../../src/controllers/cmg/managed-cmg.ts';
import { createGatewayMemories } from '../../../src/controllers/cmg/memory.ts';
import { observeGateway } from '../../../src/controllers/cmg/observe.ts';
import type { Operations, OperationsStore } from '../../../src/controllers/cmg/operations-secret.ts';
import { provisionGateway } from '../../../src/controllers/cmg/provision.ts';
import type { DeploymentsInput } from '../../../src/controllers/cmg/redeployment/reconcile.ts';
import { removeDeployments } from '../../../src/controllers/cmg/redeployment/remove-deployments.ts';
import type { Happening, Report } from '../../../src/controllers/cmg/report.ts';
import { createRevocationLists } from '../../../src/controllers/cmg/revocation-lists.ts';
import { createRolloutBrake, type RolloutBrake } from '../../../src/controllers/cmg/rollout-brake.ts';
import { REQUEST_ANNOTATION, type Scope } from '../../../src/controllers/cmg/scope.ts';
import type { SecretValues } from '../../../src/controllers/cmg/secrets.ts';
import { reportedStatus } from '../../../src/controllers/cmg/status.ts';
import { VM_MODELS, type VmModels } from '../../../src/gateway/vm-models.ts';
import type { ResolveName } from '../../../src/probe/resolve-name.ts';
import { createListFetch } from '../../../src/probe/revocation-list-fetch.ts';
import type { TlsProbe } from '../../../src/probe/tls-probe.ts';
import { type Condition, findCondition, toTimestamp } from '../../../src/runtime/conditions.ts';
import { silentLogger } from '../../../src/runtime/logger.ts';
import type { ManualClock } from '../../../src/runtime/manual-clock.ts';
import { seededRandom } from '../../../src/runtime/random.ts';
import type { IssuedCertificate } from '../../certificate-authority.ts';
import { type BuiltCmg, type BuiltSpec, defaultedSpec } from '../../world/gateway-manifests.ts';
import type { SimulatedWorld } from '../../world/simulated-world.ts';

/** How often the gateways here compare Azure with their spec. */
export const DRIFT_INTERVAL_MS = 600_000;

/**
 * One CMG and the rounds of its procedure, without a cluster: status and Secrets are kept here, time is moved by the
 * test to where each round asks for the next one.
 */
export interface GatewayRounds {
  readonly cmg: BuiltCmg;
  readonly happenings: readonly Happening[];
  /** Reports of all rounds, the oldest first. */
  readonly reports: readonly Report[];
  condition(type: string): Condition | undefined;
  edit(change: (spec: BuiltSpec) => BuiltSpec): void;
  /** Sets an annotation, as a person does; `undefined` takes it away. */
  annotate(name: string, value: string | undefined): void;
  setCertificate(certificate: IssuedCertificate): void;
  setSecret(
    name: string,
    values: Readonly<Record<string, string>> | undefined,
    annotations?: Readonly<Record<string, string>>,
  ): void;
  /** Has the CMG deleted, and with it the namespace where that is said; Secrets go with a namespace. */
  beginDeletion(of: 'CMG' | 'Namespace'): void;
  /** Forgets what only the process knew, as a restart does. */
  restart(): void;
  /** Restarts with a version of the operator that knows other models of VMs. */
  changeVersion(vmModels: VmModels): void;
  /** Forgets the operations that run, as a crash before they are written down does. */
  forgetOperations(): void;
  /** One round of provisioning or observing, and time moved on to when the next one is due. */
  round(): Promise<Report>;
  /** One round of provisioning before it is due, as a changed Secret brings it. */
  earlyRound(): Promise<void>;
  /** Rounds until `done` holds. Fails after too many: nothing may loop without waiting. */
  roundsUntil(done: () => boolean, most?: number): Promise<void>;
  /** One round of removal, of a CMG that is then being deleted, and time moved on to when the next one is due. */
  removalRound(): Promise<RemovalOfGateway>;
}

/** What a round of removal has come to: something is left, nothing is, or the gateway stays in Azure. */
export type RemovalOfGateway =
  | { readonly kind: 'Remaining' }
  | { readonly kind: 'Gone' | 'Retained'; readonly happenings: readonly Happening[] };

export interface GatewayRoundsOptions {
  readonly world: SimulatedWorld;
  readonly clock: ManualClock;
  readonly certificate: IssuedCertificate;
  readonly serviceName: string;
  readonly spec?: Partial<BuiltSpec>;
  /** Default `c`. */
  readonly clusterUid?: string;
  /** Default `test`. */
  readonly installationId?: string;
  /** How often a gateway at rest is looked at, in milliseconds. Default: {@link DRIFT_INTERVAL_MS}. */
  readonly driftIntervalMs?: number;
  /** Connects to gateways. Default: nothing does, as no process stands behind the VMs of this simulated Azure. */
  readonly probe?: TlsProbe;
  /** Looks up names. Default: nothing does. */
  readonly resolveName?: ResolveName;
  /** Default: one of its own. */
  readonly access?: AzureAccess;
  /** Default: no limit. */
  readonly deletionBudget?: Omit<DeletionBudget, 'look'>;
  /** Default: no limit. */
  readonly rollouts?: RolloutBrake;
  /** Default `contoso`; the resource group is called `rg-<name>`. */
  readonly name?: string;
}

const taken: DeletionBudget['take'] = async () => ({ kind: 'Taken' });
const UNLIMITED: DeletionBudget = { perHour: Number.POSITIVE_INFINITY, take: taken, look: taken };

/** The operator's way to the simulated Azure, to be shared by gateways of one operator. */
export function accessTo({ azure }: SimulatedWorld, clock: ManualClock): AzureAccess {
  const endpoints = { resourceManagerEndpoint: azure.url, authorityHost: azure.url };
  return createAzureAccess({
    clock,
    cloudOverrides: { [azure.cloud.name]: endpoints },
    userAgent: 'cmg-operator/test',
    fence: () => {},
  });
}

const NO_SITE: Omit<DeploymentsInput, 'scope' | 'store' | 'memories' | 'readCmg'> = {
  site: {
    siteOf: () => ({ kind: 'Wait', why: 'JustChanged' }),
    siteObjectOf: () => undefined,
    siteObjectsBeside: () => [],
    connectionPointsOf: () => [],
    boundaryGroupReferencesOf: () => [],
  },
  others: [],
  watches: { seenSince: () => undefined },
  passes: [],
  countFailure: undefined,
  countClients: () => {},
  askForContent: () => {},
  readSite: async () => undefined,
  // Without a site there is nothing to claim.
  claims: { client: {} as DeploymentsInput['claims']['client'], fieldManager: 'test' },
};

/** A store of operations that has those of one deployment as if they were all. */
function withPrefix(store: OperationsStore, id: string): OperationsStore {
  const prefix = `${id}.`;
  const without = (operations: Operations): Operations =>
    new Map([...operations].map(([key, operation]) => [key.replace(prefix, ''), operation]));
  return {
    read: async (cmg, signal) =>
      new Map([...(await store.read(cmg, signal))].map(([key, operation]) => [`${prefix}${key}`, operation])),
    write: (cmg, previous, next, signal) => store.write(cmg, without(previous), without(next), signal),
  };
}

export function createGatewayRounds(options: GatewayRoundsOptions): GatewayRounds {
  const { world, clock, serviceName, driftIntervalMs = DRIFT_INTERVAL_MS } = options;
  const { azure, authority } = world;
  const { name = 'contoso', rollouts = createRolloutBrake({ list: () => [] }, 1) } = options;
  let cmg: BuiltCmg = {
    apiVersion: 'configmgr.io/v1alpha1',
    kind: 'CMG',
    metadata: {
      name,
      namespace: 'gateways',
      uid: `uid-of-${name}`,
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: { ...defaultedSpec(world, serviceName), ...options.spec },
  };
  const secrets = new Map<string, SecretValues>();
  const setSecret: GatewayRounds['setSecret'] = (name, values, annotations = {}) => {
    if (values === undefined) {
      secrets.delete(name);
    } else {
      const content = new Map(Object.entries(values).map(([key, value]) => [key, Buffer.from(value)]));
      secrets.set(name, Object.assign(content, { annotations }));
    }
  };
  const setCertificate = ({ chainPem, privateKeyPem }: IssuedCertificate) =>
    setSecret('tls', { 'tls.crt': chainPem, 'tls.key': privateKeyPem, 'ca.crt': authority.rootPem });
  setSecret('azure', { 'client-secret': azure.clientSecret });
  setCertificate(options.certificate);

  let namespaceIsBeingDeleted = false;
  let memories = createGatewayMemories();
  let vmModels: VmModels = VM_MODELS;
  let operations: Operations = new Map();
  const store: OperationsStore = {
    read: async () => operations,
    write: async (_cmg, _previous, next) => {
      operations = next;
    },
  };
  const access = options.access ?? accessTo(world, clock);
  const random = seededRandom(1);
  const scope = (): Scope => ({
    cmg,
    installationId: options.installationId ?? 'test',
    clusterUid: options.clusterUid ?? 'c',
    driftIntervalMs,
    fullReadIntervalMs: driftIntervalMs,
    // Every resource is read by itself.
    sweep: { follow: () => {}, unchangedSince: () => undefined },
    secrets: { read: async (_namespace, name) => secrets.get(name) },
    configMaps: { read: async () => undefined },
    namespaces: { isBeingDeleted: async () => namespaceIsBeingDeleted },
    // Rounds of a removal take a slot, and do not look for one.
    deletionBudget: { ...UNLIMITED, ...options.deletionBudget },
    vmModels,
    rollouts,
    revocationLists: createRevocationLists({ clock, logger: silentLogger, fetchList: createListFetch() }),
    azure: access,
    probe: options.probe,
    resolveName: options.resolveName,
    memory: memories.of(cmg.metadata.uid, cmg.metadata.generation, cmg.metadata.annotations?.[REQUEST_ANNOTATION]),
    clock,
    random,
    logger: silentLogger,
    signal: new AbortController().signal,
  });
  const reports: Report[] = [];
  const happenings: Happening[] = [];
  const setStatus = (status: CMGStatus) => {
    cmg = { ...cmg, status };
  };
  const take = (report: Report) => {
    reports.push(report);
    happenings.push(...report.happenings);
    setStatus(reportedStatus(cmg, report, clock.now()));
  };
  const look = () => (isManaged(cmg) ? provisionGateway(scope(), store) : observeGateway(scope()));
  const round = async () => {
    const report = await look();
    take(report);
    await clock.advance(report.againAfterMs);
    return report;
  };
  const beginDeletion: GatewayRounds['beginDeletion'] = (of) => {
    cmg = { ...cmg, metadata: { ...cmg.metadata, deletionTimestamp: toTimestamp(clock.now()) } };
    if (of === 'Namespace') {
      namespaceIsBeingDeleted = true;
      secrets.clear();
    }
  };
  const isRetained = () => findCondition(cmg.status?.conditions, 'AzureReady')?.reason === 'Retained';
  /** The procedure for one gateway keeps its memory and its operations as those of the CMG. */
  const removalInput = (): DeploymentsInput => ({
    scope: scope(),
    store: withPrefix(store, cmg.status?.deployments?.[0]?.id ?? ''),
    memories: { ...memories, of: (key, ...rest) => memories.of(key.split(' ')[0] ?? key, ...rest) },
    ...NO_SITE,
    readCmg: async () => cmg,
  });
  return {
    get cmg() {
      return cmg;
    },
    happenings,
    reports,
    condition: (type) => findCondition(cmg.status?.conditions, type),
    edit: (change) => {
      const { metadata, spec } = cmg;
      cmg = { ...cmg, metadata: { ...metadata, generation: metadata.generation + 1 }, spec: change(spec) };
    },
    annotate: (name, value) => {
      const { [name]: _before, ...others } = cmg.metadata.annotations ?? {};
      const annotations = value === undefined ? others : { ...others, [name]: value };
      cmg = { ...cmg, metadata: { ...cmg.metadata, annotations } };
    },
    setCertificate,
    setSecret,
    beginDeletion,
    restart: () => {
      memories = createGatewayMemories();
    },
    changeVersion: (models) => {
      memories = createGatewayMemories();
      vmModels = models;
    },
    forgetOperations: () => {
      operations = new Map();
    },
    round,
    earlyRound: async () => take(await look()),
    roundsUntil: async (done, most = 150) => {
      for (let rounds = 0; rounds < most; rounds += 1) {
        if (done()) return;
        await round();
      }
      if (!done()) {
        throw new Error(`Not there after ${most} rounds: ${JSON.stringify(cmg.status?.conditions, null, 1)}`);
      }
    },
    removalRound: async () => {
      if (cmg.metadata.deletionTimestamp === undefined) {
        beginDeletion('CMG');
      }
      let removal = await removeDeployments(removalInput());
      if (removal.kind === 'Waiting') {
        take(removal.report);
        await clock.advance(removal.report.againAfterMs);
        // That it stays is said first.
        removal = isRetained() ? await removeDeployments(removalInput()) : removal;
      }
      if (removal.kind === 'Waiting') {
        return { kind: 'Remaining' };
      }
      happenings.push(...removal.happenings);
      return { kind: isRetained() ? 'Retained' : 'Gone', happenings: removal.happenings };
    },
  };
}
