import { execFile } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePorts } from '../../cluster/ports.ts';
import { type SupervisedProcess, startSupervised } from '../../cluster/supervised-process.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import type { KerberosTools } from '../../tools/kerberos.ts';
import { clockEnvironment } from './shifted-clock.ts';

export interface DomainOptions {
  readonly tools: KerberosTools;
  /** Such as `CONTOSO.TEST`. */
  readonly realm: string;
  /** By how many minutes the clock of the domain is ahead of this machine's. Default 0. */
  readonly minutesAhead?: number;
}

/** A real KDC of MIT Kerberos on 127.0.0.1, in place of the domain controllers of a realm. */
export interface Domain {
  readonly realm: string;
  /** `127.0.0.1:<port>`. */
  readonly kdc: string;
  /** Makes an account or service, such as `svc-cmg` or `HTTP/provider.contoso.test`, and returns its keytab. */
  add(name: string, options?: { readonly ticketSeconds?: number }): Promise<Buffer>;
  /** Gives it another key, as a changed password does, and returns a keytab with this one alone. */
  rotate(name: string): Promise<Buffer>;
  /** Keeps the account from signing in. */
  disable(name: string): Promise<void>;
  /** How many tickets for signing in an account has got. */
  signIns(name: string): number;
  /** Until {@link start}, nobody answers. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

const STARTS_WITHIN_MS = 10_000;

/** Makes a domain without accounts and starts its KDC, as a process of this user in a directory of its own. */
export async function startDomain({ tools, realm, minutesAhead = 0 }: DomainOptions): Promise<Domain> {
  const directory = makeTemporaryDirectory();
  const [port = 0] = await freePorts(1);
  const environment = {
    ...process.env,
    ...writeConfiguration(directory, tools, realm, port),
    LD_LIBRARY_PATH: tools.libraryPath,
    LC_ALL: 'C',
  };
  const administer = (program: string, args: readonly string[]) =>
    finished(join(tools.root, 'usr/sbin', program), args, environment);
  await administer('kdb5_util', ['create', '-s', '-r', realm, '-P', 'a password of the database']);
  let running: SupervisedProcess | undefined;
  const start = async () => {
    running = startKdc(tools, directory, { ...environment, ...clockEnvironment(tools, minutesAhead) });
    await untilAnswers(port, running, join(directory, 'out.log'));
  };
  await start();
  const change = (command: string) => administer('kadmin.local', ['-r', realm, '-q', command]);
  const keytabOf = async (name: string): Promise<Buffer> => {
    const file = join(directory, 'made.keytab');
    rmSync(file, { force: true });
    // Makes a new key, which is the only one in the file.
    await change(`ktadd -k ${file} ${name}`);
    return readFileSync(file);
  };
  return {
    realm,
    kdc: `127.0.0.1:${port}`,
    add: async (name, { ticketSeconds } = {}) => {
      const lifetime = ticketSeconds === undefined ? '' : `-maxlife "${ticketSeconds} seconds" `;
      await change(`addprinc -randkey ${lifetime}${name}`);
      return keytabOf(name);
    },
    rotate: keytabOf,
    disable: (name) => change(`modprinc -allow_tix ${name}`),
    signIns: (name) => {
      const lines = readFileSync(join(directory, 'kdc.log'), 'utf8').split('\n');
      return lines.filter((line) => line.includes('AS_REQ') && line.includes(`ISSUE`) && line.includes(`, ${name}@`))
        .length;
    },
    start,
    stop: async () => running?.kill(),
    close: async () => {
      await running?.kill();
      removeTemporaryDirectory(directory);
    },
  };
}

/** Writes what the programs read, and returns the variables that name it. */
function writeConfiguration(directory: string, tools: KerberosTools, realm: string, port: number) {
  mkdirSync(directory, { recursive: true });
  const library = tools.libraryPath.split(':')[0] ?? '';
  const kdcConfiguration = `
[realms]
  ${realm} = {
    database_name = ${directory}/principal
    key_stash_file = ${directory}/stash
    acl_file = ${directory}/acl
    kdc_listen = 127.0.0.1:${port}
    kdc_tcp_listen = 127.0.0.1:${port}
    default_principal_flags = +preauth
  }
[dbmodules]
  db_module_dir = ${library}/krb5/plugins/kdb
[logging]
  kdc = FILE:${directory}/kdc.log
`;
  const files = { KRB5_CONFIG: join(directory, 'krb5.conf'), KRB5_KDC_PROFILE: join(directory, 'kdc.conf') };
  writeFileSync(files.KRB5_CONFIG, `[libdefaults]\n  default_realm = ${realm}\n`);
  writeFileSync(files.KRB5_KDC_PROFILE, kdcConfiguration);
  return files;
}

function startKdc({ root }: KerberosTools, directory: string, env: NodeJS.ProcessEnv): SupervisedProcess {
  const output = openSync(join(directory, 'out.log'), 'a');
  const args = ['-n', '-P', join(directory, 'pid')];
  const kdc = startSupervised(join(root, 'usr/sbin/krb5kdc'), args, { env, output });
  closeSync(output);
  return kdc;
}

async function untilAnswers(port: number, kdc: SupervisedProcess, log: string): Promise<void> {
  const startedAt = performance.now();
  while (!(await isOpen(port))) {
    if (kdc.exit() !== undefined || performance.now() - startedAt > STARTS_WITHIN_MS) {
      throw new Error(`The KDC does not answer: ${readFileSync(log, 'utf8')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function finished(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { env }, (error, stdout, stderr) => {
      // kadmin.local ends with 0 whatever happens, and says so on the other output.
      const refused = /^(?:kadmin\.local|\w+): .*$/m.exec(stderr.replaceAll(/^No policy specified.*$/gm, ''));
      if (error === null && refused === null) resolve();
      else reject(new Error(`${program} ${args.join(' ')}: ${stdout}${stderr}`, { cause: error }));
    });
  });
}
