import { Writable } from 'node:stream';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import type { CMG, CMGStatus } from '../../../src/api/v1alpha1/cmg.generated.ts';
import type { ConditionType, Reason } from '../../../src/api/v1alpha1/conditions.ts';
import { SERVED_TAG } from '../../../src/gateway/mark.ts';
import { isJsonObject, type JsonObject } from '../../../src/json.ts';
import { createLogger } from '../../../src/observability/logging.ts';
import { type Condition, findCondition } from '../../../src/runtime/conditions.ts';
import type { IssuedCertificate, LeafRequest } from '../../certificate-authority.ts';
import { APPLY_PATCH, type ApiClient, MERGE_PATCH, waitFor } from '../../cluster/api-client.ts';
import { namespaceForTest, sharedApi } from '../../cluster/shared.ts';
import type { ArmSimulatorOptions } from '../../simulators/arm/simulator.ts';
import { gatewayDial } from '../../world/gateway-dial.ts';
import { gatewayManifests, type Manifest, pathOf } from '../../world/gateway-manifests.ts';
import { gatewayNames } from '../../world/gateway-names.ts';
import { type OperatorUnderTest, startOperatorUnderTest } from '../../world/operator-under-test.ts';
import { type SimulatedWorld, startSimulatedWorld } from '../../world/simulated-world.ts';
import { withoutMark } from '../../world/without-mark.ts';
import { BUILD_TIMEOUT_MS } from '../chart/helm.ts';
import { operatorKubeconfig, prepareOperatorRights } from '../chart/operator-account.ts';

/** Simulated time runs so many times as fast: a gateway is up in about two seconds. */
const SPEED = 200;

/** Operations in Azure take this part of their usual time; what the operator waits for by itself stays as long. */
const DURATION_FACTOR = 0.25;

/** A gateway normally takes some seconds; the rest is patience with a busy machine, and only ends what hangs. */
export const PATIENCE_MS = 120_000;

/** The simulators that the tests of one file share; each test begins with an empty Azure. */
export interface Suite {
  readonly world: () => SimulatedWorld;
  /** Begins a test: an empty Azure, a namespace, and an operator that watches it. All of it ends with the test. */
  begin(options?: BeginOptions): Promise<GatewayTest>;
  /** A certificate for a service name. Those of one name are made once: RSA keys take long. */
  certificateFor(request: LeafRequest): Promise<IssuedCertificate>;
  /** Everything that operators of this file have logged, on all levels. */
  log(): string;
}

export interface BeginOptions {
  /** Further flags of the operator, such as `--drift-interval`, `5m`. */
  readonly flags?: readonly string[];
  /** Whether the test starts the operator itself. */
  readonly withoutOperator?: boolean;
}

export function operatorSuite(options: ArmSimulatorOptions = {}): Suite {
  let world: SimulatedWorld | undefined;
  let log = '';
  const certificates = new Map<string, Promise<IssuedCertificate>>();
  const lines = new Writable({
    write: (chunk, _encoding, done) => {
      log += String(chunk);
      done();
    },
  });
  beforeAll(async () => {
    await prepareOperatorRights();
    world = await startSimulatedWorld({ speed: SPEED, ...options });
  }, BUILD_TIMEOUT_MS);
  afterAll(() => world?.close());
  const present = (): SimulatedWorld => {
    if (world === undefined) {
      throw new Error('The simulated world is there only while tests run.');
    }
    return world;
  };
  const certificateFor: Suite['certificateFor'] = (request) => {
    const key = JSON.stringify(request);
    const known = certificates.get(key) ?? present().authority.issue(request);
    certificates.set(key, known);
    return known;
  };
  return {
    world: present,
    certificateFor,
    log: () => log,
    begin: async ({ flags = [], withoutOperator = false } = {}) => {
      const { azure } = present();
      azure.control.reset();
      azure.control.settings.durationFactor = DURATION_FACTOR;
      const namespace = await namespaceForTest('gateway');
      const logger = createLogger({ level: 'debug', format: 'json', destination: lines });
      const kubeconfigPath = await operatorKubeconfig(namespace);
      const start: StartOperator = async (kubeconfigPath, more = []) => {
        const operator = await startOperatorUnderTest({
          kubeconfigPath,
          world: present(),
          logger,
          ...(options.gateways === true
            ? { dial: gatewayDial(present().azure), resolveName: gatewayNames(present().azure) }
            : {}),
          flags: ['--namespaces', namespace, '--leader-election-namespace', namespace, ...flags, ...more],
        });
        onTestFinished(async () => {
          await operator.stop();
        });
        return operator;
      };
      const parts = { world: present(), namespace, certificateFor, start };
      const test = gatewayTest(parts, { api: sharedApi(), kubeconfigPath });
      if (!withoutOperator) {
        await test.startOperator();
      }
      return test;
    },
  };
}

/** Where the objects of a test are. */
export interface TestCluster {
  readonly api: ApiClient;
  /** For operators. In the cluster that all tests share: the service account of the Helm chart, with no rights but the chart's. */
  readonly kubeconfigPath: string;
}

/** One gateway in one namespace, with its operator. */
export interface GatewayTest extends TestCluster {
  readonly namespace: string;
  readonly azure: SimulatedWorld['azure'];
  /** @param more flags */
  startOperator(more?: readonly string[]): Promise<OperatorUnderTest>;
  /** The same test in another cluster, or by another way to its own. The namespace has to be there. */
  inCluster(cluster: TestCluster): GatewayTest;
  /** The manifests of a gateway for `serviceName`, not applied yet; `spec` is merged over the usual one. */
  manifests(spec?: Readonly<Record<string, unknown>>, serviceName?: string): Promise<GatewayManifests>;
  apply(...manifests: readonly (Manifest | undefined)[]): Promise<void>;
  /** Sets annotations of the CMG, as a person does; `null` takes one away. */
  annotate(annotations: Readonly<Record<string, string | null>>): Promise<void>;
  /** A JSON merge patch of the CMG's spec. */
  patchSpec(spec: object): Promise<void>;
  cmg(): Promise<CMG>;
  /** Waits for the CMG to be as asked, and returns it. Tells its conditions when it does not come to that. */
  until(what: string, condition: (cmg: CMG) => boolean | undefined): Promise<CMG>;
  untilReady(): Promise<CMG>;
  /** Waits for the last write of a new gateway, by which it is marked a moment after it is ready. */
  untilMarked(): Promise<void>;
  untilReason(type: ConditionType, reason: Reason): Promise<Condition>;
  /** Begins the deletion of the CMG as a person does: its protection is switched off first. */
  beginDeletion(): Promise<void>;
  /** Begins the deletion, unless somebody has, and waits until the CMG is gone. */
  deleteCmg(): Promise<void>;
  events(): Promise<readonly { readonly type: string; readonly reason: string; readonly note: string }[]>;
  /** The Azure resources of a type, as a GET shows them, but for the tags that come when a gateway has served. */
  resources(type?: string): readonly JsonObject[];
}

export type GatewayManifests = ReturnType<typeof gatewayManifests>;

export const NAME = 'gateway';
export const SERVICE_NAME = 'granitefalls.contoso.com';

type StartOperator = (kubeconfigPath: string, more?: readonly string[]) => Promise<OperatorUnderTest>;

interface TestParts extends Pick<Suite, 'certificateFor'> {
  readonly world: SimulatedWorld;
  readonly namespace: string;
  readonly start: StartOperator;
}

function gatewayTest(parts: TestParts, { api, kubeconfigPath }: TestCluster): GatewayTest {
  const { world, namespace, certificateFor, start } = parts;
  const path = `/apis/configmgr.io/v1alpha1/namespaces/${namespace}/cmgs/${NAME}`;
  const cmg = async () => (await api.call('GET', path)) as CMG;
  const until: GatewayTest['until'] = async (what, condition) => {
    let last: CMG | undefined;
    try {
      return await waitFor(
        what,
        async () => {
          last = await cmg();
          return condition(last) === true ? last : undefined;
        },
        PATIENCE_MS,
      );
    } catch (error) {
      throw new Error(`${String(error)}; the CMG says: ${JSON.stringify(last?.status?.conditions, undefined, 1)}`);
    }
  };
  const beginDeletion = async () => {
    await api.call('PATCH', path, { spec: { deletionProtection: false } }, MERGE_PATCH);
    await api.call('DELETE', path);
  };
  return {
    namespace,
    kubeconfigPath,
    azure: world.azure,
    api,
    startOperator: (more) => start(kubeconfigPath, more),
    inCluster: (cluster) => gatewayTest(parts, cluster),
    manifests: async (spec = {}, serviceName = SERVICE_NAME) =>
      gatewayManifests(world, {
        namespace,
        name: NAME,
        serviceName,
        certificate: await certificateFor({ commonName: serviceName, organization: 'Contoso' }),
        spec,
      }),
    apply: async (...manifests) => {
      for (const manifest of manifests) {
        if (manifest !== undefined) {
          await api.call('PATCH', `${pathOf(manifest)}?fieldManager=test&force=true`, manifest, APPLY_PATCH);
        }
      }
    },
    annotate: async (annotations) => {
      await api.call('PATCH', path, { metadata: { annotations } }, MERGE_PATCH);
    },
    patchSpec: async (spec) => {
      await api.call('PATCH', path, { spec }, MERGE_PATCH);
    },
    cmg,
    until,
    untilReady: () => until('the CMG to be Ready', ({ metadata, status }) => isReady(status, metadata.generation)),
    untilMarked: async () => {
      const isMarked = ({ tags }: JsonObject) => isJsonObject(tags) && tags[SERVED_TAG] === 'Yes';
      await waitFor(
        'the gateway to be marked',
        async () => world.azure.control.state().some(isMarked) || undefined,
        PATIENCE_MS,
      );
    },
    untilReason: async (type, reason) => {
      const found = await until(`${type} to give the reason ${reason}`, ({ metadata, status }) => {
        const condition = findCondition(status?.conditions, type);
        return condition?.reason === reason && condition.observedGeneration === metadata.generation;
      });
      return conditionOf(found, type);
    },
    beginDeletion,
    deleteCmg: async () => {
      const { status, body } = await api.send('GET', path);
      if (status !== 404 && (body as CMG).metadata.deletionTimestamp === undefined) {
        await beginDeletion();
      }
      let last: unknown;
      try {
        await waitFor(
          'the CMG to be gone',
          async () => {
            const answer = await api.send('GET', path);
            last = answer.body;
            return answer.status === 404 || undefined;
          },
          PATIENCE_MS,
        );
      } catch (error) {
        throw new Error(
          `${String(error)}; the CMG says: ${JSON.stringify((last as CMG).status?.conditions, undefined, 1)}`,
        );
      }
    },
    events: async () => {
      const list = await api.call('GET', `/apis/events.k8s.io/v1/namespaces/${namespace}/events`);
      return (list as { items: readonly { type: string; reason: string; note: string }[] }).items;
    },
    resources: (type) =>
      withoutMark(world.azure.control.state()).filter(
        (resource) => type === undefined || String(resource.type).toLowerCase() === type.toLowerCase(),
      ),
  };
}

export function isReady(status: CMGStatus | undefined, generation: number): boolean {
  const ready = findCondition(status?.conditions, 'Ready');
  return ready?.status === 'True' && ready.observedGeneration === generation;
}

export function conditionOf({ status }: CMG, type: ConditionType): Condition {
  const found = findCondition(status?.conditions, type);
  if (found === undefined) {
    throw new Error(`The CMG has no condition ${type}.`);
  }
  return found;
}

/** Follows names into a resource, as `properties.sku.name`. */
export function valueAt(resource: JsonObject | undefined, path: string): unknown {
  let value: unknown = resource;
  for (const name of path.split('.')) {
    value = isJsonObject(value) ? value[name] : Array.isArray(value) ? value[Number(name)] : undefined;
  }
  return value;
}
