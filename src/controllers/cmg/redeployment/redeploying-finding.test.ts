import { describe, expect, it } from 'vitest';
import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import type { Action } from '../../../redeployment/action.ts';
import type { SiteFailure } from '../../../site/site.ts';
import type { Finding } from '../finding.ts';
import { redeployingFinding } from './redeploying-finding.ts';

const wanted = { id: 'new', serviceName: 'new.contoso.com', phase: 'Active' } as CMGStatusDeployment;
const old = { id: 'old', serviceName: 'old.contoso.com', phase: 'Superseded' } as CMGStatusDeployment;
const COUNT = { kind: 'CountClients' } as Action;
const WAITS = { reason: 'ClientsNotRefreshed', message: 'It waits.' } as const;

function message(input: {
  readonly actions?: readonly Action[];
  readonly countFailure?: SiteFailure;
  readonly troubles?: readonly string[];
  readonly deployments?: readonly CMGStatusDeployment[];
  readonly ofOld?: readonly Finding[];
}): string {
  const { actions = [COUNT], countFailure, troubles = [], deployments = [old, wanted], ofOld = [] } = input;
  const report = { findings: ofOld, happenings: [], againAfterMs: 0 };
  return redeployingFinding({
    result: {
      planned: {
        records: { deployments: [], lapsed: [] },
        actions,
        handingOver: [],
        leavingSite: [],
        conditions: [WAITS],
      },
      troubles,
      steps: [],
      round: { looks: new Map([['old', { report }]]) } as never,
    },
    deployments,
    wanted,
    told: { findings: [], happenings: [], againAfterMs: 0 },
    countFailure,
    namespace: 'gateways',
  }).message;
}

describe('clients that cannot be counted', () => {
  const refused = { kind: 'Forbidden', status: 403, message: 'The account may not read SMS_CombinedDeviceResources' };

  it('are told with what the site says', () => {
    expect(message({ countFailure: refused as SiteFailure })).toBe(
      'It waits. Counting its clients on the site failed: the site answers with HTTP 403. The account may not read SMS_CombinedDeviceResources. It is tried again with growing pauses, and no gateway is retired before.',
    );
  });

  it('are told without secrets, at a length that people read', () => {
    const said = `Authorization: Bearer ${'x'.repeat(40)} was not taken. ${'And so on. '.repeat(500)}`;
    const told = message({ countFailure: { kind: 'ServerError', status: 500, message: said } });
    expect(told).not.toContain('xxxx');
    expect(told.length).toBeLessThan(1000);
  });

  it('are told in the same words however long the site wants to be left alone', () => {
    const throttled = (seconds: number): SiteFailure => ({
      kind: 'Throttled',
      status: 429,
      message: `Try again in ${seconds} seconds.`,
      retryAfterMs: seconds * 1000,
    });
    expect(message({ countFailure: throttled(17) })).toBe(message({ countFailure: throttled(16) }));
  });

  it('are no news when nobody waits for a count, or the last one succeeded', () => {
    expect(message({ actions: [], countFailure: refused as SiteFailure })).toBe('It waits.');
    expect(message({})).toBe('It waits.');
  });
});

describe('a certificate that comes to its end', () => {
  const certificate = (expiry?: 'Expiring' | 'Expired') => ({
    commonName: 'old.contoso.com',
    trust: 'Private' as const,
    notAfter: '2027-01-02T03:04:05Z',
    ...(expiry === undefined ? {} : { expiry }),
  });
  const serverCertificate = { format: 'TLS', secretRef: { name: 'old-tls' }, revision: '' } as const;
  const told = (expiry: 'Expiring' | 'Expired' | undefined, phase: CMGStatusDeployment['phase'] = 'Superseded') =>
    message({
      deployments: [{ ...old, phase, certificate: certificate(expiry), serverCertificate }, wanted],
      ofOld: [{ type: 'CertificateValid', status: 'False', reason: 'CertificateExpired', message: 'It expired.' }],
    });

  it('is told with its deployment and its Secret', () => {
    expect(told('Expired')).toBe(
      'It waits. The certificate of old.contoso.com (deployment old), which serves meanwhile, expired on 2027-01-02, and its clients refuse it. Renew it in the Secret gateways/old-tls, from which it has it, with the same common name.',
    );
    expect(told('Expiring')).toContain('expires on 2027-01-02. Renew it in the Secret gateways/old-tls');
  });

  it('is told in the words of the procedure where it is another one than the gateway has', () => {
    expect(told(undefined)).toBe('It waits. Of old.contoso.com, which serves meanwhile: It expired.');
  });

  it('is no news of a gateway that hands over, or that the spec asks for', () => {
    expect(told('Expired', 'Draining')).toBe('It waits.');
    const own = { ...wanted, certificate: certificate('Expired') };
    expect(message({ deployments: [old, own] })).toBe('It waits.');
  });
});
