import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/json.ts';
import { valueAt } from './json-path.ts';
import type { PolicySubject } from './policies.ts';

/** A condition of the language of Azure Policy, taken apart. */
export type Condition =
  | { readonly kind: 'All' | 'Any'; readonly parts: readonly Condition[] }
  | { readonly kind: 'Not'; readonly part: Condition }
  | { readonly kind: 'Field'; readonly field: string; readonly operator: Operator; readonly target: JsonValue };

/** What was found of one field, as a refusal lists it. */
export interface Evaluation {
  readonly result: 'True' | 'False';
  readonly expressionKind: 'Field';
  readonly expression: string;
  readonly path: string;
  readonly expressionValue?: JsonValue;
  readonly targetValue: JsonValue;
  readonly operator: string;
}

const OPERATORS = {
  equals: (value, target) => same(value, target),
  notEquals: (value, target) => !same(value, target),
  like: (value, target) => like(value, target),
  notLike: (value, target) => !like(value, target),
  in: (value, target) => list(target).some((item) => same(value, item)),
  notIn: (value, target) => !list(target).some((item) => same(value, item)),
  contains: (value, target) => folded(value).includes(folded(target)),
  notContains: (value, target) => !folded(value).includes(folded(target)),
  exists: (value, target) => (value !== undefined && value !== null) === (folded(target) === 'true'),
  less: (value, target) => Number(value) < Number(target),
  lessOrEquals: (value, target) => Number(value) <= Number(target),
  greater: (value, target) => Number(value) > Number(target),
  greaterOrEquals: (value, target) => Number(value) >= Number(target),
} as const satisfies Readonly<Record<string, (value: JsonValue | undefined, target: JsonValue) => boolean>>;

type Operator = keyof typeof OPERATORS;

/** Reads a condition. @throws Error for what the simulator does not read */
export function parseCondition(json: JsonValue | undefined): Condition {
  if (!isJsonObject(json)) throw new Error('A condition of a policy is an object.');
  if (Array.isArray(json.allOf))
    return { kind: 'All', parts: (json.allOf as readonly JsonValue[]).map(parseCondition) };
  if (Array.isArray(json.anyOf))
    return { kind: 'Any', parts: (json.anyOf as readonly JsonValue[]).map(parseCondition) };
  if (json.not !== undefined) return { kind: 'Not', part: parseCondition(json.not) };
  const { field, ...rest } = json;
  const [name = '', target] = Object.entries(rest)[0] ?? [];
  const operator = (Object.keys(OPERATORS) as Operator[]).find((known) => known.toLowerCase() === name.toLowerCase());
  if (typeof field !== 'string' || operator === undefined || target === undefined) {
    throw new Error(`The condition ${JSON.stringify(json)} is not read by this simulator.`);
  }
  return { kind: 'Field', field, operator, target };
}

/** Whether a condition holds, and what was found of the fields on the way. */
export function evaluate(
  condition: Condition,
  subject: PolicySubject,
): { readonly holds: boolean; readonly evaluations: readonly Evaluation[] } {
  switch (condition.kind) {
    case 'All':
    case 'Any': {
      const parts = condition.parts.map((part) => evaluate(part, subject));
      const holds = condition.kind === 'All' ? parts.every((part) => part.holds) : parts.some((part) => part.holds);
      return { holds, evaluations: parts.flatMap((part) => part.evaluations) };
    }
    case 'Not': {
      const { holds, evaluations } = evaluate(condition.part, subject);
      return { holds: !holds, evaluations };
    }
    case 'Field': {
      const { field, operator, target } = condition;
      const { path, values } = fieldOf(field, subject);
      const holds = values.every((value) => OPERATORS[operator](value, target));
      const [shown] = values;
      const evaluation: Evaluation = {
        result: holds ? 'True' : 'False',
        expressionKind: 'Field',
        expression: field,
        path,
        ...(shown === undefined ? {} : { expressionValue: shown }),
        targetValue: target,
        operator: `${operator.slice(0, 1).toUpperCase()}${operator.slice(1)}`,
      };
      return { holds, evaluations: [evaluation] };
    }
    default:
      return condition satisfies never;
  }
}

/**
 * The values of a field: a member of every resource (`location`, `tags['team']`), or an alias that begins with the type
 * (`Microsoft.Storage/storageAccounts/minimumTlsVersion`), which no other type has. `[*]` stands for all items of a list.
 */
function fieldOf(
  field: string,
  subject: PolicySubject,
): { readonly path: string; readonly values: readonly (JsonValue | undefined)[] } {
  const body: JsonObject = { ...subject.document, id: subject.id, name: subject.name, type: subject.type };
  const tag = /^tags(?:\['([^']+)'\]|\.(.+))$/i.exec(field);
  if (tag !== null) {
    const name = tag[1] ?? tag[2] ?? '';
    const tags = isJsonObject(body.tags) ? Object.entries(body.tags) : [];
    return { path: field, values: [tags.find(([known]) => known.toLowerCase() === name.toLowerCase())?.[1]] };
  }
  if (!field.includes('/')) return { path: field, values: [valueAt(body, field)] };
  const prefix = `${subject.type}/`.toLowerCase();
  if (!field.toLowerCase().startsWith(prefix)) return { path: field, values: [undefined] };
  const path = field.slice(prefix.length);
  const [top = ''] = path.split(/[.[]/);
  return { path: body[top] === undefined ? `properties.${path}` : path, values: itemsAt(body, path.split('[*]')) };
}

/** Aliases leave out the `properties` of the resource, and of the children in it. */
function itemsAt(
  body: JsonValue | undefined,
  [part = '', ...rest]: readonly string[],
): readonly (JsonValue | undefined)[] {
  const path = part.replace(/^\./, '');
  const value = path === '' ? body : (valueAt(body, path) ?? valueAt(body, `properties.${path}`));
  return rest.length === 0 ? [value] : list(value ?? []).flatMap((item) => itemsAt(item, rest));
}

function list(value: JsonValue): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

function folded(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return '';
  return (typeof value === 'object' ? JSON.stringify(value) : String(value)).toLowerCase();
}

function same(value: JsonValue | undefined, target: JsonValue): boolean {
  return value !== undefined && value !== null && folded(value) === folded(target);
}

function like(value: JsonValue | undefined, target: JsonValue): boolean {
  const pattern = folded(target)
    .split('*')
    .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return value !== undefined && new RegExp(`^${pattern.join('.*')}$`).test(folded(value));
}
