import { describe, expect, test } from 'vitest';
import type { TlsProbe, TlsProbeResult, TlsProbeTarget } from '../../probe/tls-probe.ts';
import { createManualClock } from '../../runtime/manual-clock.ts';
import { createGatewayMemories } from './memory.ts';
import type { Scope } from './scope.ts';
import { probeService } from './service-probe.ts';

const DECLARED = 'aa'.repeat(32);
const OTHER = 'bb'.repeat(32);
const INTERVAL_MS = 600_000;

const presented = (sha256Fingerprint: string): TlsProbeResult => ({
  kind: 'Presented',
  sha256Fingerprint,
  chain: [],
  subject: 'CN=granitefalls.contoso.com, O=Contoso',
});

/** A gateway that shows on each port what `on` says; the declared certificate elsewhere. */
function gateway(on: Readonly<Record<number, TlsProbeResult>> = {}, instances = 1) {
  const clock = createManualClock();
  const memory = createGatewayMemories().of('uid', 1);
  const asked: TlsProbeTarget[] = [];
  const probe: TlsProbe = async (target) => {
    asked.push(target);
    return on[target.port] ?? presented(DECLARED);
  };
  const scope = {
    probe,
    memory,
    clock,
    driftIntervalMs: INTERVAL_MS,
    signal: new AbortController().signal,
  } as unknown as Scope;
  const deployment = {
    serviceName: 'granitefalls.contoso.com',
    instances,
    certificate: { sha256Fingerprint: DECLARED },
  };
  const look = (part: Partial<Scope> = {}, address: string | undefined = '20.1.2.3') =>
    probeService({ ...scope, ...part }, { deployment: deployment as never, address });
  return { look, clock, asked, memory };
}

describe('a gateway whose VMs are healthy for Azure', () => {
  test('serves when it presents the declared certificate to clients', async () => {
    const { look, asked } = gateway();
    expect(await look()).toMatchObject({ status: 'True', reason: 'Succeeded' });
    expect(asked).toEqual([{ address: '20.1.2.3', port: 443, serverName: 'granitefalls.contoso.com' }]);
  });

  test('with several VMs is asked on the port of each', async () => {
    const { look, asked } = gateway({}, 3);
    expect(await look()).toMatchObject({ status: 'True' });
    expect(asked.map(({ port }) => port)).toEqual([443, 10124, 10125, 10126]);
  });

  test('cannot be reached: the message says where, why and what to look at', async () => {
    const { look } = gateway({ 443: { kind: 'NoConnection', message: 'no answer in time' } });
    expect(await look()).toEqual({
      type: 'ServiceHealthy',
      status: 'False',
      reason: 'GatewayUnreachable',
      message: expect.stringMatching(/20\.1\.2\.3 port 443: no answer in time\. .*NetworkPolicy.*AzureOnly/),
    });
  });

  test('presents no certificate: the VM is what is wrong', async () => {
    const { look } = gateway({ 10125: { kind: 'NoCertificate', message: 'the connection was closed' } }, 2);
    expect(await look()).toMatchObject({
      status: 'False',
      reason: 'GatewayUnreachable',
      message: expect.stringMatching(/^The VM behind port 10125 .*the connection was closed/),
    });
  });

  test('presents another certificate: both are told', async () => {
    const { look } = gateway({ 443: presented(OTHER) });
    expect(await look()).toMatchObject({
      status: 'False',
      reason: 'CertificateNotServed',
      message: expect.stringMatching(new RegExp(`CN=granitefalls.*${OTHER}.*${DECLARED}`)),
    });
  });

  test('is not connected to where the operator must not, and that is said', async () => {
    const { look, asked } = gateway();
    expect(await look({ probe: undefined })).toMatchObject({
      status: 'True',
      message: expect.stringContaining('--gateway-probe is AzureOnly'),
    });
    expect(asked).toEqual([]);
  });

  test('is asked again after the drift interval, and not before', async () => {
    const { look, asked, clock } = gateway();
    await look();
    await clock.advance(INTERVAL_MS - 1);
    expect(await look()).toMatchObject({ status: 'True' });
    expect(asked).toHaveLength(1);
    await clock.advance(1);
    await look();
    expect(asked).toHaveLength(2);
  });

  test('is asked again at once after a failure', async () => {
    const on: Record<number, TlsProbeResult> = { 443: { kind: 'NoConnection', message: 'the connection was refused' } };
    const { look, asked } = gateway(on);
    await look();
    delete on[443];
    expect(await look()).toMatchObject({ status: 'True' });
    expect(asked).toHaveLength(2);
  });

  test('is asked at once at a new address', async () => {
    const { look, asked } = gateway();
    await look();
    await look({}, '20.9.9.9');
    expect(asked.map(({ address }) => address)).toEqual(['20.1.2.3', '20.9.9.9']);
  });
});
