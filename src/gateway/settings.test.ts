import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { contoso } from './deployment.test-world.ts';
import { gatewaySettings } from './settings.ts';

const wholePage = readFileSync(new URL('../../docs/gateway-settings.md', import.meta.url), 'utf8');
/** What it says of the settings, and not of the setup's report. */
const page = wholePage.slice(0, wholePage.indexOf('## How the setup reports'));
const schema = JSON.parse(readFileSync(new URL('../../docs/gateway-settings.schema.json', import.meta.url), 'utf8'));

/** With all that settings can have. */
const inUsGovernment = { ...contoso, authorityHost: 'https://login.microsoftonline.us' };

test('docs/gateway-settings.md shows the document as it is', () => {
  expect(JSON.parse(/^```json\n(.+?)^```/ms.exec(page)?.[1] ?? '')).toEqual(gatewaySettings(inUsGovernment));
});

test('docs/gateway-settings.md explains every field', () => {
  const explained = [...page.matchAll(/^\| `(.+?)` \|/gm)].map(([, field]) => field);
  expect(explained).toEqual(leaves(gatewaySettings(inUsGovernment)));
});

test('a site without applications in Microsoft Entra ID, and clients without certificates, leave out what they do not have', () => {
  const settings = gatewaySettings({
    ...contoso,
    clientAuthentication: { trustedCertificates: [], verifyRevocation: false },
    minimumTlsVersion: '1.0',
    contentEnabled: false,
    entra: undefined,
  });
  expect(JSON.stringify(settings, undefined, 2)).toMatchInlineSnapshot(`
    "{
      "serviceName": "GraniteFalls.contoso.com",
      "certificateThumbprintSha256": "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2",
      "servicePackageSha256": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
      "ports": {
        "clients": 443,
        "connectionPoints": 10124
      },
      "tls": {
        "minimumVersion": "1.0"
      },
      "clientAuthentication": {
        "trustedCertificates": [],
        "verifyRevocation": false
      },
      "content": {
        "enabled": false
      }
    }"
  `);
});

describe('docs/gateway-settings.schema.json', () => {
  const valid = new Ajv2020({ strict: true }).compile(schema);

  test('allows the documents that are made', () => {
    for (const deployment of [
      contoso,
      inUsGovernment,
      { ...contoso, entra: undefined, minimumTlsVersion: '1.0' as const },
    ]) {
      expect(valid(gatewaySettings(deployment)), JSON.stringify(valid.errors)).toBe(true);
    }
  });

  test('knows every field', () => {
    expect(fieldsOf(schema)).toEqual(leaves(gatewaySettings(inUsGovernment)));
  });

  test.each(['serviceName', 'ports', 'tls', 'clientAuthentication', 'content'])('wants %s', (field) => {
    const { [field]: _, ...rest } = gatewaySettings(contoso);
    expect(valid(rest)).toBe(false);
  });

  test('allows fields of later versions', () => {
    expect(valid({ ...gatewaySettings(contoso), later: 1 })).toBe(true);
  });
});

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, ObjectSchema>>;
}

function fieldsOf({ properties = {} }: ObjectSchema, path = ''): string[] {
  return Object.entries(properties).flatMap(([name, property]) => {
    const here = path === '' ? name : `${path}.${name}`;
    return property.properties === undefined ? [here] : fieldsOf(property, here);
  });
}

function leaves(value: object, path = ''): string[] {
  return Object.entries(value).flatMap(([name, item]) => {
    const here = path === '' ? name : `${path}.${name}`;
    return typeof item === 'object' && item !== null && !Array.isArray(item) ? leaves(item, here) : [here];
  });
}
