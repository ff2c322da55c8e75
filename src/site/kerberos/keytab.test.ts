import { expect, test, vi } from 'vitest';
import { createManualClock } from '../../runtime/manual-clock.ts';
import { createKeytabCopy } from './keytab.ts';

const { signal } = new AbortController();
const keytab = (...rest: number[]) => Uint8Array.from([5, 2, ...rest]);

function copyOf(first: Uint8Array) {
  const clock = createManualClock();
  const secret = { keytab: first };
  const read = vi.fn(async () => secret.keytab);
  const written: Uint8Array[] = [];
  const copy = createKeytabCopy(read, (bytes) => void written.push(bytes), clock);
  return { clock, secret, read, written, copy };
}

test('the Secret is read once a minute, and what has changed is written', async () => {
  const { clock, secret, read, written, copy } = copyOf(keytab(1));
  expect(await copy.refresh(signal)).toBe(true);
  secret.keytab = keytab(2);
  expect(await copy.refresh(signal)).toBe(false);
  expect(read).toHaveBeenCalledTimes(1);
  await clock.advance(60_000);
  expect(await copy.refresh(signal)).toBe(true);
  await clock.advance(60_000);
  expect(await copy.refresh(signal)).toBe(false);
  expect(written).toEqual([keytab(1), keytab(2)]);
});

test('it is read at once when it is asked for', async () => {
  const { secret, written, copy } = copyOf(keytab(1));
  await copy.refresh(signal);
  expect(await copy.refresh(signal, 'Now')).toBe(false);
  secret.keytab = keytab(2);
  expect(await copy.refresh(signal, 'Now')).toBe(true);
  expect(written).toEqual([keytab(1), keytab(2)]);
});

test.each([
  ['something else', Buffer.from('password'), 'The Secret holds no keytab. Make it with'],
  ['nothing', Buffer.alloc(0), 'The Secret holds no keytab. Make it with'],
  ['a keytab in Base64', Buffer.from(Buffer.from([5, 2, 0, 0, 0, 9]).toString('base64')), 'Base64 twice'],
])('%s is refused, and the copy stays as it was', async (_, other, message) => {
  const { secret, written, copy } = copyOf(keytab(1));
  await copy.refresh(signal);
  secret.keytab = other;
  await expect(copy.refresh(signal, 'Now')).rejects.toThrow(message);
  expect(written).toEqual([keytab(1)]);
});
