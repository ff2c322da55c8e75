import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import type { Platform } from './pinned-versions.ts';
import { chooseRelease, downloadArchive } from './published-archive.ts';

const LINUX: Platform = { os: 'linux', arch: 'amd64' };

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'archive-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** An archive laid out as the published ones are, whose programs are one line of text each. */
function makeArchive(): Buffer {
  const directory = temporaryDirectory();
  const programs = join(directory, 'controller-tools', 'envtest');
  mkdirSync(programs, { recursive: true });
  for (const name of ['etcd', 'kube-apiserver', 'kubectl']) writeFileSync(join(programs, name), `I am ${name}`);
  execFileSync('tar', ['-czf', 'archive.tar.gz', 'controller-tools'], { cwd: directory });
  return readFileSync(join(directory, 'archive.tar.gz'));
}

/** Serves an index that promises `sha512` for the archive. Returns the index's address. */
async function publish(archive: Buffer, sha512: string): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url === '/archive') return response.end(archive);
    if (request.url !== '/index.yaml') return response.writeHead(404).end();
    const { port } = server.address() as AddressInfo;
    const file = { hash: sha512, selfLink: `http://127.0.0.1:${port}/archive` };
    return response.end(stringify({ releases: { 'v1.36.2': { 'envtest-v1.36.2-linux-amd64.tar.gz': file } } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/index.yaml`;
}

test('unpacks an archive whose SHA-512 is the published one', async () => {
  const archive = makeArchive();
  const indexUrl = await publish(archive, createHash('sha512').update(archive).digest('hex'));
  const directory = temporaryDirectory();

  expect(await downloadArchive({ version: 'v1.36.3', platform: LINUX, directory, indexUrl })).toBe('v1.36.2');

  expect(readFileSync(join(directory, 'kube-apiserver'), 'utf8')).toBe('I am kube-apiserver');
});

test('refuses an archive with another SHA-512, and unpacks nothing', async () => {
  const indexUrl = await publish(makeArchive(), 'a'.repeat(128));
  const directory = temporaryDirectory();
  const refused = downloadArchive({ version: 'v1.36.3', platform: LINUX, directory, indexUrl });
  await expect(refused).rejects.toThrow(/has SHA-512 [0-9a-f]{128}, but the index says a{128}/);
  expect(readdirSync(directory)).toEqual([]);
});

test('says which address it could not get, and why', async () => {
  const indexUrl = await publish(Buffer.from(''), '');
  const request = { version: 'v1.36.3', platform: LINUX, directory: temporaryDirectory() };
  const missing = indexUrl.replace('index', 'nothing');
  await expect(downloadArchive({ ...request, indexUrl: missing })).rejects.toThrow(`${missing}: status 404`);
  const closed = 'http://127.0.0.1:1/index.yaml';
  await expect(downloadArchive({ ...request, indexUrl: closed })).rejects.toThrow(`${closed}: `);
});

test('gives up on a server that never answers', async () => {
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const indexUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/index.yaml`;
  const request = {
    version: 'v1.36.3',
    platform: LINUX,
    directory: temporaryDirectory(),
    indexUrl,
    indexTimeoutMs: 100,
  };
  await expect(downloadArchive(request)).rejects.toThrow('did not answer within 0.1 s');
});

function index(...versions: string[]) {
  const file = (version: string) => ({
    [`envtest-${version}-linux-amd64.tar.gz`]: { hash: version, selfLink: version },
  });
  return { releases: Object.fromEntries(versions.map((version) => [version, file(version)])) };
}

test.each([
  { published: ['v1.36.2', 'v1.36.3', 'v1.36.10'], chosen: 'v1.36.3', why: 'the version itself' },
  { published: ['v1.36.9', 'v1.36.10', 'v1.36.0'], chosen: 'v1.36.10', why: 'the newest patch of its minor' },
  { published: ['v1.36.4-rc.0', 'v1.36.1', 'v1.37.0'], chosen: 'v1.36.1', why: 'no candidate and no other minor' },
])('chooses $why', ({ published, chosen }) => {
  expect(chooseRelease(index(...published), 'v1.36.3', LINUX).version).toBe(chosen);
});

test('says when nothing is published for a version or a platform', () => {
  expect(() => chooseRelease(index('v1.35.0'), 'v1.36.3', LINUX)).toThrow('no archive of v1.36.x for linux-amd64');
  expect(() => chooseRelease(index('v1.36.3'), 'v1.36.3', { os: 'darwin', arch: 'arm64' })).toThrow('for darwin-arm64');
  expect(() => chooseRelease('<html>', 'v1.36.3', LINUX)).toThrow('has no "releases"');
});
