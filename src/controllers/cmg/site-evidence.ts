import type { Registry } from 'prom-client';
import type { Source } from '../../runtime/controller.ts';
import { createClientCountMetrics } from './client-count-metrics.ts';
import { type ClientCounts, type ClientCountsOptions, createClientCounts } from './client-counts.ts';
import { type ContentComparisons, createContentComparisons } from './content-comparisons.ts';

/** What redeployments find out on sites, beside the reconciles. */
export interface SiteEvidence {
  readonly clientCounts: ClientCounts;
  readonly content: ContentComparisons;
  /** Of both; each to be used once. */
  readonly sources: readonly Source[];
  /** A CMG is gone. */
  forget(cmgUid: string): void;
}

/** Both come as often, and are told in metrics in `registry`: once for each registry. */
export function createSiteEvidence(registry: Registry, options: ClientCountsOptions): SiteEvidence {
  const clientCounts = createClientCounts(options);
  const content = createContentComparisons(options);
  createClientCountMetrics(registry).observe(clientCounts, content);
  return {
    clientCounts,
    content,
    sources: [clientCounts.source, content.source],
    forget: (uid) => {
      clientCounts.forget(uid);
      content.forget(uid);
    },
  };
}
