// The three modes, as the page speaks of them.

import type { PointerUse } from "../shared/api";

export interface ModeWords {
  name: string;
  kind: string;
  hint: string;
}

export const MODES: readonly PointerUse[] = ["relative", "absolute", "integrated"];

export const MODE_WORDS: Readonly<Record<PointerUse, ModeWords>> = {
  relative: {
    name: "USB mouse",
    kind: "relative",
    hint: "The guest gets counts and accelerates them, so it drifts away. Click to capture the mouse, as a virtual machine would; Esc gives it back.",
  },
  absolute: {
    name: "USB tablet",
    kind: "absolute",
    hint: "The guest gets positions, each time it polls. It cannot drift, but comes late.",
  },
  integrated: {
    name: "Tandem port",
    kind: "integrated",
    hint: "The guest gets positions at once, and hands its cursor over to the browser to draw.",
  },
};

/** In plots, paths and table: told apart by dashes as well. */
export const MODE_DASHES: Readonly<Record<PointerUse, number[]>> = {
  relative: [],
  absolute: [6, 3],
  integrated: [2, 3],
};

/** A colour of the style sheet as a canvas takes it: in this scheme, light or dark. */
export function colourOf(name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
