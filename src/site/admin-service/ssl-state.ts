import type { ClientAuthentication } from '../facts.ts';

/** The embedded property of the site component manager that holds client authentication (*seen in public code*). */
export const SSL_STATE_PROPERTY = 'IISSSLState';

/** Values of `IISSSLState` and their meaning. *Seen in public code* (ConfigMgrCBDsc); 1472 is *inferred*. */
const KNOWN_VALUES: readonly (readonly [value: number, meaning: ClientAuthentication])[] = [
  [0, meaning({ httpsOnly: false, revocation: true, pki: true, enhanced: false })],
  [31, meaning({ httpsOnly: true, revocation: false, pki: true, enhanced: false })],
  [63, meaning({ httpsOnly: true, revocation: true, pki: true, enhanced: false })],
  [192, meaning({ httpsOnly: false, revocation: false, pki: false, enhanced: false })],
  [224, meaning({ httpsOnly: false, revocation: true, pki: false, enhanced: false })],
  [448, meaning({ httpsOnly: false, revocation: false, pki: true, enhanced: false })],
  [480, meaning({ httpsOnly: false, revocation: true, pki: true, enhanced: false })],
  [1216, meaning({ httpsOnly: false, revocation: false, pki: false, enhanced: true })],
  [1248, meaning({ httpsOnly: false, revocation: true, pki: false, enhanced: true })],
  [1472, meaning({ httpsOnly: false, revocation: false, pki: true, enhanced: true })],
  [1504, meaning({ httpsOnly: false, revocation: true, pki: true, enhanced: true })],
];

function meaning(bits: {
  readonly httpsOnly: boolean;
  readonly revocation: boolean;
  readonly pki: boolean;
  readonly enhanced: boolean;
}): ClientAuthentication {
  return {
    httpsOnly: bits.httpsOnly,
    checkRevocationForSiteSystems: bits.revocation,
    usePkiCertificate: bits.pki,
    enhancedHttp: bits.enhanced,
  };
}

/** What a value means; `undefined` when it is not known. */
export function clientAuthenticationOf(value: number): ClientAuthentication | undefined {
  return KNOWN_VALUES.find(([known]) => known === value)?.[1];
}

/** The value that means this, `undefined` when none is known. Of two values for one meaning, the one with bits set. */
export function sslStateOf(wanted: ClientAuthentication): number | undefined {
  return KNOWN_VALUES.findLast(
    ([, each]) =>
      each.httpsOnly === wanted.httpsOnly &&
      each.checkRevocationForSiteSystems === wanted.checkRevocationForSiteSystems &&
      each.usePkiCertificate === wanted.usePkiCertificate &&
      each.enhancedHttp === wanted.enhancedHttp,
  )?.[0];
}
