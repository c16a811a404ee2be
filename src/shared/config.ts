// The description of a machine: what `<tandem-pc>`, the worker and the command line all take.

import { TandemError } from "./errors";

/** An image. `size` in bytes spares a request when the server's answer is slow or does not tell. */
export interface ImageSource {
  url: string;
  size?: number;
}

/**
 * What a guest's kernel keeps of a folder's files. "auto": pages, for a second or until it is told that they changed. "never":
 * nothing, each read and write is the host's; large ones are faster then, but files cannot be mapped into shared memory.
 */
export type FolderCache = "auto" | "never";

export interface FolderConfig {
  name: string;
  readOnly?: boolean;
  /** Without it: "auto". */
  cache?: FolderCache;
  /** The directory; for the command line. In a page, the user picks it. */
  path?: string;
}

/** "auto": where set-up put it, when the way of booting needs it. "none": without. */
export type FirmwareConfig = "auto" | "none" | ImageSource;
export type BootDevice = "floppy" | "hda" | "cdrom";
/** "menu": the BIOS waits for Esc, then lets the user choose. */
export type BootChoice = BootDevice | "menu";
/**
 * What the pointer does to the guest. "relative": counts of motion (USB mouse, else PS/2). "absolute": positions through the USB
 * tablet. "integrated": positions through the Tandem port, whose driver also hands over its cursor. "auto": the best that the
 * guest listens to.
 */
export type PointerMode = "auto" | "relative" | "absolute" | "integrated";
/**
 * Which ways the clipboard is shared with a guest that has a driver for it. "both" is the standard: it gives the guest only what the
 * user pastes into it, until the user allows the page to read the clipboard at other times; and browsers let it change the
 * user's clipboard only while the user is at the machine.
 */
export type ClipboardSetting = "both" | "to-guest" | "to-host" | "off";
/**
 * What CPUID tells of. "vmware": guests that look for VMware there, such as Linux, then use its port 5658h for pointer and time.
 * The port itself is always there.
 */
export type HypervisorName = "none" | "vmware";
/**
 * How large a guest that has a driver for it makes its picture. "auto": as the whole screen while it is shown there, else as it likes.
 * "follow": always as the room that it is shown in, pixel by pixel. "fixed": as it likes.
 */
export type DisplaySetting = "auto" | "follow" | "fixed";
export type UsbDevice = "mouse" | "tablet" | "keyboard";
/** Milliseconds between two polls of a USB device that its descriptor asks for: as real ones do, or as often as USB 1 can. */
export type UsbInterval = 1 | 10;

export interface MachineConfig {
  /** MiB of RAM. */
  memory: number;
  firmware: FirmwareConfig;
  vgaFirmware: FirmwareConfig;
  /** Without it: what is there, in the order floppy, cdrom, hda. */
  boot?: BootChoice;
  floppy?: ImageSource;
  hda?: ImageSource;
  cdrom?: ImageSource;
  /** A Linux bzImage or a multiboot image, started without firmware. */
  kernel?: ImageSource;
  /** Initial RAM disk, or the first multiboot module. */
  initrd?: ImageSource;
  /** Kernel command line. */
  append: string;
  pointer: PointerMode;
  /** What is plugged in; without it, what the pointer mode needs: see usbDevices. */
  usb?: UsbDevice[];
  usbInterval: UsbInterval;
  hypervisor: HypervisorName;
  folders: FolderConfig[];
  clipboard: ClipboardSetting;
  display: DisplaySetting;
  /** Hot code of the guest is translated to WebAssembly. */
  jit: boolean;
}

export const MEMORY_MIN = 1;
/** The PCI hole begins at 3 GiB. */
export const MEMORY_MAX = 3072;
export const BOOT_CHOICES: readonly BootChoice[] = ["floppy", "hda", "cdrom", "menu"];
export const POINTER_MODES: readonly PointerMode[] = ["auto", "relative", "absolute", "integrated"];
export const CLIPBOARD_SETTINGS: readonly ClipboardSetting[] = [
  "both",
  "to-guest",
  "to-host",
  "off",
];
export const DISPLAY_SETTINGS: readonly DisplaySetting[] = ["auto", "follow", "fixed"];
export const USB_DEVICES: readonly UsbDevice[] = ["mouse", "tablet", "keyboard"];
export const FOLDER_CACHES: readonly FolderCache[] = ["auto", "never"];
export const HYPERVISORS: readonly HypervisorName[] = ["none", "vmware"];
export const USB_INTERVALS: readonly UsbInterval[] = [1, 10];

const USB_OF_MODE: Readonly<Record<PointerMode, readonly UsbDevice[]>> = {
  auto: ["tablet"],
  relative: ["mouse"],
  absolute: ["tablet"],
  integrated: [],
};

/** The USB devices of a machine in a pointer mode. `chosen` by the configuration: these stay, whatever the mode. */
export function usbDevices(mode: PointerMode, chosen?: readonly UsbDevice[]): readonly UsbDevice[] {
  return chosen ?? USB_OF_MODE[mode];
}

type Checker<T> = (value: unknown, path: string) => T;

/** Checks a configuration as parsed from JSON and fills in the defaults. @throws TandemError bad-config */
export function parseConfig(value: unknown): MachineConfig {
  return machine(value, "");
}

function fail(path: string, problem: string): never {
  throw new TandemError("bad-config", `${path === "" ? "The machine" : `"${path}"`} ${problem}.`);
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

const text: Checker<string> = (value, path) =>
  typeof value === "string" ? value : fail(path, `must be a text, but is ${typeName(value)}`);

const yesNo: Checker<boolean> = (value, path) =>
  typeof value === "boolean"
    ? value
    : fail(path, `must be true or false, but is ${typeName(value)}`);

const nonEmpty: Checker<string> = (value, path) =>
  text(value, path) === "" ? fail(path, "must not be empty") : text(value, path);

function wholeNumber(minimum: number, maximum: number): Checker<number> {
  return (value, path) => {
    if (typeof value !== "number") fail(path, `must be a number, but is ${typeName(value)}`);
    if (!Number.isInteger(value) || value < minimum || value > maximum)
      fail(path, `must be a whole number from ${minimum} to ${maximum}, but is ${value}`);
    return value;
  };
}

function oneOf<T extends string | number>(choices: readonly T[]): Checker<T> {
  return (value, path) =>
    choices.find((choice) => choice === value) ??
    fail(
      path,
      `must be one of ${choices.map((choice) => JSON.stringify(choice)).join(", ")}, but is ` +
        (typeof value === "string" || typeof value === "number"
          ? JSON.stringify(value)
          : typeName(value)),
    );
}

/** An object with exactly these keys; each checker sees `undefined` when its key is absent. */
function object<T>(checkers: { [K in keyof T]-?: Checker<T[K]> }): Checker<T> {
  return (value, path) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      fail(path, `must be an object, but is ${typeName(value)}`);
    const prefix = path === "" ? "" : `${path}.`;
    for (const key of Object.keys(value))
      if (!Object.hasOwn(checkers, key)) fail(prefix + key, "is not a known key");
    const given = value as Record<string, unknown>;
    const result: Partial<T> = {};
    for (const key of Object.keys(checkers) as (keyof T & string)[]) {
      const checked = checkers[key](given[key], prefix + key);
      if (checked !== undefined) result[key] = checked;
    }
    return result as T;
  };
}

function optional<T>(checker: Checker<T>): Checker<T | undefined> {
  return (value, path) => (value === undefined ? undefined : checker(value, path));
}

function withDefault<T>(checker: Checker<T>, standard: T): Checker<T> {
  return (value, path) => (value === undefined ? standard : checker(value, path));
}

function list<T>(checker: Checker<T>): Checker<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) fail(path, `must be a list, but is ${typeName(value)}`);
    return value.map((item: unknown, index) => checker(item, `${path}[${index}]`));
  };
}

const image = object<ImageSource>({
  url: nonEmpty,
  size: optional(wholeNumber(0, Number.MAX_SAFE_INTEGER)),
});

const firmware: Checker<FirmwareConfig> = (value, path) => {
  if (typeof value === "string") return oneOf(["auto", "none"] as const)(value, path);
  return image(value, path);
};

const folder = object<FolderConfig>({
  name: nonEmpty,
  readOnly: optional(yesNo),
  cache: optional(oneOf(FOLDER_CACHES)),
  path: optional(nonEmpty),
});

const machine = object<MachineConfig>({
  memory: withDefault(wholeNumber(MEMORY_MIN, MEMORY_MAX), 128),
  firmware: withDefault(firmware, "auto"),
  vgaFirmware: withDefault(firmware, "auto"),
  boot: optional(oneOf(BOOT_CHOICES)),
  floppy: optional(image),
  hda: optional(image),
  cdrom: optional(image),
  kernel: optional(image),
  initrd: optional(image),
  append: withDefault(text, ""),
  pointer: withDefault(oneOf(POINTER_MODES), "auto"),
  usb: optional(list(oneOf(USB_DEVICES))),
  usbInterval: withDefault(oneOf(USB_INTERVALS), 10),
  hypervisor: withDefault(oneOf(HYPERVISORS), "none"),
  folders: withDefault(list(folder), []),
  clipboard: withDefault(oneOf(CLIPBOARD_SETTINGS), "both"),
  display: withDefault(oneOf(DISPLAY_SETTINGS), "auto"),
  jit: withDefault(yesNo, false),
});
