import { SiteFault } from './exchange.ts';

export type KeyValue = string | number;

/** What a path below the base names. */
export interface ODataPath {
  readonly className: string;
  /** Of one instance; by name, or `''` for the value of a key that has one property. */
  readonly key: ReadonlyMap<string, KeyValue> | undefined;
  readonly method: string | undefined;
}

/**
 * Reads `wmi/<Class>`, `wmi/<Class>(<key>)`, `wmi/<Class>(<key>)/AdminService.<Method>` and `wmi/<Class>.<Method>`.
 *
 * @param path below the base, still encoded
 */
export function parsePath(path: string): ODataPath {
  const decoded = decode(path);
  const match = /^wmi\/(\w+)(?:\.(\w+))?(?:\((.*)\))?(?:\/AdminService\.(\w+))?\/?$/s.exec(decoded);
  if (match === null) {
    throw new SiteFault(404, `No HTTP resource was found that matches the request URI '${decoded}'.`);
  }
  const [, className = '', staticMethod, keyText, instanceMethod] = match;
  return {
    className,
    key: keyText === undefined ? undefined : parseKey(keyText),
    method: staticMethod ?? instanceMethod,
  };
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new SiteFault(400, 'The request URI is not encoded as it has to be.');
  }
}

/** `16777217`, `'SMS00001'`, or `A=1,B='x'`; a quote inside of a text is doubled. */
function parseKey(text: string): ReadonlyMap<string, KeyValue> {
  const parts = /(?:(\w+)=)?(?:'((?:[^']|'')*)'|(-?\d+))(?:,|$)/gy;
  const key = new Map<string, KeyValue>();
  while (parts.lastIndex < text.length) {
    const match = parts.exec(text);
    if (match === null) throw new SiteFault(400, `Bad Request - Error in query syntax: (${text}).`);
    const [, name = '', quoted, number] = match;
    key.set(name, quoted === undefined ? Number(number) : quoted.replaceAll("''", "'"));
  }
  return key;
}
