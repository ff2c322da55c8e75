import { isJsonObject, type JsonValue } from '../../../../src/json.ts';
import { ABSENT, EMPTY, type Expected, type ExpectedAnswer } from './row.ts';

/** An answer as a stage gives it; names of headers in lower case, `body` undefined for none. */
export interface StageAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonValue | undefined;
}

/** Where an answer is not as expected, one sentence each; empty when it is. */
export function differences(expected: ExpectedAnswer, answer: StageAnswer): string[] {
  const found: string[] = [];
  if (answer.status !== expected.status) {
    found.push(`status: ${expected.status} was recorded, ${answer.status} came`);
  }
  for (const [name, form] of Object.entries(expected.headers ?? {})) {
    found.push(...unlike(`header ${name}`, form, answer.headers[name.toLowerCase()]));
  }
  if (expected.body === EMPTY) {
    if (answer.body !== undefined) found.push(`body: none was recorded, ${brief(answer.body)} came`);
  } else if (expected.body !== undefined) {
    found.push(...unlike('body', expected.body, answer.body));
  }
  if (found.length > 0 && answer.status !== expected.status) found.push(`the answer was ${brief(answer.body)}`);
  return found;
}

function unlike(path: string, expected: Expected, actual: JsonValue | undefined): string[] {
  if (expected === ABSENT) return actual === undefined ? [] : [`${path}: recorded without, ${brief(actual)} came`];
  if (expected instanceof RegExp) {
    return typeof actual === 'string' && expected.test(actual)
      ? []
      : [`${path}: ${expected} was recorded, ${brief(actual)} came`];
  }
  if (isList(expected)) return unlikeList(path, expected, actual);
  if (typeof expected === 'object' && expected !== null) {
    if (!isJsonObject(actual)) return [`${path}: an object was recorded, ${brief(actual)} came`];
    return Object.entries(expected).flatMap(([name, value]) => unlike(`${path}.${name}`, value, actual[name]));
  }
  return expected === actual ? [] : [`${path}: ${brief(expected)} was recorded, ${brief(actual)} came`];
}

function unlikeList(path: string, expected: readonly Expected[], actual: JsonValue | undefined): string[] {
  if (!Array.isArray(actual)) return [`${path}: a list was recorded, ${brief(actual)} came`];
  const items = actual as readonly JsonValue[];
  if (items.length !== expected.length) {
    return [`${path}: ${expected.length} items were recorded, ${brief(items)} came`];
  }
  return expected.flatMap((item, index) => unlike(`${path}[${index}]`, item, items[index]));
}

function isList(expected: Expected): expected is readonly Expected[] {
  return Array.isArray(expected);
}

function brief(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 600 ? `${text.slice(0, 600)}…` : text;
}
