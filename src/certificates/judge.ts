import type { Reason } from '../api/v1alpha1/conditions.ts';
import { nameOf } from './chain.ts';
import type { ServerCertificate } from './server-certificate.ts';

/** Something about a certificate that an administrator has to know. */
export interface CertificateProblem {
  readonly reason: Reason;
  /** What is wrong and what to do. */
  readonly message: string;
}

/** `problems` keep the certificate from being used; `warnings` do not. */
export interface CertificateJudgement {
  readonly problems: readonly CertificateProblem[];
  readonly warnings: readonly CertificateProblem[];
}

const DAY_MS = 86_400_000;

/** How long before its end a certificate is announced as expiring. */
export const EXPIRY_WARNING_MS = 30 * DAY_MS;

/** Key lengths that Microsoft documents for a gateway ("CMG server authentication certificate"). */
const RSA_BITS: readonly (number | undefined)[] = [2048, 4096];

/**
 * Judges whether a gateway of this service name can use the certificate.
 *
 * @param now milliseconds since the Unix epoch
 */
export function judgeServerCertificate(
  certificate: ServerCertificate,
  serviceName: string,
  now: number,
): CertificateJudgement {
  const problems = [
    ...judgeDates(certificate, now),
    ...judgeKey(certificate),
    ...judgeCommonName(certificate, serviceName),
    ...judgeAlternativeNames(certificate, serviceName),
    ...judgeUse(certificate),
    ...judgeChain(certificate),
    ...judgeDatesOfIssuers(certificate, now),
  ];
  return { problems, warnings: problems.length === 0 ? warnOfExpiry(certificate, now) : [] };
}

/**
 * Judges the certificate that a gateway presents, by what a client would refuse: its dates and its names. A server leaves out
 * the root, so that nothing is said of the end of its chain.
 *
 * @param now milliseconds since the Unix epoch
 */
export function judgePresentedCertificate(
  { notBefore, notAfter, dnsNames, commonName }: ServerCertificate,
  serviceName: string,
  now: number,
): CertificateJudgement {
  const presents = 'The certificate that the gateway presents';
  const renew = 'Renew it where the gateway gets it from: in the console, the properties of the gateway.';
  if (now >= notAfter) {
    const message = `${presents} expired on ${day(notAfter)}. ${renew}`;
    return { problems: [{ reason: 'CertificateExpired', message }], warnings: [] };
  }
  if (now < notBefore) {
    const message = `${presents} is not valid before ${new Date(notBefore).toISOString()}.`;
    return { problems: [{ reason: 'CertificateNotYetValid', message }], warnings: [] };
  }
  const names = dnsNames.length > 0 ? dnsNames : commonName === undefined ? [] : [commonName];
  const [name, ...others] = [serviceName, ...names].map((each) => each.toLowerCase());
  if (!others.some((other) => other === name || isWildcardFor(other, name ?? ''))) {
    const message = `${presents} is for ${names.length === 0 ? 'no name' : names.join(', ')}, not for ${serviceName}: clients refuse it. Correct spec.serviceName, or the certificate.`;
    return { problems: [{ reason: 'NameMismatch', message }], warnings: [] };
  }
  const message = `${presents} expires on ${day(notAfter)}. ${renew}`;
  const expiring = notAfter < now + EXPIRY_WARNING_MS;
  return { problems: [], warnings: expiring ? [{ reason: 'CertificateExpiring', message }] : [] };
}

function judgeDates({ notBefore, notAfter }: ServerCertificate, now: number): CertificateProblem[] {
  if (now >= notAfter) {
    return [
      {
        reason: 'CertificateExpired',
        message: `The server certificate expired on ${day(notAfter)}. Renew it in the Secret, with the same common name.`,
      },
    ];
  }
  return now < notBefore
    ? [
        {
          reason: 'CertificateNotYetValid',
          message: `The server certificate is not valid before ${new Date(notBefore).toISOString()}. Wait until then, or use one that is valid now.`,
        },
      ]
    : [];
}

/** Clients refuse a certificate also when one of those that vouch for it is out of date. */
function judgeDatesOfIssuers({ chain }: ServerCertificate, now: number): CertificateProblem[] {
  return chain.slice(1).flatMap(({ subject, validFromDate, validToDate }): CertificateProblem[] => {
    if (now >= validToDate.getTime()) {
      return [
        {
          reason: 'CertificateExpired',
          message: `The issuing certificate "${nameOf(subject)}" expired on ${day(validToDate.getTime())}. Replace it in the Secret by its successor, or renew the server certificate.`,
        },
      ];
    }
    return now < validFromDate.getTime()
      ? [
          {
            reason: 'CertificateNotYetValid',
            message: `The issuing certificate "${nameOf(subject)}" is not valid before ${validFromDate.toISOString()}. Wait until then.`,
          },
        ]
      : [];
  });
}

function warnOfExpiry({ notAfter, chain }: ServerCertificate, now: number): CertificateProblem[] {
  const soon = now + EXPIRY_WARNING_MS;
  if (notAfter < soon) {
    return [
      {
        reason: 'CertificateExpiring',
        message: `The server certificate expires on ${day(notAfter)}. Renew it in the Secret, with the same common name.`,
      },
    ];
  }
  const issuer = chain.slice(1).find(({ validToDate }) => validToDate.getTime() < soon);
  return issuer === undefined
    ? []
    : [
        {
          reason: 'CertificateExpiring',
          message: `The issuing certificate "${nameOf(issuer.subject)}" expires on ${day(issuer.validToDate.getTime())}. Replace it in the Secret by its successor, or renew the server certificate.`,
        },
      ];
}

function judgeKey({ keyType, keyBits }: ServerCertificate): CertificateProblem[] {
  if (keyType === 'rsa' && RSA_BITS.includes(keyBits)) {
    return [];
  }
  const found = keyType === 'rsa' ? `RSA with ${keyBits} bits` : keyType;
  return [
    {
      reason: 'UnsupportedKey',
      message: `The key of the server certificate is ${found}; a gateway takes RSA with 2048 or 4096 bits. Request a new certificate.`,
    },
  ];
}

function judgeCommonName({ commonName }: ServerCertificate, serviceName: string): CertificateProblem[] {
  if (commonName === undefined || commonName === '') {
    return [
      {
        reason: 'CommonNameMissing',
        message: `The subject of the server certificate has no common name (CN). Configuration Manager takes the service name from it: request a certificate with CN=${serviceName}.`,
      },
    ];
  }
  if (commonName === serviceName || isWildcardFor(commonName, serviceName)) {
    return [];
  }
  const advice = nameAdvice(commonName, serviceName);
  return [
    {
      reason: 'NameMismatch',
      message: `The server certificate is for ${commonName}, not for ${serviceName}. ${advice}`,
    },
  ];
}

function nameAdvice(commonName: string, serviceName: string): string {
  const [pattern, name] = [commonName.toLowerCase(), serviceName.toLowerCase()];
  if (pattern === name || isWildcardFor(pattern, name)) {
    return 'They differ in upper and lower case only, which counts: write spec.serviceName as the certificate has it.';
  }
  return commonName.startsWith('*.')
    ? 'An asterisk stands for exactly one label: write spec.serviceName with one in its place, or use a certificate for the service name.'
    : 'Set spec.serviceName to the name in the certificate, or use a certificate for the service name.';
}

function judgeAlternativeNames({ dnsNames, commonName }: ServerCertificate, serviceName: string): CertificateProblem[] {
  const covers = (name: string) =>
    name.toLowerCase() === serviceName.toLowerCase() || isWildcardFor(name.toLowerCase(), serviceName.toLowerCase());
  if (dnsNames.length === 0 || dnsNames.some(covers) || commonName === undefined) {
    return [];
  }
  return [
    {
      reason: 'NameMismatch',
      message: `The subject alternative names of the server certificate do not cover ${serviceName}, so clients would refuse it. Request a certificate that lists it.`,
    },
  ];
}

/** Whether `pattern` is `*.` followed by everything after the first label of `name`. */
function isWildcardFor(pattern: string, name: string): boolean {
  const dot = name.indexOf('.');
  return pattern.startsWith('*.') && dot > 0 && pattern.slice(1) === name.slice(dot);
}

function judgeUse({ forServers }: ServerCertificate): CertificateProblem[] {
  return forServers
    ? []
    : [
        {
          reason: 'NotForServers',
          message:
            'The extended key usage of the certificate does not allow server authentication (1.3.6.1.5.5.7.3.1). Request one from a web server template.',
        },
      ];
}

function judgeChain({ missingIssuer }: ServerCertificate): CertificateProblem[] {
  return missingIssuer === undefined
    ? []
    : [
        {
          reason: 'IncompleteChain',
          message: `The chain of the server certificate is incomplete: the certificate of its issuer "${missingIssuer}" is neither in the Secret nor a public root. Add all intermediate certificates and the root: in tls.crt or ca.crt, or in the PFX file.`,
        },
      ];
}

/** The day of an instant, in milliseconds since the Unix epoch, as messages have it: `2027-01-31`, by UTC. */
export function day(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}
