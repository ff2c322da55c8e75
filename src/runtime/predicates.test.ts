import { describe, expect, it } from 'vitest';
import {
  annotationChanged,
  deletionStarted,
  finalizersChanged,
  generationChanged,
  or,
  type Predicate,
  type PredicateObject,
} from './predicates.ts';

const plain: PredicateObject = { metadata: { generation: 1 } };
const respecified: PredicateObject = { metadata: { generation: 2 } };
const annotated: PredicateObject = { metadata: { generation: 1, annotations: { asked: 'now' } } };
const otherwiseAnnotated: PredicateObject = { metadata: { generation: 1, annotations: { other: 'x' } } };
const finalized: PredicateObject = { metadata: { generation: 1, finalizers: ['a'] } };
const deleting: PredicateObject = { metadata: { generation: 1, deletionTimestamp: '2026-01-01T00:00:00Z' } };

const never: Predicate<PredicateObject> = () => false;

describe('predicates', () => {
  it.each<[string, Predicate<PredicateObject>, PredicateObject, PredicateObject, boolean]>([
    ['generationChanged', generationChanged, plain, respecified, true],
    ['generationChanged', generationChanged, plain, annotated, false],
    ['deletionStarted', deletionStarted, plain, deleting, true],
    ['deletionStarted', deletionStarted, deleting, deleting, false],
    ['deletionStarted', deletionStarted, plain, respecified, false],
    ['finalizersChanged', finalizersChanged, plain, finalized, true],
    ['finalizersChanged', finalizersChanged, finalized, plain, true],
    ['finalizersChanged', finalizersChanged, finalized, { metadata: { finalizers: ['a'] } }, false],
    ['finalizersChanged', finalizersChanged, plain, { metadata: { finalizers: [] } }, false],
    ['annotationChanged', annotationChanged('asked'), plain, annotated, true],
    ['annotationChanged', annotationChanged('asked'), annotated, plain, true],
    ['annotationChanged', annotationChanged('asked'), plain, otherwiseAnnotated, false],
    ['or', or(never, generationChanged), plain, respecified, true],
    ['or', or(never, generationChanged), plain, annotated, false],
  ])('%s on an update: case %#', (_, predicate, old, current, expected) => {
    expect(predicate(old, current)).toBe(expected);
  });

  it.each([
    ['generationChanged', generationChanged],
    ['deletionStarted', deletionStarted],
    ['finalizersChanged', finalizersChanged],
    ['annotationChanged', annotationChanged('asked')],
  ])('%s lets pass what comes and what goes', (_, predicate) => {
    expect(predicate(undefined, plain)).toBe(true);
    expect(predicate(plain, undefined)).toBe(true);
  });
});
