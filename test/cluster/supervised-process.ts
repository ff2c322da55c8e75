import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Writable } from 'node:stream';

/**
 * Starts a watcher, then becomes the program. Both are in a process group of their own, whose number is `$$`. The
 * watcher waits on a pipe that only the parent holds: when the parent is gone, however it ended (a SIGKILL cannot be
 * caught), the pipe closes, and the whole group is killed, the program's own children included.
 */
const WATCHED = `{ read -r _ <&3; kill -s KILL -- -$$; } >/dev/null 2>&1 & exec "$@" 3<&-`;

/** How a program ended: an exit code, or the signal that killed it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child process that never outlives its parent. */
export interface SupervisedProcess {
  readonly pid: number;
  /** Resolves when the program has ended. Never rejects. */
  readonly exited: Promise<Exit>;
  /** Undefined while the program runs. */
  exit(): Exit | undefined;
  /** Sends a signal to the program alone. Does nothing when it has ended. */
  signal(name: NodeJS.Signals): void;
  /** Kills the program and everything it started, and waits until it has ended. */
  kill(): Promise<void>;
}

export interface SupervisedProcessOptions {
  readonly cwd?: string;
  /** The whole environment. Default: this process's own. */
  readonly env?: NodeJS.ProcessEnv;
  /** File descriptor that takes standard output, and standard error if `errorOutput` does not. */
  readonly output: number;
  readonly errorOutput?: number;
}

/**
 * Starts `command` so that it ends when this process does. A command that cannot be executed exits with code 126 or
 * 127 and says why in its output.
 *
 * @throws when the machine cannot start a process at all
 */
export function startSupervised(
  command: string,
  args: readonly string[],
  options: SupervisedProcessOptions,
): SupervisedProcess {
  const child = spawn('/bin/sh', ['-c', WATCHED, 'sh', command, ...args], {
    cwd: options.cwd,
    env: options.env,
    // A group of its own: a Ctrl-C in the terminal reaches only us, and we decide what it means for the child.
    detached: true,
    stdio: ['ignore', options.output, options.errorOutput ?? options.output, 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot start ${command}: no process could be made`);
  const pipe = pipeOf(child);
  let exit: Exit | undefined;
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      exit = { code, signal };
      // The watcher and whatever the program left behind are still there; a closed pipe ends them.
      pipe.destroy();
      resolve(exit);
    });
  });
  return {
    pid,
    exited,
    exit: () => exit,
    signal: (name) => {
      if (exit === undefined) send(pid, name);
    },
    kill: async () => {
      if (exit === undefined) send(-pid, 'SIGKILL');
      await exited;
    },
  };
}

function pipeOf(child: ChildProcess): Writable {
  const pipe = child.stdio[3];
  if (pipe === null || pipe === undefined || !('write' in pipe)) throw new Error('the child process has no pipe');
  // The other end may close first; nothing is ever written, so nothing is lost.
  pipe.on('error', () => {});
  return pipe;
}

/** `target` is a process, or the negative number of a group. It may have ended a moment ago. */
function send(target: number, name: NodeJS.Signals): void {
  try {
    process.kill(target, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** True when a process with this id exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * True once every thread of a process has stopped after a SIGSTOP. Linux stops each thread when it next comes to run,
 * which is after the signal was sent. Elsewhere, where there is no /proc, a stop holds at once.
 */
export function isFrozen(pid: number): boolean {
  const threads = `/proc/${pid}/task`;
  try {
    return readdirSync(threads).every((thread) =>
      /^State:\tT/m.test(readFileSync(`${threads}/${thread}/status`, 'utf8')),
    );
  } catch (error) {
    // A thread that ended between the two calls: ask again.
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && !existsSync(threads);
  }
}

/**
 * Ends a program as Ctrl-C does, so that it can tidy up, and kills it with what it started when it has not ended after
 * `graceMs` milliseconds.
 */
export async function interrupt(program: SupervisedProcess, graceMs: number): Promise<void> {
  program.signal('SIGINT');
  const timeout = setTimeout(() => void program.kill(), graceMs);
  await program.exited;
  clearTimeout(timeout);
}
