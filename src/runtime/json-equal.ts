/** Whether two values are the same JSON: the order of an object's keys does not count, and `undefined` is absent. */
export function jsonEqual(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
    return left.every((item, index) => jsonEqual(item, right[index]));
  }
  const leftEntries = presentEntries(left);
  const rightValues = new Map(presentEntries(right));
  return (
    leftEntries.length === rightValues.size &&
    leftEntries.every(([name, value]) => rightValues.has(name) && jsonEqual(value, rightValues.get(name)))
  );
}

function presentEntries(object: object): readonly (readonly [string, unknown])[] {
  return Object.entries(object).filter(([, value]) => value !== undefined);
}
