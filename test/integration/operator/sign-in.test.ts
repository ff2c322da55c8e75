import { generateKeyPairSync, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { JsonObject } from '../../../src/json.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import { secret } from '../../world/gateway-manifests.ts';
import { type GatewayTest, operatorSuite } from './suite.ts';

const suite = operatorSuite();

/** Applies a gateway whose operator signs in as an application of its own, which may do everything. */
async function applyWith(test: GatewayTest, credentialsOf: (clientId: string) => JsonObject) {
  const { control } = test.azure;
  const application = control.addApplication('cmg-operator');
  const clientId = application.principal.appId;
  control.setRights([{ scope: '/', actions: ['*'], notActions: [] }], clientId);
  const { certificate, cmg } = await test.manifests();
  const spec = cmg.spec as { readonly azure: JsonObject };
  await test.apply(certificate, {
    ...cmg,
    spec: { ...spec, azure: { ...spec.azure, credentials: credentialsOf(clientId) } },
  });
  return application;
}

describe('the operator signs in to Azure', () => {
  it('with a certificate, once it is registered', async () => {
    const test = await suite.begin();
    const own = await suite.world().authority.issue({ commonName: 'cmg-operator' });
    await test.apply(
      secret(test.namespace, 'azure', 'kubernetes.io/tls', {
        'tls.crt': own.certificatePem,
        'tls.key': own.privateKeyPem,
      }),
    );
    const application = await applyWith(test, (clientId) => ({
      type: 'ClientCertificate',
      clientCertificate: { clientId, secretRef: { name: 'azure' } },
    }));
    const refused = await test.untilReason('PrerequisitesMet', 'CredentialsInvalid');
    expect(refused.message).toMatch(/AADSTS700027/);
    expect(test.resources()).toEqual([]);

    application.certificates.add(own.certificatePem);
    await test.untilReady();
  });

  it('with the token of its service account, once the application trusts it', async () => {
    const test = await suite.begin();
    const subject = `system:serviceaccount:${test.namespace}:cmg-operator`;
    const issuer = 'https://kubernetes.example';
    const { publicKeyPem, tokenFile } = serviceAccountToken(issuer, subject);
    vi.stubEnv('AZURE_FEDERATED_TOKEN_FILE', tokenFile);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const application = await applyWith(test, (clientId) => ({
      type: 'WorkloadIdentity',
      workloadIdentity: { clientId },
    }));
    const refused = await test.untilReason('PrerequisitesMet', 'CredentialsInvalid');
    expect(refused.message).toMatch(/AADSTS700211/);
    expect(test.resources()).toEqual([]);

    application.federated.push({ issuer, subject, publicKeyPem });
    await test.untilReady();
  });
});

/** A file as the kubelet projects it: a signed token that names the workload. */
function serviceAccountToken(issuer: string, subject: string) {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    iss: issuer,
    sub: subject,
    aud: ['api://AzureADTokenExchange'],
    exp: Math.floor(Date.now() / 1000) + 3600,
  };
  const text = `${part({ alg: 'RS256' })}.${part(claims)}`;
  const folder = makeTemporaryDirectory();
  onTestFinished(() => removeTemporaryDirectory(folder));
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`);
  return { publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }) as string, tokenFile };
}
