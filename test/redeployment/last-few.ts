/** How many are remembered: what is asked for again is asked for soon. */
const CAPACITY = 16;

/**
 * Remembers what was made of the last few objects, which are told apart by identity and never change. Looking through so few
 * is cheaper than a WeakMap, which has to be collected with them, by the million.
 */
export class LastFew<Key extends object, Value> {
  readonly #keys: (Key | undefined)[] = new Array<Key | undefined>(CAPACITY).fill(undefined);
  readonly #values: (Value | undefined)[] = new Array<Value | undefined>(CAPACITY).fill(undefined);
  #next = 0;

  get(key: Key): Value | undefined {
    const at = this.#keys.indexOf(key);
    return at === -1 ? undefined : this.#values[at];
  }

  set(key: Key, value: Value): void {
    const at = this.#keys.indexOf(key);
    const place = at === -1 ? this.#next : at;
    if (at === -1) this.#next = (this.#next + 1) % CAPACITY;
    this.#keys[place] = key;
    this.#values[place] = value;
  }
}
