import { Writable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { createScreen } from './screen.ts';

/** A terminal of so many columns and rows that keeps what is on it, or, with `isTTY: false`, a file. */
function fakeStream({ isTTY = true, columns = 40, rows = 10 } = {}) {
  let written = '';
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      written += String(chunk);
      done();
    },
  });
  return {
    stream: Object.assign(stream, { isTTY, columns, rows }) as unknown as NodeJS.WriteStream,
    text: () => written,
  };
}

/** What a terminal shows after all that was written: its lines, with every move of the cursor carried out. */
function shownBy(written: string): readonly string[] {
  const lines: string[] = [];
  for (const part of written.replaceAll('\u001b', '␛').split(/(␛\[\d+A␛\[J)/)) {
    const [, up] = /^␛\[(\d+)A/.exec(part) ?? [];
    if (up !== undefined) lines.splice(lines.length - Number(up));
    else if (part !== '') lines.push(...part.replace(/\n$/, '').split('\n'));
  }
  return lines.map((line) => line.replaceAll(/␛\[\d+m/g, ''));
}

describe('the screen of the demo', () => {
  it('shows the present state of a step in place of what was there, and keeps how it ended', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      vi.stubEnv('TERM', 'xterm');
      const { stream, text } = fakeStream();
      const screen = createScreen(stream);
      screen.step('Applying a CMG');
      screen.show(['vault creating', 'scale set absent', `${'long '.repeat(20)}end`]);
      vi.advanceTimersByTime(100);
      expect(shownBy(text())).toEqual([
        expect.stringMatching(/^\S Applying a CMG \d+\.\ds$/),
        '  vault creating',
        '  scale set absent',
        expect.stringMatching(/^ {2}long .{32}$/),
      ]);
      screen.show(['vault there']);
      vi.advanceTimersByTime(500);
      expect(shownBy(text()).slice(1)).toEqual(['  vault there']);
      screen.done('it is Ready');
      screen.step('Scaling');
      screen.failed('not seen');
      screen.print('What to do: wait.');
      vi.advanceTimersByTime(500);
      expect(shownBy(text())).toEqual([
        expect.stringMatching(/^✔ Applying a CMG \(\d+\.\ds\): it is Ready$/),
        expect.stringMatching(/^✘ Scaling \(\d+\.\ds\): not seen$/),
        'What to do: wait.',
      ]);
    } finally {
      vi.useRealTimers();
      vi.unstubAllEnvs();
    }
  });

  it('does not draw more lines than the terminal has', () => {
    vi.stubEnv('TERM', 'xterm');
    const { stream, text } = fakeStream({ rows: 6 });
    const screen = createScreen(stream);
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      screen.step('Applying a CMG');
      screen.show(Array.from({ length: 20 }, (_, at) => `resource ${at}`));
      vi.advanceTimersByTime(300);
      expect(shownBy(text()).length).toBeLessThan(6);
    } finally {
      screen.done('over');
      vi.useRealTimers();
      vi.unstubAllEnvs();
    }
  });

  it.each([
    { what: 'a file', isTTY: false, terminal: 'xterm' },
    { what: 'a terminal that cannot move its cursor', isTTY: true, terminal: 'dumb' },
  ])('prints to $what plain lines, each once', ({ isTTY, terminal }) => {
    vi.stubEnv('TERM', terminal);
    const { stream, text } = fakeStream({ isTTY });
    const screen = createScreen(stream);
    screen.step('Applying a CMG');
    screen.show(['vault creating']);
    screen.show(['vault creating', 'scale set absent']);
    screen.done('it is Ready');
    vi.unstubAllEnvs();
    expect(text()).not.toContain('\u001b');
    const lines = text().trim().split('\n');
    expect(lines.map((line) => line.replace(/^ *\d+\.\ds /, ''))).toEqual([
      '==> Applying a CMG',
      '    vault creating',
      '    scale set absent',
      'ok  it is Ready',
    ]);
  });
});
