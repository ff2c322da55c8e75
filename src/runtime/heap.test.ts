import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHeap, type HeapItem } from './heap.ts';

interface Numbered extends HeapItem {
  readonly value: number;
}

describe('Heap', () => {
  it('pops in order, whatever was removed from its middle', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ value: fc.integer(), remove: fc.boolean() })), (wanted) => {
        const heap = createHeap<Numbered>((left, right) => left.value < right.value);
        const items = wanted.map(({ value, remove }) => ({ item: { value, heapIndex: -1 }, remove }));
        for (const { item } of items) heap.push(item);
        for (const { item, remove } of items) if (remove) heap.remove(item);

        const popped: number[] = [];
        for (let next = heap.pop(); next !== undefined; next = heap.pop()) popped.push(next.value);
        const kept = items.filter(({ remove }) => !remove).map(({ item }) => item.value);
        expect(popped).toEqual(kept.sort((left, right) => left - right));
        expect(heap.size).toBe(0);
        expect(items.every(({ item }) => item.heapIndex === -1)).toBe(true);
      }),
    );
  });

  it('refuses to remove what it does not hold', () => {
    const heap = createHeap<Numbered>((left, right) => left.value < right.value);
    heap.push({ value: 1, heapIndex: -1 });
    expect(() => heap.remove({ value: 1, heapIndex: -1 })).toThrow('not in this heap');
    expect(() => heap.remove({ value: 1, heapIndex: 0 })).toThrow('not in this heap');
  });
});
