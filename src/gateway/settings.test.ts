import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { contoso } from './deployment.test-world.ts';
import { gatewaySettings } from './settings.ts';

const page = readFileSync(new URL('../../docs/gateway-settings.md', import.meta.url), 'utf8');

test('docs/gateway-settings.md shows the document as it is', () => {
  expect(JSON.parse(/^```json\n(.+?)^```/ms.exec(page)?.[1] ?? '')).toEqual(gatewaySettings(contoso));
});

test('docs/gateway-settings.md explains every field', () => {
  const explained = [...page.matchAll(/^\| `(.+?)` \|/gm)].map(([, field]) => field);
  expect(explained).toEqual(leaves(gatewaySettings(contoso)));
});

function leaves(value: object, path = ''): string[] {
  return Object.entries(value).flatMap(([name, item]) => {
    const here = path === '' ? name : `${path}.${name}`;
    return typeof item === 'object' && item !== null ? leaves(item, here) : [here];
  });
}
