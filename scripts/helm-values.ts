import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml';

/** One row of the table: a value that users set. */
export interface ChartValue {
  /** `image.repository` */
  readonly key: string;
  readonly type: 'bool' | 'int' | 'float' | 'list' | 'object' | 'string';
  /** As JSON, or in words where the comment has `# @default --`. */
  readonly fallback: string;
  readonly description: string;
}

/**
 * The documented values of a chart, in their order, from comments in the form of helm-docs: `# -- What it is`, which may
 * go on in further lines, and `# @default -- words` where the value itself says little.
 *
 * @throws Error naming a value without a comment
 */
export function chartValues(text: string): ChartValue[] {
  const document = parseDocument(text);
  const mistake = document.errors[0];
  if (mistake !== undefined) throw new Error(`values.yaml: ${mistake.message}`);
  if (!isMap(document.contents)) throw new Error('values.yaml: expected a map');
  return valuesOf(document.contents, '');
}

/** The same as a Markdown table. */
export function valuesTable(text: string): string {
  const rows = chartValues(text).map(({ key, type, fallback, description }) => {
    const value = fallback.startsWith('*') ? fallback : `\`${fallback}\``;
    return `| \`${key}\` | ${type} | ${value.replaceAll('|', '\\|')} | ${description.replaceAll('|', '\\|')} |`;
  });
  return ['| Value | Type | Default | |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function valuesOf(map: YAMLMap, prefix: string): ChartValue[] {
  return map.items.flatMap((pair, index) => {
    const key = `${prefix}${isScalar(pair.key) ? String(pair.key.value) : ''}`;
    const comment = commentOf(map, pair, index);
    const text = /^ -- (.*)/ms.exec(comment)?.[1];
    if (text === undefined && isMap(pair.value)) return valuesOf(pair.value, `${key}.`);
    if (text === undefined) throw new Error(`values.yaml: ${key} has no comment that begins with "# --"`);
    return [documented(key, text, pair)];
  });
}

/** The parser gives the comment above the first key of a map to the map, and those of the others to their keys. */
function commentOf(map: YAMLMap, pair: Pair, index: number): string {
  const own = isScalar(pair.key) ? pair.key.commentBefore : undefined;
  return own ?? (index === 0 ? map.commentBefore : undefined) ?? '';
}

function documented(key: string, comment: string, pair: Pair): ChartValue {
  const [description = '', words] = comment.split(/\n\s*@default -- /);
  const value = (pair.value as { toJSON(): unknown } | null)?.toJSON();
  return {
    key,
    type: typeOf(value),
    fallback: words === undefined ? JSON.stringify(value) : `*${oneLine(words)}*`,
    description: oneLine(description),
  };
}

function oneLine(text: string): string {
  return text.trim().split(/\s+/).join(' ');
}

function typeOf(value: unknown): ChartValue['type'] {
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  return typeof value === 'object' && value !== null ? 'object' : 'string';
}
