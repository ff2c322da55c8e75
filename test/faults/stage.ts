import type { CMG, CMGSpec } from '../../src/api/v1alpha1/cmg.generated.ts';
import { CMG_KIND } from '../../src/controllers/cmg/kind.ts';
import type { JsonObject } from '../../src/json.ts';
import type { KubernetesClient } from '../../src/runtime/client.ts';
import { type Condition, findCondition } from '../../src/runtime/conditions.ts';
import type { ManualClock } from '../../src/runtime/manual-clock.ts';
import { keyOf, SECRET } from '../../src/runtime/objects.ts';
import type { IssuedCertificate } from '../certificate-authority.ts';
import { certificateSecret, defaultedSpec, secret } from '../world/gateway-manifests.ts';
import {
  type InProcessOperator,
  type InProcessOperatorOptions,
  startInProcessOperator,
} from '../world/in-process-operator.ts';
import { createMemoryKubernetes, type MemoryKubernetes } from '../world/memory-kubernetes.ts';
import type { SimulatedWorld } from '../world/simulated-world.ts';

/** Every run begins at the same moment, so that certificates are as old in each. */
const BEGINNING = Date.now();

/** A cluster with gateways, its operator, and the Azure that they share. The cluster begins empty. */
export interface FaultStage {
  readonly world: SimulatedWorld;
  readonly clock: ManualClock;
  readonly kubernetes: MemoryKubernetes;
  /** The one that was started last. */
  readonly operator: InProcessOperator;
  /** Starts another one, which knows nothing of the one before. */
  restart(): InProcessOperator;
  cmg(name?: string): CMG | undefined;
  condition(type: string, name?: string): Condition | undefined;
  /** Whether every gateway is ready as its spec is now, and nothing is under way. */
  isSettled(): boolean;
  apply(name: string, change?: (spec: CMGSpec) => CMGSpec): void;
  setCertificate(name: string, certificate: IssuedCertificate): void;
  remove(name: string): void;
  /** As `InProcessOperator.runUntil`, with operators that follow each other when one is killed. */
  runUntil(done: () => boolean, longestMs?: number): Promise<void>;
  /** A resource of the gateway, as a GET shows it. */
  resource(type: string, name?: string): JsonObject | undefined;
}

export interface FaultStageOptions {
  readonly world: SimulatedWorld;
  readonly clock: ManualClock;
  /** Of every gateway that is given no other. */
  readonly certificate: IssuedCertificate;
  /** When the stage is set up, in milliseconds since the epoch. Default: the same moment for each. */
  readonly now?: number;
  /** UID of the namespace kube-system. Default: the same for each. */
  readonly clusterUid?: string;
  /** Puts something between an operator and the API server. */
  readonly between?: (client: KubernetesClient) => KubernetesClient;
  /** What the operator sees besides Azure: the site of the gateways, and what clients see. Default: nothing. */
  readonly surroundings?: Pick<InProcessOperatorOptions, 'site' | 'probe' | 'resolveName' | 'countClients'>;
}

export const NAMESPACE = 'gateways';
export const GATEWAY = 'contoso';

export function createFaultStage(options: FaultStageOptions): FaultStage {
  const { world, clock } = options;
  clock.setWallClock(options.now ?? BEGINNING);
  const kubernetes = createMemoryKubernetes(() => clock.now());
  kubernetes.put(SECRET, secret(NAMESPACE, 'azure', 'Opaque', { 'client-secret': world.azure.clientSecret }));
  const start = () =>
    startInProcessOperator({
      world,
      kubernetes,
      clock,
      client: options.between?.(kubernetes.client) ?? kubernetes.client,
      ...(options.clusterUid === undefined ? {} : { clusterUid: options.clusterUid }),
      ...options.surroundings,
    });
  let operator = start();
  const cmgs = () => kubernetes.objects(CMG_KIND.plural) as readonly CMG[];
  const cmg = (name = GATEWAY) => cmgs().find((each) => keyOf(each) === `${NAMESPACE}/${name}`);
  const present = (name: string): CMG => {
    const found = cmg(name);
    if (found === undefined) throw new Error(`There is no CMG ${name}.`);
    return found;
  };
  const restart = () => {
    operator.kill();
    operator = start();
    return operator;
  };
  const setCertificate: FaultStage['setCertificate'] = (name, certificate) => {
    kubernetes.put(SECRET, certificateSecret(NAMESPACE, `${name}-tls`, certificate, world));
  };
  return {
    world,
    clock,
    kubernetes,
    get operator() {
      return operator;
    },
    restart,
    cmg,
    condition: (type, name) => findCondition(cmg(name)?.status?.conditions, type),
    isSettled: () => world.azure.control.runningOperations === 0 && cmgs().every(isReady),
    apply: (name, change = (spec) => spec) => {
      const before = cmg(name);
      if (before === undefined) setCertificate(name, options.certificate);
      const spec: CMGSpec = before?.spec ?? {
        ...defaultedSpec(world, `${name}.contoso.com`),
        serverCertificate: { format: 'TLS', secretRef: { name: `${name}-tls` }, revision: '' },
      };
      kubernetes.put(CMG_KIND, { metadata: { namespace: NAMESPACE, name }, spec: change(spec) });
    },
    setCertificate,
    remove: (name) => kubernetes.remove(CMG_KIND, present(name).metadata),
    runUntil: async (done, longestMs) => {
      while (!done()) {
        if (!operator.isAlive) restart();
        await operator.runUntil(done, longestMs);
      }
    },
    resource: (type, name = GATEWAY) =>
      world.azure.control
        .state()
        .find((found) => found.name === name && String(found.type).toLowerCase() === type.toLowerCase()),
  };
}

function isReady({ metadata, status }: CMG): boolean {
  const holds = (type: string) => {
    const found = findCondition(status?.conditions, type);
    return found?.status === 'True' && found.observedGeneration === metadata.generation;
  };
  return holds('Ready') && holds('InSync') && holds('AzureReady') && holds('ServiceHealthy');
}
