import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SupervisedProcess, startSupervised } from '../../cluster/supervised-process.ts';
import type { ImageRoot } from './image-root.ts';

/** Whether this process may do what a container runtime does. */
export const MAY_CONTAIN = process.platform === 'linux' && process.getuid?.() === 0 && canUnshare();

function canUnshare(): boolean {
  try {
    execFileSync('unshare', ['--mount', 'true']);
    return true;
  } catch {
    return false;
  }
}

export interface ContainerOptions {
  readonly image: ImageRoot;
  /** After the image's entry point. */
  readonly args: readonly string[];
  /** Instead of the entry point's last word, which is the operator's own file. */
  readonly insteadOfProgram?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** In bytes. */
  readonly memoryLimit: number;
  readonly logFile: string;
  /** Directories in memory that may be written to, as `emptyDir` volumes are mounted. Default: none. */
  readonly emptyDirs?: readonly string[];
}

/** A process that sees the image as a read-only root and runs as the image's user. */
export interface Container extends SupervisedProcess {
  log(): string;
}

/**
 * Mounts of its own, the image made read-only, `/proc`, `/dev` and the control groups as a runtime gives them; then the image's user without
 * any group of ours. All of it goes with the process.
 */
const CONTAIN = `
set -e
root=$1 group=$2 user=$3 empty=$4
shift 4
if [ -n "$group" ]; then echo $$ > "$group/cgroup.procs"; fi
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
for directory in $empty; do mount -t tmpfs -o mode=0777 tmpfs "$root$directory"; done
exec chroot --userspec="$user" --groups= "$root" "$@"
`;

/** Runs the image's entry point. The process id is that of the operator itself. */
export function startContainer(options: ContainerOptions): Container {
  const { image, args, env, memoryLimit, logFile, insteadOfProgram, emptyDirs = [] } = options;
  const { entrypoint, user, environment } = image.config;
  const command = insteadOfProgram === undefined ? entrypoint : [...entrypoint.slice(0, -1), ...insteadOfProgram];
  const group = makeMemoryGroup(memoryLimit);
  const output = openSync(logFile, 'a');
  const running = startSupervised(
    'unshare',
    [
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-c',
      CONTAIN,
      'sh',
      image.path,
      group ?? '',
      user,
      emptyDirs.join(' '),
      ...command,
      ...args,
    ],
    {
      env: {
        ...environment,
        SSL_CERT_FILE: '/etc/ssl/certs/ca-certificates.crt',
        PATH: '/usr/bin:/bin:/usr/sbin:/sbin',
        ...env,
      },
      output,
    },
  );
  closeSync(output);
  if (group !== undefined) void running.exited.then(() => removeGroup(group));
  return { ...running, log: () => readFileSync(logFile, 'utf8') };
}

const GROUPS = '/sys/fs/cgroup';
let groups = 0;

/** A control group that limits memory, as the kubelet makes one for a container; `undefined` where none can be made. */
function makeMemoryGroup(limit: number): string | undefined {
  const [folder, file] = existsSync(join(GROUPS, 'memory'))
    ? [join(GROUPS, 'memory'), 'memory.limit_in_bytes']
    : [GROUPS, 'memory.max'];
  groups += 1;
  const group = join(folder, `cmg-operator-test-${process.pid}-${groups}`);
  try {
    mkdirSync(group);
    writeFileSync(join(group, file), String(limit));
    return group;
  } catch {
    removeGroup(group);
    return undefined;
  }
}

/** Whether a limit of memory can be set here, as the kubelet sets it. */
export function canLimitMemory(): boolean {
  const group = makeMemoryGroup(512 * 1024 ** 2);
  if (group === undefined) return false;
  removeGroup(group);
  return true;
}

function removeGroup(group: string): void {
  try {
    rmdirSync(group);
  } catch {
    // It was never made, or the kernel is about to remove the last process from it; it holds nothing either way.
  }
}
