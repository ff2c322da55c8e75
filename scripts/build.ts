import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { VERSION } from '../src/version.ts';

/** What `npm run build` makes, by the name of its file. */
const OPERATOR = 'cmg-operator.mjs';
/** The operator starts it where a Site signs in by Kerberos; it is looked for beside the operator. */
const TICKET_PROGRAM = 'cmg-operator-tickets.mjs';
/** The plugin of kubectl: saved as `kubectl-cmg` in a folder of the `PATH`, it is `kubectl cmg`. */
const PLUGIN = 'kubectl-cmg.mjs';

/** A bundle that grows beyond this has taken something in that nobody meant. */
const LARGEST_BUNDLE_BYTES = 6 * 1024 ** 2;

/** As above, for the plugin, which knows no Azure. */
const LARGEST_PLUGIN_BYTES = 3 * 1024 ** 2;

const KIB = 1024;

/**
 * Flags of Node with which the operator is run. By default V8 lets garbage pile up as long as the machine has memory: a
 * hundred gateways that are made at once then take 370 MiB instead of 220, in the same time (docs/performance.md).
 */
export const NODE_FLAGS = ['--max-semi-space-size=4', '--heap-growing-percent=50'] as const;

/** Some dependencies are CommonJS and call `require` for Node's own modules, which an ES module does not have. */
const REQUIRE = [
  "import { createRequire as createRequireOfBundle } from 'node:module';",
  'const require = createRequireOfBundle(import.meta.url);',
].join('\n');

/**
 * Variables with which the operator is run, for the C library of most Linux distributions (`man mallopt`). It keeps a part of
 * the memory for each thread; two are enough for a program that computes in one, and save 12 MiB. It also keeps what was freed
 * once: reading the bundle takes 40 MiB for a moment, of which up to 30 would stay with the process. With fixed thresholds, in
 * bytes, large pieces go back to the system at once, and so does the free end of each part.
 */
export const NODE_ENVIRONMENT = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '32768',
  MALLOC_TRIM_THRESHOLD_: '131072',
} as const;

/** What to bundle, and where to. */
export interface BundleOptions {
  readonly entry: string;
  /** Path of the bundle. The source map and what it consists of (`.meta.json`) go beside it. */
  readonly outfile: string;
  /** Default: 6 MiB. */
  readonly largestBytes?: number;
}

/** A bundle that was written. */
export interface Bundle {
  readonly bytes: number;
  /** Bytes of each npm package in it, the largest first; our own code counts as `src`. */
  readonly parts: readonly (readonly [name: string, bytes: number])[];
}

/**
 * Bundles a program with all its dependencies into one minified ES module for Node 22 and newer.
 *
 * @throws Error when it does not compile, or is larger than allowed; what it consists of is then in the message
 */
export async function bundle({ entry, outfile, largestBytes = LARGEST_BUNDLE_BYTES }: BundleOptions): Promise<Bundle> {
  const { metafile } = await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    // Azure's library loads it where blobs are listed in the format of Arrow, which the operator never asks for.
    external: ['apache-arrow'],
    minifyWhitespace: true,
    minifySyntax: true,
    // Shorter names would save a quarter of the size; but stack traces and logs show them, and restoring the names of
    // classes and functions at run time takes longer than reading the larger file.
    minifyIdentifiers: false,
    // Node shows the line in which an error was thrown; one line with the whole bundle would fill the terminal.
    lineLimit: 200,
    sourcemap: 'external',
    legalComments: 'linked',
    banner: { js: REQUIRE },
    metafile: true,
    // What is wrong stands in the error.
    logLevel: 'silent',
  });
  writeFileSync(outfile.replace(/\.mjs$/, '.meta.json'), JSON.stringify(metafile));
  writeFileSync(outfile, asciiOnly(readFileSync(outfile, 'utf8')));
  const { bytes, parts } = contentsOf(metafile, basename(outfile));
  if (bytes > largestBytes) {
    const largest = parts.slice(0, 5).map(([name, size]) => `${name} ${kib(size)}`);
    throw new Error(
      `${outfile} has ${kib(bytes)}, more than the ${kib(largestBytes)} allowed: ${largest.join(', ')}, …`,
    );
  }
  return { bytes, parts };
}

/**
 * Bundles the operator of a checkout, and beside it the program of the processes that hold Kerberos tickets. Returns what the
 * operator consists of.
 *
 * @throws Error as {@link bundle} does
 */
export async function bundleOperator(root: string, directory: string): Promise<Bundle> {
  const ticketProgram = join(root, 'src/site/kerberos/ticket-program.ts');
  await bundle({ entry: ticketProgram, outfile: join(directory, TICKET_PROGRAM), largestBytes: 16 * KIB });
  return bundle({ entry: join(root, 'src/main.ts'), outfile: join(directory, OPERATOR) });
}

/**
 * Bundles the plugin of kubectl. Returns what it consists of, and where it is.
 *
 * @throws Error as {@link bundle} does
 */
export async function bundlePlugin(root: string, directory: string): Promise<Bundle & { readonly outfile: string }> {
  const outfile = join(directory, PLUGIN);
  return {
    ...(await bundle({ entry: join(root, 'src/cli/main.ts'), outfile, largestBytes: LARGEST_PLUGIN_BYTES })),
    outfile,
  };
}

/**
 * V8 keeps a text with a single character beyond Latin-1 in twice the memory. esbuild escapes them everywhere but in regular
 * expressions, where the same escape means the same.
 *
 * @throws Error for a character that one escape cannot stand for
 */
export function asciiOnly(code: string): string {
  return code.replaceAll(/[^\0-\x7f]/g, (character) => {
    if (/[\ud800-\udfff]/.test(character)) throw new Error(`the bundle holds half of a character: ${character}`);
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

function contentsOf({ outputs }: Metafile, name: string): Bundle {
  const output = Object.entries(outputs).find(([path]) => basename(path) === name)?.[1];
  if (output === undefined) throw new Error(`esbuild wrote no ${name}`);
  const parts = new Map<string, number>();
  for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
    const part = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? 'src';
    parts.set(part, (parts.get(part) ?? 0) + bytesInOutput);
  }
  return { bytes: output.bytes, parts: [...parts].sort(([, left], [, right]) => right - left) };
}

function kib(bytes: number): string {
  return `${Math.round(bytes / KIB).toLocaleString('en')} KiB`;
}

async function main(): Promise<void> {
  const root = dirname(import.meta.dirname);
  const directory = join(root, 'dist');
  const made = [
    [OPERATOR, await bundleOperator(root, directory)],
    [PLUGIN, await bundlePlugin(root, directory)],
  ] as const;
  for (const [file, { bytes, parts }] of made) {
    // A bundle may compile and still miss a file or module that it asks for as it starts.
    execFileSync(process.execPath, [join(directory, file), '--help']);
    console.log(`dist/${file} ${VERSION}: ${kib(bytes)}`);
    for (const [name, size] of parts.slice(0, 8)) console.log(`  ${kib(size).padStart(10)}  ${name}`);
  }
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
