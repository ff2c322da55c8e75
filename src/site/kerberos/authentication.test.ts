import { expect, test } from 'vitest';
import { createManualClock } from '../../runtime/manual-clock.ts';
import { kerberosAuthentication } from './authentication.ts';

const request = { origin: 'https://provider.contoso.com', signal: new AbortController().signal };

/** None of what is tested here may need a keytab, a directory or a process. */
function signingIn(changed: { readonly principal?: string; readonly kdcs?: readonly string[] } = {}) {
  return kerberosAuthentication({
    principal: 'svc-cmg@CONTOSO.COM',
    readKeytab: () => Promise.reject(new Error('The keytab was read.')),
    clock: createManualClock(),
    directory: '/nowhere',
    ...changed,
  });
}

test('a site that does not ask for Kerberos is told of, with what it asks for', async () => {
  const answered = signingIn().answerChallenge(['NTLM', 'Basic realm="x"'], request);
  await expect(answered).rejects.toThrow(
    'https://provider.contoso.com does not take Kerberos here: it offers NTLM, Basic where it should offer Negotiate. NTLM is never used.',
  );
});

test('NTLM is not answered, and proves nothing', async () => {
  const challenge = [`Negotiate ${Buffer.from('NTLMSSP\0\x02', 'latin1').toString('base64')}`];
  await expect(signingIn().answerChallenge(challenge, request)).rejects.toThrow('NTLM, which the operator never uses');
  await expect(signingIn().verify(challenge, request)).rejects.toThrow('NTLM, which the operator never uses');
});

test('an account without a realm and an odd domain controller are refused at once', () => {
  expect(() => signingIn({ principal: 'svc-cmg' })).toThrow('such as svc-cmg@CONTOSO.COM');
  expect(() => signingIn({ kdcs: ['dc01 dc02'] })).toThrow('"dc01 dc02" is no domain controller');
});

test('what was never used has nothing to close', async () => {
  await signingIn().close();
});

test('nobody signs in by what has been closed, as nobody would take its keytab away again', async () => {
  const authentication = signingIn();
  await authentication.close();
  await expect(authentication.authorization(request)).rejects.toThrow('has been closed');
});
