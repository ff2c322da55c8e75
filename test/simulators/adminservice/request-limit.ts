/** Counts requests of each address in the current second of the machine's time. */
export interface RequestLimit {
  /** Whether one more request of the address is within the limit. */
  takes(address: string): boolean;
  /** Most requests that one address sent in a second. */
  readonly highest: number;
}

export function createRequestLimit(perSecond: () => number): RequestLimit {
  const sent = new Map<string, number>();
  let second = 0;
  let highest = 0;
  return {
    takes: (address) => {
      const now = Math.floor(performance.now() / 1000);
      if (now !== second) {
        second = now;
        sent.clear();
      }
      const count = (sent.get(address) ?? 0) + 1;
      sent.set(address, count);
      highest = Math.max(highest, count);
      return count <= perSecond();
    },
    get highest() {
      return highest;
    },
  };
}
