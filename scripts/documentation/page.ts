import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { anchorOf } from '../reference/markdown.ts';

/** A fenced block of a page. */
export interface Block {
  /** What stands behind the fence: `sh`, `yaml`, `text`; empty for none. */
  readonly language: string;
  readonly text: string;
  /** Line of its first fence, from 1. */
  readonly line: number;
  /** Whether nothing but blank lines stands between it and the block before it. */
  readonly followsBlock: boolean;
}

/**
 * One thing that a reader does. The pages keep these forms, so that tests can do what they say:
 *
 * - a block `sh` holds commands; when its first line is `# Needs …`, it needs something that tests do not have, such as
 *   Azure, and is not run;
 * - a block `text` right below it shows what they print;
 * - a block `yaml` whose first line is a comment with a file name, as `# granitefalls.yaml`, is to be saved under it.
 */
export type Step =
  | { readonly kind: 'Commands'; readonly text: string; readonly line: number; readonly output: string | undefined }
  | { readonly kind: 'NotRun'; readonly needs: string; readonly text: string; readonly line: number }
  | { readonly kind: 'File'; readonly name: string; readonly text: string; readonly line: number };

/** A fenced block, which may stand in a list and is indented then: its indent, its language and its lines. */
const BLOCK = /^( *)```([^\n`]*)\n(.*?)^\1```$/gms;

/** The fenced blocks of a page, in their order. */
export function blocksOf(text: string): readonly Block[] {
  const blocks: Block[] = [];
  let end = 0;
  for (const match of text.matchAll(BLOCK)) {
    const [whole, indent = '', language = '', content = ''] = match;
    const between = text.slice(end, match.index);
    blocks.push({
      language: language.trim(),
      text: content.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      line: text.slice(0, match.index).split('\n').length,
      followsBlock: blocks.length > 0 && between.trim() === '',
    });
    end = match.index + whole.length;
  }
  return blocks;
}

/** What a page asks its reader to do, in its order. */
export function stepsOf(text: string): readonly Step[] {
  const blocks = blocksOf(text);
  return blocks.flatMap((block, at): Step[] => {
    const { line } = block;
    const next = blocks[at + 1];
    if (block.language === 'sh') {
      const needs = /^# Needs (.+)/.exec(block.text)?.[1];
      const output = next?.language === 'text' && next.followsBlock ? next.text : undefined;
      return [
        needs === undefined
          ? { kind: 'Commands', text: block.text, line, output }
          : { kind: 'NotRun', needs, text: block.text, line },
      ];
    }
    const name = block.language === 'yaml' ? /^# (\S+\.yaml)\n/.exec(block.text)?.[1] : undefined;
    return name === undefined ? [] : [{ kind: 'File', name, text: block.text, line }];
  });
}

/** The anchors of a page's headings, as a forge makes them: of equal headings, the later ones are numbered. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const withoutBlocks = text.replaceAll(BLOCK, '');
  const anchors = new Set<string>();
  const seen = new Map<string, number>();
  for (const [, heading = ''] of withoutBlocks.matchAll(/^#+ (.+)$/gm)) {
    const anchor = anchorOf(heading);
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    anchors.add(times === 0 ? anchor : `${anchor}-${times}`);
  }
  for (const [, name = ''] of withoutBlocks.matchAll(/<a id="([^"]+)">/g)) {
    anchors.add(name);
  }
  return anchors;
}

/** Relative targets of the links and pictures of a page, without those in blocks. */
export function linksOf(text: string): readonly string[] {
  const prose = text.replaceAll(BLOCK, '').replaceAll(/`[^`\n]*`/g, '');
  return [
    ...[...prose.matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)],
    ...[...prose.matchAll(/(?:src|srcset|href)="(?!https?:|mailto:)([^"]+)"/g)],
  ].map(([, target = '']) => target);
}

const NOT_OURS = new Set(['node_modules', 'dist', '.git']);

/** Every page of the project: its path from the root, and its text. */
export function allPages(root: string): readonly (readonly [path: string, text: string])[] {
  return markdownIn(root, root).toSorted(([left], [right]) => (left < right ? -1 : 1));
}

function markdownIn(root: string, folder: string): readonly (readonly [string, string])[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry): (readonly [string, string])[] => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      return NOT_OURS.has(entry.name) ? [] : [...markdownIn(root, path)];
    }
    return entry.name.endsWith('.md') ? [[relative(root, path), readFileSync(path, 'utf8')]] : [];
  });
}
