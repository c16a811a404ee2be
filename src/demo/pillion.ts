// How Pillion is started for the comparison: which driver, whether it accelerates, and a cursor that can be found.

import type { PointerUse } from "../shared/api";
import type { Sprite } from "./measure/sprite";
import type { Settings } from "./settings";

const DRIVERS: Readonly<Record<PointerUse, string>> = {
  relative: "usb-mouse",
  absolute: "usb-tablet",
  integrated: "tandem",
};

export function pillionOptions(mode: PointerUse, settings: Settings): string {
  const draw = mode === "integrated" ? settings.cursor : "guest";
  return [
    `pointer=${DRIVERS[mode]}`,
    `accel=${settings.acceleration ? "on" : "off"}`,
    "cursor=test",
    `draw=${draw}`,
  ].join(" ");
}

const SIZE = 12;
const SQUARE = SIZE / 2;
const MAGENTA = 0xff00ff;
const GREEN = 0x00ff00;

/** cursor=test: four squares, magenta at the upper left and the lower right (guest-additions/pillion/desktop/cursor.h). */
export const TEST_CURSOR: Sprite = {
  width: SIZE,
  height: SIZE,
  hotX: SQUARE,
  hotY: SQUARE,
  colours: Array.from({ length: SIZE * SIZE }, (_, index) => {
    const isLeft = index % SIZE < SQUARE;
    const isUpper = index < SQUARE * SIZE;
    return isLeft === isUpper ? MAGENTA : GREEN;
  }),
};
