import type { JsonObject } from '../../../src/json.ts';

/** What an ARM error says, at the top or in `details`. */
export interface ArmErrorBody {
  readonly code: string;
  readonly message: string;
  readonly target?: string;
  readonly details?: readonly JsonObject[];
  readonly additionalInfo?: readonly JsonObject[];
}

/** A refusal: thrown while a request is judged, it becomes the answer, `{"error": {code, message, …}}`. */
export class ArmFault extends Error {
  readonly status: number;
  readonly error: ArmErrorBody;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    more: Omit<ArmErrorBody, 'code' | 'message'> & { readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(`${code}: ${message}`);
    const { headers = {}, ...rest } = more;
    this.name = 'ArmFault';
    this.status = status;
    this.error = { code, message, ...rest };
    this.headers = headers;
  }

  /** The body of the answer. */
  get body(): JsonObject {
    return { error: { ...this.error } };
  }
}
