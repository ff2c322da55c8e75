import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ESTree, parseSync, Visitor } from 'vite';
import { LAYOUT, type LayoutRule } from './layout.ts';

/** One `import`, `export … from`, `import()` or `import('…').Type`. */
export interface Import {
  readonly specifier: string;
  /** From 1. */
  readonly line: number;
  /** True when nothing of it is left at run time. */
  readonly typeOnly: boolean;
}

/**
 * Reads the imports of a TypeScript source text, in the order of their lines.
 *
 * @throws Error when it is no TypeScript
 */
export function readImports(file: string, source: string): Import[] {
  const { program, errors } = parseSync(file, source, { lang: 'ts' });
  const mistake = errors[0];
  if (mistake !== undefined) throw new Error(`${file}: ${mistake.message}`);
  const imports: Import[] = [];
  const add = (node: { start: number }, from: ESTree.Expression | null, typeOnly: boolean) => {
    if (from === null) return;
    // A specifier that is computed cannot be judged, and so cannot be allowed: it fits no rule.
    const specifier = from.type === 'Literal' ? String(from.value) : source.slice(from.start, from.end);
    imports.push({ specifier, line: source.slice(0, node.start).split('\n').length, typeOnly });
  };
  new Visitor({
    ImportDeclaration: (node) => {
      const { specifiers } = node;
      const onlyTypes =
        specifiers.length > 0 && specifiers.every((each) => 'importKind' in each && each.importKind === 'type');
      add(node, node.source, node.importKind === 'type' || onlyTypes);
    },
    ExportNamedDeclaration: (node) => add(node, node.source, node.exportKind === 'type'),
    ExportAllDeclaration: (node) => add(node, node.source, node.exportKind === 'type'),
    ImportExpression: (node) => add(node, node.source, false),
    TSImportType: (node) => add(node, node.source, true),
  }).visit(program);
  return imports.sort((left, right) => left.line - right.line);
}

/** An import that the layout forbids. */
export interface Violation {
  /** Path from the root, with slashes. */
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/**
 * Judges all of `src/` below `root` by the layout.
 *
 * Tests beside the code may use what their part may use, what is in `test/`, and any package.
 */
export function checkLayout(root: string, layout: readonly LayoutRule[] = LAYOUT): Violation[] {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .map((path) => posix.join('src', path.replaceAll('\\', '/')))
    .filter((path) => path.endsWith('.ts'))
    .sort();
  return files.flatMap((file) => {
    const rule = layout.find(({ part }) => covers(part, subjectOf(file)));
    if (rule === undefined) {
      return [{ file, line: 1, message: 'belongs to no part of the layout: give it a rule in scripts/layout.ts' }];
    }
    return readImports(file, readFileSync(join(root, file), 'utf8'))
      .filter((each) => !isAllowed(file, each, rule))
      .map(({ specifier, line }) => ({ file, line, message: `imports ${specifier}. ${describe(rule)}` }));
  });
}

/** The file that a test, or the world of one, is about, by whose rule it is judged: `a/b.ts` for `a/b.test.ts`. */
function subjectOf(file: string): string {
  return file.replace(/\.test(?:-world)?\.ts$/, '.ts');
}

function isAllowed(file: string, { specifier, typeOnly }: Import, rule: LayoutRule): boolean {
  const isTest = /\.test(?:-world)?\.ts$/.test(file);
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(file), specifier);
    return [rule.part, ...rule.imports, ...(isTest ? ['test/', subjectOf(file)] : [])].some((part) =>
      covers(part, target),
    );
  }
  if (isTest) return true;
  const allowed = [...(rule.packages ?? []), ...(rule.node ?? []), ...(typeOnly ? (rule.typesOf ?? []) : [])];
  return allowed.some((pattern) =>
    pattern.endsWith('*')
      ? specifier.startsWith(pattern.slice(0, -1))
      : specifier === pattern || specifier.startsWith(`${pattern}/`),
  );
}

function covers(part: string, path: string): boolean {
  return part.endsWith('/') ? path.startsWith(part) : path === part;
}

function describe({ part, imports, packages = [], typesOf = [], node = [] }: LayoutRule): string {
  const allowed = [...imports, ...packages, ...typesOf.map((name) => `types of ${name}`), ...node];
  const own = part.endsWith('/') ? ['itself'] : [];
  return `${part} may import only: ${[...own, ...allowed].join(', ') || 'nothing'}`;
}

function main(): void {
  const violations = checkLayout(fileURLToPath(new URL('..', import.meta.url)));
  for (const { file, line, message } of violations) console.error(`${file}:${line}: ${message}`);
  if (violations.length > 0) {
    console.error(
      `\n${violations.length} imports break the layout. Move the code, or change the rule in scripts/layout.ts.`,
    );
    process.exitCode = 1;
  }
}

if (import.meta.main) main();
