/** An item that a {@link Heap} can hold. The heap writes `heapIndex`; nobody else does. */
export interface HeapItem {
  /** Position in the heap that holds the item, or -1 while no heap does. */
  heapIndex: number;
}

/** A binary heap that can also remove items from its middle, each operation in O(log n). */
export interface Heap<T extends HeapItem> {
  readonly size: number;
  /** The first item in the heap's order, which stays in the heap. */
  peek(): T | undefined;
  /** Adds `item`, which must be in no heap. */
  push(item: T): void;
  /** Takes the first item out. */
  pop(): T | undefined;
  /** Takes `item` out, which must be in this heap. */
  remove(item: T): void;
}

/** An empty heap whose first item is the one that comes `before` all others. */
export function createHeap<T extends HeapItem>(before: (left: T, right: T) => boolean): Heap<T> {
  const items: T[] = [];

  const place = (item: T, index: number) => {
    items[index] = item;
    item.heapIndex = index;
  };

  const siftUp = (item: T, from: number) => {
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = items[parentIndex];
      if (parent === undefined || !before(item, parent)) break;
      place(parent, index);
      index = parentIndex;
    }
    place(item, index);
  };

  const siftDown = (item: T, from: number) => {
    let index = from;
    for (;;) {
      const left = items[2 * index + 1];
      const right = items[2 * index + 2];
      const child = left !== undefined && right !== undefined && before(right, left) ? right : left;
      if (child === undefined || !before(child, item)) break;
      const childIndex = child.heapIndex;
      place(child, index);
      index = childIndex;
    }
    place(item, index);
  };

  const remove = (item: T) => {
    const index = item.heapIndex;
    if (items[index] !== item) throw new Error('The item is not in this heap.');
    item.heapIndex = -1;
    const last = items.pop();
    if (last === undefined || last === item) return;
    siftDown(last, index);
    if (last.heapIndex === index) siftUp(last, index);
  };

  return {
    get size() {
      return items.length;
    },
    peek: () => items[0],
    push: (item) => {
      items.push(item);
      siftUp(item, items.length - 1);
    },
    pop: () => {
      const first = items[0];
      if (first !== undefined) remove(first);
      return first;
    },
    remove,
  };
}
