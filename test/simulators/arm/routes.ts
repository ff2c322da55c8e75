import type { ArmContext } from './context.ts';
import type { Answer } from './exchange.ts';

/** One operation of the API. */
export interface Route {
  readonly method: string;
  /** `{name}` stands for one segment, `{+name}` at the beginning for a scope of any length. Case does not count. */
  readonly path: string;
  readonly handle: (context: ArmContext, parameters: Readonly<Record<string, string>>) => Answer;
}

/** Answers a request by the first route that fits; `undefined` when none does. */
export type Router = (context: ArmContext) => Answer | undefined;

/** Compiles routes. */
export function createRouter(routes: readonly Route[]): Router {
  const compiled = routes.map((route) => ({ ...route, expression: expressionFor(route.path) }));
  return (context) => {
    const { method, path } = context.request;
    for (const route of compiled) {
      const match = route.method === method ? route.expression.exec(path) : null;
      if (match !== null) return route.handle(context, match.groups ?? {});
    }
    return undefined;
  };
}

function expressionFor(path: string): RegExp {
  const source = path
    .replaceAll('.', '\\.')
    .replace(/\{\+(\w+)\}/, '(?<$1>.*)')
    .replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)');
  return new RegExp(`^${source}$`, 'i');
}

/** The parameter of that name. A route that has none is a mistake in the simulator. */
export function parameter(parameters: Readonly<Record<string, string>>, name: string): string {
  const value = parameters[name];
  if (value === undefined) throw new Error(`The route has no parameter ${name}.`);
  return value;
}
