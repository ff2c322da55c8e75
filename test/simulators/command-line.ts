/** The number that an option was given. @throws Error, as a sentence, for anything else */
export function numberFrom(option: string, text: string, lowest: number, highest: number): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= lowest && value <= highest) return value;
  throw new Error(`${option} must be a number from ${lowest} to ${highest}, not ${text}.`);
}

/** Resolves at the first Ctrl-C or SIGTERM; a second one ends the process at once. */
export function waitForStop(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(1));
        resolve();
      });
    }
  });
}
