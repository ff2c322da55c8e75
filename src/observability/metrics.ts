import { Counter, collectDefaultMetrics, Gauge, Histogram, type Registry } from 'prom-client';

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
  /** Azure asked for a pause, which lengthens the one that runs by so much. */
  paused(seconds: number): void;
  /** Azure was searched for changes of all gateways of a subscription. */
  swept(result: 'success' | 'error'): void;
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
  const pauses = new Counter({
    name: 'cmg_operator_azure_throttled_total',
    help: 'Number of times that Azure refused a request and asked for a pause',
    registers: [registry],
  });
  const paused = new Counter({
    name: 'cmg_operator_azure_paused_seconds_total',
    help: 'Time for which Azure asked to be left alone, in seconds; each subscription and identity counts for itself',
    registers: [registry],
  });
  const sweeps = new Counter({
    name: 'cmg_operator_azure_sweeps_total',
    help: 'Number of searches for changes of all gateways of a subscription in Azure Resource Graph, by result',
    labelNames: ['result'],
    registers: [registry],
  });
  return {
    swept: (result) => sweeps.inc({ result }),
    requested: (method, code, resourceType, seconds) => {
      requests.inc({ method, code, resource_type: resourceType });
      duration.observe({ method, resource_type: resourceType }, seconds);
    },
    paused: (seconds) => {
      pauses.inc();
      paused.inc(seconds);
    },
  };
}

/** What the operator tells about its caches of Kubernetes objects. */
export interface CacheMetrics {
  /**
   * The API server has sent something, if only that nothing has changed, which it does about once a minute.
   *
   * @param resource plural name with its group, such as `cmgs.configmgr.io`
   * @param namespace that is watched; empty for the whole cluster
   * @param at time in milliseconds since the epoch
   */
  heard(resource: string, namespace: string, at: number): void;
}

/** Registers the metrics of caches in `registry`, once for each registry. */
export function createCacheMetrics(registry: Registry): CacheMetrics {
  const heard = new Gauge({
    name: 'cmg_operator_cache_heard_timestamp_seconds',
    help: 'When the API server last sent something for a cache, about once a minute at least, in seconds since the epoch',
    labelNames: ['resource', 'watched_namespace'],
    registers: [registry],
  });
  return {
    heard: (resource, namespace, at) => heard.set({ resource, watched_namespace: namespace }, at / 1000),
  };
}

/** Registers prom-client's metrics of the process, memory, garbage collector and event loop (`process_*`, `nodejs_*`). */
export function collectProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
}
