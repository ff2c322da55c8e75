import type { JsonObject } from '../../../src/json.ts';
import { createFaultRules, type FaultRules, type FaultRule as Rule } from '../fault-rules.ts';
import type { ArmErrorBody } from './arm-fault.ts';

/** What happens to a request that a fault rule meets. */
export type FaultAction =
  /** Answered so, and nothing is done. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly code?: string;
      readonly message?: string;
      /** Nested errors. Only with a code. */
      readonly details?: readonly JsonObject[];
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** The connection ends without an answer, and nothing is done. */
  | { readonly kind: 'dropConnection' }
  /** Waits so long (simulated), then goes on as usual. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Does what the request asks for, then ends the connection without an answer. */
  | { readonly kind: 'applyThenDrop' }
  /** Does what the request asks for, then says nothing, until the client's own time limit. */
  | { readonly kind: 'applyThenSilence' }
  /** Accepts the request; the operation that it begins ends as failed. */
  | { readonly kind: 'failOperation'; readonly error: ArmErrorBody };

export type FaultRule = Rule<FaultAction>;
export type Faults = FaultRules<FaultAction>;

/** Without rules. */
export const createFaults = createFaultRules<FaultAction>;
