import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';

/** One error of a nested error body. */
export interface ErrorDetail {
  readonly code: string;
  readonly message: string;
  readonly target?: string;
}

/** What an error body comes to. */
export interface ParsedError extends ErrorDetail {
  /** Every nested error, outermost first. */
  readonly details: readonly ErrorDetail[];
}

/** Codes that only say that something further in failed. */
const GENERIC_CODES: ReadonlySet<string> = new Set([
  'deploymentfailed',
  'invalidtemplatedeployment',
  'resourcedeploymentfailure',
  'multipleerrorsoccurred',
  'preflightvalidationcheckfailed',
  'resourceoperationfailure',
  'validationfailed',
  'badrequest',
  'conflict',
  'notfound',
  'forbidden',
  'error',
  'failed',
]);

interface Found extends ErrorDetail {
  readonly depth: number;
}

/**
 * Reads the error out of a body in any of the forms that Azure uses: `{"error": {…}}`, the error at the top level, the
 * answer of an operation's status URL, errors in `details` to any depth, and a message that is itself JSON with an error
 * in it. The code is the deepest that is not generic; the message is the one that stands beside it.
 */
export function parseErrorBody(body: string): ParsedError | undefined {
  const json = parseJson(body);
  if (json === undefined) {
    return undefined;
  }
  const found: Found[] = [];
  collect(json, 0, found);
  const best = deepest(found.filter((error) => !GENERIC_CODES.has(error.code.toLowerCase()))) ?? deepest(found);
  if (best === undefined) {
    return undefined;
  }
  const details = found.map(withoutDepth);
  return { ...withoutDepth(best), details };
}

function deepest(errors: readonly Found[]): Found | undefined {
  return errors.reduce<Found | undefined>(
    (best, error) => (best === undefined || error.depth > best.depth ? error : best),
    undefined,
  );
}

function withoutDepth(error: Found): ErrorDetail {
  const { code, message, target } = error;
  return target === undefined ? { code, message } : { code, message, target };
}

/** Bodies nest four or five deep; a limit keeps a hostile one from filling the stack. */
const DEEPEST = 12;

function collect(json: JsonValue, depth: number, found: Found[]): void {
  if (depth > DEEPEST) {
    return;
  }
  if (Array.isArray(json)) {
    for (const item of json) {
      collect(item, depth, found);
    }
    return;
  }
  if (!isJsonObject(json)) {
    return;
  }
  const envelope = property(json, 'error');
  if (isJsonObject(envelope)) {
    collect(envelope, depth, found);
    return;
  }
  const code = text(property(json, 'code'));
  const message = text(property(json, 'message'));
  if (code !== undefined) {
    const inner = message === undefined ? undefined : errorInside(message);
    const target = text(property(json, 'target'));
    found.push({
      depth,
      code,
      message: (inner === undefined ? message?.replaceAll(/\s*\r?\n\s*/g, ' ').trim() : undefined) || code,
      ...(target === undefined ? {} : { target }),
    });
    if (inner !== undefined) {
      collect(inner, depth + 1, found);
    }
  }
  const details = property(json, 'details');
  if (Array.isArray(details)) {
    collect(details, depth + 1, found);
  }
}

/** The error in a message that is itself JSON; `undefined` for a plain message, or JSON that holds no error. */
function errorInside(message: string): JsonObject | undefined {
  const json = message.trimStart().startsWith('{') ? parseJson(message) : undefined;
  return isJsonObject(json) && (isJsonObject(property(json, 'error')) || text(property(json, 'code')) !== undefined)
    ? json
    : undefined;
}

/** Azure's services do not agree on the case of these names. */
function property(json: JsonObject, name: string): JsonValue | undefined {
  return json[name] ?? json[`${name.slice(0, 1).toUpperCase()}${name.slice(1)}`];
}

function text(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function parseJson(body: string): JsonValue | undefined {
  try {
    return JSON.parse(body.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}
