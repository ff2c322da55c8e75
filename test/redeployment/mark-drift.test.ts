import { describe, expect, it } from 'vitest';
import { HOUR, type Lives, type RedeploymentStage } from './stage.ts';
import { beginEachWithStage } from './suite.ts';

let lives: Lives;
let stage: RedeploymentStage;
beginEachWithStage(async (...begun) => {
  [stage, lives] = begun;
  await stage.ready();
  // Until the tags say that clients may depend on it.
  await stage.operator.runFor(HOUR);
});

const IDENTITY = 'Microsoft.ManagedIdentity/userAssignedIdentities';
const tags = () => stage.resource(IDENTITY)?.tags as Record<string, string>;
const repairs = () => stage.operator.events.filter(({ reason }) => reason === 'DriftRepaired');

/** Somebody writes the tags of the identity by hand. */
function tag(changed: Readonly<Record<string, string>>): void {
  const { id, location } = stage.resource(IDENTITY) ?? {};
  lives.world.azure.control.call('PUT', `${id}?api-version=2024-11-30`, {
    location: location ?? '',
    tags: { ...tags(), ...changed },
  });
}

describe('the mark in the tags of a gateway', () => {
  it('is no news to anybody where the operator itself changes it', () => {
    expect(tags()['configmgr.io_served']).toBe('Yes');
    expect(repairs()).toEqual([]);
  });

  it('is set back as all else is where somebody has changed it, and that is told', async () => {
    const before = tags();
    tag({ 'configmgr.io_served': 'No' });
    await stage.operator.runFor(HOUR);
    expect(tags()).toEqual(before);
    expect(repairs().map(({ note }) => note)).toEqual([expect.stringContaining('tags.configmgr.io_served')]);
    expect(stage.condition('InSync')?.status).toBe('True');
  });

  it('is set back without a word where nobody has seen it before', async () => {
    const before = tags();
    stage.operator.kill();
    tag({ 'configmgr.io_served': 'No' });
    stage.restart();
    await stage.operator.runFor(HOUR);
    expect(tags()).toEqual(before);
    expect(repairs()).toEqual([]);
  });
});
