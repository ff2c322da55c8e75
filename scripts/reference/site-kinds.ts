import { requirement, rulesOf, typeOf, withoutDefault } from './fields.ts';
import { code, page, table } from './markdown.ts';
import { fieldsOf, kindSchema } from './schema.ts';

/** The kinds of what gateways need on their sites, beside the CMG. */
export const SITE_KINDS = [
  { kind: 'Site', plural: 'sites', shortName: 'cmsite', page: 'docs/reference/site.md' },
  {
    kind: 'ConnectionPoint',
    plural: 'connectionpoints',
    shortName: 'cmgcp',
    page: 'docs/reference/connectionpoint.md',
  },
  {
    kind: 'BoundaryGroupReference',
    plural: 'boundarygroupreferences',
    shortName: 'bgr',
    page: 'docs/reference/boundarygroupreference.md',
  },
] as const;

/** The page of the fields of one of them. */
export function siteKindPage(root: string, { kind, plural, shortName }: (typeof SITE_KINDS)[number]): string {
  const schema = kindSchema(root, plural);
  const spec = fieldsOf(schema, 'spec');
  return page(
    `crds/configmgr.io_${plural}.yaml`,
    `# ${kind}: fields

\`apiVersion: configmgr.io/v1alpha1\`, \`kind: ${kind}\`. Namespaced; \`kubectl get ${shortName}\`, \`kubectl explain ${shortName}.spec\`.

${schema.description ?? ''}

Where a field has a default, the API server fills it in. [Connect a site](../how-to/connect-site.md) tells how to use it.`,
    `## Spec\n\n${schema.properties?.spec?.description ?? ''}`,
    table(
      ['Field', 'Type', 'Default', 'Meaning'],
      spec.map((field) => [
        code(field.path),
        typeOf(field.schema),
        field.required
          ? requirement(field.path, spec)
          : field.hasFields || field.schema.default === undefined
            ? ''
            : code(String(field.schema.default)),
        withoutDefault(field.schema.description),
      ]),
    ),
    '## Rules\n\nWhat the API server refuses beside wrong types, with the message that it gives:',
    table(['Message', 'Fields'], rulesOf(schema)),
    `## Status\n\n${schema.properties?.status?.description ?? ''} [Conditions and reasons](conditions.md) are on a page of their own.`,
    table(
      ['Field', 'Type', 'Meaning'],
      fieldsOf(schema, 'status').map(({ path, schema: own }) => [
        code(path),
        typeOf(own),
        withoutDefault(own.description),
      ]),
    ),
  );
}
