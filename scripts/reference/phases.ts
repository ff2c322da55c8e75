import type { DeletionCause, Stage } from '../../src/redeployment/record.ts';

type Phase = Stage['phase'];

interface PhaseRow {
  /** What it means to the people who run the gateway. */
  readonly meaning: string;
  /** What a Git revert does to a gateway in this phase. */
  readonly revert: string;
  /** Phases that may follow, with what has to be so. */
  readonly next: readonly (readonly [Phase | '[*]', string])[];
}

/** The phases of a deployment, in their order. A phase that the planner does not know does not compile here. */
export const PHASES: Readonly<Record<Phase, PhaseRow>> = {
  Provisioning: {
    meaning: 'It is being built. No client knows it.',
    revert: 'It is deleted at once, as long as no connection point or boundary group has been pointed at it.',
    next: [
      ['Active', 'serves'],
      ['Deleting', 'not wanted, never served'],
    ],
  },
  Active: {
    meaning: 'It is there for clients.',
    revert: 'It serves on.',
    next: [
      ['Superseded', 'another one is advertised'],
      ['Draining', 'its successor is back, waited for before'],
      ['Deleting', 'deleted first, or gone'],
    ],
  },
  Superseded: {
    meaning: 'It serves on beside its successor, while clients learn the new name.',
    revert: 'It serves on; the other one becomes the old one, and clients get the full wait again.',
    next: [
      ['Active', 'set back'],
      ['Draining', 'waited, and clients have refreshed'],
      ['Deleting', 'deleted first, or gone'],
    ],
  },
  Draining: {
    meaning:
      'It leaves its boundary groups, hands its connection points over, and is stopped for `redeployment.drainFor`.',
    revert: 'It is started and gets its connection points and boundary groups back.',
    next: [
      ['Active', 'set back'],
      ['Deleting', 'announced one round before'],
    ],
  },
  Deleting: {
    meaning:
      'It is being deleted. There is no way back, unless it need not go after all and nothing has been done to it yet.',
    revert: 'The deletion is finished, and the gateway is built anew.',
    next: [
      ['[*]', 'gone'],
      ['Active', 'need not go, nothing was done yet'],
    ],
  },
};

/** Why a deployment is deleted, in words. */
export const DELETION_CAUSES: Readonly<Record<DeletionCause, string>> = {
  NeverServed: 'It never served, and the spec no longer asks for it. A site that does not answer is waited for first.',
  Retired:
    'Its successor has been advertised for the whole wait, clients have refreshed, it holds the content, and the old one has drained.',
  DeleteFirst: 'The new gateway needs its names, and a person has consented to an outage.',
  Gone: 'Somebody deleted its VMs or its resource group; what is left is cleared away.',
  CmgDeleted: 'The `CMG` is deleted.',
};

/** The phases as a picture: a state diagram in Mermaid, which forges draw. */
export function phasesDiagram(): string {
  const arrows = Object.entries(PHASES).flatMap(([phase, { next }]) =>
    next.map(([to, when]) => `  ${phase} --> ${to}: ${when}`),
  );
  return [
    '```mermaid',
    'stateDiagram-v2',
    '  [*] --> Provisioning: a change asks for another gateway',
    ...arrows,
    '```',
  ].join('\n');
}
