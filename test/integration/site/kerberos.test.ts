import dns from 'node:dns';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../../src/runtime/clock.ts';
import { createSiteTransport } from '../../../src/site/admin-service/transport.ts';
import {
  type KerberosAuthentication,
  type KerberosOptions,
  kerberosAuthentication,
} from '../../../src/site/kerberos/authentication.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import { type AcceptorOptions, startAcceptor } from '../../simulators/kdc/acceptor.ts';
import { type Domain, startDomain } from '../../simulators/kdc/domain.ts';
import { type Provider, startProvider } from '../../simulators/kdc/provider.ts';
import { describeWithKerberos } from './with-kerberos.ts';

const ACCOUNT = 'svc-cmg';
const HOST = 'provider.contoso.test';
const FABRIKAM_HOST = 'provider.fabrikam.test';
const MINUTES_WRONG = 10;

/** Takes connections and never answers. */
async function silentServer(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Ids of the processes that hold tickets for this one. */
function ticketProcesses(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
        return (
          parent === String(process.pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('ticket-program')
        );
      } catch {
        // It has ended meanwhile.
        return false;
      }
    })
    .map(Number);
}

describeWithKerberos('signing in by Kerberos', (tools) => {
  let contoso: Domain;
  let keytab: Buffer;
  let serviceKeytab: Buffer;
  let provider: Provider;
  let directory = '';

  beforeAll(async () => {
    directory = makeTemporaryDirectory();
    contoso = await startDomain({ tools, realm: 'CONTOSO.TEST' });
    keytab = await contoso.add(ACCOUNT);
    serviceKeytab = await contoso.add(`HTTP/${HOST}`);
    provider = await startProvider({ tools, domain: contoso, host: HOST, keytab: serviceKeytab });
    // No name server knows these names.
    const lookup = dns.lookup as (host: string, options: object, callback: () => void) => void;
    vi.spyOn(dns, 'lookup').mockImplementation(((host: string, options: object, callback: () => void) =>
      lookup(host.endsWith('.test') ? '127.0.0.1' : host, options, callback)) as typeof dns.lookup);
    return async () => {
      vi.restoreAllMocks();
      await Promise.all([provider.close(), contoso.close()]);
      removeTemporaryDirectory(directory);
    };
  });

  /** A Site as the operator would have it, with what its Secret holds. */
  function signingIn(domain: Domain, secret: { keytab: Buffer }, changed: Partial<KerberosOptions> = {}) {
    const authentication = kerberosAuthentication({
      principal: `${ACCOUNT}@${domain.realm}`,
      kdcs: [domain.kdc],
      readKeytab: async () => secret.keytab,
      clock: systemClock,
      directory,
      nativeModule: tools.nativeModule,
      environment: { LD_LIBRARY_PATH: tools.libraryPath },
      ...changed,
    });
    onTestFinished(() => authentication.close());
    return authentication;
  }

  async function anotherProvider(options: Partial<AcceptorOptions>): Promise<Provider> {
    const another = await startProvider({ tools, domain: contoso, host: HOST, keytab: serviceKeytab, ...options });
    onTestFinished(() => another.close());
    return another;
  }

  /** Returns what asks the site how many sites it knows, which is itself. */
  function askingThe({ url, caPem }: Pick<Provider, 'url' | 'caPem'>, authentication: KerberosAuthentication) {
    const transport = createSiteTransport({
      url,
      caBundle: caPem,
      authentication,
      clock: systemClock,
      userAgent: 'cmg-operator/test',
    });
    onTestFinished(() => transport.close());
    return async () => {
      const signal = AbortSignal.timeout(30_000);
      const { text } = await transport.send({ method: 'GET', path: 'wmi/SMS_Site', signal });
      return JSON.parse(text).value.length;
    };
  }

  test('works, with a server that proves who it is, and leaves nothing behind', async () => {
    const authentication = signingIn(contoso, { keytab });
    const verify = vi.spyOn(authentication, 'verify');
    const sites = askingThe(provider, authentication);
    expect(await Promise.all([sites(), sites(), sites()])).toEqual([1, 1, 1]);
    expect(await sites()).toBe(1);
    expect(contoso.signIns(ACCOUNT)).toBe(1);
    // Each answer was checked by a token of the server, and the check held.
    await Promise.all(verify.mock.results.map(({ value }) => value));
    expect(verify).toHaveBeenCalledTimes(4);
    for (const [challenges] of verify.mock.calls) expect(challenges).toEqual([expect.stringMatching(/^Negotiate oY/)]);

    const [made = ''] = readdirSync(directory);
    const path = join(directory, made);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    for (const file of readdirSync(path)) expect(statSync(join(path, file)).mode & 0o077, file).toBe(0);
    expect(readFileSync(join(path, 'keytab'))).toEqual(keytab);
    await authentication.close();
    expect(existsSync(path)).toBe(false);
  });

  test('refuses a server that proves nothing, or is another one', async () => {
    const authentication = signingIn(contoso, { keytab });
    const request = { origin: `https://${HOST}`, signal: AbortSignal.timeout(30_000) };
    await authentication.authorization(request);
    await expect(authentication.verify([], request)).rejects.toThrow(`did not prove that it is HTTP/${HOST}`);
    // The answer to another request, as something in between could keep it.
    const acceptor = provider.newNegotiator();
    const other = { ...request };
    const token = (await authentication.authorization(other)).replace('Negotiate ', '');
    const accepted = await acceptor(Buffer.from(token, 'base64'));
    const reply = accepted.kind === 'Accepted' ? accepted.reply?.toString('base64') : undefined;
    await expect(authentication.verify([`Negotiate ${reply}`], request)).rejects.toThrow(/./);
    await authentication.verify([`Negotiate ${reply}`], other);
  });

  test('gets a new ticket by itself when the old one has expired', async () => {
    const lifetimeSeconds = 2;
    const short = { keytab: await contoso.add('svc-short', { ticketSeconds: lifetimeSeconds }) };
    const authentication = signingIn(contoso, short, { principal: 'svc-short@CONTOSO.TEST' });
    const sites = askingThe(provider, authentication);
    expect(await sites()).toBe(1);
    const before = contoso.signIns('svc-short');
    const expired = Date.now() + lifetimeSeconds * 1000;
    await expect.poll(() => Date.now() > expired, { timeout: 5000, interval: 100 }).toBe(true);
    expect(await sites()).toBe(1);
    expect(contoso.signIns('svc-short')).toBeGreaterThan(before);
  });

  test('tells of a service principal name that the domain does not know', async () => {
    const authentication = signingIn(contoso, { keytab });
    const sites = askingThe({ ...provider, url: provider.url.replace(HOST, 'alias.contoso.test') }, authentication);
    await expect(sites()).rejects.toThrow(
      'does not know the service principal name HTTP/alias.contoso.test. Use the full DNS name of the computer itself',
    );
  });

  test('tells of a keytab with an old key, and takes the new one from the Secret without being started again', async () => {
    const secret = { keytab: await contoso.add('svc-rotated') };
    const newKeytab = await contoso.rotate('svc-rotated');
    const authentication = signingIn(contoso, secret, { principal: 'svc-rotated@CONTOSO.TEST' });
    const sites = askingThe(provider, authentication);
    await expect(sites()).rejects.toThrow('The keytab in the Secret does not fit svc-rotated@CONTOSO.TEST any more');
    secret.keytab = newKeytab;
    expect(await sites()).toBe(1);
  });

  test('gets a new ticket when the key of the service has changed', async () => {
    const host = 'moved.contoso.test';
    const acceptor = startAcceptor({ tools, domain: contoso, host, keytab: await contoso.add(`HTTP/${host}`) });
    onTestFinished(() => acceptor.close());
    const authentication = signingIn(contoso, { keytab });
    const judgement = async (header: string | undefined) => {
      const judged = await acceptor.newNegotiator()(Buffer.from(header?.replace('Negotiate ', '') ?? '', 'base64'));
      return judged.kind;
    };
    const request = () => ({ origin: `https://${host}`, signal: AbortSignal.timeout(30_000) });
    const first = request();
    expect(await judgement(await authentication.authorization(first))).toBe('Accepted');
    acceptor.replaceKeytab(await contoso.rotate(`HTTP/${host}`));
    const second = request();
    expect(await judgement(await authentication.authorization(second))).toBe('Refused');
    expect(acceptor.refusals.at(-1)).toContain('ticket is likely out of date');
    expect(await judgement(await authentication.answerChallenge(['Negotiate'], second))).toBe('Accepted');
  });

  test(`does not mind that the clock of this machine is ${MINUTES_WRONG} minutes off, in another realm at the same time`, async () => {
    const fabrikam = await startDomain({ tools, realm: 'FABRIKAM.TEST', minutesAhead: MINUTES_WRONG });
    onTestFinished(() => fabrikam.close());
    const other = await anotherProvider({
      domain: fabrikam,
      host: FABRIKAM_HOST,
      keytab: await fabrikam.add(`HTTP/${FABRIKAM_HOST}`),
      minutesAhead: MINUTES_WRONG,
    });
    const secret = { keytab: await fabrikam.add(ACCOUNT) };
    const inFabrikam = askingThe(other, signingIn(fabrikam, secret));
    const inContoso = askingThe(provider, signingIn(contoso, { keytab }));
    expect(await Promise.all([inFabrikam(), inContoso(), inFabrikam(), inContoso()])).toEqual([1, 1, 1, 1]);
    expect(fabrikam.signIns(ACCOUNT)).toBe(1);
  });

  test(`tells of a server whose clock is ${MINUTES_WRONG} minutes off`, async () => {
    const wrong = await anotherProvider({ minutesAhead: MINUTES_WRONG });
    const authentication = signingIn(contoso, { keytab });
    const sites = askingThe(wrong, authentication);
    await expect(sites()).rejects.toMatchObject({
      failure: {
        kind: 'Unauthorized',
        message: expect.stringContaining('its clock differs from that of the domain by more than five minutes'),
      },
    });
    expect(wrong.refusals).toEqual([1, 2].map(() => expect.stringContaining('Clock skew too great')));
  });

  test('tells of a domain that does not answer, of a disabled account, and goes on when they are back', async () => {
    const secret = { keytab: await contoso.add('svc-unlucky') };
    const authentication = signingIn(contoso, secret, { principal: 'svc-unlucky@CONTOSO.TEST' });
    const sites = askingThe(provider, authentication);
    await contoso.stop();
    await expect(sites()).rejects.toThrow('No domain controller of CONTOSO.TEST answers.');
    await contoso.start();
    expect(await sites()).toBe(1);
    await contoso.disable('svc-unlucky');
    const anew = signingIn(contoso, secret, { principal: 'svc-unlucky@CONTOSO.TEST' });
    const request = { origin: `https://${HOST}`, signal: AbortSignal.timeout(30_000) };
    await expect(anew.authorization(request)).rejects.toThrow('is disabled, locked or expired in the domain');
  });

  test('gives up on a domain controller that says nothing, and asks the next time again', async () => {
    const silent = await silentServer();
    const authentication = signingIn(contoso, { keytab }, { kdcs: [silent], timeoutMs: 200 });
    const request = { origin: `https://${HOST}`, signal: AbortSignal.timeout(30_000) };
    for (let n = 0; n < 2; n += 1) {
      await expect(authentication.authorization(request)).rejects.toThrow(
        'No domain controller of CONTOSO.TEST answers.',
      );
    }
  });

  test('ends with what it waits for when it is closed', async () => {
    const authentication = signingIn(contoso, { keytab }, { kdcs: [await silentServer()] });
    const signal = AbortSignal.timeout(30_000);
    const waiting = authentication.authorization({ origin: `https://${HOST}`, signal });
    const rejected = expect(waiting).rejects.toThrow('The Kerberos process of the Site ended');
    await expect.poll(() => ticketProcesses().length).toBe(1);
    await authentication.close();
    await rejected;
    expect(ticketProcesses()).toEqual([]);
  });

  test('says what to install where the native module or a library is missing', async () => {
    const unreadable = join(directory, 'libraries');
    mkdirSync(unreadable);
    writeFileSync(join(unreadable, 'libgssapi_krb5.so.2'), '');
    const request = { origin: `https://${HOST}`, signal: AbortSignal.timeout(30_000) };
    const withoutModule = signingIn(contoso, { keytab }, { nativeModule: join(directory, 'none') });
    const withoutLibrary = signingIn(contoso, { keytab }, { environment: { LD_LIBRARY_PATH: unreadable } });
    // Asked again, it looks again.
    for (const [authentication, reason] of [
      [withoutModule, "Cannot find module '.*none/build/Release/kerberos.node'"],
      [withoutModule, "Cannot find module '.*none/build/Release/kerberos.node'"],
      [withoutLibrary, 'Opening library libgssapi_krb5.so.2 failed'],
    ] as const) {
      await expect(authentication.authorization(request)).rejects.toThrow(
        new RegExp(`Kerberos needs the npm package kerberos with its native module.*\\(${reason}`),
      );
    }
  });

  test('starts the process again that was killed', async () => {
    const authentication = signingIn(contoso, { keytab });
    const sites = askingThe(provider, authentication);
    expect(await sites()).toBe(1);
    const [pid = 0, ...others] = ticketProcesses();
    expect(others).toEqual([]);
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => ticketProcesses()).toEqual([]);
    expect(await sites()).toBe(1);
  });

  test('says where a directory is missing for its files', async () => {
    const authentication = signingIn(contoso, { keytab }, { directory: join(directory, 'not', 'there') });
    const request = { origin: `https://${HOST}`, signal: AbortSignal.timeout(30_000) };
    await expect(authentication.authorization(request)).rejects.toThrow('mount a volume that is kept in memory there');
    mkdirSync(join(directory, 'not', 'there'), { recursive: true });
    await authentication.authorization(request);
  });
});
