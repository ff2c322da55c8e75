import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundle } from '../../../scripts/build.ts';
import { finalStage, type ImageConfig, imageConfig, writeImageTree } from '../../../scripts/release/image-tree.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** A folder that holds what a container of the image would see, and what it would run. */
export interface ImageRoot {
  readonly path: string;
  readonly config: ImageConfig;
}

/**
 * Lays the image out: the files that the Dockerfile's final stage adds, and of its base what the operator needs: Node, with
 * its libraries, where the entry point names it, the user, and the certificates of public authorities. The base itself
 * cannot be had here; Node is the one that all tests run on, of the same version.
 *
 * @param directory an empty one
 */
export async function layOutImage(directory: string): Promise<ImageRoot> {
  const checkout = join(directory, 'checkout');
  const path = join(directory, 'root');
  await bundle({ entry: join(ROOT, 'src/main.ts'), outfile: join(checkout, 'dist/cmg-operator.mjs') });
  copyFileSync(join(ROOT, 'LICENSE'), join(checkout, 'LICENSE'));
  const stage = finalStage(ROOT);
  const config = imageConfig(stage);
  writeImageTree(checkout, stage, path);

  const node = realpathSync(process.execPath);
  place(path, node, config.entrypoint[0] ?? '', 0o755);
  for (const library of librariesOf(node)) place(path, library, library, 0o755);
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

function librariesOf(program: string): readonly string[] {
  const lines = execFileSync('ldd', [program], { encoding: 'utf8' });
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
