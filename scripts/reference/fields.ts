import { code } from './markdown.ts';
import { type Field, type FieldSchema, fieldsOf } from './schema.ts';

/** A field that is required in one that may be left out is required only with it. */
export function requirement(path: string, spec: readonly Field[]): string {
  const above = spec.findLast(
    (field) => [`${field.path}.`, `${field.path}[].`].some((prefix) => path.startsWith(prefix)) && !field.required,
  );
  return above === undefined ? '**required**' : `required with ${code(above.path.split('.').at(-1) ?? '')}`;
}

/** Type and bounds. */
export function typeOf({
  type = '',
  format,
  enum: values,
  minimum,
  maximum,
  maxLength,
  items,
  maxItems,
}: FieldSchema): string {
  if (values !== undefined) {
    return values.map((value) => code(value)).join(', ');
  }
  if (type === 'array') {
    return `list of ${items?.type ?? 'object'}s${maxItems === undefined ? '' : `, at most ${maxItems}`}`;
  }
  if (format === 'date-time') {
    return 'time';
  }
  if (minimum !== undefined && maximum !== undefined) {
    return `${type}, ${minimum} to ${maximum}`;
  }
  return maxLength === undefined ? type : `${type}, at most ${maxLength} characters`;
}

/** The column of the default says it already. */
export function withoutDefault(description = ''): string {
  return description.replace(/ ?Default: [^ ]+\.$/, '');
}

/** Each message with the fields to which it applies. */
export function rulesOf(schema: FieldSchema): readonly (readonly string[])[] {
  const parts: readonly (readonly [string, FieldSchema])[] = [
    ['metadata.name', schema],
    ['spec', schema.properties?.spec ?? {}],
    ...fieldsOf(schema, 'spec').map(({ path, schema: own }) => [path, own] as const),
  ];
  const fieldsByMessage = new Map<string, readonly string[]>();
  for (const [path, { 'x-kubernetes-validations': rules = [] }] of parts) {
    for (const { message, fieldPath = '' } of rules) {
      fieldsByMessage.set(message, [...(fieldsByMessage.get(message) ?? []), code(`${path}${fieldPath}`)]);
    }
  }
  return [...fieldsByMessage].map(([message, fields]) => [message, fields.join(', ')]);
}
