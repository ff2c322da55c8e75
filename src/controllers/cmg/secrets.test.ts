import { describe, expect, it } from 'vitest';
import { readSecretKeys, type SecretReader, type SecretRequest, textOf } from './secrets.ts';

const { signal } = new AbortController();
const bytes = (text: string) => new TextEncoder().encode(text);

/** One Secret, `gateways/europe-tls`. */
function holding(values: Readonly<Record<string, string>>): SecretReader {
  const secret = new Map(Object.entries(values).map(([key, value]) => [key, bytes(value)]));
  return { read: async (namespace, name) => (`${namespace}/${name}` === 'gateways/europe-tls' ? secret : undefined) };
}

const request: SecretRequest = {
  namespace: 'gateways',
  name: 'europe-tls',
  keys: ['tls.crt', 'tls.key'],
  purpose: 'spec.serverCertificate',
};

describe('reading the keys of a Secret', () => {
  it('gives their values in the order asked, and the rest of the Secret of the same moment', async () => {
    const reader = holding({ 'ca.crt': 'authority', 'tls.key': 'key', 'tls.crt': 'certificate' });
    const found = await readSecretKeys(reader, request, signal);
    expect(found).toMatchObject({ kind: 'Found', values: [bytes('certificate'), bytes('key')] });
    expect(found.kind === 'Found' && found.secret.get('ca.crt')).toEqual(bytes('authority'));
  });

  it.each<readonly [string, Partial<SecretRequest>, Readonly<Record<string, string>>, string]>([
    [
      'there is no such Secret',
      { name: 'europe' },
      {},
      'The Secret gateways/europe does not exist. Create it with the keys tls.crt and tls.key, or correct spec.serverCertificate.',
    ],
    [
      'it lacks a key',
      {},
      { 'tls.crt': 'certificate' },
      'The Secret gateways/europe-tls lacks the key tls.key. Add it, or correct spec.serverCertificate.',
    ],
    [
      'it lacks all of them',
      {},
      { 'tls.pem': 'certificate' },
      'The Secret gateways/europe-tls lacks the keys tls.crt and tls.key. Add them, or correct spec.serverCertificate.',
    ],
    [
      'a value is empty, as cert-manager leaves it before the first certificate',
      {},
      { 'tls.crt': '', 'tls.key': 'key' },
      'The Secret gateways/europe-tls lacks the key tls.crt. Add it, or correct spec.serverCertificate.',
    ],
    [
      'a key is missing whose value may be empty',
      { keys: ['pfx', 'password'], mayBeEmpty: ['password'] },
      { pfx: 'file' },
      'The Secret gateways/europe-tls lacks the key password. Add it, or correct spec.serverCertificate.',
    ],
  ])('says what to do when %s', async (_what, change, values, message) => {
    const found = await readSecretKeys(holding(values), { ...request, ...change }, signal);
    expect(found).toEqual({ kind: 'Missing', message });
  });

  it('takes an empty value where that means something', async () => {
    const keys = { keys: ['pfx', 'password'], mayBeEmpty: ['password'] };
    const found = await readSecretKeys(holding({ pfx: 'file', password: '' }), { ...request, ...keys }, signal);
    expect(found).toMatchObject({ kind: 'Found', values: [bytes('file'), bytes('')] });
  });

  it('shows no value of a Secret that is not as it should be', async () => {
    const found = await readSecretKeys(holding({ 'tls.key': 'Correct-Horse' }), request, signal);
    expect(JSON.stringify(found)).not.toContain('Correct-Horse');
  });
});

describe('a value as text', () => {
  it.each([
    ['word', 'word'],
    ['word\n', 'word'],
    ['word\r\n', 'word'],
    ['word\n\n', 'word\n'],
    [' word ', ' word '],
    ['Grüße', 'Grüße'],
    ['', ''],
  ])('of %j is %j', (stored, text) => {
    expect(textOf(bytes(stored))).toBe(text);
  });

  it('of nothing is empty', () => {
    expect(textOf(undefined)).toBe('');
  });
});
