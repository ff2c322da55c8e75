import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { create } from 'tar';
import { VERSION } from '../../src/version.ts';
import { bundleOperator, bundlePlugin } from '../build.ts';
import { finalStage, writeImageTree } from './image-tree.ts';
import { type BillOfMaterials, npmBillOfMaterials, type PackageLock, packagesIn, shippedMaterials } from './sbom.ts';

const HELP = `Makes everything that a release consists of, and publishes nothing.

  npm run release:dry

It goes to dist/release/: what the image adds to its base (tar), the chart (tgz), the plugin of kubectl (tgz), the kustomize
manifests, samples, rules and dashboards of deploy/ (tgz), the definitions of the kinds (yaml), the bill of materials of the image
(CycloneDX), and the SHA-256 of each.
The same commit gives the same bytes.
`;

/** Files get this time, so that archives do not depend on when they were made. */
const NO_TIME = new Date(0);

/** What a chart holds besides what is shipped with it. */
const NOT_IN_CHART = /^cmg-operator\/(ci(\/|$)|\.helmignore$)|\/\.gitkeep$/;

/** Makes the files of a release from a checkout, and returns their names, the checksums last. */
export async function makeRelease(root: string, directory: string): Promise<readonly string[]> {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const name = (suffix: string) => `cmg-operator-${VERSION}${suffix}`;
  await bundleOperator(root, join(root, 'dist'));
  const { outfile: plugin } = await bundlePlugin(root, join(root, 'dist'));
  const bill = npmBillOfMaterials(root);
  await packImage(root, join(directory, name('-image.tar')));
  await packPlugin(root, plugin, bill, join(directory, `kubectl-cmg-${VERSION}.tgz`));
  await packChart(root, join(directory, name('.tgz')));
  await packFolder(root, 'deploy', join(directory, name('-deploy.tgz')));
  writeFileSync(join(directory, name('-crds.yaml')), definitions(root));
  writeFileSync(join(directory, name('.cdx.json')), materialsOfImage(root, bill));
  const made = readdirSync(directory).sort();
  writeFileSync(
    join(directory, 'SHA256SUMS'),
    made.map((file) => `${sha256(join(directory, file))}  ${file}\n`).join(''),
  );
  return [...made, 'SHA256SUMS'];
}

/** What the image adds to its base, as one layer. */
async function packImage(root: string, file: string): Promise<void> {
  const tree = mkdtempSync(join(tmpdir(), 'cmg-operator-image-'));
  try {
    const paths = writeImageTree(root, finalStage(root), tree);
    await create({ file, cwd: tree, portable: true, mtime: NO_TIME }, paths.map((path) => path.slice(1)).sort());
  } finally {
    rmSync(tree, { recursive: true });
  }
}

/** The plugin under the name by which kubectl finds it, with what its licences ask for and its bill of materials. */
async function packPlugin(root: string, plugin: string, bill: BillOfMaterials, file: string): Promise<void> {
  const tree = mkdtempSync(join(tmpdir(), 'kubectl-cmg-'));
  try {
    copyFileSync(plugin, join(tree, 'kubectl-cmg'));
    chmodSync(join(tree, 'kubectl-cmg'), 0o755);
    copyFileSync(`${plugin}.LEGAL.txt`, join(tree, 'LEGAL.txt'));
    copyFileSync(join(root, 'LICENSE'), join(tree, 'LICENSE'));
    const bundled = packagesIn(metafile(root, 'kubectl-cmg'), lockFile(root));
    writeFileSync(join(tree, 'kubectl-cmg.cdx.json'), json(shippedMaterials('kubectl-cmg', bill, bundled)));
    await create({ file, cwd: tree, gzip: { level: 9 }, portable: true, mtime: NO_TIME }, readdirSync(tree).sort());
  } finally {
    rmSync(tree, { recursive: true });
  }
}

/** Helm's own packing notes the time, so that each archive would be another one. */
async function packChart(root: string, file: string): Promise<void> {
  await packFolder(join(root, 'charts'), 'cmg-operator', file, (path) => !NOT_IN_CHART.test(path));
}

/** Packs a folder below `root` under its own name. */
async function packFolder(root: string, folder: string, file: string, wanted = (_path: string) => true): Promise<void> {
  const paths = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter(wanted);
  await create({ file, cwd: root, gzip: { level: 9 }, portable: true, mtime: NO_TIME }, paths.sort());
}

function definitions(root: string): string {
  const folder = join(root, 'crds');
  const files = readdirSync(folder).sort();
  return files.map((file) => `---\n${readFileSync(join(folder, file), 'utf8').trim()}\n`).join('');
}

function materialsOfImage(root: string, bill: BillOfMaterials): string {
  const lock = lockFile(root);
  // In the image beside the bundle, with its native module.
  const kerberos = `kerberos@${lock.packages['node_modules/kerberos']?.version}`;
  const bundled = packagesIn(metafile(root, 'cmg-operator'), lock);
  return json(shippedMaterials('cmg-operator', bill, new Set([...bundled, kerberos])));
}

function lockFile(root: string): PackageLock {
  return JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
}

function metafile(root: string, name: string): Metafile {
  return JSON.parse(readFileSync(join(root, `dist/${name}.meta.json`), 'utf8'));
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

async function main(): Promise<void> {
  if (process.argv.includes('--help')) {
    process.stdout.write(HELP);
    return;
  }
  const root = join(import.meta.dirname, '../..');
  const directory = join(root, 'dist/release');
  for (const file of await makeRelease(root, directory)) console.log(join('dist/release', file));
}

if (import.meta.main) {
  await main();
}
