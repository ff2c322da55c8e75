/**
 * Told what a long step is doing: once when a stage begins, then every few seconds while it lasts.
 *
 * @param stage what is being done, for a person to read, with how long it usually takes if that is long
 * @param elapsedSeconds seconds since the stage began
 */
export type Progress = (stage: string, elapsedSeconds: number) => void;

/** A terminal sees its one line move every second; a log gets a new line only this often. */
const LOG_LINE_EVERY_SECONDS = 30;

/**
 * Writes progress to a stream: one line that is rewritten on a terminal, plain lines elsewhere.
 *
 * @param stream usually `process.stderr`
 * @param indent put in front of each line
 */
export function progressWriter(stream: NodeJS.WriteStream, indent = ''): { report: Progress; done: () => void } {
  let lastStage = '';
  let lastLineAt = 0;
  return {
    report: (stage, elapsedSeconds) => {
      const elapsed = formatSeconds(elapsedSeconds);
      if (stream.isTTY) {
        // One line cannot be rewritten once it wraps, so it is cut to the terminal's width.
        const line = `${indent}${stage} … ${elapsed}`.slice(0, Math.max(20, stream.columns - 1));
        stream.write(`${stage === lastStage || lastStage === '' ? '\r' : '\n'}\x1b[K${line}`);
      } else if (stage !== lastStage || elapsedSeconds - lastLineAt >= LOG_LINE_EVERY_SECONDS) {
        stream.write(`${indent}${stage}${stage === lastStage ? ` … ${elapsed}` : ''}\n`);
        lastLineAt = elapsedSeconds;
      }
      lastStage = stage;
    },
    done: () => {
      if (stream.isTTY && lastStage !== '') stream.write('\n');
      lastStage = '';
    },
  };
}

/** `95` → `1 min 35 s`, `7` → `7 s`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.floor(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** Runs `work` and reports `stage` at its start and every second until it settles. */
export async function withProgress<Result>(
  progress: Progress,
  stage: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const startedAt = performance.now();
  progress(stage, 0);
  const timer = setInterval(() => progress(stage, (performance.now() - startedAt) / 1000), 1000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
