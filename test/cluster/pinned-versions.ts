import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Directory of the two Go modules that pin the servers' versions and checksums. */
export const TOOLS_DIRECTORY = fileURLToPath(new URL('tools/', import.meta.url));

const MODULE_FILES = ['etcd/go.mod', 'etcd/go.sum', 'kubernetes/go.mod', 'kubernetes/go.sum'];

/** The Kubernetes version that the tests run against, as the tools module names it: `v1.36.3`. */
export function kubernetesVersion(): string {
  const module = readFileSync(`${TOOLS_DIRECTORY}kubernetes/go.mod`, 'utf8');
  const version = /^\s*(?:require )?k8s\.io\/kubernetes (v\d+\.\d+\.\d+)\b/m.exec(module)?.[1];
  if (version === undefined) throw new Error(`${TOOLS_DIRECTORY}kubernetes/go.mod requires no k8s.io/kubernetes`);
  return version;
}

/** 12 hexadecimal digits that change when anything in the tools modules does. */
export function toolsHash(): string {
  const hash = createHash('sha256');
  for (const file of MODULE_FILES) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(`${TOOLS_DIRECTORY}${file}`))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 12);
}

/** This machine in Go's words. */
export interface Platform {
  readonly os: 'linux' | 'darwin';
  readonly arch: 'amd64' | 'arm64';
}

/** @throws Error on systems for which the servers are neither published nor tried */
export function currentPlatform(): Platform {
  const { platform, arch } = process;
  if ((platform !== 'linux' && platform !== 'darwin') || (arch !== 'x64' && arch !== 'arm64')) {
    throw new Error(`the test control plane runs on Linux and macOS, on x64 and arm64; this is ${platform} on ${arch}`);
  }
  return { os: platform, arch: arch === 'x64' ? 'amd64' : 'arm64' };
}
