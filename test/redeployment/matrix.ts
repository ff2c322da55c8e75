import type { Stage } from '../../src/redeployment/record.ts';
import { EVENT_NAMES, type EventName } from './events.ts';

/** The columns of the matrix. */
export type Phase = Stage['phase'];

/** In the order in which a deployment goes through them. */
export const PHASES: readonly Phase[] = ['Provisioning', 'Active', 'Superseded', 'Draining', 'Deleting'];

/** Transitions by phase of the deployments concerned, and event. */
export type Matrix = ReadonlyMap<Phase, ReadonlyMap<EventName, number>>;

/** A cell that stays empty, and why. */
interface ImpossibleCell {
  readonly event: EventName;
  readonly phases: readonly Phase[];
  readonly why: string;
}

/** What cannot happen in the model. */
export const IMPOSSIBLE: readonly ImpossibleCell[] = [
  {
    event: 'delete the carrier',
    phases: ['Provisioning', 'Superseded', 'Draining', 'Deleting'],
    why: 'A carrier has one deployment, which is Active, and begins no redeployment while it carries.',
  },
  {
    event: 'claimed as a carrier',
    phases: ['Provisioning', 'Superseded', 'Draining', 'Deleting'],
    why: 'A CMG that is claimed was seen a little while ago to have one deployment, which was Active.',
  },
  {
    event: 'gateway deleted',
    phases: ['Superseded'],
    why: 'What is deleted is in Deleting, or drains, where the site made it; for another one that has a successor there would have to be a third prefix.',
  },
];

/** The sum of several matrices. */
export function sumOf(matrices: readonly Matrix[]): Matrix {
  return new Map(
    PHASES.map((phase) => [
      phase,
      new Map(
        EVENT_NAMES.map((event) => [
          event,
          matrices.reduce((sum, matrix) => sum + (matrix.get(phase)?.get(event) ?? 0), 0),
        ]),
      ),
    ]),
  );
}

/** Cells that are empty and should not be, or are not and should. */
export function wrongCells(matrix: Matrix, events: readonly EventName[]): readonly string[] {
  return events.flatMap((event) =>
    PHASES.filter((phase) => {
      const isImpossible = IMPOSSIBLE.some((cell) => cell.event === event && cell.phases.includes(phase));
      return (matrix.get(phase)?.get(event) ?? 0) === 0 ? !isImpossible : isImpossible;
    }).map((phase) => `${event} × ${phase}`),
  );
}

/** The matrix as text. */
export function tableOf(matrix: Matrix): string {
  const row = (name: string, cells: readonly string[]) =>
    `${name.padEnd(34)}${cells.map((cell) => cell.padStart(14)).join('')}`;
  return [
    row('', PHASES),
    ...EVENT_NAMES.map((event) =>
      row(
        event,
        PHASES.map((phase) => String(matrix.get(phase)?.get(event) ?? 0)),
      ),
    ),
  ].join('\n');
}
