// An input on its way to the guest, as the page tells of it.

import type { PointerButtons } from "../../shared/api";

/** What was sent, for those who measure. */
export interface PointerInput {
  id: number;
  kind: "motion" | "position" | "buttons" | "wheel";
  /** motion: counts; position: fractions of the picture; wheel: notches, y vertical; buttons: none. */
  x: number;
  y: number;
  buttons: PointerButtons;
  /** When the browser had it, and when it was on its way; both performance.now() of the page. */
  timeStamp: number;
  sent: number;
}
