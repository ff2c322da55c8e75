import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../json.ts';
import { bodyOf, contoso } from './deployment.test-world.ts';
import { scaleSet } from './resources/scale-set.ts';
import { chooseVmModel, VM_MODELS, type VmModel, type VmModels } from './vm-models.ts';

const [first] = VM_MODELS;
const revision = (number: number): VmModel => ({ ...first, revision: number });
const THREE: VmModels = [revision(1), revision(2), revision(3)];

/**
 * What VMs of each revision are made from, as a hash. A hash that is not the same any more means that an upgrade of the operator
 * would roll every gateway there is: leave the revision as it was, and add a new one with the change.
 */
const MODELS_OF_REVISIONS = ['95e74647920c066a4f56201522c2b87fd1d8080f138a84a8b6b76412d67cdf01'];

test('the model of a revision never changes', () => {
  const hashes = VM_MODELS.map((vmModel) => {
    const deployment = { ...contoso, vmModel };
    const { properties } = bodyOf(scaleSet(deployment), deployment) as { properties: JsonObject };
    return createHash('sha256').update(JSON.stringify(properties.virtualMachineProfile)).digest('hex');
  });
  expect(hashes).toEqual(MODELS_OF_REVISIONS);
});

test('revisions are counted from 1', () => {
  expect(VM_MODELS.map((model) => model.revision)).toEqual(VM_MODELS.map((_, index) => index + 1));
});

describe('the model of a gateway', () => {
  const NOTHING = { status: undefined, tag: undefined, exists: false };
  const choose = (records: Partial<Parameters<typeof chooseVmModel>[1]>, mayUpdate = false) => {
    const choice = chooseVmModel(THREE, { ...NOTHING, exists: true, ...records }, mayUpdate);
    return choice.kind === 'Known' ? [choice.model.revision, choice.waiting?.revision] : `unknown ${choice.revision}`;
  };

  test.each<readonly [what: string, got: unknown, expected: unknown]>([
    ['is the newest for a new one', choose({ exists: false }), [3, undefined]],
    ['stays the one in the status, and the newest waits', choose({ status: 2, tag: 2 }), [2, 3]],
    ['is the newest where it may be', choose({ status: 1, tag: 1 }, true), [3, undefined]],
    ['has nothing waiting when it is the newest', choose({ status: 3, tag: 3 }), [3, undefined]],
    ['is the one in Azure when the status is lost', choose({ tag: 2 }), [2, 3]],
    ['is the first where neither tells', choose({}), [1, 3]],
    ['is the one in Azure when the process ended before the status was written', choose({ status: 1, tag: 2 }), [2, 3]],
    ['is not taken back by a tag', choose({ status: 2, tag: 1 }), [2, 3]],
    ['is not taken from a tag that nobody knows', choose({ status: 2, tag: 9 }), [2, 3]],
    ['stays while its scale set is gone', choose({ status: 1, exists: false }), [1, 3]],
    ['of a newer operator is not known, whatever is allowed', choose({ status: 4 }, true), 'unknown 4'],
    ['of a newer operator is not known from the tag either', choose({ tag: 4 }), 'unknown 4'],
  ])('%s', (_what, got, expected) => {
    expect(got).toEqual(expected);
  });

  test('that exists changes only when it may', () => {
    const known = fc.integer({ min: 1, max: 3 });
    fc.assert(
      fc.property(known, (recorded) => {
        expect(choose({ status: recorded, tag: recorded })).toEqual([recorded, recorded === 3 ? undefined : 3]);
      }),
    );
  });
});
