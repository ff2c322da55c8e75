import type { JsonObject, JsonValue } from '../../../../src/json.ts';
import type { FaultRule } from '../faults.ts';
import type { GlobalName } from '../world.ts';
import type { AnswerName, CodeName } from './coverage.ts';

/** One recorded conversation with Azure, as a row of data: what is asked, and what has to come back. */
export interface Row {
  readonly name: string;
  /**
   * Where the answers are from: a public recording (`Azure/azure-service-operator Test_…`), `documentation: …`, or
   * `not recorded: from …` where no recording was found.
   */
  readonly source: string;
  /** Which of {@link AnswerName} and {@link CodeName} the row shows. */
  readonly covers?: readonly (AnswerName | CodeName)[];
  /** What is so before the first step, beside an empty resource group `cmg-rg` in West Europe. */
  readonly given?: readonly Given[];
  readonly steps: readonly Step[];
}

/** A condition that no request of the row brings about. */
export type Given =
  /** Was written before, and is through. */
  | { readonly kind: 'Exists'; readonly path: string; readonly body: JsonObject; readonly keep?: Kept }
  | { readonly kind: 'NotRegistered'; readonly namespace: string }
  /** Somebody in another tenant has the name. */
  | { readonly kind: 'ForeignName'; readonly name: GlobalName }
  /** Azure enforces its limits of requests. */
  | { readonly kind: 'Throttling' }
  | { readonly kind: 'Quota'; readonly name: string; readonly limit: number }
  /** The caller may not do these actions. */
  | { readonly kind: 'Deny'; readonly actions: readonly string[] }
  /** Something in Azure breaks. Such rows are replayed over TLS alone, where faults are. */
  | { readonly kind: 'Fault'; readonly rule: FaultRule };

export type Step = Ask | { readonly waitSeconds: number };

/** A request and the answer that has to come. */
export interface Ask {
  /**
   * Method and path. `{name}` in it, in the body and in expectations stands for a value that was kept; `{location}` and
   * `{azureAsyncOperation}` are always the newest headers of these names.
   */
  readonly ask: string;
  readonly body?: JsonValue;
  readonly headers?: Readonly<Record<string, string>>;
  /** `Authorization`, where it is not that of the row's caller. Such rows are replayed over TLS alone. */
  readonly authorization?: 'None' | 'Nonsense';
  readonly answer: ExpectedAnswer;
  readonly keep?: Kept;
  /** How often the step is sent. Default 1; only the last answer is compared. */
  readonly times?: number;
}

/** Values of an answer's body to keep: name to dotted path. */
export type Kept = Readonly<Record<string, string>>;

/** What an answer must have. What is not mentioned may be anything. */
export interface ExpectedAnswer {
  readonly status: number;
  readonly headers?: ExpectedHeaders;
  readonly body?: Expected | typeof EMPTY;
}

/** By name, without regard to case. */
export type ExpectedHeaders = Readonly<Record<string, string | RegExp | typeof ABSENT>>;

/** Members that are not named may be there too. Lists have to be of the same length. */
export type Expected =
  | string
  | number
  | boolean
  | null
  | RegExp
  | typeof ABSENT
  | readonly Expected[]
  | { readonly [name: string]: Expected };

/** The header or member must not be there. */
export const ABSENT: unique symbol = Symbol('absent');
/** The answer must have no body. */
export const EMPTY: unique symbol = Symbol('empty');

/** The rows of one provider. */
export interface Table {
  readonly title: string;
  readonly rows: readonly Row[];
}

/** Whether a row needs the network: faults and sign-in are outside the core. */
export function needsWire(row: Row): boolean {
  return (
    (row.given ?? []).some(({ kind }) => kind === 'Fault') ||
    row.steps.some((step) => 'ask' in step && step.authorization !== undefined)
  );
}
