import type { JsonObject, JsonValue } from '../../../src/json.ts';

/** A WMI class as the `wmi` route shows it. */
export interface SimulatedClass {
  readonly name: string;
  /** Names of the key properties. */
  readonly key: readonly string[];
  /** Properties that are empty in a list, and come only when one instance is read by its key. */
  readonly lazy?: readonly string[];
  /** Whether `$select` is refused, as of classes with lazy columns. */
  readonly refusesSelect?: boolean;
  rows(): Rows;
  /** Absent: instances are not made over HTTP. */
  create?(body: JsonObject): JsonObject;
  /** `body` may name some properties only; what it names is replaced. Absent: refused. */
  update?(row: JsonObject, body: JsonObject): void;
  remove?(row: JsonObject): void;
  /** Called on one instance. */
  readonly instanceMethods?: Readonly<Record<string, (row: JsonObject, parameters: JsonObject) => JsonValue>>;
  readonly staticMethods?: Readonly<Record<string, (parameters: JsonObject) => JsonValue>>;
}

/** Instances in the order in which they are listed. */
export interface Rows {
  readonly count: number;
  at(index: number): JsonObject;
}

/** Rows that are all there. */
export function rowsOf(rows: readonly JsonObject[]): Rows {
  return {
    count: rows.length,
    at: (index) => {
      const row = rows[index];
      if (row === undefined) throw new Error(`There is no row ${index}.`);
      return row;
    },
  };
}
