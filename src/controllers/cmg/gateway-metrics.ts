import { Counter, Gauge, type Registry } from 'prom-client';
import type { CMG, CMGStatusDeployment } from '../../api/v1alpha1/cmg.generated.ts';
import { findCondition } from '../../runtime/conditions.ts';
import type { ObjectStore } from '../../runtime/store.ts';
import { isManaged } from './managed-cmg.ts';
import { reasonClass } from './reason-class.ts';
import { registerRedeploymentGauges } from './redeployment-gauges.ts';

/** What the operator tells about gateways. A gateway's series end with its CMG. */
export interface GatewayMetrics {
  /**
   * From now on the metrics show what `store` holds. Only the process that does the work may call it, or the gateways
   * would be counted once for each replica.
   */
  observe(store: Pick<ObjectStore<CMG>, 'list' | 'subscribe'>): void;
  /** Azure has accepted a write that sets back what others changed. */
  driftRepaired(cmg: CMG): void;
}

/** Registers the metrics of gateways in `registry`, once for each registry. They have no series before `observe`. */
export function createGatewayMetrics(registry: Registry): GatewayMetrics {
  let list: () => readonly CMG[] = () => [];
  gatewayCount(registry, () => list());
  registerRedeploymentGauges(registry, () => list());
  for (const { name, help, value } of GAUGES) {
    new Gauge({
      name,
      help,
      labelNames: ['namespace', 'name'],
      registers: [registry],
      // Computed when somebody looks: nothing can be out of date, and what is gone needs no tidying up.
      collect() {
        this.reset();
        for (const cmg of list()) {
          const found = value(cmg);
          if (found !== undefined) this.set(labelsOf(cmg), found);
        }
      },
    });
  }
  const repairs = new Counter({
    name: 'cmg_operator_gateway_drift_repairs_total',
    help: 'Number of times that the operator set back what others had changed in Azure, by gateway',
    labelNames: ['namespace', 'name'],
    registers: [registry],
  });
  return {
    observe: (store) => {
      list = () => store.list();
      store.subscribe(({ type, object }) => {
        // A counter that begins with its first event would hide that event from rate() and increase().
        if (type === 'added') repairs.inc(labelsOf(object), 0);
        if (type === 'deleted') repairs.remove(labelsOf(object));
      });
    },
    driftRepaired: (cmg) => repairs.inc(labelsOf(cmg)),
  };
}

function labelsOf({ metadata: { namespace, name } }: CMG) {
  return { namespace, name };
}

function gatewayCount(registry: Registry, list: () => readonly CMG[]): void {
  new Gauge({
    name: 'cmg_operator_gateways',
    help: 'Number of gateways, by status of their condition Ready and class of its reason',
    labelNames: ['ready', 'reason_class'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { status } of list()) {
        const { status: ready = 'Unknown', reason = 'Pending' } = findCondition(status?.conditions, 'Ready') ?? {};
        this.inc({ ready, reason_class: reasonClass(reason) });
      }
    },
  });
}

interface GatewayGauge {
  readonly name: string;
  readonly help: string;
  /** `undefined`: not known, so that there is no series. */
  readonly value: (cmg: CMG) => number | undefined;
}

const GAUGES: readonly GatewayGauge[] = [
  {
    name: 'cmg_operator_gateway_ready',
    help: 'Whether the condition Ready of a gateway is True: 1 if it is, 0 if it is False or Unknown',
    value: (cmg) => holds(cmg, 'Ready'),
  },
  {
    name: 'cmg_operator_gateway_stalled',
    help: 'Whether a gateway waits for a person: 1 if its condition Stalled is True, else 0',
    value: (cmg) => holds(cmg, 'Stalled'),
  },
  {
    name: 'cmg_operator_gateway_instances_wanted',
    help: 'Number of VMs that a gateway should have; those of both while one takes the place of another',
    value: (cmg) => (isManaged(cmg) && !isRedeploying(cmg) ? cmg.spec.vm.instances : instancesOf(cmg, 'wanted')),
  },
  {
    name: 'cmg_operator_gateway_instances_ready',
    help: 'Number of VMs of a gateway that serve',
    value: (cmg) => instancesOf(cmg, 'ready') ?? (isManaged(cmg) ? 0 : undefined),
  },
  {
    name: 'cmg_operator_gateway_certificate_expiry_timestamp_seconds',
    help: 'When the server certificate of a gateway expires, in seconds since the epoch',
    value: ({ status }) => secondsOf(status?.certificate?.notAfter),
  },
  {
    name: 'cmg_operator_gateway_credentials_expiry_timestamp_seconds',
    help: 'When the client secret or client certificate for Azure of a gateway expires, in seconds since the epoch, where that is known',
    value: ({ status }) => secondsOf(status?.credentials?.expiresAt),
  },
];

function holds({ status }: CMG, type: 'Ready' | 'Stalled'): number {
  return findCondition(status?.conditions, type)?.status === 'True' ? 1 : 0;
}

/** `undefined` where no deployment tells: Azure does not show the VMs of a classic gateway, which is only observed. */
function instancesOf({ status }: CMG, count: 'wanted' | 'ready'): number | undefined {
  const told = standing(status?.deployments ?? []).flatMap(({ instances }) =>
    instances === undefined ? [] : [instances],
  );
  return told.length === 0 ? undefined : told.reduce((sum, instances) => sum + instances[count], 0);
}

function isRedeploying({ status }: CMG): boolean {
  return (status?.deployments?.length ?? 0) > 1;
}

/** Of several deployments those that have not handed over: the VMs of the others are not missed when they stop. */
function standing(deployments: readonly CMGStatusDeployment[]): readonly CMGStatusDeployment[] {
  return deployments.length < 2
    ? deployments
    : deployments.filter(({ phase }) => phase !== 'Draining' && phase !== 'Deleting');
}

function secondsOf(timestamp: string | undefined): number | undefined {
  const at = timestamp === undefined ? Number.NaN : Date.parse(timestamp);
  return Number.isNaN(at) ? undefined : at / 1000;
}
