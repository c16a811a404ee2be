// Worker side of the display: the size that the user's screen has room for, made one that the display can show.

import type { DisplayRoom, MachineEvent } from "../../shared/api";
import {
  DISPLAY_HEIGHT_MAX,
  DISPLAY_HEIGHT_MIN,
  DISPLAY_WIDTH_MAX,
  DISPLAY_WIDTH_MIN,
  DisplayCommand,
  DisplayHint,
  DisplayInfo,
  DisplayMode,
  DisplayModes,
} from "../../../wasm/protocol/display";
import { Event, RequestStatus } from "../../../wasm/protocol/tandem-port";
import type { Core } from "../core";
import { INVALID, NO_COMMAND, OK, type Reply, type Service } from "./service";

interface Wish {
  width: number;
  height: number;
  /** Percent. */
  scale: number;
}

const NO_WISH: Wish = { width: 0, height: 0, scale: 100 };
const SCALE_MINIMUM = 25;
const SCALE_MAXIMUM = 800;
const DEPTH_MAXIMUM = 32;

/** What monitors have had; the guest's user may choose. */
const MODES: readonly (readonly [number, number])[] = [
  [640, 480],
  [800, 600],
  [1024, 768],
  [1152, 864],
  [1280, 720],
  [1280, 800],
  [1280, 1024],
  [1366, 768],
  [1440, 900],
  [1600, 900],
  [1600, 1200],
  [1680, 1050],
  [1920, 1080],
  [1920, 1200],
  [2560, 1440],
  [2560, 1600],
];

/**
 * The mode for a room. One that is too large is divided by a whole number, so that each pixel of the guest is shown by as many whole
 * ones of the host.
 */
export function wishFor({ width, height, scale }: DisplayRoom): Wish {
  if (!(width >= 1 && height >= 1)) return NO_WISH;
  const divisor = Math.max(
    1,
    Math.ceil(Math.floor(width) / DISPLAY_WIDTH_MAX),
    Math.ceil(Math.floor(height) / DISPLAY_HEIGHT_MAX),
  );
  const percent = Number.isFinite(scale) ? Math.round((scale * 100) / divisor) : 100;
  return {
    width: within(Math.floor(width / divisor), DISPLAY_WIDTH_MIN, DISPLAY_WIDTH_MAX),
    height: within(Math.floor(height / divisor), DISPLAY_HEIGHT_MIN, DISPLAY_HEIGHT_MAX),
    scale: within(percent, SCALE_MINIMUM, SCALE_MAXIMUM),
  };
}

function within(value: number, minimum: number, maximum: number): number {
  return Math.min(maximum, Math.max(minimum, value));
}

export class DisplayService implements Service {
  readonly range = 0x04;
  readonly #tell: (event: MachineEvent) => void;
  readonly #wake: () => void;
  #core: Core | undefined;
  #wish = NO_WISH;

  constructor(tell: (event: MachineEvent) => void, wake: () => void) {
    this.#tell = tell;
    this.#wake = wake;
  }

  /** Undefined: no wish. */
  setRoom(room: DisplayRoom | undefined): void {
    const wish = room ? wishFor(room) : NO_WISH;
    const { width, height, scale } = this.#wish;
    if (wish.width === width && wish.height === height && wish.scale === scale) return;
    this.#wish = wish;
    this.#core?.exports.raiseEvent(Event.DisplayHint, 0);
    this.#wake();
  }

  request(command: number, body: Uint8Array<ArrayBuffer>): Reply {
    switch (command as DisplayCommand) {
      case DisplayCommand.Hint:
        return { status: RequestStatus.Ok, body: this.#hint() };
      case DisplayCommand.Info:
        return this.#info(body);
      case DisplayCommand.Modes:
        return { status: RequestStatus.Ok, body: this.#modes() };
      default:
        return NO_COMMAND;
    }
  }

  connect(core: Core | undefined): void {
    this.#core = core;
  }

  endSession(): void {}

  flush(): void {}

  #hint(): Uint8Array {
    const body = new Uint8Array(DisplayHint.SIZE);
    const view = new DataView(body.buffer);
    view.setUint32(DisplayHint.Width, this.#wish.width, true);
    view.setUint32(DisplayHint.Height, this.#wish.height, true);
    view.setUint32(DisplayHint.Scale, this.#wish.scale, true);
    return body;
  }

  #info(body: Uint8Array<ArrayBuffer>): Reply {
    if (body.length < (DisplayInfo.SIZE as number)) return INVALID;
    const view = new DataView(body.buffer);
    const width = view.getUint32(DisplayInfo.Width, true);
    const height = view.getUint32(DisplayInfo.Height, true);
    const depth = view.getUint32(DisplayInfo.Depth, true);
    const fits = (value: number, maximum: number): boolean => value >= 1 && value <= maximum;
    const possible =
      fits(width, DISPLAY_WIDTH_MAX) && fits(height, DISPLAY_HEIGHT_MAX) && fits(depth, DEPTH_MAXIMUM); // prettier-ignore
    if (!possible) return INVALID;
    this.#tell({ type: "display", width, height, depth });
    return OK;
  }

  #modes(): Uint8Array {
    const { width, height } = this.#wish;
    const others = MODES.filter(([w, h]) => w !== width || h !== height);
    const modes = width > 0 ? [[width, height] as const, ...others] : others;
    const body = new Uint8Array(DisplayModes.MODES + modes.length * DisplayMode.SIZE);
    const view = new DataView(body.buffer);
    view.setUint32(DisplayModes.Count, modes.length, true);
    modes.forEach(([w, h], index) => {
      const at = DisplayModes.MODES + index * DisplayMode.SIZE;
      view.setUint16(at + DisplayMode.Width, w, true);
      view.setUint16(at + DisplayMode.Height, h, true);
    });
    return body;
  }
}
