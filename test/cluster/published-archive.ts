import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import type { Platform } from './pinned-versions.ts';

/**
 * Index of the archives that the Kubernetes project publishes for tests: the same that `setup-envtest` of
 * controller-runtime reads. `releases.<version>.<file>` has `hash` (SHA-512 of the archive in hexadecimal) and
 * `selfLink`.
 */
const INDEX_URL = 'https://raw.githubusercontent.com/kubernetes-sigs/controller-tools/HEAD/envtest-releases.yaml';
/** A machine without internet must not wait for what it cannot have. */
const INDEX_TIMEOUT_MS = 5_000;
/** The archive has about 60 MB. */
const ARCHIVE_TIMEOUT_MS = 5 * 60_000;

export interface ArchiveRequest {
  /** `v1.36.3`; when that is not published, the newest published patch of the same minor is taken. */
  readonly version: string;
  readonly platform: Platform;
  /** Gets the files `etcd`, `kube-apiserver` and `kubectl`. Exists already. */
  readonly directory: string;
  /** Default: the published index. */
  readonly indexUrl?: string;
  /** Default: 5 s. */
  readonly indexTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Downloads the published archive, compares its SHA-512, and unpacks it. Returns the version that it got.
 *
 * @throws Error that says why not, soon when the index cannot be reached
 */
export async function downloadArchive(request: ArchiveRequest): Promise<string> {
  const indexUrl = request.indexUrl ?? INDEX_URL;
  const index = await download(indexUrl, request.indexTimeoutMs ?? INDEX_TIMEOUT_MS, request.signal);
  const release = chooseRelease(parse(index.toString()), request.version, request.platform);
  const archive = await download(release.url, ARCHIVE_TIMEOUT_MS, request.signal);
  const actual = createHash('sha512').update(archive).digest('hex');
  if (actual !== release.sha512) {
    throw new Error(`${release.url} has SHA-512 ${actual}, but the index says ${release.sha512}`);
  }
  const work = join(request.directory, '.archive');
  mkdirSync(work);
  const file = join(work, 'archive.tar.gz');
  writeFileSync(file, archive);
  await promisify(execFile)('tar', ['-xzf', file, '-C', request.directory, '--strip-components=2']);
  return release.version;
}

interface Release {
  readonly version: string;
  readonly url: string;
  readonly sha512: string;
}

/**
 * The release of the index to take for `version`: itself, or the newest patch of its minor.
 *
 * @throws Error when the index has none for this platform
 */
export function chooseRelease(index: unknown, version: string, platform: Platform): Release {
  const releases = (index as { releases?: Record<string, Record<string, { hash: string; selfLink: string }>> } | null)
    ?.releases;
  if (releases === undefined) throw new Error('the index of published archives has no "releases"');
  const minor = version.slice(0, version.lastIndexOf('.') + 1);
  const candidates = Object.keys(releases)
    .filter((candidate) => candidate.startsWith(minor) && /^\d+$/.test(candidate.slice(minor.length)))
    .sort((left, right) => Number(right.slice(minor.length)) - Number(left.slice(minor.length)));
  if (candidates.includes(version)) candidates.unshift(version);
  for (const candidate of candidates) {
    const file = releases[candidate]?.[`envtest-${candidate}-${platform.os}-${platform.arch}.tar.gz`];
    if (file !== undefined) return { version: candidate, url: file.selfLink, sha512: file.hash };
  }
  throw new Error(`no archive of ${minor}x for ${platform.os}-${platform.arch} is published`);
}

async function download(url: string, timeoutMs: number, signal?: AbortSignal): Promise<Buffer> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, { signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  } catch (error) {
    signal?.throwIfAborted();
    if (timeout.aborted) throw new Error(`${url} did not answer within ${timeoutMs / 1000} s`);
    throw new Error(`${url}: ${reasonOf(error)}`);
  }
}

/** What `fetch` throws says only "fetch failed"; the cause says why. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || String(error.cause) : error.message;
}
