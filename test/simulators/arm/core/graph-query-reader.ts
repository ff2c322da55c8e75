/** What the simulator does not read, or what is wrong. */
export class QueryProblem extends Error {}

/** Reads the tokens of a query from the left. */
export interface Reader {
  position: number;
  atEnd(): boolean;
  identifier(): string;
  number(): number;
  /** `tags['x'].y` as its parts. */
  path(): string[];
  literal(): string | number | boolean | undefined;
  operator(): string;
  accept(symbol: string): boolean;
  acceptWord(word: string): boolean;
  /** `word(`. */
  acceptCall(word: string): boolean;
  expect(symbol: string): void;
  expectWord(word: string): void;
}

/** A pattern where it is looked for at one place of a text, by the pattern. */
const atPlace = new Map<string, RegExp>();

/** A reader at the beginning of `text`. */
export function createReader(text: string): Reader {
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    const sticky = atPlace.get(pattern.source) ?? new RegExp(`\\s*(?:${pattern.source})`, 'iy');
    atPlace.set(pattern.source, sticky);
    sticky.lastIndex = reader.position;
    const match = sticky.exec(text);
    if (match === null) return undefined;
    reader.position = sticky.lastIndex;
    return match;
  };
  const near = () => `near '${text.slice(reader.position, reader.position + 20)}'`;
  const quoted = (): string | undefined => {
    const match = take(/'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"/);
    return match === undefined ? undefined : unescaped(match[1] ?? match[2] ?? '');
  };
  const reader: Reader = {
    position: 0,
    atEnd: () => text.slice(reader.position).trim() === '',
    identifier: () => {
      const name = take(/([A-Za-z_]\w*)/)?.[1];
      if (name === undefined) throw new QueryProblem(`A name is expected ${near()}.`);
      return name;
    },
    number: () => {
      const digits = take(/(\d+)/)?.[1];
      if (digits === undefined) throw new QueryProblem(`A number is expected ${near()}.`);
      return Number(digits);
    },
    path: () => {
      const parts = [reader.identifier()];
      for (;;) {
        if (reader.accept('.')) {
          parts.push(reader.identifier());
        } else if (reader.accept('[')) {
          const name = quoted();
          if (name === undefined) throw new QueryProblem(`A quoted name is expected ${near()}.`);
          parts.push(name);
          reader.expect(']');
        } else {
          return parts;
        }
      }
    },
    literal: () => {
      const string = quoted();
      if (string !== undefined) return string;
      const digits = take(/(-?\d+(?:\.\d+)?)/)?.[1];
      if (digits !== undefined) return Number(digits);
      const boolean = take(/(true|false)\b/)?.[1];
      return boolean === undefined ? undefined : boolean.toLowerCase() === 'true';
    },
    operator: () => {
      const found = take(/(==|!=|=~|!~|in~|!?[a-z]+(?:_cs)?)/)?.[1];
      if (found === undefined) throw new QueryProblem(`A comparison is expected ${near()}.`);
      return found.toLowerCase();
    },
    accept: (symbol) => take(new RegExp(symbol === '=' ? '=(?![=~])' : `\\${symbol}`)) !== undefined,
    acceptWord: (word) => take(new RegExp(`${word}\\b`)) !== undefined,
    acceptCall: (word) => take(new RegExp(`${word}\\s*\\(`)) !== undefined,
    expect: (symbol) => {
      if (!reader.accept(symbol)) throw new QueryProblem(`'${symbol}' is expected ${near()}.`);
    },
    expectWord: (word) => {
      if (!reader.acceptWord(word)) throw new QueryProblem(`'${word}' is expected ${near()}.`);
    },
  };
  return reader;
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, character: string) => ({ n: '\n', r: '\r', t: '\t' })[character] ?? character);
}
