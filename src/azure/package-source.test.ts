import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ReceivedRequest,
  type ScriptedAnswer,
  type ScriptedServer,
  startScriptedServer,
} from '../../test/scripted-https-server.ts';
import { type OpenPackageOptions, openPackage, PackageUnavailable } from './package-source.ts';

let server: ScriptedServer;
let other: ScriptedServer;
let answer: (request: ReceivedRequest) => ScriptedAnswer;

beforeAll(async () => {
  server = await startScriptedServer((request) => answer(request));
  other = await startScriptedServer(() => ({ status: 200, body: 'from the other host' }));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

async function read(options: Partial<OpenPackageOptions> = {}): Promise<string> {
  const { content } = await openPackage({ url: `${server.origin}/package.zip?sig=secret`, ...options });
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

describe('openPackage', () => {
  it('reads the package and its length', async () => {
    answer = () => ({ status: 200, headers: { 'Content-Length': '7' }, body: 'package' });
    expect((await openPackage({ url: `${server.origin}/package.zip` })).length).toBe(7);
    expect(await read()).toBe('package');
  });

  it('shows who asks', async () => {
    answer = () => ({ status: 200, body: 'package' });
    await read({ credentials: { type: 'Bearer', token: 't' } });
    expect(server.requests.at(-1)?.headers.authorization).toBe('Bearer t');
    await read({ credentials: { type: 'Basic', username: 'u', password: 'p:w' } });
    expect(server.requests.at(-1)?.headers.authorization).toBe(`Basic ${Buffer.from('u:p:w').toString('base64')}`);
  });

  it('follows redirects, with the credentials on the same host only', async () => {
    answer = ({ url }) =>
      url === '/moved' ? { status: 200, body: 'moved' } : { status: 302, headers: { Location: '/moved' } };
    expect(await read({ credentials: { type: 'Bearer', token: 't' } })).toBe('moved');
    expect(server.requests.at(-1)?.headers.authorization).toBe('Bearer t');
    answer = () => ({ status: 302, headers: { Location: `${other.origin}/x` } });
    expect(await read({ credentials: { type: 'Bearer', token: 't' } })).toBe('from the other host');
    expect(other.requests.at(-1)?.headers.authorization).toBeUndefined();
  });

  const unavailable: [string, Partial<OpenPackageOptions>, ScriptedAnswer, RegExp][] = [
    ['a refusal', {}, { status: 403 }, /answered 403/],
    ['redirects without end', {}, { status: 302, headers: { Location: '/again' } }, /more than 5 redirects/],
    ['a redirect to http', {}, { status: 302, headers: { Location: 'http://localhost/x' } }, /http is not allowed/],
    ['http', { url: 'http://localhost/p' }, { status: 200 }, /http is not allowed/],
    ['no URL', { url: 'package.zip' }, { status: 200 }, /no URL/],
    [
      'too much, as announced',
      { largest: 3 },
      { status: 200, headers: { 'Content-Length': '4' }, body: 'four' },
      /larger than 3 bytes/,
    ],
    [
      'too much, as it comes',
      { largest: 3 },
      { status: 200, headers: { 'Transfer-Encoding': 'chunked' }, body: 'four' },
      /larger than 3 bytes/,
    ],
    [
      'a connection that is lost',
      {},
      { status: 200, headers: { 'Content-Length': '9' }, body: 'half', breakOff: true },
      /cannot be read/,
    ],
  ];
  it.each(unavailable)('reports %s', async (_name, options, scripted, reason) => {
    answer = () => scripted;
    const error = await read(options).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(PackageUnavailable);
    expect(String(error)).toMatch(reason);
    expect(String(error)).not.toContain('secret');
  });

  it('reports a server that is down', async () => {
    const closed = await startScriptedServer(() => ({ status: 200 }));
    await closed[Symbol.asyncDispose]();
    await expect(read({ url: `${closed.origin}/package.zip?sig=secret` })).rejects.toMatchObject({
      name: 'PackageUnavailable',
      url: `${closed.origin}/package.zip`,
      reason: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('ends when the caller gives up', async () => {
    answer = () => ({ status: 200, body: 'package' });
    await expect(read({ signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
  });
});
