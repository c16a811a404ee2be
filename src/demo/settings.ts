// What can be set on the page; the address can set it too: ?acceleration=off&interval=1&cursor=guest&feed=relative&speed=2.

import type { PointerUse } from "../shared/api";
import type { UsbInterval } from "../shared/config";
import { MODES } from "./modes";

export interface Settings {
  acceleration: boolean;
  interval: UsbInterval;
  /** Who draws the cursor of the integrated machine. */
  cursor: "host" | "guest";
  /** Which machines follow the hand. */
  feed: readonly PointerUse[];
  speed: number;
}

export type Effect = "restart" | "command" | "none";

/** What a change does to machines that run. Devices are plugged in with their interval; Pillion takes commands for the rest. */
const EFFECTS: Readonly<Record<string, Effect>> = {
  interval: "restart",
  acceleration: "command",
  cursor: "command",
};

export class SettingsForm {
  readonly #form: HTMLFormElement;

  constructor(form: HTMLFormElement, query: URLSearchParams) {
    this.#form = form;
    for (const select of form.querySelectorAll("select")) {
      const wanted = query.get(select.name);
      if ([...select.options].some(({ value }) => value === wanted)) select.value = wanted ?? "";
    }
  }

  get values(): Settings {
    const data = new FormData(this.#form);
    return {
      acceleration: data.get("acceleration") !== "off",
      interval: data.get("interval") === "1" ? 1 : 10,
      cursor: data.get("cursor") === "guest" ? "guest" : "host",
      feed: MODES.filter((mode) => ["all", mode].some((wanted) => wanted === data.get("feed"))),
      speed: Number(data.get("speed")) || 1,
    };
  }

  attach(change: (effect: Effect) => void): void {
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#form.addEventListener("change", (event) =>
      change(EFFECTS[(event.target as HTMLSelectElement).name] ?? "none"),
    );
  }
}
