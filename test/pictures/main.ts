import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DASHBOARDS } from '../../scripts/monitoring/dashboards/all.ts';
import { filledIn } from '../../scripts/monitoring/dashboards/filled-in.ts';
import { pictureName } from '../../scripts/monitoring/dashboards/picture-name.ts';
import { connectionOf, createApiClient } from '../cluster/api-client.ts';
import { startControlPlane } from '../cluster/control-plane.ts';
import { installDefinitions } from '../cluster/definitions.ts';
import { freePorts } from '../cluster/ports.ts';
import { progressWriter } from '../cluster/progress.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../cluster/temporary-directory.ts';
import { prometheusPrograms } from '../tools/prometheus.ts';
import { bundleOperatorProcess, startOperatorProcess } from '../world/operator-process.ts';
import { type Prometheus, startPrometheus } from '../world/prometheus.ts';
import { startSimulatedWorld } from '../world/simulated-world.ts';
import { CHOSEN, playFleet } from './eventful-fleet.ts';
import { drawPanel } from './picture.ts';

const PICTURES = join(import.meta.dirname, '../../docs/images/dashboards');
const SPEED = 60;
const JOB = 'cmg-operator';
const REPLICAS = ['cmg-operator-1', 'cmg-operator-2'] as const;
const RATE_INTERVAL = '12s';

const HELP = `Draws the pictures of the dashboards in docs/images/dashboards: starts a control plane, a simulated Azure, two replicas
of the operator and Prometheus, lets things happen to three gateways for about three minutes, and draws what every panel finds.

  npm run pictures
`;

async function main(signal: AbortSignal): Promise<void> {
  const cleanups: (() => unknown)[] = [];
  try {
    await draw(signal, (cleanup) => cleanups.unshift(cleanup));
  } finally {
    for (const cleanup of cleanups) await cleanup();
  }
}

async function draw(signal: AbortSignal, later: (cleanup: () => unknown) => void): Promise<void> {
  const progress = progressWriter(process.stderr);
  const programs = await prometheusPrograms({ progress: progress.report });
  const controlPlane = await startControlPlane({ signal, progress: progress.report });
  progress.done();
  later(() => controlPlane.stop());
  const api = createApiClient(connectionOf(controlPlane.kubeconfig));
  later(() => api.close());
  await installDefinitions(api);
  const world = await startSimulatedWorld({ speed: SPEED });
  later(() => world.close());

  const folder = makeTemporaryDirectory();
  later(() => removeTemporaryDirectory(folder));
  const program = await bundleOperatorProcess(folder);
  const ports = await freePorts(REPLICAS.length);
  const replicas = ports.map((port) =>
    startOperatorProcess({
      program,
      kubeconfigPath: controlPlane.kubeconfigPath,
      world,
      speed: SPEED,
      flags: [
        ...['--leader-elect', 'true', '--leader-election-namespace', 'default', '--drift-interval', '5m'],
        ...['--http-bind-address', `127.0.0.1:${port}`],
      ],
    }),
  );
  for (const replica of replicas) later(() => replica.close());
  const prometheus = await startPrometheus({
    program: programs.prometheus,
    targets: ports.map((port, at) => ({
      port,
      labels: { job: JOB, namespace: 'cmg-system', instance: REPLICAS[at] ?? '' },
    })),
  });
  later(() => prometheus.stop());

  const from = Date.now() / 1000;
  await playFleet({
    world,
    api,
    tell: (what) => console.log(`${Math.round(Date.now() / 1000 - from)} s: ${what}`),
    pass: (seconds) => passed(seconds, signal),
    killLeader: async () => {
      const names: readonly string[] = REPLICAS;
      const [leader] = await prometheus.query('leader_election_master_status == 1');
      await replicas[names.indexOf(leader?.labels.instance ?? '')]?.kill();
    },
  });
  await drawAll(prometheus, from, Date.now() / 1000);
}

async function drawAll(prometheus: Prometheus, from: number, to: number): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  for (const name of readdirSync(PICTURES)) rmSync(join(PICTURES, name));
  const values = { ...CHOSEN, job: JOB, __rate_interval: RATE_INTERVAL };
  for (const dashboard of DASHBOARDS) {
    for (const panel of dashboard.rows.flatMap(({ panels }) => panels)) {
      const now = panel.shape === 'Number' || panel.shape === 'Table';
      // Every gateway, as the dashboard of the fleet begins.
      const chosen = dashboard.uid === 'cmg-fleet' ? { ...values, namespace: '.*' } : values;
      const series = await Promise.all(
        panel.queries.map(({ expression }) => {
          const query = filledIn(expression, chosen);
          return now
            ? prometheus.query(query)
            : prometheus.queryRange(query, { from, to, step: panel.shape === 'StackedLines' ? 3 : 1 });
        }),
      );
      writeFileSync(join(PICTURES, pictureName(dashboard, panel)), await drawPanel(panel, { series, from, to }));
    }
  }
}

function passed(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

if (parseArgs({ options: { help: { type: 'boolean', short: 'h', default: false } } }).values.help) {
  process.stdout.write(HELP);
} else {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => stop.abort(new Error(`stopped by ${name}`)));
  }
  process.exitCode = await main(stop.signal).then(
    () => 0,
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      return 1;
    },
  );
}
