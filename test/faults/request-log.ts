import type { Faults } from '../simulators/arm/faults.ts';
import { isWrite } from '../simulators/arm/journal.ts';

/** Requests to Azure in a span of time, refused and unanswered ones included. */
export interface RequestLog {
  readonly requests: readonly { readonly at: number; readonly method: string; readonly path: string }[];
  /** How many there were whose method and path are like this. */
  count(pattern: RegExp): number;
  /** Those that are to change something. */
  readonly writes: readonly string[];
  end(): void;
}

/** Writes down the requests from now on. `now` dates them, in milliseconds since the epoch. */
export function logRequests(faults: Faults, now: () => number): RequestLog {
  const requests: { readonly at: number; readonly method: string; readonly path: string }[] = [];
  const end = faults.watch((method, url) => {
    const [path = ''] = url.replace(/^\/+/, '/').split('?');
    requests.push({ at: now(), method, path });
  });
  const isToken = (path: string) => path.endsWith('/oauth2/v2.0/token');
  return {
    requests,
    count: (pattern) => requests.filter(({ method, path }) => pattern.test(`${method} ${path}`)).length,
    get writes() {
      return requests.flatMap(({ method, path }) =>
        isWrite(method, path) && !isToken(path) ? [`${method} ${path}`] : [],
      );
    },
    end,
  };
}
