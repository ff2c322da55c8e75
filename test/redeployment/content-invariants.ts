import type { DeploymentRecord, Records } from '../../src/redeployment/record.ts';
import type { Violation } from './invariants.ts';
import { cmgAt, KEYS, type World } from './world.ts';

/** Rule 6: what a gateway holds is remembered before it is deleted first, unless a person does without. */
export function judgeUnread(
  world: World,
  at: number,
  { id, stage }: DeploymentRecord,
  { heldContent = [] }: Records,
): readonly Violation[] {
  const { hasSite, gateways } = cmgAt(world, at);
  const isFirst = stage.phase === 'Deleting' && stage.because === 'DeleteFirst';
  const isThere = gateways.some((gateway) => gateway.id === id && gateway.azure !== 'Absent');
  const isKnown = heldContent.some(({ deployment }) => deployment === id) || isLetGo(world, at, id);
  return hasSite && isFirst && isThere && !isKnown
    ? [{ invariant: 'rule 6', what: `${id} of ${KEYS[at]} is deleted first, and nobody knows what it holds` }]
    : [];
}

/** Rule 6: what a gateway held that is gone is remembered until the next one holds it, or a person does without. */
export function judgeHeldContent(
  world: World,
  at: number,
  { deployments, heldContent = [] }: Records,
): readonly Violation[] {
  const { records, deletion } = cmgAt(world, at);
  const isThere = !world.contentMissing && !world.contentUnreadable && world.siteUp;
  const lost = (records.heldContent ?? []).filter(
    ({ deployment: id }) =>
      deployments.every((record) => record.id !== id) &&
      heldContent.every(({ deployment }) => deployment !== id) &&
      !isLetGo(world, at, id),
  );
  return deletion || isThere
    ? []
    : lost.map(({ deployment }) => ({
        invariant: 'rule 6',
        what: `What ${deployment} of ${KEYS[at]} held is forgotten, and may be missing`,
      }));
}

function isLetGo(world: World, at: number, id: string): boolean {
  return cmgAt(world, at).consents.some(({ kind, deployment }) => kind === 'ConfirmRetire' && deployment === id);
}
