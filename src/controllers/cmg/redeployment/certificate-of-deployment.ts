import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import { day, EXPIRY_WARNING_MS } from '../../../certificates/judge.ts';
import { recordedName } from '../../../certificates/renewal.ts';
import type { Happening, Report } from '../report.ts';

type RecordedCertificate = NonNullable<CMGStatusDeployment['certificate']>;

/** A deployment with the certificate that was taken for it in this round, or else with that of before, as it stands now. */
export function withCertificate(
  { certificate: before, ...deployment }: CMGStatusDeployment,
  taken: Report['certificate'],
  now: number,
): CMGStatusDeployment {
  const certificate = taken === undefined || taken === 'None' ? before : recorded(taken);
  if (certificate === undefined) {
    return deployment;
  }
  const { expiry: _before, ...rest } = certificate;
  const expiry = expiryOf(rest, now);
  return { ...deployment, certificate: { ...rest, ...(expiry === undefined ? {} : { expiry }) } };
}

/** What was taken, in the bounds of the status. */
function recorded(taken: Exclude<Report['certificate'], undefined | 'None'>): RecordedCertificate {
  const { commonName, organization, trust, notAfter, sha256Fingerprint } = taken;
  return {
    commonName: recordedName(commonName),
    ...(organization === undefined ? {} : { organization: recordedName(organization) }),
    trust,
    notAfter,
    sha256Fingerprint,
  };
}

function expiryOf({ notAfter }: RecordedCertificate, now: number): RecordedCertificate['expiry'] | undefined {
  const at = notAfter === undefined ? Number.POSITIVE_INFINITY : Date.parse(notAfter);
  return now >= at ? 'Expired' : at < now + EXPIRY_WARNING_MS ? 'Expiring' : undefined;
}

/** Deployments that serve in place of what is wanted, whose certificate no other condition speaks of. */
function kept(deployments: readonly CMGStatusDeployment[], wantedId: string | undefined) {
  return deployments.filter(
    ({ id, phase }) => id !== wantedId && (phase === 'Provisioning' || phase === 'Active' || phase === 'Superseded'),
  );
}

/** That the certificates of gateways come to their end that are kept beside the wanted one. */
export function expiryMessages(
  deployments: readonly CMGStatusDeployment[],
  wantedId: string | undefined,
  namespace: string,
): readonly string[] {
  return kept(deployments, wantedId).flatMap((each) => expiryMessage(each, namespace) ?? []);
}

function expiryMessage(
  { id, serviceName, certificate, serverCertificate }: CMGStatusDeployment,
  namespace: string,
): string | undefined {
  const { expiry, notAfter } = certificate ?? {};
  if (expiry === undefined || notAfter === undefined) {
    return undefined;
  }
  const secret = serverCertificate?.secretRef.name;
  const renew =
    secret === undefined
      ? ''
      : ` Renew it in the Secret ${namespace}/${secret}, from which it has it, with the same common name.`;
  const ends =
    expiry === 'Expired'
      ? `expired on ${day(Date.parse(notAfter))}, and its clients refuse it`
      : `expires on ${day(Date.parse(notAfter))}`;
  return `The certificate of ${serviceName} (deployment ${id}), which serves meanwhile, ${ends}.${renew}`;
}

/** The events of certificates that have come nearer to their end since the round before. */
export function expiryHappenings(
  before: readonly CMGStatusDeployment[],
  after: readonly CMGStatusDeployment[],
  wantedId: string | undefined,
  namespace: string,
): readonly Happening[] {
  const known = new Map(before.map(({ id, certificate }) => [id, certificate?.expiry]));
  return kept(after, wantedId).flatMap((each) => {
    const { expiry } = each.certificate ?? {};
    const note = expiryMessage(each, namespace);
    return expiry === undefined || note === undefined || known.get(each.id) === expiry
      ? []
      : [{ type: 'Warning' as const, reason: `Certificate${expiry}`, action: 'Reconcile', note }];
  });
}
