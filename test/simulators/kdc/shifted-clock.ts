import { join } from 'node:path';
import type { KerberosTools } from '../../tools/kerberos.ts';

/**
 * Variables with which a process sees a clock that is so many minutes ahead (`man faketime`). The Kerberos libraries are
 * loaded with it: the native module would bind them to the system's own clock.
 */
export function clockEnvironment(
  { libraryPath }: KerberosTools,
  minutesAhead: number,
): Readonly<Record<string, string>> {
  if (minutesAhead === 0) return {};
  const folder = libraryPath.split(':')[0] ?? '';
  const preloaded = ['faketime/libfaketimeMT.so.1', 'libgssapi_krb5.so.2', 'libkrb5.so.3'];
  return {
    LD_PRELOAD: preloaded.map((name) => join(folder, name)).join(':'),
    FAKETIME: `${minutesAhead < 0 ? '' : '+'}${minutesAhead}m`,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
}
