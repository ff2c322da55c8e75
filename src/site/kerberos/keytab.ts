import { createHash } from 'node:crypto';
import type { Clock } from '../../runtime/clock.ts';

/** How long a keytab is used before the Secret is read again. */
const KEPT_MS = 60_000;

/** The keytab in the Secret, and the copy of it that Kerberos reads. */
export interface KeytabCopy {
  /**
   * Brings the copy up to date; returns whether it was changed. Within a minute nothing is read, except `now`.
   *
   * @throws Error in words for people when what is kept is no keytab, and what reading it throws
   */
  refresh(signal: AbortSignal, now?: 'Now'): Promise<boolean>;
}

export function createKeytabCopy(
  read: (signal: AbortSignal) => Promise<Uint8Array>,
  write: (keytab: Uint8Array) => void,
  clock: Clock,
): KeytabCopy {
  let written = '';
  let readAt: number | undefined;
  return {
    refresh: async (signal, now) => {
      if (now === undefined && readAt !== undefined && clock.monotonic() - readAt < KEPT_MS) return false;
      const keytab = await read(signal);
      refuseOtherThanKeytab(keytab);
      readAt = clock.monotonic();
      const hash = createHash('sha256').update(keytab).digest('hex');
      if (hash === written) return false;
      write(keytab);
      written = hash;
      return true;
    },
  };
}

/** A keytab begins with 5, and 1 or 2, its version. */
function refuseOtherThanKeytab(keytab: Uint8Array): void {
  if (keytab[0] === 5 && (keytab[1] === 1 || keytab[1] === 2)) return;
  const text = Buffer.from(keytab).toString('latin1', 0, 3);
  const hint = text === 'BQI' || text === 'BQE' ? ' It is written in Base64 twice.' : '';
  throw new Error(`The Secret holds no keytab.${hint} Make it with "kubectl create secret generic … --from-file".`);
}
