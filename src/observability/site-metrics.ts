import { Counter, Histogram, type Registry } from 'prom-client';

/** What the operator tells about its requests to sites. */
export interface SiteMetrics {
  /**
   * A request to the AdminService of a site was answered, or failed.
   *
   * @param code HTTP status code, or a code below HTTP such as `ECONNREFUSED`
   */
  requested(method: string, code: string, seconds: number): void;
}

/** Registers the metrics of requests to sites in `registry`, once for each registry. */
export function createSiteMetrics(registry: Registry): SiteMetrics {
  const requests = new Counter({
    name: 'cmg_operator_site_requests_total',
    help: 'Number of requests to AdminServices of sites, by HTTP method and status code or code below HTTP',
    labelNames: ['method', 'code'],
    registers: [registry],
  });
  const duration = new Histogram({
    name: 'cmg_operator_site_request_duration_seconds',
    help: 'Time until an AdminService answered a request, in seconds',
    labelNames: ['method'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers: [registry],
  });
  return {
    requested: (method, code, seconds) => {
      requests.inc({ method, code });
      duration.observe({ method }, seconds);
    },
  };
}
