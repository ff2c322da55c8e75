import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { sleep, systemClock } from '../../../src/runtime/clock.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import { pathOf, secret } from '../../world/gateway-manifests.ts';
import { pfxOf } from './pfx.ts';
import { collectSentSecrets } from './sent-secrets.ts';
import { type GatewayTest, NAME, operatorSuite, SERVICE_NAME } from './suite.ts';
import { watchVersions } from './versions.ts';

/** Microsoft's own definitions with a judge of recordings; kept beside the project, not in it. */
const JUDGE = resolve(import.meta.dirname, '../../../../shared/arm-definitions/validate.py');

const folder = makeTemporaryDirectory();
afterAll(() => removeTemporaryDirectory(folder));
const RECORDING = join(folder, 'recording.jsonl');
const suite = operatorSuite({ speed: 200, record: RECORDING });

/** What people hand to the operator; random, so that it can stand nowhere by chance. */
const GIVEN = {
  wrongClientSecret: randomBytes(24).toString('base64url'),
  pfxPassword: randomBytes(24).toString('base64url'),
  packageToken: randomBytes(24).toString('base64url'),
};

/** Where a secret could come to light, by what it is. */
const shown = new Map<string, string>();
/** Each secret of the life below, by what it is. */
const secrets = new Map<string, ReadonlySet<string>>();

/** The pieces by which a secret would be known again, however it is written and whatever stands around it. */
function piecesOf(value: string): readonly string[] {
  const base64 = ['', '-', '--'].map((before) =>
    Buffer.from(before + value)
      .toString('base64')
      .slice(4, -4),
  );
  return [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1), ...base64].flatMap((form) =>
    form.length <= 64 ? [form] : (form.match(/[^\s\\-]{48,64}/g) ?? []),
  );
}

function found(text: string): readonly string[] {
  return [...secrets].flatMap(([kind, values]) =>
    [...values].some((value) => piecesOf(value).some((piece) => text.includes(piece))) ? [kind] : [],
  );
}

/** Waits until everything up to now is in the file: a request of our own stands at its end. */
async function finishedRecording(test: GatewayTest): Promise<string> {
  const last = randomBytes(8).toString('hex');
  await fetch(`${test.azure.url}/metadata/endpoints?api-version=2022-09-01`, {
    headers: { 'x-ms-client-request-id': last },
  });
  for (;;) {
    const text = await readFile(RECORDING, 'utf8');
    if (text.includes(last) && text.endsWith('\n')) return text;
    await sleep(systemClock, 20);
  }
}

/** A gateway with mistakes and faults of all sorts, until it is Ready, changed, and deleted. */
async function wholeLife(test: GatewayTest): Promise<void> {
  const { control } = test.azure;
  const { certificate, credentials, cmg } = await test.manifests({
    servicePackage: {
      url: `${suite.world().packages.url}.gone`,
      sha256: suite.world().packages.sha256,
      credentialsSecretRef: { name: 'package' },
    },
  });
  await test.apply(
    secret(test.namespace, 'azure', 'Opaque', { 'client-secret': GIVEN.wrongClientSecret }),
    secret(test.namespace, 'package', 'Opaque', { token: GIVEN.packageToken }),
    certificate,
    cmg,
  );
  await test.untilReason('PrerequisitesMet', 'CredentialsInvalid');

  const scaleSet = 'virtualMachineScaleSets/granitefalls\\?';
  const error = { code: 'InvalidParameter', message: 'The value of parameter adminPassword is invalid.' };
  control.faults.add({ match: { method: 'PUT', urlPattern: 'loadBalancers' }, action: { kind: 'applyThenDrop' } });
  control.faults.add({ match: { urlPattern: '/operations/' }, action: { kind: 'dropConnection' } });
  control.faults.add({
    match: { method: 'PUT', urlPattern: '/vaults/[^/]+/secrets/' },
    action: { kind: 'answer', status: 500, code: 'InternalServerError' },
  });
  control.faults.add({ match: { method: 'PUT', urlPattern: scaleSet }, action: { kind: 'failOperation', error } });
  // Where the addresses of operations cannot be kept, the reconcile fails in a way that nobody foresaw.
  const operations = secret(test.namespace, `${NAME}-operations`, 'configmgr.io/operations', {});
  await test.apply({ ...operations, immutable: true }, credentials);
  await test.untilReason('Ready', 'ReconcileError');
  await test.api.call('DELETE', pathOf(operations));
  await test.untilReason('AzureReady', 'PackageUnavailable');
  await test.patchSpec({ servicePackage: { url: suite.world().packages.url } });
  await test.untilReason('AzureReady', 'OperationFailed');
  await test.patchSpec({ vm: { instances: 2 } });
  await test.untilReady();

  const renewed = await suite.certificateFor({
    commonName: SERVICE_NAME,
    organization: 'Contoso',
    names: [SERVICE_NAME, 'renewed.contoso.com'],
  });
  const pfx = await pfxOf(
    `${renewed.chainPem}${suite.world().authority.rootPem}`,
    renewed.privateKeyPem,
    GIVEN.pfxPassword,
  );
  await test.apply(secret(test.namespace, 'pfx', 'Opaque', { pfx, password: 'wrong' }));
  await test.patchSpec({ serverCertificate: { format: 'PFX', secretRef: { name: 'pfx' } } });
  await test.untilReason('CertificateValid', 'CertificateUnreadable');
  await test.apply(secret(test.namespace, 'pfx', 'Opaque', { pfx, password: GIVEN.pfxPassword }));
  await test.untilReady();
  secrets.set('client secret', new Set([test.azure.clientSecret]));
  secrets.set(
    'private key',
    new Set([renewed.privateKeyPem, Buffer.from(certificate?.data['tls.key'] ?? '', 'base64').toString()]),
  );
  secrets.set('PFX in a Secret', new Set([pfx.toString('base64')]));
  for (const [kind, value] of Object.entries(GIVEN)) secrets.set(kind, new Set([value]));
}

describe('secrets', () => {
  it('a gateway lives a whole life with mistakes and faults', async () => {
    const test = await suite.begin({ withoutOperator: true });
    const sent = collectSentSecrets();
    const versions = await watchVersions(test.namespace);
    const operator = await test.startOperator();
    await wholeLife(test);
    shown.set('metrics', await (await fetch(`http://127.0.0.1:${operator.port}/metrics`)).text());
    await test.deleteCmg();
    sent.stop();
    for (const [kind, values] of sent.found) secrets.set(kind, values);
    shown.set('log', suite.log());
    expect(suite.log()).toMatch(
      /The reconcile failed, and will be tried again.*immutable|immutable.*will be tried again/,
    );
    shown.set('events', JSON.stringify(await test.events()));
    shown.set('every version of the CMG', JSON.stringify(versions.seen()));
    shown.set('recording', await finishedRecording(test));
    expect(versions.seen().at(-1)?.metadata.name).toBe(NAME);

    // The search is worth nothing unless it finds what is there.
    const stored = await test.api.call('GET', `/api/v1/namespaces/${test.namespace}/secrets`);
    expect(found(JSON.stringify(stored))).toEqual(
      expect.arrayContaining(['PFX in a Secret', 'client secret', 'packageToken', 'pfxPassword', 'private key']),
    );
    expect([...secrets.keys()].toSorted()).toEqual([
      'PFX in a Secret',
      'PFX in the vault',
      'access token',
      'adminPassword',
      'client secret',
      'client_secret',
      'packageToken',
      'pfxPassword',
      'private key',
      'signed operation URL',
      'wrongClientSecret',
    ]);
  });

  it.each(['log', 'events', 'every version of the CMG', 'metrics', 'recording'])('stand nowhere in: %s', (place) => {
    const text = shown.get(place) ?? '';
    expect(text.length).toBeGreaterThan(500);
    expect(found(text)).toEqual([]);
  });

  it.skipIf(!existsSync(JUDGE))(
    `${existsSync(JUDGE) ? '' : '(left out: the definitions are not there) '}Microsoft's definitions find nothing wrong with the recording`,
    async () => {
      const { stdout } = await promisify(execFile)('python3', [JUDGE, RECORDING]).catch((error) => error);
      expect(stdout).toMatch(/^\d\d+ exchanges, 0 findings$/m);
    },
  );
});
