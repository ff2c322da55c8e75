import { changeClassOf } from './change-class.ts';
import { code, page, table } from './markdown.ts';
import { cmgSchema, type Field, type FieldSchema, fieldsOf } from './schema.ts';

const INTRODUCTION = `# CMG: fields

\`apiVersion: configmgr.io/v1alpha1\`, \`kind: CMG\`. Namespaced; \`kubectl get cmg\`, \`kubectl explain cmg.spec\`.

**Change** tells what happens when the field of a gateway that exists is changed:

- *in place*: the operator carries the change out on the gateway. [Change a gateway](../how-to/modify.md) says what of
  it clients notice.
- *refused*: the gateway was made with this value and keeps it. The operator leaves everything as it is, and the condition
  \`AzureReady\` gives the reason [\`RedeploymentRequired\`](conditions.md#redeploymentrequired).

Where a field has a default, the API server fills it in.`;

/** The page of the fields of a CMG. */
export function cmgPage(root: string): string {
  const schema = cmgSchema(root);
  const spec = fieldsOf(schema, 'spec').map((field) => specRow(field, schema));
  const status = fieldsOf(schema, 'status').map(({ path, schema: own }) => [
    code(path),
    typeOf(own),
    withoutDefault(own.description),
  ]);
  return page(
    'crds/configmgr.io_cmgs.yaml and src/controllers/cmg/deployment.ts',
    INTRODUCTION,
    `## Spec\n\n${schema.properties?.spec?.description ?? ''}`,
    table(['Field', 'Type', 'Default', 'Change', 'Meaning'], spec),
    '## Rules\n\nWhat the API server refuses beside wrong types, with the message that it gives:',
    table(['Field', 'Message'], rulesOf(schema)),
    `## Status\n\n${schema.properties?.status?.description ?? ''} [Conditions and reasons](conditions.md) are on a page of their own.`,
    table(['Field', 'Type', 'Meaning'], status),
  );
}

function specRow(field: Field, schema: FieldSchema): readonly string[] {
  const { path, schema: own, required, hasFields } = field;
  const fallback = hasFields || own.default === undefined ? '' : code(String(own.default));
  return [
    code(path),
    typeOf(own),
    required ? '**required**' : fallback,
    hasFields ? '' : changeClassOf(field, schema),
    withoutDefault(own.description),
  ];
}

/** Type and bounds. */
function typeOf({
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
function withoutDefault(description = ''): string {
  return description.replace(/ ?Default: [^ ]+\.$/, '');
}

/** Each message once for each field; a field that repeats another's rules repeats them here. */
function rulesOf(schema: FieldSchema): readonly (readonly string[])[] {
  const parts: readonly (readonly [string, FieldSchema])[] = [
    ['(whole object)', schema],
    ['spec', schema.properties?.spec ?? {}],
    ...fieldsOf(schema, 'spec').map(({ path, schema: own }) => [path, own] as const),
  ];
  return parts.flatMap(([path, { 'x-kubernetes-validations': rules = [] }]) =>
    rules.map(({ message }) => [path.startsWith('(') ? path : code(path), message]),
  );
}
