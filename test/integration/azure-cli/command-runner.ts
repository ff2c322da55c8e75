import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const PROGRAM = join(import.meta.dirname, '../../tools/azure-cli/commands.py');

/** How a command ended. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The Azure CLI, loaded once for many commands. */
export interface CommandRunner {
  /** Runs one command when those before it have ended. */
  run(words: readonly string[]): Promise<Finished>;
  stop(): void;
}

/**
 * Starts the CLI that `az` would start, in the same Python and with the same environment, but once for all commands: loading
 * it takes longer than what it does.
 */
export function startCommandRunner(az: string, env: NodeJS.ProcessEnv): CommandRunner {
  const python = spawn(join(az, '../python'), ['-I', PROGRAM], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting: Waiting[] = [];
  createInterface({ input: python.stdout }).on('line', (line) => waiting.shift()?.resolve(JSON.parse(line)));
  failAllWhenEnded(python, waiting);
  return {
    run: (words) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        python.stdin.write(`${JSON.stringify(words)}\n`);
      }),
    stop: () => void python.stdin.end(),
  };
}

interface Waiting {
  readonly resolve: (finished: Finished) => void;
  readonly reject: (error: Error) => void;
}

function failAllWhenEnded(python: ChildProcess, waiting: Waiting[]): void {
  const fail = (reason: string) => {
    for (const { reject } of waiting.splice(0)) reject(new Error(`The process of the Azure CLI ${reason}.`));
  };
  python.once('error', (error) => fail(`does not start: ${error.message}`));
  python.once('exit', (code, signal) => fail(`ended with ${signal ?? code}`));
  // A command that is sent to a process that has ended is answered by its end.
  python.stdin?.on('error', () => {});
}
