import type { CMGStatus } from '../../api/v1alpha1/cmg.generated.ts';
import { day } from '../../certificates/judge.ts';
import { certificatesOf } from '../../certificates/pem.ts';
import { toTimestamp } from '../../runtime/conditions.ts';
import type { Finding } from './finding.ts';
import type { Report } from './report.ts';

/**
 * A person, or whatever rotates a client secret, sets it on the Secret: Microsoft Entra ID tells the expiry of a client secret
 * only to those who may read the application in Microsoft Graph, which the operator may not.
 */
export const EXPIRES_AT_ANNOTATION = 'configmgr.io/expires-at';

/** What is known of the expiry of credentials. */
export type CredentialsExpiry =
  /** Federated tokens are renewed by the cluster; or nobody has said. */
  | { readonly kind: 'Unknown' }
  | {
      readonly kind: 'Known';
      /** Milliseconds since the Unix epoch. */
      readonly at: number;
      /** What expires, as a sentence begins: `The client secret in the Secret gateways/azure`. */
      readonly what: string;
    }
  /** The annotation says no time. `message` says what to write. */
  | { readonly kind: 'Unreadable'; readonly message: string };

/** The expiry of the certificate with which the application signs in. What is no certificate shows at the sign-in. */
export function expiryOfCertificate(pem: string, secret: string): CredentialsExpiry {
  try {
    const [certificate] = certificatesOf(pem);
    return certificate === undefined
      ? { kind: 'Unknown' }
      : {
          kind: 'Known',
          at: certificate.validToDate.getTime(),
          what: `The client certificate in the Secret ${secret}`,
        };
  } catch {
    return { kind: 'Unknown' };
  }
}

const DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2}))?$/;

/** The expiry of a client secret, as an annotation of its Secret tells it: a time, or a day, at whose beginning it is over. */
export function expiryOfClientSecret(annotation: string | undefined, secret: string): CredentialsExpiry {
  if (annotation === undefined) {
    return { kind: 'Unknown' };
  }
  const at = DATE.test(annotation) ? Date.parse(annotation) : Number.NaN;
  return Number.isNaN(at)
    ? {
        kind: 'Unreadable',
        message: `The annotation ${EXPIRES_AT_ANNOTATION} of the Secret ${secret} is no time: write a date such as 2027-01-31, or a time such as 2027-01-31T12:00:00Z.`,
      }
    : { kind: 'Known', at, what: `The client secret in the Secret ${secret}` };
}

const DAY_MS = 86_400_000;

/** How long before their end credentials are announced as expiring. */
const EXPIRY_WARNING_MS = 30 * DAY_MS;

/** What a failed sign-in has to say of credentials that have expired; empty where they have not, or nobody knows. */
export function expiredNote(expiry: CredentialsExpiry, now: number): string {
  return expiry.kind === 'Known' && now >= expiry.at ? ` ${expiry.what} expired on ${day(expiry.at)}.` : '';
}

/** The report of a round in which Azure took the credentials, with what is to be said of their expiry. */
export function withExpiry(report: Report, expiry: CredentialsExpiry, now: number): Report {
  const findings = report.findings.map((finding) =>
    finding.type === 'PrerequisitesMet' && finding.status === 'True' ? (warning(expiry, now) ?? finding) : finding,
  );
  return { ...report, findings, credentials: credentialsStatus(expiry) };
}

function warning(expiry: CredentialsExpiry, now: number): Finding | undefined {
  switch (expiry.kind) {
    case 'Unknown':
      return undefined;
    case 'Unreadable':
      return {
        type: 'PrerequisitesMet',
        status: 'True',
        reason: 'CredentialsExpiryUnreadable',
        message: expiry.message,
      };
    case 'Known':
      return expiry.at - now > EXPIRY_WARNING_MS
        ? undefined
        : {
            type: 'PrerequisitesMet',
            status: 'True',
            reason: 'CredentialsExpiring',
            message: `${expiry.what} ${now < expiry.at ? 'expires' : 'expired'} on ${day(expiry.at)}. Renew it in Microsoft Entra ID and store it in the Secret; the operator takes it without a restart. Without it nothing in Azure is changed or repaired any more.`,
          };
    default:
      return expiry satisfies never;
  }
}

/** What status shows of credentials. */
export function credentialsStatus(expiry: CredentialsExpiry): NonNullable<CMGStatus['credentials']> {
  return expiry.kind === 'Known' ? { expiresAt: toTimestamp(expiry.at) } : {};
}
