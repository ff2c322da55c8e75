import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { bundleOperator } from '../../../scripts/build.ts';
import { copiedFiles } from '../../../scripts/release/dockerfile.ts';
import {
  finalStage,
  type ImageConfig,
  imageConfig,
  stageNamed,
  writeImageTree,
} from '../../../scripts/release/image-tree.ts';
import type { KerberosTools } from '../../tools/kerberos.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** A folder that holds what a container of the image would see, and what it would run. */
export interface ImageRoot {
  readonly path: string;
  readonly config: ImageConfig;
}

/**
 * Lays the image out: the files that the Dockerfile adds, and of the image below what the operator needs: Node, with
 * its libraries, where the entry point names it, the user, and the certificates of public authorities. That image
 * cannot be had here; Node is the one that all tests run on, of the same version. Kerberos is that of the tests: compiled from
 * the same source, with the same libraries of the Debian that runs the tests.
 *
 * @param directory an empty one
 * @param kerberos left out: the image is laid out without it
 */
export async function layOutImage(directory: string, kerberos?: KerberosTools): Promise<ImageRoot> {
  const checkout = join(directory, 'checkout');
  const path = join(directory, 'root');
  await bundleOperator(ROOT, join(checkout, 'dist'));
  copyFileSync(join(ROOT, 'LICENSE'), join(checkout, 'LICENSE'));
  const stage = finalStage(ROOT);
  const config = imageConfig(stage);
  writeImageTree(checkout, stage, path);

  const node = realpathSync(process.execPath);
  place(path, node, config.entrypoint[0] ?? '', 0o755);
  for (const library of librariesOf(node)) place(path, library, library, 0o755);
  if (kerberos !== undefined) placeKerberos(path, kerberos);
  place(path, '/etc/ssl/certs/ca-certificates.crt', '/etc/ssl/certs/ca-certificates.crt', 0o644);
  write(
    path,
    '/etc/passwd',
    'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n',
  );
  for (const name of ['proc', 'dev', 'sys/fs/cgroup', 'tmp', config.workingDirectory])
    mkdirSync(join(path, name), { recursive: true });
  chmodSync(join(path, 'tmp'), 0o1777);
  return { path, config };
}

/** What the kubelet would mount: files in a folder of the container. */
export function mountFiles({ path }: ImageRoot, folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) write(path, join(folder, name), content);
}

/** All files below the root, by their path in the container. */
export function filesIn({ path }: ImageRoot): readonly string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length));
}

/** What the Dockerfile takes from its stage `kerberos`, and of the C library of the image below what that needs beside Node. */
function placeKerberos(root: string, { libraryPath, nativeModule, root: packages }: KerberosTools): void {
  const folders = libraryPath.split(':');
  const copied = copiedFiles(stageNamed(ROOT, 'base'));
  for (const { source, target } of copied) place(root, sourceOf(source), target, 0o644);
  const names = copied.map(({ target }) => basename(target));
  for (const library of copied.filter(({ target }) => /\.so\.\d+$|\.node$/.test(target))) {
    for (const needed of librariesOf(sourceOf(library.source), libraryPath)) {
      if (!names.includes(basename(needed)) && OF_THE_BASE.test(basename(needed))) place(root, needed, needed, 0o755);
    }
  }

  function sourceOf(source: string): string {
    if (source === '/libraries/krb5-copyright') return join(packages, 'usr/share/doc/libkrb5-3/copyright');
    if (source.startsWith('/src/node_modules/kerberos/')) {
      return source.replace('/src/node_modules/kerberos', nativeModule);
    }
    return folders.map((folder) => source.replace('/libraries', folder)).find((file) => existsSync(file)) ?? source;
  }
}

/** What distroless has for C and C++ programs; what is missing beside it, the Dockerfile forgot. */
const OF_THE_BASE = /^(?:lib(?:c|m|dl|rt|pthread|resolv|stdc\+\+|gcc_s)\.so|ld-linux)/;

function librariesOf(program: string, libraryPath = ''): readonly string[] {
  const env = { ...process.env, LD_LIBRARY_PATH: libraryPath };
  const lines = execFileSync('ldd', [program], { encoding: 'utf8', env });
  return [...lines.matchAll(/(\/\S+) \(0x/g)].map(([, library = '']) => library);
}

function place(root: string, source: string, target: string, mode: number): void {
  if (!existsSync(source)) return;
  const written = join(root, target);
  mkdirSync(dirname(written), { recursive: true });
  copyFileSync(source, written);
  chmodSync(written, mode);
}

function write(root: string, target: string, content: string): void {
  const written = join(root, target);
  mkdirSync(dirname(written), { recursive: true });
  writeFileSync(written, content, { mode: 0o644 });
}
