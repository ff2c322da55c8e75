import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Progress } from '../cluster/progress.ts';
import { kept } from './kept.ts';

const run = promisify(execFile);

/** What the operator and a domain need for Kerberos, as the tests use it. */
export interface KerberosTools {
  /** Where Debian's packages are unpacked: `usr/sbin/krb5kdc` and what it needs. */
  readonly root: string;
  /** Where the libraries are, for `LD_LIBRARY_PATH`. */
  readonly libraryPath: string;
  /** The package `kerberos` with its native module. */
  readonly nativeModule: string;
}

export interface KerberosToolsOptions {
  /** Default: tells nobody. */
  readonly progress?: Progress;
  /** Default: this process's environment. */
  readonly environment?: NodeJS.ProcessEnv;
}

const CHECKOUT = join(import.meta.dirname, '../..');
const { optionalDependencies } = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8'));

/** MIT Kerberos as a domain controller, its libraries and headers, and a clock that can be set for one process. */
const WANTED = ['krb5-kdc', 'krb5-admin-server', 'libkrb5-dev', 'libfaketime'];
/** What of all that they depend on is not on every machine. The names end in their versions, which differ. */
const NEEDED =
  /^(?:krb5-(?:kdc|admin-server|multidev)|comerr-dev|libfaketime|lib(?:krb5|gssapi-krb5|k5crypto|gssrpc|kadm5|kdb5|verto|ev\d|ss2|com-err|keyutils)[\w-]*)$/;

/**
 * MIT Kerberos from Debian's packages, and the native module of the package `kerberos`, compiled from the source that npm
 * installed. Both are made once outside the checkout, in `cmg-operator/tools` of `$XDG_CACHE_HOME` or `~/.cache`; nothing
 * is installed and no root is needed. apt checks the signatures of the packages.
 *
 * @throws Error that says what to do where apt, a package or a compiler is missing
 */
export async function kerberosTools(options: KerberosToolsOptions = {}): Promise<KerberosTools> {
  const { environment = process.env, progress = () => {} } = options;
  const machine = `${process.platform}-${process.arch}`;
  const root = await kept({
    folder: `krb5-debian-${machine}`,
    name: 'packages',
    stage: 'downloading MIT Kerberos from Debian, once',
    elsewhere: 'downloading MIT Kerberos',
    environment,
    progress,
    make: (staging) => unpackPackages(staging, environment),
  });
  const built = await kept({
    folder: `kerberos-${optionalDependencies.kerberos}-${machine}`,
    name: 'package',
    needs: NATIVE,
    stage: 'compiling the native module of Kerberos, once',
    elsewhere: 'compiling the native module of Kerberos',
    environment,
    progress,
    make: (staging) => compile(join(staging, 'package'), root, environment),
  });
  const libraries = readdirSync(join(root, 'usr/lib')).filter((name) => name.endsWith('-linux-gnu'));
  const libraryPath = libraries
    .flatMap((name) => [join(root, 'usr/lib', name), join(root, 'lib', name)])
    .join(delimiter);
  return { root, libraryPath, nativeModule: join(built, 'node_modules/kerberos') };
}

/**
 * The same; or, in words, why it cannot be had here. In CI, which sets the variable `CI`, that is no excuse.
 *
 * @throws Error in CI
 */
export async function kerberosToolsUnlessMissing(
  options: KerberosToolsOptions = {},
): Promise<KerberosTools | { readonly missing: string }> {
  if ((options.environment ?? process.env).CI) return kerberosTools(options);
  try {
    return await kerberosTools(options);
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}

async function unpackPackages(staging: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const options = { cwd: staging, env: { ...environment, LC_ALL: 'C' } };
  const without = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'].map(
    (kind) => `--no-${kind}`,
  );
  try {
    const { stdout } = await run('apt-cache', ['depends', '--recurse', ...without, ...WANTED], options);
    const names = new Set(stdout.split('\n').filter((line) => NEEDED.test(line)));
    await run('apt-get', ['download', ...names], options);
    for (const file of readdirSync(staging).filter((name) => name.endsWith('.deb'))) {
      await run('dpkg', ['-x', file, 'packages'], options);
    }
  } catch (error) {
    throw new Error(
      `The tests of Kerberos need MIT Kerberos, which they take from the packages of Debian or Ubuntu; "apt-get update" may help.\n${messageOf(error)}`,
      { cause: error },
    );
  }
}

const NATIVE = 'node_modules/kerberos/build/Release/kerberos.node';

async function compile(directory: string, root: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const modules = join(directory, 'node_modules');
  mkdirSync(modules, { recursive: true });
  writeFileSync(join(directory, 'package.json'), '{ "private": true }');
  const headers = nodeDirectory(environment);
  try {
    for (const name of ['kerberos', 'node-addon-api']) {
      cpSync(join(CHECKOUT, 'node_modules', name), join(modules, name), { recursive: true });
    }
    await run('npm', ['explore', 'kerberos', '--', 'node-gyp rebuild'], {
      cwd: directory,
      env: {
        ...environment,
        CPLUS_INCLUDE_PATH: join(root, 'usr/include'),
        ...(headers === undefined ? {} : { npm_config_nodedir: headers }),
      },
    });
  } catch (error) {
    throw new Error(
      `The native module of Kerberos could not be compiled. It needs "npm ci" by npm 11, g++, make, Python 3 and the headers of Node.js: "apt-get install g++ make python3".\n${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** Where an installed Node keeps its headers. Without one, node-gyp downloads them. */
function nodeDirectory({ PATH = '' }: NodeJS.ProcessEnv): string | undefined {
  const programs = PATH.split(delimiter).map((folder) => join(folder, 'node'));
  return programs
    .filter((program) => existsSync(program))
    .map((program) => dirname(dirname(realpathSync(program))))
    .find((folder) => existsSync(join(folder, 'include/node/node_api.h')));
}

const OUTPUT_TAIL_LINES = 15;

function messageOf(error: unknown): string {
  const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string };
  const lines = `${stdout}${stderr}`.trimEnd().split('\n').slice(-OUTPUT_TAIL_LINES).join('\n');
  return lines === '' ? String(error) : lines;
}
