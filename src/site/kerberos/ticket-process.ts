import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../runtime/clock.ts';
import { TimeoutError, withTimeout } from '../../runtime/timeout.ts';
import type { TicketProgramArguments, TicketReply, TicketRequest } from './messages.ts';

export interface TicketProcessOptions extends TicketProgramArguments {
  /** The whole environment of the process. */
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** Milliseconds for one answer; a process that takes longer is ended. Default 30,000. */
  readonly timeoutMs?: number | undefined;
}

/** What is asked, without the number that the process is told. */
export type TicketQuestion =
  | { readonly kind: 'Begin'; readonly service: string }
  | { readonly kind: 'Continue'; readonly exchange: number; readonly token: string };

/** The process that holds the tickets of one Site. It is started when it is first asked, and again when it has ended. */
export interface TicketProcess {
  /**
   * Asks it.
   *
   * @throws TimeoutError when there is no answer in time, Error when the process ends twice or has too much to do, and the
   * signal's reason
   */
  ask(question: TicketQuestion, signal: AbortSignal): Promise<TicketReply>;
  /** Ends it for good. What it was asked and has not answered is rejected. */
  stop(): Promise<void>;
}

const TIMEOUT_MS = 30_000;
const MOST_QUESTIONS = 100;
const KEPT_ERROR_OUTPUT = 1000;

/** It holds little; with the limits that Node chooses for itself, garbage could pile up. */
const NODE_FLAGS = ['--max-old-space-size=64', '--max-semi-space-size=1'];

interface Running {
  readonly child: ChildProcess;
  readonly waiting: Map<number, { resolve(reply: TicketReply): void; reject(error: Error): void }>;
  readonly ended: Promise<void>;
}

/** Beside this file in the checkout, and beside the bundle in what is built: `scripts/build.ts` writes it there. */
function programPath(): string {
  const name = import.meta.url.endsWith('.ts') ? './ticket-program.ts' : './cmg-operator-tickets.mjs';
  return fileURLToPath(new URL(name, import.meta.url));
}

export function createTicketProcess(options: TicketProcessOptions): TicketProcess {
  const { clock, timeoutMs = TIMEOUT_MS } = options;
  let running: Running | undefined;
  let isStopped = false;
  let lastId = 0;
  const start = (): Running => {
    const started = startProcess(options);
    const forget = () => {
      if (running === started) running = undefined;
    };
    started.child.once('disconnect', forget);
    void started.ended.then(forget);
    return started;
  };
  const end = ({ child, ended }: Running): Promise<void> => {
    // Whoever waits for its end must not be at an end before.
    child.ref();
    (child.stderr as Socket | null)?.ref();
    // It keeps nothing that would have to be put in order, and may be stuck waiting for a domain controller.
    child.kill('SIGKILL');
    return ended;
  };
  const askOnce = async (question: TicketQuestion, signal: AbortSignal): Promise<TicketReply> => {
    if (isStopped) throw new ProcessEndedError('it was stopped');
    running ??= start();
    const asked = running;
    lastId += 1;
    const request: TicketRequest = { id: lastId, ...question };
    try {
      const reply = await withTimeout(clock, timeoutMs, signal, () => send(asked, request));
      // Without the module it is of no use; what is missing may be there the next time.
      if (reply.kind === 'ModuleMissing') await end(asked);
      return reply;
    } catch (error) {
      if (error instanceof TimeoutError || error instanceof ProcessEndedError) await end(asked);
      throw error;
    } finally {
      asked.waiting.delete(request.id);
    }
  };
  return {
    ask: (question, signal) =>
      askOnce(question, signal).catch((error: unknown) => {
        // It may have ended before it was asked; asking twice does no harm.
        if (error instanceof ProcessEndedError && !isStopped) return askOnce(question, signal);
        throw error;
      }),
    stop: async () => {
      isStopped = true;
      if (running !== undefined) await end(running);
    },
  };
}

/** The process has ended, or cannot be reached any more. */
class ProcessEndedError extends Error {
  override readonly name = 'ProcessEndedError';

  constructor(how: string) {
    super(`The Kerberos process of the Site ended (${how}).`);
  }
}

function send({ child, waiting }: Running, request: TicketRequest): Promise<TicketReply> {
  if (waiting.size >= MOST_QUESTIONS) throw new Error(`More than ${MOST_QUESTIONS} requests wait for Kerberos.`);
  return new Promise((resolve, reject) => {
    waiting.set(request.id, { resolve, reject });
    child.send(request, (error) => {
      if (error !== null) reject(new ProcessEndedError(error.message));
    });
  });
}

function startProcess({ environment, nativeModule, principal }: TicketProcessOptions): Running {
  const child = fork(programPath(), [nativeModule, principal], {
    env: environment,
    execArgv: NODE_FLAGS,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let errorOutput = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errorOutput = `${errorOutput}${text}`.slice(-KEPT_ERROR_OUTPUT);
  });
  const waiting: Running['waiting'] = new Map();
  child.on('message', (reply: TicketReply) => waiting.get(reply.id)?.resolve(reply));
  const ended = new Promise<void>((resolve) => {
    const onEnd = (how: string) => {
      const output = errorOutput.trim();
      const error = new ProcessEndedError(output === '' ? how : `${how}: ${output}`);
      for (const { reject } of waiting.values()) reject(error);
      resolve();
    };
    child.on('error', (error) => onEnd(error.message));
    child.once('close', (code, signal) => onEnd(signal ?? `exit code ${code}`));
  });
  // It ends with the operator, and does not keep it from ending.
  child.unref();
  child.channel?.unref();
  (child.stderr as Socket | null)?.unref();
  return { child, waiting, ended };
}
