// The way of pointer input to the worker: shared memory where the page is cross-origin isolated, messages elsewhere.

import type { PointerButtons } from "../../shared/api";
import { INPUT_RING_BYTES, InputKind, InputRingWriter, type InputRecord } from "../../shared/input-ring"; // prettier-ignore
import type { MachineClient } from "../machine-client";
import type { PointerInput } from "./input";
import type { Point } from "./picture";

/** Each input has an id, so that its way can be followed: the worker tells when the guest has taken it. */
let lastId = 0;

/** How long to wait for room in a full ring. */
const RETRY_MS = 4;

export class PointerSender {
  readonly #machine: MachineClient;
  readonly #onSent: (input: PointerInput) => void;
  readonly #ring: InputRingWriter | undefined;
  /** Records that found no room in the ring. */
  readonly #waiting: InputRecord[] = [];
  #retry: number | undefined;
  #buttons: PointerButtons = 0;
  #place: Point | undefined;

  constructor(machine: MachineClient, onSent: (input: PointerInput) => void) {
    this.#machine = machine;
    this.#onSent = onSent;
    if (!crossOriginIsolated) return;
    const buffer = new SharedArrayBuffer(INPUT_RING_BYTES);
    this.#ring = new InputRingWriter(buffer, () => void machine.api.wake());
    void machine.api.shareInput(buffer);
  }

  /** The last position was this one, whoever sent it. */
  isAt(x: number, y: number): boolean {
    return this.#place?.x === x && this.#place.y === y;
  }

  get buttons(): PointerButtons {
    return this.#buttons;
  }

  /** @returns the input's id, as all of these */
  motion(dx: number, dy: number, timeStamp = performance.now()): number {
    return this.#send(InputKind.Motion, dx, dy, "motion", timeStamp);
  }

  position(x: number, y: number, timeStamp = performance.now()): number {
    this.#place = { x, y };
    return this.#send(InputKind.Position, x, y, "position", timeStamp);
  }

  /** @returns 0: nothing has changed */
  setButtons(buttons: PointerButtons, timeStamp = performance.now()): number {
    if (buttons === this.#buttons) return 0;
    this.#buttons = buttons;
    return this.#send(InputKind.Buttons, buttons, 0, "buttons", timeStamp);
  }

  wheel(vertical: number, horizontal: number, timeStamp = performance.now()): number {
    if (vertical === 0 && horizontal === 0) return 0;
    return this.#send(InputKind.Wheel, vertical, horizontal, "wheel", timeStamp);
  }

  detach(): void {
    window.clearTimeout(this.#retry);
  }

  #send(
    recordKind: InputKind,
    a: number,
    b: number,
    kind: PointerInput["kind"],
    timeStamp: number,
  ): number {
    const id = ++lastId;
    if (this.#ring) this.#write({ kind: recordKind, a, b, id });
    else this.#post(recordKind, a, b, id);
    const [x, y] = kind === "buttons" ? [0, 0] : kind === "wheel" ? [b, a] : [a, b];
    this.#onSent({ id, kind, x, y, buttons: this.#buttons, timeStamp, sent: performance.now() });
    return id;
  }

  #post(kind: InputKind, a: number, b: number, id: number): void {
    const { api } = this.#machine;
    if (kind === InputKind.Motion) void api.pointerMotion(a, b, id);
    else if (kind === InputKind.Position) void api.pointerPosition(a, b, id);
    else if (kind === InputKind.Buttons) void api.pointerButtons(a, id);
    else void api.pointerWheel(a, b, id);
  }

  #write(record: InputRecord): void {
    if (this.#waiting.length > 0 || !this.#ring?.write(record)) this.#keep(record);
  }

  /** A worker that takes nothing gets the newest position and the sum of the motion, but every change of the buttons. */
  #keep(record: InputRecord): void {
    const last = this.#waiting.at(-1);
    if (last?.kind === record.kind && record.kind === InputKind.Position) {
      this.#waiting[this.#waiting.length - 1] = record;
    } else if (last?.kind === record.kind && record.kind === InputKind.Motion) {
      last.a += record.a;
      last.b += record.b;
      last.id = record.id;
    } else {
      this.#waiting.push(record);
    }
    this.#retry ??= window.setTimeout(this.#flush, RETRY_MS);
  }

  #flush = (): void => {
    this.#retry = undefined;
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      if (!this.#ring?.write(first)) {
        this.#retry = window.setTimeout(this.#flush, RETRY_MS);
        return;
      }
      this.#waiting.shift();
    }
  };
}
