// Before all others, which take time to load.
import './stop-signal.ts';
import { readFileSync } from 'node:fs';
import { type CloudOverrides, parseCloudOverrides } from './azure/clouds.ts';
import { type OperatorConfig, readConfig } from './config.ts';
import { createLogger } from './observability/logging.ts';
import { runOperator } from './operator.ts';
import { loadKubeConfig } from './runtime/kube-config.ts';
import { exitCode } from './runtime/manager.ts';
import { stopSignal } from './stop-signal.ts';
import { VERSION } from './version.ts';

/** Exit code for a wrong command line, as in other command line programs. */
const USAGE_ERROR = 2;

async function main(): Promise<number> {
  const outcome = readConfig(process.argv.slice(2), process.env);
  switch (outcome.kind) {
    case 'Help':
      process.stdout.write(outcome.text);
      return 0;
    case 'Invalid':
      process.stderr.write(`${outcome.problems.join('\n')}\nSee cmg-operator --help.\n`);
      return USAGE_ERROR;
    case 'Run':
      return run(outcome.config);
    default:
      return outcome satisfies never;
  }
}

async function run(config: OperatorConfig): Promise<number> {
  const logger = createLogger({ level: config['log-level'], format: config['log-format'] });
  let cloudOverrides: CloudOverrides;
  let kubeConfig: ReturnType<typeof loadKubeConfig>;
  try {
    cloudOverrides = readCloudOverrides(config['azure-cloud-file']);
    kubeConfig = loadKubeConfig(config.kubeconfig);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return USAGE_ERROR;
  }
  process.on('unhandledRejection', (error) => {
    logger.error({ err: error }, 'A promise was rejected and nobody handled it; this is a mistake in the program.');
    process.exit(1);
  });
  return exitCode(await runOperator({ config, version: VERSION, kubeConfig, cloudOverrides, logger }, stopSignal));
}

function readCloudOverrides(file: string | undefined): CloudOverrides {
  if (file === undefined) {
    return {};
  }
  try {
    return parseCloudOverrides(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new Error(`--azure-cloud-file ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

process.exit(await main());
