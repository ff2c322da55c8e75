import { getCACertificates, setDefaultCACertificates } from 'node:tls';

/**
 * Makes this process trust further certificate authorities, as `NODE_EXTRA_CA_CERTS` does for a new one: the simulators
 * speak TLS with certificates that are made for each run.
 */
export function trust(...authorities: readonly string[]): void {
  setDefaultCACertificates([...getCACertificates('default'), ...authorities]);
}
