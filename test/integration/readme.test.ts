import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { submit } from './crd-manifest.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const manifests = [...readme.matchAll(/^```yaml\n(.+?)^```/gms)].map(([, text = '']) => parse(text));

describe('the manifests in the README', () => {
  test('are there', () => {
    expect(manifests.map(({ kind }) => kind)).toEqual(['CMG']);
  });

  test.each(manifests.map((manifest) => [manifest.metadata.name, manifest]))(
    '%s is accepted',
    async (_name, manifest) => {
      const { accepted, message } = await submit(manifest);
      expect(message).toBe('');
      expect(accepted).toBe(true);
    },
  );
});
