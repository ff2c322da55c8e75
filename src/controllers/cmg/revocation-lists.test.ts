import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { createCertificateAuthority } from '../../../test/certificate-authority.ts';
import type { ListFetchResult } from '../../probe/revocation-list-fetch.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createManualClock } from '../../runtime/manual-clock.ts';
import { createRevocationLists, remarksOnLists } from './revocation-lists.ts';
import { withRemarks } from './trusted-certificates.ts';

const contoso = await createCertificateAuthority('Contoso', { revocationLists: 'http://pki.contoso.com' });
const certificates = [new X509Certificate(contoso.intermediatePem), new X509Certificate(contoso.rootPem)];
const HOUR_MS = 3_600_000;

/** Lists whose fetching the test answers, and the gateways that were queued. */
function startLists() {
  const clock = createManualClock(Date.now());
  const asked: string[] = [];
  const answers: ((result: ListFetchResult) => void)[] = [];
  const lists = createRevocationLists({
    clock,
    logger: silentLogger,
    fetchList: (address) => {
      asked.push(address);
      return new Promise((resolve) => answers.push(resolve));
    },
  });
  const queued: string[] = [];
  const stop = lists.source((key) => queued.push(key));
  const look = (gateway = 'gateways/europe') => remarksOnLists(certificates, lists, gateway);
  /** Answers the request that waits, and lets what follows from it happen. */
  const answer = async (result: ListFetchResult, settled: () => boolean | Promise<boolean>) => {
    answers.shift()?.(result);
    await expect.poll(settled).toBe(true);
  };
  return { clock, lists, asked, queued, look, answer, stop };
}

test('a list is fetched once for all gateways, which do not wait for it, and are queued when it has a problem', async () => {
  const { asked, queued, look, answer, clock } = startLists();
  expect(await look('gateways/europe')).toEqual([]);
  expect(await look('gateways/asia')).toEqual([]);
  expect(asked).toEqual(['http://pki.contoso.com/root.crl']);
  await answer({ kind: 'Missing', message: 'the server answers with the status 404' }, () => queued.length > 0);
  expect(queued.toSorted()).toEqual(['gateways/asia', 'gateways/europe']);
  expect(await look()).toEqual([
    {
      kind: 'Problem',
      message: expect.stringMatching(
        /^The revocation list for "CN=Contoso Issuing CA" is not at http:\/\/pki\.contoso\.com\/root\.crl: the server answers with the status 404\. .*verifyRevocation to false\.$/,
      ),
    },
  ]);
  await clock.advance(HOUR_MS - 1);
  await look();
  expect(asked).toHaveLength(1);
  await clock.advance(1);
  await look();
  expect(asked).toHaveLength(2);
  const content = await contoso.revocationList('Root', []);
  await answer({ kind: 'Fetched', content }, async () => (await look()).length === 0);
  expect(queued).toHaveLength(4);
});

test('a list that cannot be had from here is no problem of the gateway, and said to be unknown', async () => {
  const { look, answer, queued } = startLists();
  await look();
  await answer({ kind: 'Failed', message: 'the connection was refused' }, () => queued.length > 0);
  const remarks = await look();
  expect(remarks).toEqual([
    { kind: 'Unknown', message: expect.stringContaining('Whether gateways get it is not known.') },
  ]);
  const valid = { type: 'CertificateValid', status: 'True', reason: 'Succeeded', message: 'Valid.' } as const;
  expect(withRemarks(valid, remarks)).toMatchObject({
    status: 'True',
    reason: 'Succeeded',
    message: expect.stringMatching(/^Valid\. The revocation list for .* the connection was refused\./),
  });
});

test('a problem with a list is the reason, unless the server certificate has one of its own', () => {
  const remarks = [{ kind: 'Problem', message: 'The list is out of date.' }] as const;
  const valid = { type: 'CertificateValid', status: 'True', reason: 'Succeeded', message: 'Valid.' } as const;
  expect(withRemarks(valid, remarks)).toMatchObject({ status: 'True', reason: 'RevocationListUnusable' });
  const expiring = { ...valid, reason: 'CertificateExpiring' } as const;
  expect(withRemarks(expiring, remarks)).toMatchObject({
    reason: 'CertificateExpiring',
    message: 'Valid. The list is out of date.',
  });
});

test('an authority that names no list that gateways reach is told without a look', async () => {
  const { lists, asked } = startLists();
  const remarksOf = async (options: { revocationLists?: string }) => {
    const { intermediatePem, rootPem } = await createCertificateAuthority('Fabrikam', options);
    const chain = [new X509Certificate(intermediatePem), new X509Certificate(rootPem)];
    return (await remarksOnLists(chain, lists, 'gateways/europe')).map(({ message }) => message);
  };
  expect(await remarksOf({})).toEqual([
    expect.stringMatching(/^"CN=Fabrikam Issuing CA" does not say where its revocation list is\./),
  ]);
  expect(await remarksOf({ revocationLists: 'ldap:///CN=CDP' })).toEqual([
    expect.stringMatching(/^"CN=Fabrikam Issuing CA" says only of ldap:\/\/\/CN=CDP\/root\.crl that .* by http\./),
  ]);
  expect(asked).toEqual([]);
});

test('nothing is fetched any more when the controller has ended', async () => {
  const { asked, look, stop } = startLists();
  stop();
  await look();
  expect(asked).toEqual([]);
});
