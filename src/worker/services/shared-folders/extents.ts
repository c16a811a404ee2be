// Bytes of a file that are changed and not yet on the host: sorted pieces that do not overlap.

interface Extent {
  start: number;
  length: number;
  /** May have room behind `length`. */
  bytes: Uint8Array;
}

/** Pieces do not grow beyond this, so that growing does not copy long ones. */
const EXTENT_MAX = 1 << 20;
const EXTENT_MIN = 4096;
/** Shorter data are copied: they would hold on to the message that brought them. */
const KEEP_MIN = 64 * 1024;

export class Extents {
  #list: Extent[] = [];
  #bytes = 0;

  /** Held in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#list.length;
  }

  /** Takes a copy, unless the caller gives the data away and they are long. */
  put(position: number, data: Uint8Array, given = false): void {
    if (data.length === 0) return;
    const end = position + data.length;
    let index = this.#indexBehind(position);
    const before = this.#list[index - 1];
    if (before && end <= before.start + before.length) {
      before.bytes.set(data, position - before.start);
      return;
    }
    this.cut(position, end);
    index = this.#indexBehind(position);
    const left = this.#list[index - 1];
    if (left && left.start + left.length === position && end - left.start <= EXTENT_MAX) {
      append(left, data);
    } else {
      const bytes = given && data.length >= KEEP_MIN ? data : data.slice();
      this.#list.splice(index, 0, { start: position, length: data.length, bytes });
    }
    this.#bytes += data.length;
  }

  /** Forgets a range. */
  cut(from: number, to: number): void {
    let index = this.#indexBehind(from);
    const left = this.#list[index - 1];
    if (left && left.start + left.length > from) {
      const leftEnd = left.start + left.length;
      left.length = from - left.start;
      this.#bytes -= leftEnd - from;
      if (leftEnd > to) {
        const rest = left.bytes.slice(to - left.start, leftEnd - left.start);
        this.#list.splice(index, 0, { start: to, length: rest.length, bytes: rest });
        this.#bytes += rest.length;
      }
      if (left.length === 0) this.#list.splice(--index, 1);
    }
    let gone = index;
    for (let extent = this.#list[gone]; extent && extent.start < to; extent = this.#list[gone]) {
      const end = extent.start + extent.length;
      if (end > to) {
        const cut = to - extent.start;
        extent.bytes = extent.bytes.subarray(cut);
        extent.start = to;
        extent.length -= cut;
        this.#bytes -= cut;
        break;
      }
      this.#bytes -= extent.length;
      gone++;
    }
    if (gone > index) this.#list.splice(index, gone - index);
  }

  clear(): void {
    this.#list = [];
    this.#bytes = 0;
  }

  /** Lays the changes over `target`, which holds the file's bytes from `position` on. */
  copyTo(position: number, target: Uint8Array): void {
    const end = position + target.length;
    for (let index = Math.max(0, this.#indexBehind(position) - 1); ; index++) {
      const extent = this.#list[index];
      if (!extent || extent.start >= end) return;
      const from = Math.max(position, extent.start);
      const to = Math.min(end, extent.start + extent.length);
      if (from < to)
        target.set(extent.bytes.subarray(from - extent.start, to - extent.start), from - position);
    }
  }

  /** Whether all of the range is here. */
  covers(from: number, to: number): boolean {
    let position = from;
    for (let index = Math.max(0, this.#indexBehind(from) - 1); position < to; index++) {
      const extent = this.#list[index];
      if (!extent || extent.start > position) return false;
      position = Math.max(position, extent.start + extent.length);
    }
    return true;
  }

  *[Symbol.iterator](): Generator<{ position: number; bytes: Uint8Array }> {
    for (const { start, length, bytes } of this.#list)
      yield { position: start, bytes: bytes.subarray(0, length) };
  }

  /** Of the first extent that starts behind `position`. */
  #indexBehind(position: number): number {
    let low = 0;
    let high = this.#list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#list[middle] as Extent).start <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function append(extent: Extent, data: Uint8Array): void {
  const length = extent.length + data.length;
  if (length > extent.bytes.length) {
    const capacity = Math.min(EXTENT_MAX, Math.max(EXTENT_MIN, 2 * length));
    const grown = new Uint8Array(capacity);
    grown.set(extent.bytes.subarray(0, extent.length));
    extent.bytes = grown;
  }
  extent.bytes.set(data, extent.length);
  extent.length = length;
}
