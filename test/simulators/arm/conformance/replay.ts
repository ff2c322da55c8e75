import { isJsonObject, type JsonObject, type JsonValue } from '../../../../src/json.ts';
import { textAt } from '../json-path.ts';
import { differences, type StageAnswer } from './differences.ts';
import { type Ask, EMPTY, type Expected, type ExpectedAnswer, type Given, type Kept, type Row } from './row.ts';

/** A fresh simulator on which one row is played, in this process or behind TLS. */
export interface Stage {
  send(request: StageRequest): Promise<StageAnswer>;
  /** Moves simulated time on. */
  advance(seconds: number): Promise<void>;
  /** Brings about what no request does. */
  arrange(condition: Exclude<Given, { kind: 'Exists' }>): void;
}

export interface StageRequest {
  readonly method: string;
  /** A path, or the whole URL of an operation. */
  readonly path: string;
  readonly body?: JsonValue;
  readonly headers?: Readonly<Record<string, string>>;
  readonly authorization?: 'None' | 'Nonsense';
}

/** Longer than anything in Azure takes here. */
const UNTIL_DONE_SECONDS = 3600;

/**
 * Plays a row and tells where the simulator is not as recorded; empty when it is. Ends with the first step that differs,
 * because what comes after it follows from it.
 */
export async function replay(row: Row, stage: Stage): Promise<string> {
  const kept = new Map<string, string>();
  for (const given of row.given ?? []) await bringAbout(given, stage, kept);
  for (const [index, step] of row.steps.entries()) {
    if (!('ask' in step)) {
      await stage.advance(step.waitSeconds);
      continue;
    }
    const request = requestOf(step, kept);
    let answer = await stage.send(request);
    for (let sent = 1; sent < (step.times ?? 1); sent += 1) answer = await stage.send(request);
    const found = differences(filledAnswer(step.answer, kept), answer);
    if (found.length > 0) {
      const place = `step ${index + 1} (${request.method} ${request.path.split('&t=')[0]})`;
      return [`${row.name}, ${place}`, `recorded in ${row.source}`, ...found].join('\n  ');
    }
    remember(answer, step.keep, kept);
  }
  return '';
}

async function bringAbout(given: Given, stage: Stage, kept: Map<string, string>): Promise<void> {
  if (given.kind !== 'Exists') {
    stage.arrange(given);
    return;
  }
  const path = filledText(given.path, kept);
  const answer = await stage.send({ method: 'PUT', path, body: filled(given.body, kept) });
  if (answer.status >= 300) throw new Error(`PUT ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  await stage.advance(UNTIL_DONE_SECONDS);
  remember(await stage.send({ method: 'GET', path }), given.keep, kept);
}

function requestOf(step: Ask, kept: ReadonlyMap<string, string>): StageRequest {
  const [method = '', ...path] = step.ask.split(' ');
  return {
    method,
    path: filledText(path.join(' '), kept),
    ...(step.body === undefined ? {} : { body: filled(step.body, kept) }),
    headers: Object.fromEntries(
      Object.entries(step.headers ?? {}).map(([name, value]) => [name, filledText(value, kept)]),
    ),
    ...(step.authorization === undefined ? {} : { authorization: step.authorization }),
  };
}

function remember({ headers, body }: StageAnswer, keep: Kept | undefined, kept: Map<string, string>): void {
  if (headers.location !== undefined) kept.set('location', headers.location);
  const operation = headers['azure-asyncoperation'];
  if (operation !== undefined) kept.set('azureAsyncOperation', operation);
  for (const [name, path] of Object.entries(keep ?? {})) {
    const value = textAt(body, path);
    if (value === undefined) throw new Error(`Nothing at ${path} to keep in ${JSON.stringify(body)}`);
    kept.set(name, value);
  }
}

function filledText(text: string, kept: ReadonlyMap<string, string>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => kept.get(name) ?? whole);
}

function filled(value: JsonValue, kept: ReadonlyMap<string, string>): JsonValue {
  if (typeof value === 'string') return filledText(value, kept);
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => filled(item, kept));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]): [string, JsonValue][] =>
      item === undefined ? [] : [[filledText(name, kept), filled(item, kept)]],
    ),
  ) as JsonObject;
}

function filledAnswer(answer: ExpectedAnswer, kept: ReadonlyMap<string, string>): ExpectedAnswer {
  const { body } = answer;
  return body === undefined || body === EMPTY ? answer : { ...answer, body: filledExpectation(body, kept) };
}

function filledExpectation(value: Expected, kept: ReadonlyMap<string, string>): Expected {
  if (typeof value === 'string') return filledText(value, kept);
  if (Array.isArray(value)) return (value as readonly Expected[]).map((item) => filledExpectation(item, kept));
  if (typeof value !== 'object' || value === null || value instanceof RegExp) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [filledText(name, kept), filledExpectation(item, kept)]),
  );
}
