/** Whether two names are one: those of servers, gateways, groups and sites are the same whatever their case. */
export function isSameName(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}
