import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { strToU8, zipSync } from 'fflate';
import { type PackageVariant, PROGRAM_OF_VARIANT, SETUP_OF_VARIANT } from './package-variants.ts';

/** One time for all files, so that the same sources make the same bytes. */
const MODIFIED = new Date(2020, 0, 1);

const SETUP_SCRIPT = `param([Parameter(Mandatory)][string] $SettingsFile)

# The reference package is for simulated VMs, which run setup.mjs in place of this script.
node (Join-Path $PSScriptRoot setup.mjs) --SettingsFile $SettingsFile
exit $LASTEXITCODE
`;

/** Some dependencies are CommonJS and call `require` for Node's own modules, which an ES module does not have. */
const REQUIRE =
  "import { createRequire as createRequireOfPackage } from 'node:module'; const require = createRequireOfPackage(import.meta.url);";

const made = new Map<PackageVariant, Promise<Uint8Array>>();

/** Names a folder in which a test run keeps the packages that it has made, for all its processes. */
export const PACKAGES_VARIABLE = 'CMG_OPERATOR_TEST_PACKAGES';

/** A service package as a ZIP archive. Each is made once in a process or in a test run, in two seconds of processor time. */
export function packageArchive(variant: PackageVariant = 'Reference'): Promise<Uint8Array> {
  const archive = made.get(variant) ?? keptArchive(variant);
  made.set(variant, archive);
  return archive;
}

async function keptArchive(variant: PackageVariant): Promise<Uint8Array> {
  const folder = process.env[PACKAGES_VARIABLE];
  if (!folder) return archiveOf(variant);
  const path = join(folder, `${variant}.zip`);
  if (existsSync(path)) return readFileSync(path);
  const archive = await archiveOf(variant);
  // Another process that looks for it finds nothing, or all of it.
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, archive);
  renameSync(unfinished, path);
  return archive;
}

async function archiveOf(variant: PackageVariant): Promise<Uint8Array> {
  const programs = await compiled(PROGRAM_OF_VARIANT[variant] ?? 'gateway');
  const setup = SETUP_OF_VARIANT[variant];
  const files = {
    'setup.ps1': strToU8(SETUP_SCRIPT),
    ...programs,
    ...(setup === undefined ? {} : { 'setup.mjs': strToU8(setup) }),
  };
  return zipSync(files, { mtime: MODIFIED });
}

/** The programs of the package with all that they need, by file name. */
async function compiled(gateway: string): Promise<Record<string, Uint8Array>> {
  const source = join(import.meta.dirname, 'package');
  const { outputFiles } = await build({
    entryPoints: { setup: join(source, 'setup.ts'), gateway: join(source, `${gateway}.ts`) },
    outdir: source,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // What checks certificates and tokens is large, and is loaded only when a client shows one.
    splitting: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    minify: true,
    banner: { js: REQUIRE },
    logLevel: 'silent',
  });
  const files = outputFiles.map(({ path, contents }) => [path.slice(source.length + 1), contents] as const);
  return Object.fromEntries(files.toSorted(([left], [right]) => left.localeCompare(right)));
}
