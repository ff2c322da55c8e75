import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';

/** The Secrets that a CMG reads, as `namespace/name`: a change of one concerns it. */
export function secretReferences({ metadata, spec }: Pick<CMG, 'metadata' | 'spec'>): readonly string[] {
  const { clientSecret, clientCertificate } = spec.azure.credentials;
  const names = [
    spec.serverCertificate.secretRef.name,
    clientSecret?.secretRef.name,
    clientCertificate?.secretRef.name,
    spec.servicePackage.credentialsSecretRef?.name,
  ];
  return [...new Set(names)].flatMap((name) => (name === undefined ? [] : [`${metadata.namespace}/${name}`]));
}
