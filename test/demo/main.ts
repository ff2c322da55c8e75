import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pino from 'pino';
import { createLogger } from '../../src/observability/logging.ts';
import { runDemo } from './run.ts';
import { createScreen } from './screen.ts';
import { StepFailed } from './steps.ts';

const HELP = `Shows a cloud management gateway coming up from a manifest: a real etcd and kube-apiserver, a simulated Azure,
a process for each VM, the operator, and one CMG that is connected to a simulated site. Then the gateway is replaced by one in
another region and under another name, while 1000 simulated clients live through the day that it takes; the one that stays is
scaled, damaged and repaired. It stays up then until Ctrl-C, and prints what to try with kubectl, curl and the Azure CLI.

  npm run demo -- [options]

  --once          tear everything down at the end; exit 0 only if each step was seen to happen
  --keep          stay up until Ctrl-C: what it does anyway, for scripts that want to say so
  --brief         leave out that a gateway is replaced
  --record FILE   write every exchange with the simulated Azure to FILE, one JSON object a line, secrets masked
  --speed N       how much faster than real time everything runs but Kubernetes (default 60); the day passes in half hours anyway
  --help          print this

Examples:
  npm run demo
  npm run demo -- --once --record azure.jsonl
  npm run demo -- --keep > demo.log &
`;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        brief: { type: 'boolean', default: false },
        record: { type: 'string' },
        speed: { type: 'string', default: '60' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const speed = Number(values.speed);
    if (!(speed >= 1 && speed <= 1000)) {
      throw new Error(`--speed ${values.speed}: must be a number from 1 to 1000.`);
    }
    if (values.once && values.keep) {
      throw new Error('--once tears down what --keep would leave up: give one of them.');
    }
    return { ...values, keep: !values.once, speed };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\nSee npm run demo -- --help.\n`);
    return undefined;
  }
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) {
    return 2;
  }
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => stop.abort(new Error(`stopped by ${signal}`)));
  }
  const screen = createScreen(process.stdout);
  const directory = mkdtempSync(join(tmpdir(), 'cmg-operator-demo-'));
  const logFile = join(directory, 'operator.log');
  const destination = pino.destination({ dest: logFile, sync: true });
  const logger = createLogger({ level: 'info', format: 'json', destination });
  let keepLog = false;
  try {
    await runDemo({ ...options, screen, logger, directory, logFile, signal: stop.signal });
    return 0;
  } catch (error) {
    if (stop.signal.aborted) {
      screen.print('', 'Stopped; everything has been taken down.');
      return options.keep ? 0 : 130;
    }
    keepLog = true;
    screen.failed(error instanceof Error ? error.message : String(error));
    screen.print(
      error instanceof StepFailed || !(error instanceof Error) ? '' : (error.stack ?? ''),
      `What to do: look into the operator's log, ${logFile}. If Kubernetes or Azure did not start, run it again; npm run demo -- --help lists the options.`,
    );
    return 1;
  } finally {
    destination.end();
    if (!keepLog) {
      rmSync(directory, { recursive: true, force: true });
    }
  }
}

process.exit(await main());
