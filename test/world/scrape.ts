/** One series of a scrape. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^(?<name>[a-z_]\w*)(?:\{(?<labels>.*)\})? (?<value>\S+)$/;
const LABEL = /(?<label>\w+)="(?<text>(?:[^"\\]|\\.)*)"/g;

/**
 * What an operator on this machine serves at `/metrics` now.
 *
 * @param names what their names begin with: the fewer are read, the faster it is. Default: all
 */
export async function scrape(port: number, names: readonly string[] = ['']): Promise<readonly Sample[]> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  if (!response.ok) throw new Error(`/metrics answered ${response.status}`);
  const lines = (await response.text())
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#') && names.some((name) => line.startsWith(name)));
  return lines.map((line) => {
    const { name = '', labels = '', value = '' } = LINE.exec(line)?.groups ?? {};
    if (name === '') throw new Error(`This is no line of a scrape: ${line}`);
    const pairs = [...labels.matchAll(LABEL)].map(({ groups = {} }) => [groups.label, groups.text]);
    return { name, labels: Object.fromEntries(pairs), value: Number(value) };
  });
}

/** The sum of all series of a name with these labels; `undefined` where there is none. */
export function sumOf(
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = samples.filter(
    (sample) => sample.name === name && Object.entries(labels).every(([label, text]) => sample.labels[label] === text),
  );
  return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
}
