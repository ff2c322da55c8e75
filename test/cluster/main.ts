import { parseArgs } from 'node:util';
import { findBinaries } from './binaries.ts';
import { startControlPlane } from './control-plane.ts';
import { progressWriter } from './progress.ts';

const HELP = `Starts an empty Kubernetes control plane (etcd and kube-apiserver) on 127.0.0.1 and runs until Ctrl-C.

  npm run cluster -- [options]

  --controller-manager  also start kube-controller-manager
  --prepare             only see that the programs are there, building them if need be, and exit
  --help                print this

The programs come from KUBEBUILDER_ASSETS, else from a cache in $XDG_CACHE_HOME or ~/.cache, else from the archive that
the Kubernetes project publishes, else they are built with Go, once, which takes about five minutes.
`;

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return 2;
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const controllerManager = options['controller-manager'];
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => stop.abort(new Error(`stopped by ${signal}`)));
  }
  const progress = progressWriter(process.stderr);
  try {
    if (options.prepare) {
      const binaries = await findBinaries({ controllerManager, progress: progress.report, signal: stop.signal });
      progress.done();
      for (const path of Object.values(binaries)) console.log(path);
      return 0;
    }
    const controlPlane = await startControlPlane({ controllerManager, progress: progress.report, signal: stop.signal });
    progress.done();
    console.log(`Kubernetes runs at ${controlPlane.server}. Try:\n`);
    console.log(`  export KUBECONFIG=${controlPlane.kubeconfigPath}`);
    console.log(`  ${controlPlane.kubectlPath} get namespaces\n`);
    console.log(`Logs are in ${controlPlane.directory}. Ctrl-C stops it and removes everything.`);
    await aborted(stop.signal);
    await controlPlane.stop();
    return 0;
  } catch (error) {
    progress.done();
    if (stop.signal.aborted) return 130;
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        'controller-manager': { type: 'boolean', default: false },
        prepare: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${HELP}`);
    return undefined;
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  // A signal handler alone does not keep the process; the servers' processes do.
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

process.exitCode = await main();
