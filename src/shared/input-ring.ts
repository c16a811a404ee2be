// Pointer input through shared memory: the page writes records, the worker reads them between two calls of the core.
//
// One writer, one reader. Layout: two u32 counters of records (written, read) and a flag in the first 16 bytes, then CAPACITY
// records of 32 bytes: f64 kind, f64 id, then two f64 values. A counter is stored after what it counts.

export enum InputKind {
  Motion = 1, // a, b: dx, dy
  Position = 2, // a, b: fractions of the picture
  Buttons = 3, // a: buttons
  Wheel = 4, // a, b: vertical, horizontal
}

export interface InputRecord {
  kind: InputKind;
  a: number;
  b: number;
  /** 0: without. */
  id: number;
}

/** A second of the fastest mice. */
const CAPACITY = 1024;
const HEADER_BYTES = 16;
const RECORD_DOUBLES = 4;
const WRITTEN = 0;
const READ = 1;
const SLEEPING = 2;

export const INPUT_RING_BYTES = HEADER_BYTES + CAPACITY * RECORD_DOUBLES * 8;

class Ring {
  readonly counters: Int32Array;
  readonly records: Float64Array;

  constructor(buffer: SharedArrayBuffer) {
    this.counters = new Int32Array(buffer, 0, HEADER_BYTES / 4);
    this.records = new Float64Array(buffer, HEADER_BYTES);
  }
}

/** The page's end. */
export class InputRingWriter {
  readonly #ring: Ring;
  readonly #wake: () => void;

  /** `wake`: called when the worker sleeps, which a message ends. */
  constructor(buffer: SharedArrayBuffer, wake: () => void) {
    this.#ring = new Ring(buffer);
    this.#wake = wake;
  }

  /** False: the ring is full, and nothing was written; the caller keeps the record. */
  write({ kind, a, b, id }: InputRecord): boolean {
    const { counters, records } = this.#ring;
    const written = Atomics.load(counters, WRITTEN);
    if (((written - Atomics.load(counters, READ)) | 0) >= CAPACITY) return false;
    records.set([kind, id, a, b], ((written >>> 0) % CAPACITY) * RECORD_DOUBLES);
    Atomics.store(counters, WRITTEN, (written + 1) | 0);
    Atomics.notify(counters, WRITTEN);
    if (Atomics.exchange(counters, SLEEPING, 0) !== 0) this.#wake();
    return true;
  }
}

/** The worker's end. */
export class InputRingReader {
  readonly #ring: Ring;

  constructor(buffer: SharedArrayBuffer) {
    this.#ring = new Ring(buffer);
  }

  /** Changes with each record. */
  get cell(): Int32Array {
    return this.#ring.counters.subarray(WRITTEN, WRITTEN + 1);
  }

  get isEmpty(): boolean {
    const { counters } = this.#ring;
    return Atomics.load(counters, WRITTEN) === Atomics.load(counters, READ);
  }

  /** The next record; undefined: none is there. */
  read(): InputRecord | undefined {
    const { counters, records } = this.#ring;
    const read = Atomics.load(counters, READ);
    if (Atomics.load(counters, WRITTEN) === read) return undefined;
    const at = ((read >>> 0) % CAPACITY) * RECORD_DOUBLES;
    const [kind = 0, id = 0, a = 0, b = 0] = records.subarray(at, at + RECORD_DOUBLES);
    Atomics.store(counters, READ, (read + 1) | 0);
    return { kind, id, a, b };
  }

  /** Asks for a wake-up call at the next record. False: one is there already, do not sleep. */
  prepareToSleep(): boolean {
    Atomics.store(this.#ring.counters, SLEEPING, 1);
    if (this.isEmpty) return true;
    Atomics.store(this.#ring.counters, SLEEPING, 0);
    return false;
  }
}
