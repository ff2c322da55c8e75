import { Gauge, type Registry } from 'prom-client';
import type { ClientCounts } from './client-counts.ts';
import type { ContentComparisons } from './content-comparisons.ts';

/**
 * What the operator tells about the clients that it counts, and the content that it compares. Series end when nobody asks for
 * them any more.
 */
export interface ClientCountMetrics {
  /** From now on the metrics show what `counts` and `content` have found. */
  observe(counts: Pick<ClientCounts, 'gateways' | 'sites'>, content: Pick<ContentComparisons, 'gateways'>): void;
}

/** Registers the metrics of counted clients and compared content in `registry`, once for each registry. They have no series before `observe`. */
export function createClientCountMetrics(registry: Registry): ClientCountMetrics {
  let counts: Pick<ClientCounts, 'gateways' | 'sites'> = { gateways: () => [], sites: () => [] };
  let content: Pick<ContentComparisons, 'gateways'> = { gateways: () => [] };
  const gauge = <T extends { readonly namespace: string; readonly name: string }>(
    name: string,
    help: string,
    list: () => readonly T[],
    value: (one: T) => number,
  ) =>
    new Gauge({
      name,
      help,
      labelNames: ['namespace', 'name'],
      registers: [registry],
      // Computed when somebody looks: nothing can be out of date, and what is gone needs no tidying up.
      collect() {
        this.reset();
        for (const one of list()) this.set({ namespace: one.namespace, name: one.name }, value(one));
      },
    });
  gauge(
    'cmg_operator_gateway_clients_eligible',
    'Number of clients on the internet that the last pass over the devices found during a redeployment of a gateway',
    () => counts.gateways(),
    ({ eligible }) => eligible,
  );
  gauge(
    'cmg_operator_gateway_clients_refreshed',
    'Number of those clients that know the new gateway',
    () => counts.gateways(),
    ({ refreshed }) => refreshed,
  );
  gauge(
    'cmg_operator_site_client_pass_seconds',
    'Time that the last complete pass over the devices of a Site took, in seconds',
    () => counts.sites(),
    ({ seconds }) => seconds,
  );
  gauge(
    'cmg_operator_gateway_content_held',
    'Number of packages and applications that an old gateway holds, as last compared during its redeployment',
    () => content.gateways(),
    ({ held }) => held,
  );
  gauge(
    'cmg_operator_gateway_content_missing',
    'Number of those that the new gateway does not hold yet',
    () => content.gateways(),
    ({ missing }) => missing,
  );
  return {
    observe: (observedCounts, observedContent) => {
      counts = observedCounts;
      content = observedContent;
    },
  };
}
