// The pointer as a place on the picture, with the guest's cursor drawn by the host: motion has no lag of its own.

import { GuestCursor } from "../cursor";
import { AbsolutePointer } from "./absolute";
import type { PointerHalf, PointerHost } from "./half";

export class IntegratedPointer implements PointerHalf {
  readonly #position: AbsolutePointer;
  readonly #cursor: GuestCursor;

  constructor(host: PointerHost, cursor: GuestCursor) {
    this.#position = new AbsolutePointer({ ...host, device: "none" });
    this.#cursor = cursor;
  }

  attach(): void {
    this.#position.attach();
    this.#cursor.attach();
  }

  detach(): void {
    this.#cursor.detach();
    this.#position.detach();
  }

  again(): void {
    this.#position.again();
  }

  release(): void {
    this.#position.release();
  }
}
