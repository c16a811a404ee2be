// The command line of `npm run vm`.

import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
  FOLDER_CACHES,
  type FolderCache,
  type FolderConfig,
  type MachineConfig,
  parseConfig,
} from "../../shared/config";
import { TandemError } from "../../shared/errors";
import { unreadable } from "../file-reader";

export const USAGE = `usage: npm run vm -- [--config F] [--memory MiB] [--firmware F|none] [--vga-firmware F|none]
  [--floppy F] [--hda F] [--cdrom F] [--boot floppy|hda|cdrom|menu] [--kernel F] [--initrd F[,F...]] [--append S]
  [--serial stdio|F] [--channel NAME:stdio|NAME:F] [--folder DIR:NAME[:ro][:quota=MIB][:cache=auto|never]]
  [--pointer auto|relative|absolute|integrated]
  [--usb mouse,tablet,keyboard] [--usb-interval 10|1] [--hypervisor none|vmware] [--jit on|off]
  (--channel: what the guest sends there goes to the file, or is written and read at the console)
  (tandem:additions in place of a CD's file is the CD with drivers for guests)
  [--until TEXT] [--timeout S] [--script F] [--screenshot F.png] [--stats] [--debug]`;

export interface SharedFolder {
  path: string;
  name: string;
  readOnly: boolean;
  cache?: FolderCache;
  /** Bytes by which the guest may let it grow. */
  quota?: number;
}

export interface Arguments {
  config: MachineConfig;
  /** Files behind --initrd, each with its command line for multiboot. */
  initrds: { path: string; commandLine: string }[];
  /** Directories that the guest shares. */
  folders: SharedFolder[];
  /** "stdio", or the file that takes what the guest sends. */
  serial: string | undefined;
  /** Channels that are open from the start; the target is "stdio" or a file. */
  channels: { name: string; target: string }[];
  until: string | undefined;
  timeoutSeconds: number | undefined;
  script: string | undefined;
  screenshot: string | undefined;
  stats: boolean;
  /** The debug console goes to stderr. */
  debug: boolean;
}

const OPTIONS = {
  config: { type: "string" },
  memory: { type: "string" },
  firmware: { type: "string" },
  "vga-firmware": { type: "string" },
  floppy: { type: "string" },
  hda: { type: "string" },
  cdrom: { type: "string" },
  boot: { type: "string" },
  kernel: { type: "string" },
  initrd: { type: "string" },
  append: { type: "string" },
  serial: { type: "string" },
  channel: { type: "string", multiple: true },
  folder: { type: "string", multiple: true },
  pointer: { type: "string" },
  usb: { type: "string" },
  "usb-interval": { type: "string" },
  hypervisor: { type: "string" },
  jit: { type: "string" },
  until: { type: "string" },
  timeout: { type: "string" },
  script: { type: "string" },
  screenshot: { type: "string" },
  stats: { type: "boolean" },
  debug: { type: "boolean" },
  help: { type: "boolean" },
} as const;

/** @returns undefined when help was asked for. @throws TandemError in words */
export function parseArguments(args: string[]): Arguments | undefined {
  const values = read(args);
  if (values.help) return undefined;
  const config = readConfig(values.config);

  const image = (key: "floppy" | "hda" | "cdrom" | "kernel"): void => {
    if (values[key] !== undefined) config[key] = { url: placeOf(values[key], ".") };
  };
  for (const key of ["floppy", "hda", "cdrom", "kernel"] as const) image(key);
  if (values.memory !== undefined) config["memory"] = number("--memory", values.memory);
  if (values.firmware !== undefined) config["firmware"] = firmware(values.firmware);
  if (values["vga-firmware"] !== undefined)
    config["vgaFirmware"] = firmware(values["vga-firmware"]);
  if (values.boot !== undefined) config["boot"] = values.boot;
  if (values.append !== undefined) config["append"] = values.append;
  if (values.pointer !== undefined) config["pointer"] = values.pointer;
  if (values.usb !== undefined) config["usb"] = values.usb.split(",").filter(Boolean);
  if (values["usb-interval"] !== undefined)
    config["usbInterval"] = number("--usb-interval", values["usb-interval"]);
  if (values.hypervisor !== undefined) config["hypervisor"] = values.hypervisor;
  if (values.jit !== undefined) config["jit"] = onOff("--jit", values.jit);

  const parsed = parseConfig(config);
  const folders = [...parsed.folders.map(folderOf), ...(values.folder ?? []).map(folderArgument)];

  const initrds =
    values.initrd !== undefined
      ? values.initrd.split(",").map(moduleOf)
      : parsed.initrd
        ? [{ path: parsed.initrd.url, commandLine: parsed.initrd.url }]
        : [];
  if (initrds.length > 0 && !parsed.kernel)
    throw new TandemError("bad-argument", "--initrd goes with --kernel.");
  if (!parsed.kernel && !parsed.floppy && !parsed.hda && !parsed.cdrom)
    throw new TandemError(
      "bad-argument",
      `There is nothing to start: give --kernel, --floppy, --hda or --cdrom.\n${USAGE}`,
    );
  return {
    config: parsed,
    initrds,
    folders,
    serial: values.serial,
    channels: channelArguments(values.channel ?? [], values.serial),
    until: values.until,
    timeoutSeconds: values.timeout === undefined ? undefined : number("--timeout", values.timeout),
    script: values.script,
    screenshot: values.screenshot,
    stats: values.stats ?? false,
    debug: values.debug ?? false,
  };
}

function read(args: string[]): ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"] {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: false }).values;
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new TandemError("bad-argument", `${problem}\n${USAGE}`);
  }
}

/** The JSON of --config; file names in it are relative to it. */
function readConfig(path: string | undefined): Record<string, unknown> {
  if (path === undefined) return {};
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw unreadable(path, error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new TandemError("bad-config", `${path} is not JSON: ${String(error)}.`);
  }
  parseConfig(value);
  const config = { ...(value as Record<string, unknown>) };
  for (const key of Object.keys(config)) {
    const entry = config[key];
    if (typeof entry === "object" && entry !== null && "url" in entry)
      config[key] = { ...entry, url: placeOf(String(entry.url), dirname(path)) };
  }
  if (Array.isArray(config["folders"]))
    config["folders"] = (config["folders"] as FolderConfig[]).map((folder) =>
      folder.path === undefined ? folder : { ...folder, path: resolve(dirname(path), folder.path) },
    );
  return config;
}

/** A file, by its path or as file: URL, a web address, or one of our own things. */
function placeOf(place: string, folder: string): string {
  if (place.startsWith("file:")) return fileURLToPath(place);
  return isWebAddress(place) || place.startsWith("tandem:") ? place : resolve(folder, place);
}

export function isWebAddress(place: string): boolean {
  return /^https?:/i.test(place);
}

function firmware(value: string): unknown {
  return value === "none" || value === "auto" ? value : { url: placeOf(value, ".") };
}

/** "file text": what a multiboot kernel sees beside its module. */
function moduleOf(value: string): { path: string; commandLine: string } {
  const space = value.trim().indexOf(" ");
  const path = space < 0 ? value.trim() : value.trim().slice(0, space);
  return { path: placeOf(path, "."), commandLine: value.trim() };
}

function folderOf({ name, readOnly, cache, path }: FolderConfig): SharedFolder {
  if (path === undefined)
    throw new TandemError("bad-config", `"folders": "${name}" needs a "path" here.`);
  return { path, name, readOnly: readOnly ?? false, ...(cache && { cache }) };
}

/** DIR:NAME, then ":ro", ":quota=" and MiB, ":cache=" and what the guest keeps, each if wanted; DIR may have colons. */
function folderArgument(value: string): SharedFolder {
  const [, place = "", name = "", readOnly, quota, wanted] = FOLDER.exec(value) ?? [];
  const cache = FOLDER_CACHES.find((one) => one === wanted);
  if (name === "" || (name === "ro" && readOnly === undefined))
    throw new TandemError(
      "bad-argument",
      `--folder takes DIR:NAME[:ro][:quota=MIB][:cache=auto|never], not "${value}".`,
    );
  return {
    path: resolve(place),
    name,
    readOnly: readOnly !== undefined,
    ...(cache && { cache }),
    ...(quota !== undefined && { quota: Number(quota) * 2 ** 20 }),
  };
}
const FOLDER = /^(.+?):([^:]+?)(:ro)?(?::quota=(\d+))?(?::cache=(auto|never))?$/;

/** NAME:stdio or NAME:FILE; the console is only one's. */
function channelArguments(values: string[], serial: string | undefined): Arguments["channels"] {
  const channels = values.map((value) => {
    const [, name = "", target = ""] = /^([^:]+):(.+)$/.exec(value) ?? [];
    if (target === "")
      throw new TandemError("bad-argument", `--channel takes NAME:stdio or NAME:FILE, not "${value}".`); // prettier-ignore
    return { name, target };
  });
  const users = [serial, ...channels.map(({ target }) => target)];
  if (users.filter((target) => target === "stdio").length > 1)
    throw new TandemError("bad-argument", "Only one of --serial and --channel can be stdio.");
  return channels;
}

function number(option: string, value: string): number {
  const result = Number(value);
  if (value.trim() === "" || !Number.isFinite(result) || result < 0)
    throw new TandemError("bad-argument", `${option} takes a number, not "${value}".`);
  return result;
}

function onOff(option: string, value: string): boolean {
  if (value !== "on" && value !== "off")
    throw new TandemError("bad-argument", `${option} is on or off, not "${value}".`);
  return value === "on";
}
