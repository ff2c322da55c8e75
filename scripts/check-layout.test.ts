import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { checkLayout, readImports } from './check-layout.ts';
import type { LayoutRule } from './layout.ts';

/** Writes a project, judges it, and returns each violation as `file:line`. */
function violationsOf(files: Readonly<Record<string, string>>, layout?: readonly LayoutRule[]): string[] {
  const root = mkdtempSync(join(tmpdir(), 'layout-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return checkLayout(root, layout).map(({ file, line }) => `${file}:${line}`);
}

describe('the layout', () => {
  test.each([
    { file: 'src/api/v1alpha1/a.ts', text: "import type { B } from '../../json.ts';", why: 'api stands alone' },
    { file: 'src/runtime/a.ts', text: "import { b } from '../json.ts';", why: 'runtime imports nothing of src' },
    { file: 'src/runtime/a.ts', text: "export * from '../azure/b.ts';", why: 'nor passes it on' },
    { file: 'src/azure/a.ts', text: "import type { B } from '../gateway/b.ts';", why: 'azure knows no gateways' },
    { file: 'src/azure/resource-id.ts', text: "import './arm-client.ts';", why: 'this file of azure is pure' },
    { file: 'src/gateway/a.ts', text: "import { b } from '../azure/arm-client.ts';", why: 'gateway is pure' },
    { file: 'src/gateway/a.ts', text: "import { readFile } from 'node:fs/promises';", why: 'gateway reads no files' },
    { file: 'src/gateway/a.ts', text: "import { b } from '@azure/arm-network';", why: 'only types of the SDK' },
    { file: 'src/certificates/a.ts', text: "const b = await import('node:https');", why: 'certificates are pure' },
    { file: 'src/controllers/a.ts', text: "import { Agent } from 'undici';", why: 'only runtime speaks HTTP' },
    { file: 'src/controllers/a.ts', text: "type A = import('../operator.ts').B;", why: 'nothing imports the top' },
    { file: 'src/main.ts', text: "import '../test/azurite.ts';", why: 'the product does not import tests' },
    { file: 'src/gateway/a.ts', text: 'const b = await import(process.argv[2]);', why: 'it cannot be judged' },
  ])('refuses $text in $file: $why', ({ file, text }) => {
    expect(violationsOf({ [file]: `// first line\n${text}` })).toEqual([`${file}:2`]);
  });

  test('allows what the parts need', () => {
    expect(
      violationsOf({
        'src/runtime/a.ts': "import { Agent } from 'undici';\nimport { b } from './b.ts';\nimport 'node:net';",
        'src/azure/a.ts': "import { a } from '../runtime/a.ts';\nimport { b } from '@azure/identity';",
        'src/gateway/a.ts':
          "import type { A } from '@azure/arm-network';\nimport { type B } from '../azure/resource-id.ts';",
        'src/gateway/a.test.ts':
          "import 'vitest';\nimport 'node:fs';\nimport '../../test/azurite.ts';\nimport './a.ts';",
        'src/controllers/cmg/a.ts':
          "import type { V1Secret } from '@kubernetes/client-node';\nimport '../../azure/a.ts';",
        'src/main.ts': "import { a } from './controllers/cmg/a.ts';",
      }),
    ).toEqual([]);
  });

  test('wants a rule for every file', () => {
    expect(violationsOf({ 'src/new/a.ts': '' })).toEqual(['src/new/a.ts:1']);
  });
});

test('a violation says what is forbidden and what is allowed', () => {
  const root = mkdtempSync(join(tmpdir(), 'layout-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'src', 'pure'), { recursive: true });
  writeFileSync(join(root, 'src', 'pure', 'a.ts'), "import 'node:fs';");
  const layout: LayoutRule[] = [{ part: 'src/pure/', imports: ['src/json.ts'], typesOf: ['@azure/arm-*'] }];
  expect(checkLayout(root, layout)).toEqual([
    {
      file: 'src/pure/a.ts',
      line: 1,
      message: 'imports node:fs. src/pure/ may import only: itself, src/json.ts, types of @azure/arm-*',
    },
  ]);
});

test('reads every form of import, and tells types from values', () => {
  const source = [
    "import type { A } from 'a';",
    "import { type B } from 'b';",
    "import { type C, c } from 'c';",
    'import {',
    '  d,',
    "} from 'd';",
    "import 'e';",
    "export type { F } from 'f';",
    "export * from 'g';",
    "type H = typeof import('h');",
    "const i = () => import('i');",
    "// import 'comment';",
    'const text = "import \'text\'";',
  ].join('\n');
  expect(readImports('a.ts', source)).toEqual([
    { specifier: 'a', line: 1, typeOnly: true },
    { specifier: 'b', line: 2, typeOnly: true },
    { specifier: 'c', line: 3, typeOnly: false },
    { specifier: 'd', line: 4, typeOnly: false },
    { specifier: 'e', line: 7, typeOnly: false },
    { specifier: 'f', line: 8, typeOnly: true },
    { specifier: 'g', line: 9, typeOnly: false },
    { specifier: 'h', line: 10, typeOnly: true },
    { specifier: 'i', line: 11, typeOnly: false },
  ]);
});
