import { readConfig } from '../../src/config.ts';
import { code, page, table } from './markdown.ts';

/** A flag as the program's own help tells of it. */
export interface Flag {
  readonly name: string;
  readonly value: string;
  readonly text: string;
  readonly fallback: string | undefined;
  readonly required: boolean;
}

const INTRODUCTION = `# Flags

\`\`\`text
cmg-operator --installation-id ID [flags]
\`\`\`

Each flag may also be given as a variable of the environment. A flag wins over its variable, the variable over the default.
Durations are hours, minutes and seconds, such as \`10m\` or \`1h30m\`. \`--help\` prints the same list. A wrong command line
ends the program with exit code 2, after it has named every mistake.`;

/** The page of flags. */
export function flagsPage(): string {
  return page(
    'src/config.ts',
    INTRODUCTION,
    table(
      ['Flag', 'Variable', 'Default', 'Meaning'],
      flags().map(({ name, value, text, fallback, required }) => [
        code(`--${name} ${value}`),
        code(variableOf(name)),
        required ? '**required**' : fallback === undefined ? '' : code(fallback),
        text,
      ]),
    ),
  );
}

/** Every flag in the order of the help text, from which they are read. */
export function flags(): readonly Flag[] {
  const help = readConfig(['--help'], {});
  if (help.kind !== 'Help') {
    throw new Error('The program gives no help.');
  }
  const found = [...help.text.matchAll(/^ {2}--([a-z-]+) (\S+)\n {8}(.+)$/gm)].map(
    ([, name = '', value = '', line = '']) => {
      const [, text = '', fallback] = /^(.*?)(?: Default: (\S+)\.)?$/.exec(line) ?? [];
      return { name, value, fallback, required: text.endsWith(' Required.'), text: text.replace(/ Required\.$/, '') };
    },
  );
  if (found.length === 0) {
    throw new Error('The help text has another form than scripts/reference/flags.ts reads.');
  }
  return found;
}

/** Name of the variable of a flag; a test compares it with what the program reads. */
export function variableOf(name: string): string {
  return `CMG_OPERATOR_${name.toUpperCase().replaceAll('-', '_')}`;
}
