import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThere } from './generate-api-types.ts';
import { valuesTable } from './helm-values.ts';

const DEFINITIONS = 'crds';
const CHART = 'charts/cmg-operator';

/** Between these lines of the chart's README stands the table of its values. */
const TABLE_BEGIN = '<!-- Values: generated from values.yaml by `npm run generate`. -->';
const TABLE_END = '<!-- End of the values. -->';

/**
 * The template of a definition: the file as it is, with what only the chart adds. Helm never upgrades definitions in a
 * chart's folder `crds/`, so they are templates, and kept when the release goes.
 *
 * @throws Error when the text has no `metadata` with a name at the place where one is expected
 */
export function definitionTemplate(definition: string, source: string): string {
  const escaped = definition.replaceAll('{{', '{{ "{{" }}');
  const [before, after] = splitAt(escaped, /^metadata:\n {2}name: .+\n/m, source);
  return [
    `{{- /* Generated from ${source} by \`npm run generate\`. Do not edit. */ -}}`,
    '{{- if .Values.crds.install }}',
    before,
    '  labels:',
    '    {{- include "cmg-operator.labels" . | nindent 4 }}',
    '  {{- if .Values.crds.keep }}',
    '  annotations:',
    '    helm.sh/resource-policy: keep',
    '  {{- end }}',
    after,
    '{{- end }}',
    '',
  ].join('\n');
}

function splitAt(text: string, end: RegExp, source: string): [string, string] {
  const found = end.exec(text);
  if (found === null) throw new Error(`${source}: there is no "metadata:" that begins with a name`);
  const position = found.index + found[0].length;
  return [text.slice(0, position).trimEnd(), text.slice(position).trimEnd()];
}

/** The chart's README with the table of `values` in its place. */
export function readmeWithValues(readme: string, values: string): string {
  const begin = readme.indexOf(TABLE_BEGIN);
  const end = readme.indexOf(TABLE_END);
  if (begin < 0 || end < begin) throw new Error(`README.md lacks the lines "${TABLE_BEGIN}" and "${TABLE_END}"`);
  return `${readme.slice(0, begin)}${TABLE_BEGIN}\n\n${valuesTable(values)}\n\n${readme.slice(end)}`;
}

/**
 * Makes what the chart takes from elsewhere, and returns the files that were not current. With `check` they are left as
 * they are.
 */
export function generateChart(root: string, check: boolean): string[] {
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  const definitions = readdirSync(join(root, DEFINITIONS)).filter((name) => name.endsWith('.yaml'));
  const files = [
    ...definitions.map((name) => [
      `${CHART}/templates/crds/${name}`,
      definitionTemplate(read(`${DEFINITIONS}/${name}`), `${DEFINITIONS}/${name}`),
    ]),
    [`${CHART}/README.md`, readmeWithValues(read(`${CHART}/README.md`), read(`${CHART}/values.yaml`))],
  ] as const;
  return files.flatMap(([path = '', text = '']) => {
    if (readIfThere(join(root, path)) === text) return [];
    if (!check) writeFileSync(join(root, path), text);
    return [path];
  });
}

if (import.meta.main) {
  const check = process.argv.includes('--check');
  const stale = generateChart(join(import.meta.dirname, '..'), check);
  for (const file of stale) {
    console.log(check ? `${file} does not match its source. Run: npm run generate` : `wrote ${file}`);
  }
  process.exitCode = check && stale.length > 0 ? 1 : 0;
}
