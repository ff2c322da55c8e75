import { allMetrics } from '../reference/metrics.ts';

/** The metrics that an expression of PromQL reads: words with an underscore that are no function, no label and no value. */
export function metricsIn(expression: string): readonly string[] {
  const withoutLabels = expression
    .replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\b(?:by|on|ignoring|without) \([^)]*\)/g, '');
  return [...withoutLabels.matchAll(/\b[a-z]+(?:_[a-z0-9]+)+\b(?! ?\()/g)].map(([name]) => name);
}

const OF_HISTOGRAM = /_(?:bucket|sum|count)$/;

/** Those of the expressions' metrics that the operator does not have. */
export async function unknownMetrics(root: string, expressions: readonly string[]): Promise<readonly string[]> {
  const metrics = new Map((await allMetrics(root)).map(({ name, type }) => [name, type]));
  return [...new Set(expressions.flatMap(metricsIn))].filter(
    (name) => !metrics.has(name) && metrics.get(name.replace(OF_HISTOGRAM, '')) !== 'histogram',
  );
}
