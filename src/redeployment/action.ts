import type { PassQuestion } from './client-gate.ts';
import type { Instant } from './instant.ts';
import type { HeldContent } from './record.ts';

/** What the controller is to do. Deployments are named by their ids, points and groups by their names. */
export type Action =
  /**
   * Level work, to be compared with what is: `AsDeclared` makes it what the spec says; `KeepServing` repairs it, never
   * shrinks or rolls it, only adds client certificates, and renews its certificate from its recorded Secret only.
   */
  | { readonly kind: 'Maintain'; readonly deployment: string; readonly manner: 'AsDeclared' | 'KeepServing' }
  | { readonly kind: 'Start'; readonly deployment: string }
  | { readonly kind: 'Stop'; readonly deployment: string }
  /** `Site`: the operator did not make it, and a person has the site delete it. It is asked for until it is gone. */
  | { readonly kind: 'Delete'; readonly deployment: string; readonly by: 'Azure' | 'Site' }
  /** The site is to make it, and a person has it do so. It is asked for as long as nothing of it is there. */
  | { readonly kind: 'AskForCreation'; readonly deployment: string }
  | { readonly kind: 'LinkPoint'; readonly point: string; readonly deployment: string; readonly from?: string }
  | { readonly kind: 'UnlinkPoint'; readonly point: string; readonly from: string }
  | { readonly kind: 'JoinGroup'; readonly group: string; readonly deployment: string }
  | { readonly kind: 'LeaveGroup'; readonly group: string; readonly deployment: string }
  /** Both with the resourceVersion of the Site that was read. */
  | { readonly kind: 'TakeClaim'; readonly carrier: string }
  | { readonly kind: 'ReleaseClaim' }
  /** A pass over the devices is to be begun at this instant or later. */
  | { readonly kind: 'CountClients'; readonly question: PassQuestion; readonly notBefore: Instant }
  /** What these hold is to be compared with what their successor holds; all by their service names. */
  | { readonly kind: 'CompareContent'; readonly from: readonly string[]; readonly to: string }
  /** All that this one holds is to be read, before it goes. */
  | { readonly kind: 'ReadContent'; readonly deployment: string; readonly serviceName: string }
  /** What a gateway held that is gone is to be compared with what this one holds, by its service name. */
  | { readonly kind: 'CheckContent'; readonly held: HeldContent; readonly to: string }
  /** The planner has something irreversible in mind: read the facts live and plan again with them, at once. */
  | { readonly kind: 'ReadLive' }
  /** Nothing is left to remove. */
  | { readonly kind: 'ReleaseFinalizer' };

/** Whether an action changes something outside the operator whenever it is carried out. */
export function isWrite({ kind }: Action): boolean {
  return !ONLY_READS.has(kind);
}

const ONLY_READS: ReadonlySet<Action['kind']> = new Set([
  'Maintain',
  'CountClients',
  'CompareContent',
  'ReadContent',
  'CheckContent',
  'ReadLive',
]);
