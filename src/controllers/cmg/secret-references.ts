import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';

type Referring = Pick<CMG, 'metadata' | 'spec'>;

/** The Secrets that a CMG reads, as `namespace/name`: a change of one concerns it. */
export function secretReferences({ metadata, spec }: Referring): readonly string[] {
  const { clientSecret, clientCertificate } = spec.azure.credentials;
  return keys(metadata, [
    spec.serverCertificate?.secretRef.name,
    clientSecret?.secretRef.name,
    clientCertificate?.secretRef.name,
    spec.servicePackage?.credentialsSecretRef?.name,
    ...(spec.clientAuthentication.trustedCertificates ?? []).map(({ secret }) => secret?.name),
  ]);
}

/** The ConfigMaps that a CMG reads, likewise. */
export function configMapReferences({ metadata, spec }: Referring): readonly string[] {
  return keys(
    metadata,
    (spec.clientAuthentication.trustedCertificates ?? []).map(({ configMap }) => configMap?.name),
  );
}

function keys({ namespace }: Referring['metadata'], names: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(names)].flatMap((name) => (name === undefined ? [] : [`${namespace}/${name}`]));
}
