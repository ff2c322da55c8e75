import { Counter, collectDefaultMetrics, Histogram, type Registry } from 'prom-client';

/** What the operator tells about its requests to Azure. */
export interface AzureMetrics {
  /**
   * A request to Azure was answered, or failed.
   *
   * @param method HTTP method in upper case
   * @param code HTTP status code, or `<error>` if there was no answer
   * @param resourceType type of the resource in lower case, such as `microsoft.network/loadbalancers`; never a name
   */
  requested(method: string, code: string, resourceType: string, seconds: number): void;
}

/** Registers the operator's own metrics in `registry`, once for each registry. */
export function createAzureMetrics(registry: Registry): AzureMetrics {
  const requests = new Counter({
    name: 'cmg_operator_azure_requests_total',
    help: 'Number of requests to Azure, by HTTP method, status code and type of resource',
    labelNames: ['method', 'code', 'resource_type'],
    registers: [registry],
  });
  const duration = new Histogram({
    name: 'cmg_operator_azure_request_duration_seconds',
    help: 'Time until Azure answered a request, in seconds',
    labelNames: ['method', 'resource_type'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers: [registry],
  });
  return {
    requested: (method, code, resourceType, seconds) => {
      requests.inc({ method, code, resource_type: resourceType });
      duration.observe({ method, resource_type: resourceType }, seconds);
    },
  };
}

/** Registers prom-client's metrics of the process, memory, garbage collector and event loop (`process_*`, `nodejs_*`). */
export function collectProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
}
