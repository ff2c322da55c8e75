import { describe, expect, it } from 'vitest';
import { ADOPT_ANNOTATION } from '../../src/controllers/cmg/ownership.ts';
import { DEPLOYMENT_TAG, OWNER_TAG } from '../../src/gateway/tags.ts';
import { type Change, DAY, HOUR, type Lives, MINUTE, named, type RedeploymentStage, timeOnly } from './stage.ts';
import { beginEachWithStage } from './suite.ts';

let lives: Lives;
let stage: RedeploymentStage;
beginEachWithStage((...begun) => {
  [stage, lives] = begun;
});

const forth = named('fabrikam.contoso.com');
const inGroup =
  (name: string): Change =>
  (spec) => ({ ...spec, azure: { ...spec.azure, resourceGroup: { ...spec.azure.resourceGroup, name } } });
const withMode =
  (mode: 'Create' | 'UseExisting'): Change =>
  (spec) => ({ ...spec, azure: { ...spec.azure, resourceGroup: { ...spec.azure.resourceGroup, mode } } });
const ofItsOwn = withMode('Create');
/** It drains for two hours, so that there is time to lose something. */
const drainsLong: Change = (spec) => ({ ...spec, redeployment: { ...spec.redeployment, drainFor: '2h' } });

const groupOf = (name: string) => `/subscriptions/${lives.world.azure.subscriptionId}/resourceGroups/${name}`;
const taggable = () =>
  lives.world.azure.control
    .state()
    .filter(({ id }) => `${String(id)}/`.toLowerCase().startsWith(`${groupOf('rg-contoso')}/`.toLowerCase()))
    .filter(({ tags }) => (tags as Record<string, string> | undefined)?.[DEPLOYMENT_TAG] !== undefined);
const unowned = () =>
  taggable().filter(({ tags }) => (tags as Record<string, string> | undefined)?.[OWNER_TAG] === undefined);

/** Somebody takes the tags of the operator off all that the old one consists of. */
function loseTags(): void {
  for (const { id } of taggable()) lives.world.azure.control.mutate(String(id), { tags: { [OWNER_TAG]: null } });
}

/** The old one has handed over to the new one, is stopped, and waits for its end. */
async function stopped(before: Change = (spec) => spec): Promise<void> {
  await stage.ready(timeOnly, drainsLong, before);
  stage.change(forth, inGroup('rg-fabrikam'), ofItsOwn);
  await stage.runUntil(() => stage.phases().includes('contoso Superseded'), 2 * HOUR);
  await stage.letPass(DAY - 15 * MINUTE);
  await stage.runUntil(() => stage.deployments()[0]?.stoppedAt !== undefined, 2 * HOUR);
}

async function lost(): Promise<void> {
  loseTags();
  await stage.runUntil(() => stage.reason('Redeploying') === 'OwnershipLost', HOUR);
  expect(unowned().length).toBeGreaterThan(5);
}

/** As the message says. */
async function takenBack(): Promise<void> {
  stage.annotate({ [ADOPT_ANNOTATION]: groupOf('rg-contoso') });
  await stage.runUntil(() => unowned().length === 0, HOUR);
}

async function oldIsGone(): Promise<void> {
  await stage.runUntil(() => stage.isSettled() && stage.deployments().length === 1, 3 * HOUR);
  expect(stage.groups()).toEqual(['rg-fabrikam']);
}

describe('a gateway that leaves and has lost its tags', () => {
  it('holds, says the exact line by which it is taken back, and takes that consent once', async () => {
    await stopped();
    await lost();
    expect(stage.reason('Stalled')).toBe('OwnershipLost');
    expect(stage.message('Redeploying')).toContain(
      `kubectl annotate --namespace gateways cmg contoso ${ADOPT_ANNOTATION}=${groupOf('rg-contoso')}`,
    );
    stage.annotate({ [ADOPT_ANNOTATION]: groupOf('rg-fabrikam') });
    await stage.letPass(3 * HOUR);
    expect(stage.phases()).toContain('contoso Draining');
    expect(stage.writes('DELETE')).toEqual([]);
    expect(unowned().length).toBeGreaterThan(5);

    await takenBack();
    await stage.runUntil(() => stage.deployments()[0]?.adopted !== undefined, HOUR);
    const identity = taggable().find(({ type }) => /userAssignedIdentities$/i.test(String(type)));
    lives.world.azure.control.mutate(String(identity?.id), { tags: { [OWNER_TAG]: null } });
    await stage.runUntil(() => stage.reason('Redeploying') === 'OwnershipLost', HOUR);
    expect(unowned()).toHaveLength(1);
    expect(stage.message('Redeploying')).toContain(`${ADOPT_ANNOTATION}-`);
  });

  it('is not started for it, and goes when it has drained', async () => {
    await stopped();
    await lost();
    const since = stage.writes().length;
    await takenBack();
    const own = stage.writes().slice(since);
    expect(own.filter((write) => write.includes('rg-contoso') && !write.startsWith('PATCH '))).toEqual([]);
    await stage.letPass(2 * HOUR);
    await oldIsGone();
  });

  it('goes too when it has lost them while it was about to be deleted', async () => {
    await stopped();
    await stage.runUntil(() => stage.phases().includes('contoso Deleting'), 3 * HOUR);
    expect(stage.writes('DELETE')).toEqual([]);
    await lost();
    await stage.letPass(3 * HOUR);
    expect(stage.writes('DELETE')).toEqual([]);
    await takenBack();
    await oldIsGone();
  });

  it('leaves the group of somebody else as it is', async () => {
    const { control } = lives.world.azure;
    const tags = { owner: 'the network team' };
    control.call('PUT', `${groupOf('rg-contoso')}?api-version=2025-04-01`, { location: 'westeurope', tags });
    await stopped(withMode('UseExisting'));
    await stage.runUntil(() => stage.phases().includes('contoso Deleting'), 3 * HOUR);
    await lost();
    await takenBack();
    await stage.runUntil(() => stage.isSettled() && stage.deployments().length === 1, 3 * HOUR);
    expect(stage.groups()).toEqual(['rg-contoso', 'rg-fabrikam']);
    const left = control
      .state()
      .filter(({ id }) => String(id).toLowerCase().startsWith(groupOf('rg-contoso').toLowerCase()));
    expect(left.map((each) => each.tags)).toEqual([tags]);
  });

  it('is wanted again with a revert, and is taken back as one that serves is', async () => {
    await stopped();
    await lost();
    stage.change(named('contoso.contoso.com'), inGroup('rg-contoso'));
    await stage.runUntil(() => stage.phases().includes('contoso Active'), HOUR);
    expect(unowned().length).toBeGreaterThan(5);
    await takenBack();
    await stage.runUntil(() => stage.phases().includes('fabrikam Superseded'), 2 * HOUR);
  });
});
