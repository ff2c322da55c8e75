/**
 * A query as Grafana sends it: with the values of the variables in place of their names.
 *
 * @throws Error for a variable that has no value
 */
export function filledIn(expression: string, values: Readonly<Record<string, string>>): string {
  return expression.replaceAll(/\$([a-zA-Z_]\w*)/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`The query uses $${name}, which has no value: ${expression}`);
    return value;
  });
}
