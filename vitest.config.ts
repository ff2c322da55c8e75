import { defineConfig } from 'vitest/config';
import { LongestFirst } from './scripts/longest-first.ts';

export default defineConfig({
  test: {
    // What is waited for comes sooner or later on a busy machine; the limit of the test ends what does not come.
    // By default it is looked for twice as often, which on a real API server takes more time than it saves.
    expect: { poll: { timeout: 20_000, interval: 100 } },
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'src/**/*.test.ts',
            'test/simulators/**/*.test.ts',
            'test/cluster/**/*.test.ts',
            'test/demo/**/*.test.ts',
            'test/tools/**/*.test.ts',
            'test/redeployment/**/*.test.ts',
            'test/performance/**/*.test.ts',
            'test/faults/**/*.test.ts',
            'scripts/**/*.test.ts',
          ],
          // No module keeps state that one file could leave to the next, and loading all of them for each file took longest.
          isolate: false,
          maxWorkers: '100%',
          // Ends what hangs. On a busy machine a test may take twenty times as long as on a quiet one.
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/integration/environment.ts'],
          // As above.
          isolate: false,
          // Most of the time a test waits for the API server, which works for four of them as well as for one.
          maxWorkers: 4,
          // A test waits for several things, and has patience with each.
          testTimeout: 600_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
