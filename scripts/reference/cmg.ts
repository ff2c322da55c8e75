import { changeClassOf } from './change-class.ts';
import { requirement, rulesOf, typeOf, withoutDefault } from './fields.ts';
import { code, page, table } from './markdown.ts';
import { cmgSchema, type Field, fieldsOf } from './schema.ts';

const INTRODUCTION = `# CMG: fields

\`apiVersion: configmgr.io/v1alpha1\`, \`kind: CMG\`. Namespaced; \`kubectl get cmg\`, \`kubectl explain cmg.spec\`.

**Change** tells what happens when the field of a gateway that exists is changed:

- *in place*: the operator carries the change out on the gateway. [Change a gateway](../how-to/modify.md) says what of
  it clients notice.
- *redeploys*: the gateway was made with this value and keeps it. Another gateway is built, which takes its place when clients
  know it: [Replace a gateway without losing clients](../redeployment.md).

Where a field has a default, the API server fills it in.`;

/** The page of the fields of a CMG. */
export function cmgPage(root: string): string {
  const schema = cmgSchema(root);
  const spec = fieldsOf(schema, 'spec');
  const status = fieldsOf(schema, 'status').map(({ path, schema: own }) => [
    code(path),
    typeOf(own),
    withoutDefault(own.description),
  ]);
  return page(
    'crds/configmgr.io_cmgs.yaml and src/controllers/cmg/deployment.ts',
    INTRODUCTION,
    `## Spec\n\n${schema.properties?.spec?.description ?? ''}`,
    ...specParts(spec),
    '## Rules\n\nWhat the API server refuses beside wrong types, with the message that it gives:',
    table(['Message', 'Fields'], rulesOf(schema)),
    `## Status\n\n${schema.properties?.status?.description ?? ''} [Conditions and reasons](conditions.md) are on a page of their own.`,
    table(['Field', 'Type', 'Meaning'], status),
  );
}

/** First the fields that stand alone, then a part for each field that holds others. */
function specParts(spec: readonly Field[]): readonly string[] {
  const top = spec.filter(({ path }) => path.split('.').length === 2);
  const alone = top.filter(({ hasFields }) => !hasFields);
  const rows = (fields: readonly Field[]) =>
    table(
      ['Field', 'Type', 'Default', 'Change', 'Meaning'],
      fields.map((field) => specRow(field, spec)),
    );
  const groups = top.filter(({ hasFields }) => hasFields);
  return [
    rows(alone),
    ...groups.flatMap(({ path, schema: own, required }) => [
      `### ${path}\n\n${required ? '**Required.** ' : ''}${own.description ?? ''}`,
      rows(spec.filter((field) => field.path.startsWith(`${path}.`))),
    ]),
  ];
}

function specRow(field: Field, spec: readonly Field[]): readonly string[] {
  const { path, schema: own, required, hasFields } = field;
  const fallback = hasFields || own.default === undefined ? '' : code(String(own.default));
  return [
    code(path),
    typeOf(own),
    required ? requirement(path, spec) : fallback,
    hasFields ? '' : changeClassOf(field),
    withoutDefault(own.description),
  ];
}
