/**
 * Dashboards as data: what each panel asks and what it means. `grafana.ts` makes Grafana's JSON of it, `../pictures/` the
 * pictures in the documentation, and the tests run every query.
 */
export interface Dashboard {
  /** Also the name of its file. Stays for ever: links and bookmarks hang on it. */
  readonly uid: 'cmg-fleet' | 'cmg-gateway' | 'cmg-operator';
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  readonly rows: readonly Row[];
}

/** A choice at the top of a dashboard, from the values of a label. */
export interface Variable {
  /** Used in queries as `$name`. */
  readonly name: string;
  readonly label: string;
  /** Series whose label `name` has the values; may use variables before it. */
  readonly series: string;
  /** The label. Default: the name of the variable. */
  readonly of?: string;
  /** Whether several may be chosen, or all, which is how it begins. */
  readonly several: boolean;
}

/** Panels that belong together, from left to right; the next one begins a new line where there is no room. */
export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Panel {
  /** Unique in its dashboard. */
  readonly title: string;
  /** What it shows, what is normal, and what to do when it is not. Markdown. */
  readonly description: string;
  readonly shape: Shape;
  readonly unit: Unit;
  /** Of 24 columns. */
  readonly width: 4 | 6 | 8 | 12 | 24;
  readonly queries: readonly Query[];
  /** From which value on which colour. Below the first: green. */
  readonly thresholds?: readonly { readonly from: number; readonly colour: Colour }[];
  /** Colour below the first threshold. Default: green. */
  readonly base?: Colour;
  /** Words that stand for values, with their colours. */
  readonly words?: Readonly<Record<number, { readonly text: string; readonly colour: Colour }>>;
  /** Colours of series by their names; the others get one each. */
  readonly colours?: Readonly<Record<string, Colour>>;
  /** What stands there when the query finds nothing. Default: No data. */
  readonly nothing?: string;
}

/** How a panel is drawn: one number, lines over time, a table with a row for each gateway, or bars of states over time. */
export type Shape = 'Number' | 'Lines' | 'StackedLines' | 'Table' | 'States';

export type Colour = 'green' | 'orange' | 'red' | 'blue' | 'gray';

/** A unit by the name that Grafana gives it. */
export type Unit = 'short' | 's' | 'percentunit' | 'bytes' | 'reqps' | 'ops' | 'none';

export interface Query {
  /** PromQL. May use the variables, and `$__rate_interval`, the shortest time over which a rate can be told. */
  readonly expression: string;
  /** What a series is called: text with labels in double braces. In a table: the head of the column. */
  readonly legend: string;
  /** Unit of the column, where it differs from the panel's. */
  readonly unit?: Unit;
}

/** Words for metrics that are 1 while something holds. */
export function yesOrNo(yes: string, no: string, good: 'yes' | 'no'): NonNullable<Panel['words']> {
  return {
    1: { text: yes, colour: good === 'yes' ? 'green' : 'red' },
    0: { text: no, colour: good === 'yes' ? 'red' : 'green' },
  };
}
