import type {
  CMGStatusDeploymentCertificate,
  CMGStatusDeploymentCredentials,
  CMGStatusDeploymentServerCertificate,
} from '../api/v1alpha1/cmg.generated.ts';
import { type JsonValue, valueAt } from '../json.ts';

/** A part of a reference, and whether a text may stand there by the definition of the CMG. */
type Fields<Name extends string> = Readonly<Record<Name, (text: string) => boolean>>;

const isGuid = (text: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
const isSecretName = (text: string) =>
  text.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text);
const isSecretKey = (text: string) => /^[-._a-zA-Z0-9]{1,253}$/.test(text);

/** Whether a text is short enough for a field of the definition, which counts code points. */
export function hasAtMost(characters: number): (text: string) => boolean {
  return (text) => [...text].length <= characters;
}

/**
 * The reference to a server certificate that a tag holds; `undefined` where it is none. What the definition of the CMG would
 * refuse is none either: the status that it is written to would be refused as a whole.
 */
export function serverCertificateIn(value: JsonValue | undefined): CMGStatusDeploymentServerCertificate | undefined {
  const revision = textsIn(value, { revision: hasAtMost(63) });
  const secretRef = textsIn(valueAt(value, 'secretRef'), { name: isSecretName });
  if (revision === undefined || secretRef === undefined) {
    return undefined;
  }
  const format = valueAt(value, 'format');
  switch (format) {
    case 'TLS': {
      const tls = optionalTexts(valueAt(value, 'tls'), { certificateKey: isSecretKey, privateKeyKey: isSecretKey });
      return tls === 'Unreadable' ? undefined : { format, secretRef, ...(tls === 'None' ? {} : { tls }), ...revision };
    }
    case 'PFX': {
      const pfx = optionalTexts(valueAt(value, 'pfx'), { key: isSecretKey, passwordKey: isSecretKey });
      return pfx === 'Unreadable' ? undefined : { format, secretRef, ...(pfx === 'None' ? {} : { pfx }), ...revision };
    }
    default:
      return undefined;
  }
}

/** The way to sign in that a tag holds; `undefined` where it is none, or none that the definition of the CMG takes. */
export function credentialsIn(value: JsonValue | undefined): CMGStatusDeploymentCredentials | undefined {
  const type = valueAt(value, 'type');
  switch (type) {
    case 'WorkloadIdentity': {
      const workloadIdentity = textsIn(valueAt(value, 'workloadIdentity'), { clientId: isGuid });
      return workloadIdentity === undefined ? undefined : { type, workloadIdentity };
    }
    case 'ClientSecret': {
      const application = textsIn(valueAt(value, 'clientSecret'), { clientId: isGuid });
      const secretRef = textsIn(valueAt(value, 'clientSecret', 'secretRef'), { name: isSecretName, key: isSecretKey });
      return application === undefined || secretRef === undefined
        ? undefined
        : { type, clientSecret: { ...application, secretRef } };
    }
    case 'ClientCertificate': {
      const member = valueAt(value, 'clientCertificate');
      const own = textsIn(member, { clientId: isGuid, certificateKey: isSecretKey, privateKeyKey: isSecretKey });
      const secretRef = textsIn(valueAt(member, 'secretRef'), { name: isSecretName });
      return own === undefined || secretRef === undefined
        ? undefined
        : { type, clientCertificate: { ...own, secretRef } };
    }
    default:
      return undefined;
  }
}

/** What a gateway keeps of the certificate that it was made with. */
export type MarkedCertificate = Pick<CMGStatusDeploymentCertificate, 'commonName' | 'organization' | 'trust'>;

/** The certificate that a tag tells of; `undefined` where it tells of none that the definition of the CMG takes. */
export function certificateIn(value: JsonValue | undefined): MarkedCertificate | undefined {
  const name = textsIn(value, { commonName: hasAtMost(64) });
  const trust = valueAt(value, 'trust');
  if (name === undefined || (trust !== 'Public' && trust !== 'Private')) {
    return undefined;
  }
  if (valueAt(value, 'organization') === undefined) {
    return { ...name, trust };
  }
  const organization = textsIn(value, { organization: hasAtMost(64) });
  return organization === undefined ? undefined : { ...name, ...organization, trust };
}

function optionalTexts<Name extends string>(value: JsonValue | undefined, fields: Fields<Name>) {
  return value === undefined ? 'None' : (textsIn(value, fields) ?? 'Unreadable');
}

/** Those fields of an object; `undefined` where one of them is missing or is not what it may be. */
function textsIn<Name extends string>(
  value: JsonValue | undefined,
  fields: Fields<Name>,
): Readonly<Record<Name, string>> | undefined {
  const found: Partial<Record<Name, string>> = {};
  for (const name of Object.keys(fields) as Name[]) {
    const text = valueAt(value, name);
    if (typeof text !== 'string' || !fields[name](text)) {
      return undefined;
    }
    found[name] = text;
  }
  return found as Record<Name, string>;
}
