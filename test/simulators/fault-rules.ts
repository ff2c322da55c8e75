/** Which requests a rule is for, how often, and what it does to them. */
export interface FaultRule<Action> {
  readonly match: {
    /** Default: any. */
    readonly method?: string;
    /** A regular expression, tried without regard to case on path and query as they were sent. */
    readonly urlPattern: string;
    /** Begins with the n-th request that matches, counted from 1. Default 1. */
    readonly nth?: number;
  };
  /** How many requests it is applied to, or `always`. Default 1. */
  readonly times?: number | 'always';
  readonly action: Action;
  /** Told when the rule meets a request, before anything is done. Only in process. */
  readonly onMet?: () => void;
}

/** The fault rules in force, the oldest first. */
export interface FaultRules<Action> {
  add(rule: FaultRule<Action>): void;
  clear(): void;
  /** What happens to this request, by the first rule that has something left for it. */
  next(method: string, url: string): Action | undefined;
  readonly rules: readonly (FaultRule<Action> & { readonly applied: number })[];
  /** Tells of every request, before it meets a rule. Returns the end of it. Only in process. */
  watch(observer: (method: string, url: string) => void): () => void;
}

/** Without rules. */
export function createFaultRules<Action>(): FaultRules<Action> {
  const observers = new Set<(method: string, url: string) => void>();
  let entries: { readonly rule: FaultRule<Action>; readonly expression: RegExp; seen: number; applied: number }[] = [];
  return {
    add: (rule) => {
      entries.push({ rule, expression: new RegExp(rule.match.urlPattern, 'i'), seen: 0, applied: 0 });
    },
    clear: () => {
      entries = [];
    },
    next: (method, url) => {
      for (const observe of observers) observe(method, url);
      for (const entry of entries) {
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
      return entries.map(({ rule, applied }) => ({ ...rule, applied }));
    },
  };
}
