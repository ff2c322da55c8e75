import type { FaultRules, FaultRule as Rule } from '../fault-rules.ts';

/** What happens to a request that a fault rule meets. */
export type FaultAction =
  /** Answered so, and nothing is done. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly message?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** The connection ends without an answer, and nothing is done. */
  | { readonly kind: 'dropConnection' }
  /** Waits so long (simulated), then goes on as usual. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Does what the request asks for, then ends the connection without an answer. */
  | { readonly kind: 'applyThenDrop' }
  /** Does what the request asks for; the answer breaks off in the middle of its JSON, though its length fits. */
  | { readonly kind: 'malformedJson' }
  /** Nothing is done; something in between answers with a page for people, with status 200 unless told. */
  | { readonly kind: 'htmlPage'; readonly status?: number }
  /** Before it answers, devices are taken out of the front of the list, so that all behind them move up. */
  | { readonly kind: 'removeDevices'; readonly count: number };

export type FaultRule = Rule<FaultAction>;
export type Faults = FaultRules<FaultAction>;

/** Names of all actions, for the control API. */
export const FAULT_KINDS: readonly FaultAction['kind'][] = [
  'answer',
  'dropConnection',
  'delay',
  'applyThenDrop',
  'malformedJson',
  'htmlPage',
  'removeDevices',
];
