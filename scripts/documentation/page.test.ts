import { describe, expect, test } from 'vitest';
import { anchorsOf, linksOf, stepsOf } from './page.ts';

const fence = '```';

describe('the steps of a page', () => {
  test('are commands with what they print, files, and what is not run', () => {
    const text = [
      `${fence}yaml\n# a.yaml\nkind: A\n${fence}`,
      `${fence}yaml\nkind: shown only\n${fence}`,
      `${fence}sh\nkubectl apply -f a.yaml\n${fence}\n\n${fence}text\ncreated\n${fence}`,
      `${fence}sh\n# Needs Azure\naz login\n${fence}`,
    ].join('\n\nWords.\n\n');
    expect(stepsOf(text)).toEqual([
      { kind: 'File', name: 'a.yaml', text: '# a.yaml\nkind: A\n', line: 1 },
      { kind: 'Commands', text: 'kubectl apply -f a.yaml\n', line: 14, output: 'created\n' },
      { kind: 'NotRun', needs: 'Azure', text: '# Needs Azure\naz login\n', line: 24 },
    ]);
  });

  test('do not take a block behind words for what the commands above print', () => {
    const text = `${fence}sh\nls\n${fence}\n\nIn the log stands:\n\n${fence}text\nwords\n${fence}\n`;
    expect(stepsOf(text)).toEqual([{ kind: 'Commands', text: 'ls\n', line: 1, output: undefined }]);
  });
});

test('blocks in a list are read without their indent', () => {
  const text = `1. Do this:\n\n   ${fence}sh\n   cat <<END\n     two\n   END\n   ${fence}\n\n   ${fence}text\n   two\n   ${fence}\n`;
  expect(stepsOf(text)).toEqual([{ kind: 'Commands', text: 'cat <<END\n  two\nEND\n', line: 3, output: 'two\n' }]);
});

test('equal headings have numbered anchors, and comments in commands are no headings', () => {
  const text = `# One VM or more\n\n## What to do\n\n## What to do\n\n${fence}sh\n# Needs Azure\n${fence}\n`;
  expect([...anchorsOf(text)]).toEqual(['one-vm-or-more', 'what-to-do', 'what-to-do-1']);
});

test('links and pictures are found, but not on the web, nor in code', () => {
  const text = '[a](a.md#b) ![p](images/p.svg) [`c`](c.md) [web](https://example.com) `[no](no.md)` <img src="d.svg">';
  expect(linksOf(text)).toEqual(['a.md#b', 'images/p.svg', 'c.md', 'd.svg']);
});
