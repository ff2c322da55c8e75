import type { JsonObject } from '../../../src/json.ts';

/** What an ARM error says, at the top or in `details`. */
export interface ArmErrorBody {
  readonly code: string;
  readonly message: string;
  readonly target?: string;
  readonly details?: readonly JsonObject[];
  readonly additionalInfo?: readonly JsonObject[];
}

/** Header of errors that Azure Resource Manager gives without asking a provider. */
export const BY_THE_GATEWAY = { 'x-ms-failure-cause': 'gateway' } as const;
/** Header of errors that a provider gives because of its own state. */
export const BY_THE_SERVICE = { 'x-ms-failure-cause': 'service' } as const;

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
