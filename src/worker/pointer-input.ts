// Pointer input on its way to the core: in order, merged where that loses nothing, and kept while a device is full.

import type {
  PointerButtons,
  PointerDevice,
  PointerDeviceStatistics,
  PointerStatistics,
  PointerUse,
} from "../shared/api";
import {
  type PointerMode,
  USB_DEVICES,
  type UsbDevice,
  type UsbInterval,
  usbDevices,
} from "../shared/config";
import { InputKind, type InputRecord, InputRingReader } from "../shared/input-ring";
import {
  PointerDevice as CorePointerDevice,
  PointerMode as CorePointerMode,
  PointerRoute,
  UsbDevice as CoreUsbDevice,
} from "../../wasm/protocol/input";
import type { Core } from "./core";

const USB_NUMBERS: Readonly<Record<UsbDevice, CoreUsbDevice>> = {
  mouse: CoreUsbDevice.Mouse,
  tablet: CoreUsbDevice.Tablet,
  keyboard: CoreUsbDevice.Keyboard,
};
const ROUTES: Readonly<Record<PointerMode, PointerRoute>> = {
  auto: PointerRoute.Auto,
  relative: PointerRoute.Relative,
  absolute: PointerRoute.Absolute,
  integrated: PointerRoute.Integrated,
};
const USES: Readonly<Record<CorePointerMode, PointerUse>> = {
  [CorePointerMode.Relative]: "relative",
  [CorePointerMode.Absolute]: "absolute",
  [CorePointerMode.Integrated]: "integrated",
};
const DEVICES: readonly (PointerDevice | "none")[] = [
  "none",
  "ps2",
  "usb-mouse",
  "usb-tablet",
  "tandem",
  "vmware",
];

/** From the core's numbers. */
export function pointerUse(mode: number): PointerUse {
  return USES[mode as CorePointerMode];
}
export function pointerDevice(device: number): PointerDevice | "none" {
  return DEVICES[device] ?? "none";
}

/** Since power-on; of a machine that is off, nothing. */
export function pointerStatistics(core: Core | undefined): PointerStatistics {
  const of = (device: CorePointerDevice): PointerDeviceStatistics => ({
    reports: core?.exports.pointerReports(device) ?? 0,
    irqs: core?.exports.pointerInterrupts(device) ?? 0,
  });
  return {
    ps2: of(CorePointerDevice.Ps2Mouse),
    usbMouse: of(CorePointerDevice.UsbMouse),
    usbTablet: of(CorePointerDevice.UsbTablet),
    tandem: of(CorePointerDevice.Tandem),
    vmware: of(CorePointerDevice.VmMouse),
  };
}

/** More than a guest that still listens leaves lying; from here on the last change of buttons stands for the ones before. */
const QUEUE_MAXIMUM = 65536;

/** So many motions wait for their turn, one each call of the core; further ones are merged, so that the guest is never far behind. */
const BACKLOG = 8;

/** Inputs with a number whose latching is remembered until the guest takes them. */
const LATCHED_MAXIMUM = 256;

/** The same clock in the page and in its workers. */
export function commonTime(): number {
  return performance.timeOrigin + performance.now();
}

export interface PointerSetting {
  pointer: PointerMode;
  usb?: readonly UsbDevice[];
  usbInterval: UsbInterval;
}

export class PointerInput {
  readonly #setting: PointerSetting;
  #core: Core | undefined;
  #ring: InputRingReader | undefined;
  #queue: InputRecord[] = [];
  /** Of the queue, already given. */
  #given = 0;
  /** The device had no room for the next one. */
  #isFull = false;
  #buttons: PointerButtons = 0;
  /** The newest one. */
  #position: InputRecord | undefined;
  readonly #latched = new Map<number, number>();

  constructor(setting: PointerSetting) {
    this.#setting = { ...setting };
  }

  /** The buttons that are down once all input has arrived. */
  get buttons(): PointerButtons {
    return this.#buttons;
  }

  /** When the input with this number was given to a device; those before it are forgotten. */
  latchedAt(id: number): number | undefined {
    const time = this.#latched.get(id);
    for (const [old] of this.#latched) if (old <= id) this.#latched.delete(old);
    return time;
  }

  /** A core that was just made. */
  connect(core: Core): void {
    this.#core = core;
    this.#drain();
    this.#clear();
    this.#buttons = 0;
    this.#position = undefined;
    core.exports.usbSetInterval(this.#setting.usbInterval);
    this.#applyMode();
  }

  disconnect(): void {
    this.#core = undefined;
    this.#clear();
  }

  setMode(mode: PointerMode): void {
    this.#setting.pointer = mode;
    this.#applyMode();
  }

  share(buffer: SharedArrayBuffer): InputRingReader {
    this.#ring = new InputRingReader(buffer);
    return this.#ring;
  }

  /** What a message brought. */
  add(record: InputRecord): void {
    if (!this.#core) return;
    this.#drain();
    this.#append(record);
  }

  /** A device begins to listen to positions: it learns where the hand has been all the while. */
  repeatPosition(): void {
    if (this.#position) this.#append({ ...this.#position, id: 0 });
  }

  /**
   * Between two calls of the core: gives it what it had no room for, then what has come, up to one motion, so that the guest can look
   * at each. True when there was something new.
   */
  pump(): boolean {
    const isNew = this.#drain();
    if (this.#queue.length > 0) this.#feed();
    return isNew;
  }

  /** There is more that the guest can look at right now. */
  get hasMore(): boolean {
    return this.#queue.length > 0 && !this.#isFull;
  }

  #drain(): boolean {
    const ring = this.#ring;
    if (!ring || ring.isEmpty) return false;
    for (let record = ring.read(); record; record = ring.read()) this.#append(record);
    return true;
  }

  #append(record: InputRecord): void {
    if (record.kind === InputKind.Buttons) this.#buttons = record.a;
    else if (record.kind === InputKind.Position) this.#position = record;
    const last = this.#queue.at(-1);
    const waiting = this.#queue.length - this.#given;
    if (last && (this.#isFull ? waiting > 0 : waiting >= BACKLOG) && merge(last, record)) return;
    if (waiting < QUEUE_MAXIMUM) this.#queue.push({ ...record });
    else if (record.kind === InputKind.Buttons && last) Object.assign(last, record);
  }

  #feed(): void {
    const core = this.#core;
    while (core && this.#given < this.#queue.length) {
      const record = this.#queue[this.#given];
      this.#isFull = record !== undefined && !give(core, record);
      if (this.#isFull) return;
      if (record?.id) this.#remember(record.id);
      this.#given++;
      if (record?.kind !== InputKind.Buttons) break;
    }
    if (this.#given === this.#queue.length) this.#clear();
  }

  #remember(id: number): void {
    this.#latched.set(id, commonTime());
    for (const [old] of this.#latched) {
      if (this.#latched.size <= LATCHED_MAXIMUM) break;
      this.#latched.delete(old);
    }
  }

  #clear(): void {
    this.#queue = [];
    this.#given = 0;
    this.#isFull = false;
  }

  /** What is not wanted goes first: a third device would bring a hub. */
  #applyMode(): void {
    const { pointer, usb } = this.#setting;
    const wanted = usbDevices(pointer, usb);
    for (const on of [false, true])
      for (const device of USB_DEVICES)
        if (wanted.includes(device) === on)
          this.#core?.exports.usbPlug(USB_NUMBERS[device], on ? 1 : 0);
    this.#core?.exports.pointerRoute(ROUTES[pointer]);
  }
}

/** Motion is added up and the newest position counts, as long as no other input lies between. */
function merge(last: InputRecord, record: InputRecord): boolean {
  if (last.kind !== record.kind || record.kind === InputKind.Buttons) return false;
  if (record.kind === InputKind.Position) {
    last.a = record.a;
    last.b = record.b;
  } else {
    last.a += record.a;
    last.b += record.b;
  }
  if (record.id !== 0) last.id = record.id;
  return true;
}

/** False: the device has no room now. */
function give({ exports }: Core, { kind, a, b, id }: InputRecord): boolean {
  switch (kind) {
    case InputKind.Motion:
      return exports.pointerMotion(a, b, id) !== 0;
    case InputKind.Position:
      return exports.pointerPosition(a, b, id) !== 0;
    case InputKind.Wheel:
      return exports.pointerWheel(a, b, id) !== 0;
    case InputKind.Buttons:
      return exports.pointerButtons(a, id) !== 0;
  }
}
