import { describe, expect, it } from 'vitest';
import { firstDifference } from './output.ts';

describe('what a page shows', () => {
  it('is the same but for times, ages, ids, addresses and blanks', () => {
    const shown =
      'NAME  AGE\na     2m43s\nuntil 2027-11-24T04:06:44Z on 20.174.220.235 (3f9c21ab)\n3s (x6 over 5m33s)   Normal\n';
    const printed = 'NAME   AGE\na      7s\nuntil 2028-01-01T00:00:00Z on 1.2.3.4 (00000000)\n12s   Normal\n';
    expect(firstDifference(shown, printed)).toBeUndefined();
  });

  it.each([
    ['another word', 'ready\n', 'False\n', 'ready'],
    ['a line too few', 'one\ntwo\n', 'one\n', 'two'],
    ['a line too many', 'one\n', 'one\ntwo\n', '(nothing more, but there was: two)'],
    ['another order', 'one\n…\ntwo\nthree\n', 'one\nthree\ntwo\n', 'three'],
  ])('differs by %s', (_what, shown, printed, difference) => {
    expect(firstDifference(shown, printed)).toBe(difference);
  });

  it('leaves lines out where it says so', () => {
    expect(firstDifference('one\n…\nthree\n', 'one\ntwo\nand a half\nthree\n')).toBeUndefined();
    expect(firstDifference('…\nthree\n…\n', 'one\nthree\nfour\n')).toBeUndefined();
  });
});
