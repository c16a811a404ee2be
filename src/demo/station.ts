// One of the three machines: its picture, the ring where the hand is, and its measurement.

import type { MachineEvent, PointerStatistics, PointerUse } from "../shared/api";
import { TandemError } from "../shared/errors";
import { defaultMachine } from "../element/default-machine";
import { MachineClient } from "../page/machine-client";
import type { PointerInput } from "../page/pointer/input";
import { PointerSender } from "../page/pointer/sender";
import type { HandInput } from "./hand";
import { ModeMeter } from "./measure/mode-meter";
import type { Position } from "./measure/position";
import { FrameCopy, SpriteFinder } from "./measure/sprite";
import { VirtualHost } from "./measure/virtual-host";
import { MODE_WORDS } from "./modes";
import { pillionOptions, TEST_CURSOR } from "./pillion";
import type { Settings } from "./settings";

const MEMORY = 32;
const STATISTICS_OF: Readonly<Record<PointerUse, keyof PointerStatistics>> = {
  relative: "usbMouse",
  absolute: "usbTablet",
  integrated: "tandem",
};

export interface StationSize {
  width: number;
  height: number;
}

export class Station {
  readonly mode: PointerUse;
  /** What is seen on the screen. */
  readonly meter: ModeMeter;
  /** Where the guest says its cursor is; measured when it cannot be seen because the host draws it. */
  readonly told: ModeMeter;
  readonly screen: HTMLElement;
  readonly #size: StationSize;
  readonly #root: HTMLElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #ghost: HTMLElement;
  readonly #cursor: HTMLCanvasElement;
  readonly #virtual: VirtualHost;
  readonly #onError: (error: unknown) => void;
  #machine: MachineClient | undefined;
  #sender: PointerSender | undefined;
  #copy = new FrameCopy();
  #image = new ImageData(1, 1);
  #finder = new SpriteFinder(TEST_CURSOR);
  /** Not drawn yet. */
  #dirty: { left: number; top: number; right: number; bottom: number } | undefined;
  #published: number | undefined;
  #host: Position;
  #guest: Position | undefined;
  #toldAt: Position | undefined;
  #input: HandInput | undefined;
  /** The guest has handed its cursor over, and it is where the hand is. */
  #hostDraws = false;
  #hotSpot: Position = { x: 0, y: 0 };
  #listensTo: PointerUse | undefined;
  #slice = Infinity;
  #speed: { mips: number; guest: number; slice: number } | undefined;
  #statsBefore: { wall: number; uptime: number } | undefined;

  constructor(
    mode: PointerUse,
    template: HTMLTemplateElement,
    size: StationSize,
    onError: (error: unknown) => void,
  ) {
    const content = template.content.cloneNode(true) as DocumentFragment;
    this.#root = content.firstElementChild as HTMLElement;
    this.mode = mode;
    this.meter = new ModeMeter(mode);
    this.told = new ModeMeter(mode);
    this.#size = size;
    this.#onError = onError;
    this.#virtual = new VirtualHost(size.width, size.height);
    this.#host = this.#virtual.position;
    this.screen = this.#part("screen");
    this.#canvas = this.#part<HTMLCanvasElement>("canvas");
    this.#ghost = this.#part("ghost");
    this.#cursor = this.#part<HTMLCanvasElement>("cursor");
    const context = this.#canvas.getContext("2d", { alpha: false });
    if (!context) throw new Error("This browser does not draw on a canvas.");
    this.#context = context;
  }

  attach(parent: HTMLElement): void {
    const { name, kind, hint } = MODE_WORDS[this.mode];
    this.#root.dataset["mode"] = this.mode;
    this.#part("name").textContent = name;
    this.#part("kind").textContent = kind;
    this.#part("hint").textContent = hint;
    this.#canvas.setAttribute("aria-label", `Screen of the machine with the ${name}`);
    parent.append(this.#root);
  }

  /** The guest listens to the device that this station is about. */
  get ready(): boolean {
    return this.#listensTo === this.mode;
  }

  get hostDraws(): boolean {
    return this.#hostDraws;
  }

  get speed(): { mips: number; guest: number; slice: number } | undefined {
    return this.#speed;
  }

  /** Builds the machine anew. */
  async start(settings: Settings): Promise<void> {
    this.stop();
    this.#say("Starting…");
    const machine = new MachineClient();
    this.#machine = machine;
    machine.listen((event) => {
      if (machine === this.#machine) this.#onEvent(event);
    });
    const config = {
      ...defaultMachine(),
      memory: MEMORY,
      pointer: this.mode,
      usbInterval: settings.interval,
      append: pillionOptions(this.mode, settings),
    };
    try {
      await machine.ready();
      await machine.api.create(config);
      if (machine !== this.#machine) return;
      this.#sender = new PointerSender(machine, this.#onSent);
      await machine.api.start();
    } catch (error) {
      if (machine === this.#machine) {
        this.stop();
        this.#say("This machine could not start.");
      }
      throw error;
    }
  }

  stop(): void {
    this.#sender?.detach();
    void this.#machine?.dispose();
    this.#sender = undefined;
    this.#machine = undefined;
    this.#copy = new FrameCopy();
    this.#finder = new SpriteFinder(TEST_CURSOR);
    this.#guest = undefined;
    this.#toldAt = undefined;
    this.#listensTo = undefined;
    this.#hostDraws = false;
    this.#speed = undefined;
    this.#statsBefore = undefined;
    this.screen.style.cursor = "";
    this.#cursor.hidden = true;
    this.clear();
  }

  clear(): void {
    this.meter.clear();
    this.told.clear();
  }

  async setPaused(paused: boolean): Promise<void> {
    if (paused) await this.#machine?.api.pause();
    else await this.#machine?.api.resume();
    this.#statsBefore = undefined;
  }

  // ---- the hand ----

  handMoved(input: HandInput): void {
    const sender = this.#sender;
    if (!sender) return;
    this.#input = input;
    if (this.mode === "relative") {
      const { x, y } = input.counts;
      if (x === 0 && y === 0) return;
      this.#virtual.move(x, y);
      this.#setHost(this.#virtual.position);
      sender.motion(x, y, input.event);
    } else {
      const { width, height } = this.#size;
      this.#setHost({ x: Math.floor(input.x * width), y: Math.floor(input.y * height) });
      sender.position(input.x, input.y, input.event);
    }
  }

  handButtons(buttons: number): void {
    this.#sender?.setButtons(buttons);
  }

  /** Into the corner, wherever the guest's cursor is. */
  home(): void {
    if (this.mode === "relative") this.#command("home corner");
  }

  /** What needs no new start. */
  apply({ acceleration, cursor }: Settings): void {
    this.#command(`accel ${acceleration ? "on" : "off"}`);
    if (this.mode === "integrated") this.#command(`draw ${cursor}`);
    this.clear();
  }

  /** Pillion listens on its serial port. */
  #command(line: string): void {
    void this.#machine?.api.serialInput(new TextEncoder().encode(`${line}\n`));
  }

  /** Host and guest agree: on this place, or on where the guest's cursor is seen. */
  synchronise(place = this.#guest): void {
    if (this.mode !== "relative" || !place) return;
    this.#virtual.synchronise(place);
    this.#setHost(this.#virtual.position);
    this.meter.hand.add({ time: performance.now(), ...this.#host });
  }

  #onSent = ({ id, kind, timeStamp, sent }: PointerInput): void => {
    const input = this.#input;
    if (!input || (kind !== "motion" && kind !== "position")) return;
    this.#input = undefined;
    const sample = { time: timeStamp, ...this.#host };
    const stamps = { event: timeStamp, handler: input.handler, stored: sent };
    this.meter.moved(sample, id, stamps);
    if (this.#hostDraws) this.told.moved(sample, id, stamps);
  };

  #setHost(position: Position): void {
    this.#host = position;
    const { width, height } = this.#size;
    place(this.#ghost, position.x + 0.5, position.y + 0.5, width, height);
    this.#ghost.hidden = false;
    if (!this.#hostDraws) return;
    place(this.#cursor, position.x - this.#hotSpot.x, position.y - this.#hotSpot.y, width, height);
    this.#cursor.hidden = false;
  }

  // ---- the machine ----

  #onEvent(event: MachineEvent): void {
    switch (event.type) {
      case "video-mode":
        this.#setSize(event.width, event.height);
        break;
      case "frame":
        this.#takeFrame(event);
        break;
      case "pointer":
        this.#listensTo = event.mode;
        break;
      case "cursor-shape":
        this.#takeShape(event);
        break;
      case "cursor-visible":
        if (!event.visible) this.#hideCursor();
        break;
      case "cursor-position":
        this.#onTold(event, pageTime(event.time));
        break;
      case "input-taken":
        if (event.latched !== undefined) this.#stamp(event.id, pageTime(event.latched));
        this.meter.path.taken(event.id, pageTime(event.time));
        this.told.path.taken(event.id, pageTime(event.time));
        break;
      case "stats":
        this.#takeStats(event.stats);
        break;
      case "error":
        this.#onError(event.error);
        break;
      case "triple-fault":
        this.#onError(new TandemError("core-crash", event.report.reason));
        break;
      default:
        break;
    }
  }

  #stamp(id: number, time: number): void {
    this.meter.path.stamp(id, "latched", time);
    this.told.path.stamp(id, "latched", time);
  }

  #onTold({ x, y }: Position, time: number): void {
    this.meter.path.drawn({ x, y }, time);
    if (!this.#hostDraws) return;
    this.told.path.drawn({ x, y }, time);
    this.#toldAt = { x, y };
  }

  #takeShape(shape: Extract<MachineEvent, { type: "cursor-shape" }>): void {
    if (this.mode !== "integrated") return;
    this.#hostDraws = true;
    this.#hotSpot = { x: shape.hotX, y: shape.hotY };
    this.#cursor.width = shape.width;
    this.#cursor.height = shape.height;
    this.#cursor.style.width = `${(shape.width / this.#size.width) * 100}%`;
    this.#cursor
      .getContext("2d")
      ?.putImageData(new ImageData(shape.pixels.data, shape.width, shape.height), 0, 0);
    this.#setHost(this.#host);
  }

  /** From now on the guest draws it. */
  #hideCursor(): void {
    this.#hostDraws = false;
    this.#cursor.hidden = true;
    this.clear();
  }

  #takeStats({ mips, uptime, slice }: { mips: number; uptime: number; slice: number }): void {
    const wall = performance.now();
    const before = this.#statsBefore;
    this.#statsBefore = { wall, uptime };
    if (!before) return;
    // Slices are shorter while input arrives, which is when things are measured.
    this.#slice = Math.min(this.#slice, slice);
    this.#speed = {
      mips,
      slice: this.#slice,
      guest: (uptime - before.uptime) / (wall - before.wall),
    };
  }

  /** Now and then: reports and interrupts of the guest. */
  async readCounters(): Promise<void> {
    const machine = this.#machine;
    if (!machine || !this.ready) return;
    const [statistics, { uptime }] = await Promise.all([
      machine.api.pointerStatistics(),
      machine.api.stats(),
    ]);
    if (machine === this.#machine)
      this.meter.counters({ ...statistics[STATISTICS_OF[this.mode]], uptime }, performance.now());
  }

  // ---- the picture ----

  #setSize(width: number, height: number): void {
    if (width === 0 || height === 0) return;
    this.#copy.setSize(width, height);
    const bytes = new Uint8ClampedArray(this.#copy.pixels.buffer);
    this.#image = new ImageData(bytes, width, height);
    this.#canvas.width = width;
    this.#canvas.height = height;
  }

  // Drawn by this page, not by the worker: what is measured is what has been drawn, and when.
  #takeFrame({ x, y, width, height, data, time }: Extract<MachineEvent, { type: "frame" }>): void {
    if (!data) return;
    this.#copy.draw(x, y, { width, height, data });
    this.#touch(x, y, width, height);
    this.#published = pageTime(time);
  }

  #touch(x: number, y: number, width: number, height: number): void {
    const { left, top, right, bottom } = this.#dirty ?? {
      left: x,
      top: y,
      right: x + width,
      bottom: y + height,
    };
    this.#dirty = {
      left: Math.min(left, x),
      top: Math.min(top, y),
      right: Math.max(right, x + width),
      bottom: Math.max(bottom, y + height),
    };
  }

  /** Call in each frame of the page. Returns the distance in this frame, if there is one. */
  drawFrame(): number | undefined {
    const now = performance.now();
    if (this.#dirty) {
      const { left, top, right, bottom } = this.#dirty;
      this.#dirty = undefined;
      this.#context.putImageData(this.#image, 0, 0, left, top, right - left, bottom - top);
      this.#say("");
      if (!this.#hostDraws) this.#look();
    }
    if (this.#hostDraws) {
      if (this.#toldAt) this.told.frame(this.#toldAt, now);
      return this.meter.frame(this.#host, now)?.distance;
    }
    if (!this.#guest || !this.ready) return undefined;
    return this.meter.frame(this.#guest, now, this.#published)?.distance;
  }

  #look(): void {
    const found = this.#finder.find(this.#copy);
    const isFirst = !this.#guest && found;
    if (found) this.#guest = found;
    if (isFirst) this.synchronise();
  }

  /** Numbers below the screen. */
  showReadout(): void {
    const last = this.meter.frames.at(-1);
    const lag = this.meter.lags.at(-1);
    this.#part("distance").textContent = last ? last.distance.toFixed(0) : "-";
    this.#part("lag").textContent = this.#hostDraws ? "0" : lag ? lag.lag.toFixed(0) : "-";
  }

  #say(words: string): void {
    const waiting = this.#part("waiting");
    if (waiting.textContent !== words) waiting.textContent = words;
    waiting.hidden = words === "";
  }

  #part<T extends HTMLElement = HTMLElement>(name: string): T {
    const found = this.#root.querySelector<T>(`[data-part="${name}"]`);
    if (!found) throw new Error(`index.html has no part "${name}"`);
    return found;
  }
}

/** The worker's times count from 1970. */
function pageTime(common: number): number {
  return common - performance.timeOrigin;
}

function place(element: HTMLElement, x: number, y: number, width: number, height: number): void {
  element.style.left = `${(x / width) * 100}%`;
  element.style.top = `${(y / height) * 100}%`;
}
