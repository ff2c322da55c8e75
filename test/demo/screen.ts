import type { WriteStream } from 'node:tty';

/** Where the demo shows what happens: a live block in a terminal, plain lines anywhere else. */
export interface Screen {
  /** Begins a step; the one before it counts as done. */
  step(title: string): void;
  /** Shows the present state of the step, in place of what was shown before. Outside a terminal only news are printed. */
  show(lines: readonly string[]): void;
  /** Ends the step as done, with what was seen. */
  done(result: string): void;
  /** Ends the step as failed. */
  failed(message: string): void;
  /** Prints lines that stay. */
  print(...lines: readonly string[]): void;
}

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const REDRAW_MS = 100;

/** Chooses the live form when `stream` is a terminal that can move the cursor, and the plain one otherwise. */
export function createScreen(stream: NodeJS.WriteStream): Screen {
  const plain = !stream.isTTY || process.env.TERM === 'dumb';
  return plain ? plainScreen(stream) : liveScreen(stream);
}

function plainScreen(stream: NodeJS.WritableStream): Screen {
  const start = performance.now();
  let shown = new Set<string>();
  const write = (mark: string, text: string) =>
    stream.write(`${((performance.now() - start) / 1000).toFixed(1).padStart(6)}s ${mark} ${text}\n`);
  return {
    step: (title) => write('==>', title),
    show: (lines) => {
      for (const line of lines) {
        const news = line.trim();
        if (news !== '' && !shown.has(news)) {
          write('   ', news);
        }
      }
      shown = new Set(lines.map((line) => line.trim()));
    },
    done: (result) => write('ok ', result),
    failed: (message) => write('ERR', message),
    print: (...lines) => {
      for (const line of lines) {
        stream.write(`${line}\n`);
      }
    },
  };
}

function liveScreen(stream: WriteStream | NodeJS.WriteStream): Screen {
  const colour = (code: number, text: string) => (process.env.NO_COLOR ? text : `\u001b[${code}m${text}\u001b[0m`);
  let title = '';
  let started = 0;
  let lines: readonly string[] = [];
  let drawn = 0;
  let frame = 0;
  let timer: NodeJS.Timeout | undefined;

  const erase = () => {
    if (drawn > 0) {
      stream.write(`\u001b[${drawn}A\u001b[J`);
      drawn = 0;
    }
  };
  const clip = (line: string) => line.slice(0, Math.max(20, (stream.columns ?? 80) - 1));
  const draw = () => {
    erase();
    frame += 1;
    const head = `${SPINNER[frame % SPINNER.length]} ${title} ${seconds()}`;
    const block = [
      clip(head),
      ...lines.slice(0, Math.max(1, (stream.rows ?? 24) - 3)).map((line) => clip(`  ${line}`)),
    ];
    stream.write(`${block.join('\n')}\n`);
    drawn = block.length;
  };
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)}s`;
  const finish = (line: string) => {
    clearInterval(timer);
    timer = undefined;
    erase();
    stream.write(`${line}\n`);
    lines = [];
  };
  return {
    step: (text) => {
      title = text;
      started = performance.now();
      lines = [];
      timer ??= setInterval(draw, REDRAW_MS);
      draw();
    },
    show: (next) => {
      lines = next;
    },
    done: (result) => finish(`${colour(32, '✔')} ${title} (${seconds()}): ${result}`),
    failed: (message) => finish(`${colour(31, '✘')} ${title} (${seconds()}): ${message}`),
    print: (...text) => {
      erase();
      stream.write(`${text.join('\n')}\n`);
    },
  };
}
