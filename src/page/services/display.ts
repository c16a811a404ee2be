// Page side of the display: measures the room for the picture in device pixels, and wishes the guest's picture as large.
//
// An element whose proportions come from the guest's picture must not change with the picture that it asks for: its proportions stay
// as they were for as long as the guest follows.

import type { DisplayRoom, MachineEvent } from "../../shared/api";
import type { DisplaySetting } from "../../shared/config";
import type { MachineClient } from "../machine-client";

/** Milliseconds of rest after which a change counts: a drag of an edge is one change of mode, not a hundred. */
const REST = 150;

export interface DisplayPlace {
  /** The room there is. */
  stage: HTMLElement;
  /** The element; what is shown on the full screen may be something around it. */
  host: HTMLElement;
}

export class DisplayService {
  readonly #stage: HTMLElement;
  readonly #host: HTMLElement;
  readonly #machine: MachineClient;
  #setting: DisplaySetting;
  #listeners = new AbortController();
  #stopListening: (() => void) | undefined;
  readonly #resizes: ResizeObserver;
  /** In device pixels, as the browser has laid it out; undefined where browsers do not tell. */
  #measured: { width: number; height: number } | undefined;
  #rest: ReturnType<typeof setTimeout> | undefined;
  #wished = false;
  #guestFollows = false;

  constructor({ stage, host }: DisplayPlace, machine: MachineClient, setting: DisplaySetting) {
    this.#stage = stage;
    this.#host = host;
    this.#machine = machine;
    this.#setting = setting;
    this.#resizes = new ResizeObserver(this.#onResize);
  }

  attach(): void {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    document.addEventListener("fullscreenchange", this.#soon, { signal });
    window.addEventListener("resize", this.#soon, { signal });
    this.#stopListening = this.#machine.listen(this.#onEvent);
    try {
      this.#resizes.observe(this.#stage, { box: "device-pixel-content-box" });
    } catch {
      this.#resizes.observe(this.#stage); // Safari
    }
    this.#wish();
  }

  detach(): void {
    clearTimeout(this.#rest);
    this.#listeners.abort();
    this.#resizes.disconnect();
    this.#stopListening?.();
  }

  get setting(): DisplaySetting {
    return this.#setting;
  }

  set setting(setting: DisplaySetting) {
    this.#setting = setting;
    this.#soon();
  }

  /** The guest makes its picture as large as the room: the room must not be made as large as the picture. */
  get follows(): boolean {
    return this.#guestFollows && this.#isWanted;
  }

  get #isWanted(): boolean {
    if (this.#setting === "auto") return isOnFullScreen(this.#host);
    return this.#setting === "follow";
  }

  #onEvent = (event: MachineEvent): void => {
    if (event.type === "display") this.#guestFollows = true;
    else if (event.type === "guest-bye" || (event.type === "state" && event.state === "off"))
      this.#guestFollows = false;
  };

  #onResize = (entries: ResizeObserverEntry[]): void => {
    const size = entries.at(-1)?.devicePixelContentBoxSize?.[0];
    this.#measured = size && { width: size.inlineSize, height: size.blockSize };
    this.#soon();
  };

  #soon = (): void => {
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#wish(), REST);
  };

  #wish(): void {
    const room = this.#isWanted ? this.#room() : undefined;
    if (!room && !this.#wished) return;
    this.#wished = room !== undefined;
    void this.#machine.api.setDisplayRoom(room);
  }

  /** Undefined while it is not shown. */
  #room(): DisplayRoom | undefined {
    const density = window.devicePixelRatio;
    // What the screen reckons with (screen.ts): a pixel more than that, and the picture would be made smaller.
    const width = Math.floor(this.#stage.clientWidth * density);
    const height = Math.floor(this.#stage.clientHeight * density);
    if (width === 0 || height === 0) return undefined;
    return {
      width: rounded(width, this.#measured?.width),
      height: rounded(height, this.#measured?.height),
      scale: density,
    };
  }
}

/** CSS lengths are rounded; the browser's own count of pixels decides, unless it speaks of other pixels (simulated screens). */
function rounded(length: number, measured: number | undefined): number {
  return measured !== undefined && length - measured > 0 && length - measured <= 2
    ? measured
    : length;
}

function isOnFullScreen(element: Element): boolean {
  for (let at: Element | undefined = element; at;) {
    if (at.closest(":fullscreen")) return true;
    const root = at.getRootNode();
    at = root instanceof ShadowRoot ? root.host : undefined;
  }
  return false;
}
