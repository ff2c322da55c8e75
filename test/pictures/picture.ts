import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { Colour, Panel, Unit } from '../../scripts/monitoring/dashboards/dashboard.ts';
import type { Series } from '../world/prometheus.ts';

/** What a panel's queries found. */
export interface Found {
  /** One entry for each query. */
  readonly series: readonly (readonly Series[])[];
  /** Time of the picture, in seconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

const COLUMN_WIDTH = 34;
/** In columns: a title needs room. */
const NARROWEST = 7;
const COLOURS: Readonly<Record<Colour, string>> = {
  green: '#56a64b',
  orange: '#e08400',
  red: '#d0384a',
  blue: '#3274d9',
  gray: '#9aa0a6',
};

/** One point of one series, as Vega takes it. */
interface Row {
  readonly series: string;
  /** Seconds since the beginning of the picture. */
  readonly at: number;
  readonly value: number;
}

/** Draws a panel as SVG, from what its queries found. Grafana draws it much the same. */
export async function drawPanel(panel: Panel, found: Found): Promise<string> {
  const width = Math.max(panel.width, NARROWEST) * COLUMN_WIDTH;
  const { spec } = compile({ ...FRAME, width, ...contentOf(panel, found) } as TopLevelSpec);
  const svg = await new View(parse(spec), { renderer: 'none' }).toSVG();
  return `${svg.replaceAll(/ (?:d|transform)="[^"]*"/g, rounded)}\n`;
}

/** A tenth of a pixel is enough, and the file a third of its size. */
function rounded(coordinates: string): string {
  return coordinates.replaceAll(/\d+\.\d{2,}/g, (number) => String(Math.round(Number(number) * 10) / 10));
}

const FRAME = {
  $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
  background: '#ffffff',
  padding: 12,
  autosize: { type: 'fit-x', contains: 'padding' },
  config: {
    font: 'Inter, Helvetica, Arial, sans-serif',
    axis: { grid: true, gridColor: '#ececec', domainColor: '#c8c8c8', tickColor: '#c8c8c8', labelColor: '#5f6368' },
    view: { stroke: null },
    legend: { orient: 'bottom', title: null, labelLimit: 170, symbolType: 'stroke', symbolStrokeWidth: 2 },
    title: { anchor: 'start', fontSize: 13, fontWeight: 600, color: '#202124', offset: 10 },
  },
} as const;

function contentOf(panel: Panel, found: Found): object {
  switch (panel.shape) {
    case 'Number':
      return numberContent(panel, found);
    case 'Table':
      return tableContent(panel, found);
    case 'States':
      return stateContent(panel, found);
    case 'Lines':
    case 'StackedLines':
      return lineContent(panel, found);
    default:
      return panel.shape satisfies never;
  }
}

/** The name of a series by the query's legend: labels in place of `{{label}}`. */
function nameOf(legend: string, { labels }: Series): string {
  return legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? '');
}

function rowsOf({ queries }: Panel, found: Found): readonly Row[] {
  return queries.flatMap(({ legend }, query) =>
    (found.series[query] ?? []).flatMap((series) =>
      series.points
        .filter(([, value]) => Number.isFinite(value))
        .map(([at, value]) => ({ series: nameOf(legend, series), at: Math.round(at - found.from), value })),
    ),
  );
}

function timeOf({ from, to }: Found): object {
  return {
    field: 'at',
    type: 'quantitative',
    scale: { domain: [0, Math.round(to - from)], nice: false },
    axis: { title: null, labelExpr: "datum.value + ' s'", tickCount: 6 },
  };
}

/** Formats of axes, in Vega's own expressions. */
const AXIS_LABELS: Readonly<Record<Unit, string>> = {
  none: "format(datum.value, '~g')",
  short: "format(datum.value, '~g')",
  s: "datum.value >= 86400 ? format(datum.value / 86400, '.0f') + ' d' : datum.value >= 1 || datum.value == 0 ? format(datum.value, '~g') + ' s' : format(datum.value * 1000, '~g') + ' ms'",
  percentunit: "format(datum.value, '~%')",
  bytes: "format(datum.value / 1048576, '.0f') + ' MiB'",
  reqps: "format(datum.value, '~g') + '/s'",
  ops: "format(datum.value, '~g') + '/s'",
};

function lineContent(panel: Panel, found: Found): object {
  const stacked = panel.shape === 'StackedLines';
  const values = stacked ? completed(rowsOf(panel, found)) : rowsOf(panel, found);
  const several = new Set(values.map(({ series }) => series)).size > 1 || panel.queries.length > 1;
  const axis = { title: null, labelExpr: AXIS_LABELS[panel.unit], tickCount: 5 };
  const highest = Math.max(...values.map(({ value }) => value));
  return {
    title: panel.title,
    height: 150,
    data: { values },
    mark: stacked
      ? { type: 'area', opacity: 0.35, line: { strokeWidth: 1.5 }, interpolate: 'step-after' }
      : { type: 'line', strokeWidth: 2, interpolate: 'step-after' },
    encoding: {
      x: timeOf(found),
      y: {
        field: 'value',
        type: 'quantitative',
        stack: stacked ? 'zero' : null,
        axis,
        // A line along the bottom is read as nothing only where the axis goes on above it.
        ...(highest === 0 && { scale: { domain: [0, 1] } }),
      },
      color: {
        field: 'series',
        type: 'nominal',
        scale: coloursOf(panel, values),
        legend: several ? { columns: panel.width < 12 ? 1 : 2 } : null,
      },
    },
  };
}

const PALETTE = ['#4c78a8', '#f58518', '#e45756', '#72b7b2', '#54a24b', '#b279a2', '#ff9da6', '#9d755d', '#bab0ac'];

function coloursOf({ colours = {} }: Panel, rows: readonly Row[]): object {
  const domain = [...new Set(rows.map(({ series }) => series))].toSorted();
  const range = domain.map((name, at) => {
    const chosen = colours[name];
    return chosen === undefined ? PALETTE[at % PALETTE.length] : COLOURS[chosen];
  });
  return { domain, range };
}

/** With a 0 wherever a series is missing: what is stacked above it would hang in the air. */
function completed(rows: readonly Row[]): readonly Row[] {
  const names = [...new Set(rows.map(({ series }) => series))];
  const times = [...new Set(rows.map(({ at }) => at))].toSorted((left, right) => left - right);
  const values = new Map(rows.map(({ series, at, value }) => [`${at} ${series}`, value]));
  return names.flatMap((series) => times.map((at) => ({ series, at, value: values.get(`${at} ${series}`) ?? 0 })));
}

/** Spans of one value, from one point to the next that differs. */
function stateContent(panel: Panel, found: Found): object {
  const rows = rowsOf(panel, found);
  const names = [...new Set(rows.map(({ series }) => series))];
  const spans = names.flatMap((series) => {
    const own = rows.filter((row) => row.series === series);
    const changes = own.filter((row, at) => at === 0 || own[at - 1]?.value !== row.value);
    const end = own.at(-1)?.at ?? 0;
    return changes.map(({ at, value }, next) => ({
      series,
      at,
      until: changes[next + 1]?.at ?? end,
      ...wordOf(panel, value),
    }));
  });
  const words = Object.values(panel.words ?? {});
  return {
    title: panel.title,
    height: names.length * 30,
    data: { values: spans },
    mark: { type: 'bar', height: 20 },
    encoding: {
      x: { ...timeOf(found), stack: null },
      x2: { field: 'until' },
      y: { field: 'series', type: 'nominal', axis: { title: null, labelLimit: 200, grid: false } },
      color: {
        field: 'text',
        type: 'nominal',
        scale: { domain: words.map(({ text }) => text), range: words.map(({ colour }) => COLOURS[colour]) },
        legend: { symbolType: 'square' },
      },
    },
  };
}

function numberContent(panel: Panel, found: Found): object {
  const value = found.series[0]?.[0]?.points.at(-1)?.[1] ?? Number.NaN;
  const { text, colour } = wordOf(panel, value);
  return {
    title: panel.title,
    height: 60,
    data: { values: [{ text }] },
    mark: { type: 'text', fontSize: 26, fontWeight: 600, color: colour },
    encoding: { text: { field: 'text' } },
  };
}

/** A value in words or with its unit, in the colour that its thresholds give it. */
function wordOf({ words, unit, thresholds = [], base = 'green' }: Panel, value: number) {
  const word = words?.[value];
  if (word !== undefined) return { text: word.text, colour: COLOURS[word.colour] };
  const reached = thresholds.filter(({ from }) => value >= from).at(-1)?.colour ?? base;
  return { text: inUnit(value, unit), colour: COLOURS[reached] };
}

const DAY = 86_400;

function inUnit(value: number, unit: Unit): string {
  switch (unit) {
    case 's':
      return value >= DAY ? `${Math.round(value / DAY)} days` : `${Math.round(value)} s`;
    case 'percentunit':
      return `${Math.round(value * 100)} %`;
    case 'bytes':
      return `${Math.round(value / 1024 ** 2)} MiB`;
    case 'none':
    case 'short':
    case 'reqps':
    case 'ops':
      return String(Math.round(value * 100) / 100);
    default:
      return unit satisfies never;
  }
}

function tableContent(panel: Panel, found: Found): object {
  const keys = [
    ...new Set(found.series.flatMap((series) => series.map(({ labels }) => `${labels.namespace}/${labels.name}`))),
  ];
  const lastOf = (query: number, key: string) =>
    found.series[query]?.find(({ labels }) => `${labels.namespace}/${labels.name}` === key)?.points.at(-1)?.[1];
  const sorted = keys.toSorted((left, right) => (lastOf(0, left) ?? 0) - (lastOf(0, right) ?? 0));
  const cell = (query: number, key: string) => {
    const value = lastOf(query, key);
    const { unit } = panel.queries[query] ?? {};
    if (value === undefined) return '';
    return unit === undefined ? wordOf(panel, value).text : inUnit(value, unit);
  };
  const heads = ['Gateway', ...panel.queries.map(({ legend }) => legend)];
  const cells = [heads, ...sorted.map((key) => [key, ...panel.queries.map((_, query) => cell(query, key))])];
  const values = cells.flatMap((row, line) =>
    row.map((text, column) => ({ line, at: column === 0 ? 0 : column + 1, text, head: line === 0 })),
  );
  return {
    title: panel.title,
    height: cells.length * 26,
    data: { values },
    mark: { type: 'text', align: 'left', fontSize: 12 },
    encoding: {
      // Names take twice the room of a value.
      x: { field: 'at', type: 'quantitative', axis: null, scale: { domain: [0, heads.length + 1] } },
      y: { field: 'line', type: 'ordinal', axis: null },
      text: { field: 'text' },
      color: { condition: { test: 'datum.head', value: '#5f6368' }, value: '#202124' },
    },
  };
}
