import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLogger, type LogFormat, type LogLevel } from './logging.ts';

function logInto(lines: string[], level: LogLevel = 'debug', format: LogFormat = 'json') {
  return createLogger({ level, format, destination: { write: (line) => lines.push(line) } });
}

function onlyLine(lines: readonly string[]): Record<string, unknown> {
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? '');
}

const SECRET = 'S3cr3tValueThatMustNotShow';
const TOKEN = `eyJhbGciOiJSUzI1NiJ9.${SECRET}.c2lnbmF0dXJl`;
const PRIVATE_KEY = `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----`;

/** Ways in which a secret reaches a log line. */
const secretFields = fc.constantFrom<Record<string, unknown>>(
  { authorization: SECRET },
  { 'proxy-authorization': SECRET },
  { headers: { Authorization: `Bearer ${SECRET}` } },
  { access_token: SECRET },
  { client_secret: SECRET, grant_type: 'client_credentials' },
  { properties: { protectedSettings: { key: SECRET } } },
  { adminPassword: SECRET },
  { pfx: Buffer.from(SECRET), password: SECRET },
  { bundle: Buffer.from(SECRET) },
  { privateKey: SECRET },
  { data: { 'tls.key': SECRET } },
  { kind: 'Secret', data: { anything: SECRET }, stringData: { other: SECRET } },
  { url: `https://account.blob.core.windows.net/c/b?sv=2025&sig=${SECRET}` },
  {
    location: new URL(
      `https://management.azure.com/operations/1?api-version=2024&t=638&c=${SECRET}&s=${SECRET}&h=${SECRET}`,
    ),
  },
  { proxy: `http://user:${SECRET}@proxy:3128` },
  { text: `the answer was ${TOKEN}` },
  { text: `key: ${PRIVATE_KEY}` },
  { err: new Error(`request with Bearer ${SECRET} failed`) },
  { err: new Error('outer', { cause: new Error(PRIVATE_KEY) }) },
  { err: Object.assign(new Error('failed'), { request: { headers: { other: SECRET } }, response: { body: SECRET } }) },
  { err: new AggregateError([new Error(TOKEN)], 'several') },
);

function nest(fields: Record<string, unknown>, path: readonly string[]): Record<string, unknown> {
  return path.reduceRight<Record<string, unknown>>(
    (inner, name) => ({ [name]: name === 'list' ? [inner] : inner }),
    fields,
  );
}

describe('createLogger', () => {
  it('writes one JSON object a line, with the fields of the parents', () => {
    const lines: string[] = [];
    const logger = logInto(lines).child({ controller: 'cmg' }).child({ namespace: 'ns', name: 'a' });
    logger.info({ attempt: 2 }, 'Working.');
    expect(onlyLine(lines)).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      controller: 'cmg',
      namespace: 'ns',
      name: 'a',
      attempt: 2,
      msg: 'Working.',
    });
  });

  it('leaves out what is below the level', () => {
    const lines: string[] = [];
    const logger = logInto(lines, 'warn');
    logger.debug({}, 'one');
    logger.info({}, 'two');
    logger.warn({}, 'three');
    logger.error({}, 'four');
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['three', 'four']);
  });

  it('tells of an error what a person needs', () => {
    const lines: string[] = [];
    const error = Object.assign(new TypeError('outer', { cause: new Error('inner') }), { code: 'ECONNRESET' });
    logInto(lines).error({ err: error }, 'Failed.');
    expect(onlyLine(lines).err).toEqual({
      type: 'TypeError',
      message: 'outer',
      code: 'ECONNRESET',
      stack: expect.stringContaining('logging.test.ts'),
      cause: { type: 'Error', message: 'inner', stack: expect.any(String) },
    });
  });

  it('survives data that JSON does not', () => {
    const lines: string[] = [];
    const circular: Record<string, unknown> = { name: 'a' };
    circular.self = circular;
    logInto(lines).info({ circular, date: new Date(0), deep: nest({ end: 1 }, Array(20).fill('in')) }, '100 %s');
    expect(onlyLine(lines)).toMatchObject({
      circular: { name: 'a', self: '[circular]' },
      date: '1970-01-01T00:00:00.000Z',
      msg: '100 %s',
    });
  });

  it('writes text for people', () => {
    const lines: string[] = [];
    logInto(lines, 'info', 'text').child({ controller: 'cmg' }).warn({ reason: 'two words', attempt: 2 }, 'Waiting.');
    expect(lines).toEqual([
      expect.stringMatching(/^[\d\-T:.]+Z WARN {2}Waiting\. controller=cmg reason="two words" attempt=2\n$/),
    ]);
  });

  it('never writes a secret, wherever it is buried', () => {
    const path = fc.array(fc.constantFrom('request', 'list', 'body'), { maxLength: 6 });
    fc.assert(
      fc.property(secretFields, path, fc.boolean(), fc.constantFrom('json', 'text'), (fields, at, inChild, format) => {
        const lines: string[] = [];
        const nested = nest(fields, at);
        const logger = logInto(lines, 'debug', format);
        if (inChild) logger.child(nested).info({}, 'Done.');
        else logger.info(nested, 'Done.');
        expect(lines).toHaveLength(1);
        expect(lines[0]).toContain('Done.');
        expect(lines[0]).not.toContain(SECRET);
        expect(lines[0]).not.toContain(Buffer.from(SECRET).toString('base64'));
      }),
      { numRuns: 500 },
    );
  });

  it.each([`Got ${TOKEN}`, `Bearer ${SECRET} refused`, `GET https://x/?sig=${SECRET}&x=1`, PRIVATE_KEY])(
    'never writes a secret in its message: case %#',
    (message) => {
      const lines: string[] = [];
      logInto(lines).info({}, message);
      expect(lines[0]).not.toContain(SECRET);
    },
  );

  it('keeps what only looks like a secret', () => {
    const lines: string[] = [];
    const fields = {
      secretRef: { name: 'cmg-tls' },
      serviceName: 'contoso-cmg.contoso.com',
      url: 'https://management.azure.com/subscriptions/1?api-version=2024-03-01&top=5',
      time: '12:30',
    };
    logInto(lines).info(fields, 'The token endpoint answered.');
    expect(onlyLine(lines)).toMatchObject({ ...fields, time: expect.any(String), msg: 'The token endpoint answered.' });
  });
});
