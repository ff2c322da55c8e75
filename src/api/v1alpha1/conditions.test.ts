import { describe, expect, it } from 'vitest';
import { isStalling, REASONS } from './conditions.ts';

describe('the table of reasons', () => {
  it('names each in a form that Kubernetes takes', () => {
    expect(Object.keys(REASONS).filter((name) => !/^[A-Z][A-Za-z]{2,63}$/.test(name))).toEqual([]);
  });

  it('says of each, on one line, what it means and what to do', () => {
    const texts = Object.values(REASONS).flatMap(({ meaning, action }) => [meaning, action]);
    expect(texts.filter((text) => !/^[A-Z].{6,118}\.$/.test(text))).toEqual([]);
  });
});

describe('isStalling', () => {
  it('is true of what waits for a person, and of nothing else', () => {
    expect(isStalling('NameMismatch')).toBe(true);
    expect(isStalling('Provisioning')).toBe(false);
  });

  it('takes a word that is no reason for one that passes', () => {
    expect(isStalling('SomethingFromALaterVersion')).toBe(false);
    expect(isStalling('toString')).toBe(false);
  });

  it('lets no reason stall whose action is to do nothing', () => {
    const contradictions = Object.entries(REASONS).filter(
      ([name, { action }]) => isStalling(name) && action.startsWith('Nothing'),
    );
    expect(contradictions).toEqual([]);
  });
});
