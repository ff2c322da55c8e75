import { describe } from 'vitest';
import { type KerberosTools, kerberosToolsUnlessMissing } from '../../tools/kerberos.ts';

const kerberos = await kerberosToolsUnlessMissing();

/** Tests against MIT Kerberos. Where it cannot be had they are left out, with the reason in their name; in CI they fail. */
export function describeWithKerberos(name: string, tests: (tools: KerberosTools) => void): void {
  if ('missing' in kerberos) describe.skip(`${name}, left out: ${kerberos.missing}`, () => {});
  else describe(name, () => tests(kerberos));
}
