import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bundle } from './build.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bundle-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A program of two files: an ES module in TypeScript, and a CommonJS module that calls `require`. */
function program(): { entry: string; outfile: string } {
  writeFileSync(join(folder, 'old.cjs'), "exports.name = require('node:path').basename('/some/where.txt');");
  const entry = join(folder, 'main.ts');
  writeFileSync(
    entry,
    [
      "import { name } from './old.cjs';",
      'class Refusal extends Error {}',
      'const words: string[] = [name, new Refusal().constructor.name];',
      "console.log(words.join(' '));",
    ].join('\n'),
  );
  return { entry, outfile: join(folder, 'out', 'main.mjs') };
}

describe('a bundle', () => {
  test('runs alone, with CommonJS modules in it, and keeps the names of classes', async () => {
    const { entry, outfile } = program();
    const { bytes, parts } = await bundle({ entry, outfile });
    rmSync(join(folder, 'old.cjs'));
    rmSync(entry);
    expect(execFileSync(process.execPath, [outfile], { encoding: 'utf8' })).toBe('where.txt Refusal\n');
    expect(bytes).toBeGreaterThan(0);
    expect(parts.map(([name]) => name)).toEqual(['src']);
    expect(readdirSync(join(folder, 'out')).sort()).toEqual(['main.meta.json', 'main.mjs', 'main.mjs.map']);
  });

  test('has ASCII characters only, which take half of the memory, and means the same', async () => {
    const { entry, outfile } = program();
    writeFileSync(entry, "console.log('‘a’b'.replaceAll(/[‘’]/g, 'é'));");
    await bundle({ entry, outfile });
    expect(readFileSync(outfile, 'utf8')).toMatch(/^[\0-\x7f]+$/);
    expect(execFileSync(process.execPath, [outfile], { encoding: 'utf8' })).toBe('éaéb\n');
  });

  test('that is too large is refused, with what it consists of', async () => {
    await expect(bundle({ ...program(), largestBytes: 10 })).rejects.toThrow(/more than the 0 KiB allowed: src /);
  });

  test('of a program that does not compile is not written', async () => {
    const { entry, outfile } = program();
    rmSync(join(folder, 'old.cjs'));
    await expect(bundle({ entry, outfile })).rejects.toThrow('old.cjs');
    expect(existsSync(outfile)).toBe(false);
  });
});
