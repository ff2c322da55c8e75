import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import type { KerberosTools } from '../../tools/kerberos.ts';
import type { Acceptance, Negotiator } from '../adminservice/authentication.ts';
import type { Domain } from './domain.ts';
import { clockEnvironment } from './shifted-clock.ts';

export interface AcceptorOptions {
  readonly tools: KerberosTools;
  readonly domain: Domain;
  /** FQDN of the server that it stands on. */
  readonly host: string;
  readonly keytab: Buffer;
  /** By how many minutes its clock is ahead of this machine's. Default 0. */
  readonly minutesAhead?: number;
}

/** What a Windows server does with `Negotiate`, done by MIT Kerberos with the key of a service. */
export interface Acceptor {
  /** For the simulated AdminService. */
  readonly newNegotiator: () => Negotiator;
  /** Why tokens were refused, in the words of GSSAPI. */
  readonly refusals: readonly string[];
  /** Takes this key instead from now on. */
  replaceKeytab(keytab: Buffer): void;
  close(): Promise<void>;
}

interface Answer {
  readonly id: number;
  readonly principal?: string;
  readonly reply?: string | null;
  readonly refusal?: string;
}

/** Starts an acceptor, as a process with a replay cache of its own. */
export function startAcceptor({ tools, domain, host, keytab, minutesAhead = 0 }: AcceptorOptions): Acceptor {
  const directory = makeTemporaryDirectory();
  const files = { keytab: join(directory, 'keytab'), configuration: join(directory, 'krb5.conf') };
  writeFileSync(files.keytab, keytab);
  writeFileSync(
    files.configuration,
    `[libdefaults]\n  default_realm = ${domain.realm}\n  dns_canonicalize_hostname = false\n  rdns = false\n`,
  );
  const child = fork(join(import.meta.dirname, 'acceptor-program.ts'), [tools.nativeModule, `HTTP@${host}`], {
    env: {
      LD_LIBRARY_PATH: tools.libraryPath,
      KRB5_CONFIG: files.configuration,
      KRB5_KTNAME: `FILE:${files.keytab}`,
      KRB5RCACHENAME: `file2:${join(directory, 'replays')}`,
      LC_ALL: 'C',
      ...clockEnvironment(tools, minutesAhead),
    },
    execArgv: [],
  });
  const refusals: string[] = [];
  const waiting = new Map<number, (answer: Answer) => void>();
  child.on('message', (answer: Answer) => waiting.get(answer.id)?.(answer));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let lastId = 0;
  const negotiator: Negotiator = async (token) => {
    lastId += 1;
    const id = lastId;
    const answer = await new Promise<Answer>((resolve) => {
      waiting.set(id, resolve);
      void ended.then(() => resolve({ id, refusal: 'the acceptor has ended' }));
      child.send({ id, token: token.toString('base64') });
    });
    waiting.delete(id);
    return acceptanceOf(answer, refusals);
  };
  return {
    newNegotiator: () => negotiator,
    refusals,
    replaceKeytab: (changed) => writeFileSync(files.keytab, changed),
    close: async () => {
      child.kill('SIGKILL');
      await ended;
      removeTemporaryDirectory(directory);
    },
  };
}

function acceptanceOf({ principal, reply, refusal }: Answer, refusals: string[]): Acceptance {
  if (principal === undefined) {
    refusals.push(refusal ?? '');
    return { kind: 'Refused' };
  }
  return { kind: 'Accepted', principal, ...(reply ? { reply: Buffer.from(reply, 'base64') } : {}) };
}
