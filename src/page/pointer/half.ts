// What the three pointer classes have in common: where they listen, where they send, and whom they tell.

import type { PointerDevice } from "../../shared/api";
import type { Picture } from "./picture";
import type { PointerSender } from "./sender";

/** One way of giving the pointer to the guest. */
export interface PointerHalf {
  attach(): void;
  detach(): void;
  /** Gives the pointer back to the page, if the guest has it. */
  release(): void;
  /** The guest asks for the pointer to itself (games), or no longer. What knows places only cannot give it away. */
  grab?(wanted: boolean): void;
  /** The picture has another size: a hand that rests is at another of its pixels now. */
  again?(): void;
}

export interface PointerHost {
  /** The picture; it takes the focus. */
  canvas: HTMLCanvasElement;
  picture: Picture;
  sender: PointerSender;
  /** What the guest listens with; "none": it has not asked for a pointer yet. */
  device: PointerDevice | "none";
  /** Words for the user, until others come; undefined: none. */
  explain(words: string | undefined): void;
  /** The guest has the pointer to itself, or no longer. */
  captured(captured: boolean): void;
}

/** A wheel turned over a screen without the focus is the page's, which can be scrolled past a machine. */
export function hasFocus(canvas: HTMLElement): boolean {
  return (canvas.getRootNode() as Document | ShadowRoot).activeElement === canvas;
}
