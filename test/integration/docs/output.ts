/** What stands in a text in place of what is another at each run. The first that fits takes it. */
const CHANGING: readonly (readonly [RegExp, string])[] = [
  [/\/[\w./-]*\/(?:kubeconfig\.yaml|control-plane\/[\w.-]+\/?)/g, '<path>'],
  [/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uuid>'],
  [/\b[0-9a-f]{64}\b/g, '<sha256>'],
  [/(?<=configmgr\.io\/[a-z-]+=)[0-9a-f]{8}\b/g, '<id>'],
  [/(?<=\()[0-9a-f]{8}(?=\))/g, '<id>'],
  [/\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, '<time>'],
  [/\b\d{4}-\d{2}-\d{2}\b/g, '<date>'],
  [/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, '<address>'],
  [/\b\d+(?:d|h|m|s)(?:\d+(?:h|m|s))?(?: \(x\d+ over \d+\w+\))?(?=\s|$)/g, '<age>'],
];

/** Lines of an output without what changes from run to run, and with single blanks. */
export function stableLines(output: string): readonly string[] {
  return output
    .split('\n')
    .map((line) => CHANGING.reduce((text, [pattern, name]) => text.replaceAll(pattern, name), line))
    .map((line) => line.trim().replaceAll(/\s+/g, ' '))
    .filter((line) => line !== '');
}

/**
 * Compares what a page shows with what was printed. A line `…` stands for any lines.
 *
 * @returns the first line that was not printed where the page shows it; `undefined` when all were
 */
export function firstDifference(shown: string, printed: string): string | undefined {
  const lines = stableLines(printed);
  let at = 0;
  let anything = false;
  for (const line of stableLines(shown)) {
    if (line === '…') {
      anything = true;
      continue;
    }
    const found = anything ? lines.indexOf(line, at) : at;
    if (found < 0 || lines[found] !== line) {
      return line;
    }
    at = found + 1;
    anything = false;
  }
  return anything || at === lines.length ? undefined : `(nothing more, but there was: ${lines[at]})`;
}
