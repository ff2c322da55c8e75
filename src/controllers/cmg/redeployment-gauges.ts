import { Gauge, type Registry } from 'prom-client';
import type { CMG, CMGStatusDeployment } from '../../api/v1alpha1/cmg.generated.ts';
import { findCondition } from '../../runtime/conditions.ts';
import { milliseconds } from './redeployment/wish.ts';

/**
 * Registers the metrics of gateways that are being replaced. They are timestamps and words of small sets, so that they stand
 * still while nothing happens, and there are series only while a redeployment runs: two for each of its at most eight
 * deployments, and four for its `CMG`.
 */
export function registerRedeploymentGauges(registry: Registry, list: () => readonly CMG[]): void {
  const running = () => list().filter(({ status }) => status?.redeployment !== undefined);
  for (const { name, help, labelNames, series } of GAUGES) {
    new Gauge({
      name,
      help,
      labelNames: ['namespace', 'name', ...labelNames],
      registers: [registry],
      // Computed when somebody looks: nothing can be out of date, and what is gone needs no tidying up.
      collect() {
        this.reset();
        for (const cmg of running()) {
          const { namespace, name } = cmg.metadata;
          for (const { labels = {}, value } of series(cmg)) this.set({ namespace, name, ...labels }, value);
        }
      },
    });
  }
}

interface Series {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

interface RedeploymentGauge {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly series: (cmg: CMG) => readonly Series[];
}

const GAUGES: readonly RedeploymentGauge[] = [
  {
    name: 'cmg_operator_gateway_redeploying',
    help: 'What the replacement of a gateway waits for: 1 for the reason of its condition Redeploying; no series while none runs',
    labelNames: ['reason'],
    series: ({ status }) => {
      const found = findCondition(status?.conditions, 'Redeploying');
      return found === undefined ? [] : [{ labels: { reason: found.reason }, value: 1 }];
    },
  },
  {
    name: 'cmg_operator_gateway_redeployment_since_timestamp_seconds',
    help: 'Since when the new gateway is asked for, in seconds since the epoch, while a gateway is being replaced',
    labelNames: [],
    series: ({ status }) => at(status?.redeployment?.since),
  },
  {
    name: 'cmg_operator_gateway_redeployment_wait_end_timestamp_seconds',
    help: 'When the old gateway may go at the earliest, in seconds since the epoch, as far as that is known',
    labelNames: [],
    series: ({ status }) => at(status?.redeployment?.until),
  },
  {
    name: 'cmg_operator_gateway_redeployment_deadline_timestamp_seconds',
    help: 'When spec.redeployment.deadline of a replacement passes, in seconds since the epoch, until the old gateway hands over',
    labelNames: [],
    series: deadlineOf,
  },
  {
    name: 'cmg_operator_gateway_deployment_phase_since_timestamp_seconds',
    help: 'Since when a deployment of a gateway that is being replaced is in its phase, in seconds since the epoch',
    labelNames: ['deployment', 'phase'],
    series: ({ status }) =>
      (status?.deployments ?? []).flatMap(({ id, phase, phaseSince, createdAt }) =>
        // One that has not changed its phase in this redeployment has been there for as long as it has served.
        at(phaseSince ?? createdAt).map(({ value }) => ({ labels: { deployment: id, phase }, value })),
      ),
  },
  {
    name: 'cmg_operator_gateway_deployment_certificate_expiry_timestamp_seconds',
    help: 'When the server certificate of a deployment of a gateway that is being replaced expires, in seconds since the epoch, until it hands over',
    labelNames: ['deployment'],
    series: ({ status }) =>
      (status?.deployments ?? [])
        // The clients of one that hands over are with the other one.
        .filter(({ phase }) => phase !== 'Draining' && phase !== 'Deleting')
        .flatMap(({ id, certificate }) =>
          at(certificate?.notAfter).map(({ value }) => ({ labels: { deployment: id }, value })),
        ),
  },
];

/** Counted as the planner does: from when the new gateway was advertised, or wanted again. */
function deadlineOf({ spec, status }: CMG): readonly Series[] {
  const deployments = status?.deployments ?? [];
  if (deployments.length < 2 || deployments.some(({ phase }) => phase === 'Draining' || phase === 'Deleting')) {
    return [];
  }
  const { advertised, wantedSince } = newest(deployments) ?? {};
  if (advertised === undefined) {
    return [];
  }
  const from = Math.max(Date.parse(advertised.since), Date.parse(wantedSince ?? advertised.since));
  return [{ value: (from + milliseconds(spec.redeployment.deadline)) / 1000 }];
}

/** The deployment that was asked for most recently. */
function newest(deployments: readonly CMGStatusDeployment[]): CMGStatusDeployment | undefined {
  return deployments.toSorted((left, right) => (right.wantedOrder ?? 0) - (left.wantedOrder ?? 0))[0];
}

function at(timestamp: string | undefined): readonly Series[] {
  return timestamp === undefined ? [] : [{ value: Date.parse(timestamp) / 1000 }];
}
