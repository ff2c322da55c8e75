import type { CMGStatus } from '../../api/v1alpha1/cmg.generated.ts';
import { day, judgePresentedCertificate } from '../../certificates/judge.ts';
import type { TlsProbeResult } from '../../probe/tls-probe.ts';
import type { Finding } from './finding.ts';
import { certificateStatus } from './server-certificate.ts';

/** The certificate that a gateway presented, and what it is worth. */
export interface SeenCertificate {
  readonly finding: Finding;
  readonly status: NonNullable<CMGStatus['certificate']> | undefined;
}

/** Judges what a gateway presented to the operator. Its Secret, if there is one, is not read. */
export async function judgePresented(
  presented: TlsProbeResult | undefined,
  serviceName: string,
  now: number,
): Promise<SeenCertificate> {
  if (presented?.kind !== 'Presented') {
    const why =
      presented === undefined
        ? 'The operator does not connect to the gateway, so that it does not see its certificate.'
        : 'The gateway presented no certificate when the operator looked last.';
    return { finding: certificateFinding('Unknown', 'NotObserved', why), status: undefined };
  }
  // The libraries for X.509 take long to load.
  const { readPresentedCertificate } = await import('../../certificates/server-certificate.ts');
  const certificate = readPresentedCertificate(presented.chain);
  if (certificate === undefined) {
    const message = 'The gateway presents a certificate that is not as X.509 prescribes.';
    return { finding: certificateFinding('False', 'CertificateUnreadable', message), status: undefined };
  }
  const { problems, warnings } = judgePresentedCertificate(certificate, serviceName, now);
  const [worst = warnings[0]] = problems;
  const until = day(certificate.notAfter);
  return {
    finding: certificateFinding(
      problems.length === 0 ? 'True' : 'False',
      worst?.reason ?? 'Succeeded',
      worst?.message ?? `The gateway presents a certificate that is valid for ${serviceName} until ${until}.`,
    ),
    status: certificateStatus(certificate),
  };
}

function certificateFinding(status: Finding['status'], reason: Finding['reason'], message: string): Finding {
  return { type: 'CertificateValid', status, reason, message };
}
