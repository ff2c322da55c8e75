import type { JsonObject } from '../../../src/json.ts';
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

/** Which requests a rule is for, how often, and what it does to them. */
export interface FaultRule {
  readonly match: {
    /** Default: any. */
    readonly method?: string;
    /** A regular expression, tried without regard to case on path and query. */
    readonly urlPattern: string;
    /** Begins with the n-th request that matches, counted from 1. Default 1. */
    readonly nth?: number;
  };
  /** How many requests it is applied to, or `always`. Default 1. */
  readonly times?: number | 'always';
  readonly action: FaultAction;
  /** Told when the rule meets a request, before anything is done. Only in process. */
  readonly onMet?: () => void;
}

/** The fault rules in force, the oldest first. */
export interface Faults {
  add(rule: FaultRule): void;
  clear(): void;
  /** What happens to this request, by the first rule that has something left for it. */
  next(method: string, url: string): FaultAction | undefined;
  readonly rules: readonly (FaultRule & { readonly applied: number })[];
  /** Tells of every request, before it meets a rule. Returns the end of it. Only in process. */
  watch(observer: (method: string, url: string) => void): () => void;
}

/** Without rules. */
export function createFaults(): Faults {
  const observers = new Set<(method: string, url: string) => void>();
  let rules: { readonly rule: FaultRule; readonly expression: RegExp; seen: number; applied: number }[] = [];
  return {
    add: (rule) => {
      rules.push({ rule, expression: new RegExp(rule.match.urlPattern, 'i'), seen: 0, applied: 0 });
    },
    clear: () => {
      rules = [];
    },
    next: (method, url) => {
      for (const observe of observers) observe(method, url);
      for (const entry of rules) {
        const { match, times = 1 } = entry.rule;
        if (match.method !== undefined && match.method.toUpperCase() !== method) continue;
        if (!entry.expression.test(url)) continue;
        entry.seen += 1;
        if (entry.seen < (match.nth ?? 1) || (times !== 'always' && entry.applied >= times)) continue;
        entry.applied += 1;
        entry.rule.onMet?.();
        return entry.rule.action;
      }
      return undefined;
    },
    watch: (observer) => {
      observers.add(observer);
      return () => void observers.delete(observer);
    },
    get rules() {
      return rules.map(({ rule, applied }) => ({ ...rule, applied }));
    },
  };
}
