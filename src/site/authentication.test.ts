import { expect, test } from 'vitest';
import { createManualClock } from '../runtime/manual-clock.ts';
import { bearerAuthentication } from './authentication.ts';

const request = { origin: 'https://sms.contoso.com', signal: new AbortController().signal };

/** An authentication whose token can be replaced, and how often it was read. */
function start(first = 'one') {
  const clock = createManualClock();
  const secret = { token: first, reads: 0 };
  const authentication = bearerAuthentication(async () => {
    secret.reads += 1;
    return secret.token;
  }, clock);
  return { clock, secret, authentication };
}

test('a token is read once a minute, however many requests there are', async () => {
  const { clock, secret, authentication } = start();
  for (const _ of Array(10)) expect(await authentication.authorization(request)).toBe('Bearer one');
  expect(secret.reads).toBe(1);
  secret.token = 'two\n';
  await clock.advance(60_000);
  expect(await authentication.authorization(request)).toBe('Bearer two');
});

test('a refused token is read again at once, and tried again only when it is another one', async () => {
  const { secret, authentication } = start();
  await authentication.authorization(request);
  expect(await authentication.answerChallenge(['Bearer'], request)).toBeUndefined();
  secret.token = 'two';
  expect(await authentication.answerChallenge(['Bearer'], request)).toBe('Bearer two');
  expect(await authentication.authorization(request)).toBe('Bearer two');
});

test('a token that cannot be read is told by whoever reads it', async () => {
  const reading = Promise.reject(new Error('The Secret site-token does not exist.'));
  const authentication = bearerAuthentication(() => reading, createManualClock());
  await expect(authentication.authorization(request)).rejects.toThrow('The Secret site-token does not exist.');
});
