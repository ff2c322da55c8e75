import { describe } from 'vitest';
import { type PrometheusPrograms, prometheusUnlessMissing } from '../../tools/prometheus.ts';

const programs = await prometheusUnlessMissing();

/** `describe` for tests that need Prometheus. Where it cannot be had they are left out, and the name says why; in CI they fail. */
export function describeWithPrometheus(name: string, tests: (programs: PrometheusPrograms) => void): void {
  if ('missing' in programs) {
    describe.skip(`${name}, left out: ${programs.missing}`, () => tests({ prometheus: '', promtool: '' }));
    return;
  }
  describe(name, () => tests(programs));
}
