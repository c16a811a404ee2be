// Attributes of <tandem-pc> and the machine's configuration: one attribute for each key, "vga-firmware" for `vgaFirmware`.

import { FOLDER_CACHES, type FirmwareConfig, type FolderConfig, type ImageSource, type MachineConfig } from "../shared/config"; // prettier-ignore
import { TandemError } from "../shared/errors";

type Key = keyof MachineConfig;

const IMAGE_KEYS = ["floppy", "hda", "cdrom", "kernel", "initrd"] as const;
const FIRMWARE_KEYS = ["firmware", "vgaFirmware"] as const;

/** How the text of an attribute becomes the configuration's value. What is no good is left for parseConfig to tell. */
const READERS: { readonly [K in Key]-?: (text: string) => unknown } = {
  memory: number,
  firmware: firmwareSource,
  vgaFirmware: firmwareSource,
  boot: (text) => text,
  floppy: imageSource,
  hda: imageSource,
  cdrom: imageSource,
  kernel: imageSource,
  initrd: imageSource,
  append: (text) => text,
  pointer: (text) => text,
  usb: (text) => (text.trim() === "none" ? [] : words(text)),
  usbInterval: number,
  hypervisor: (text) => text,
  folders: (text) => text.split(",").filter((name) => name.trim() !== "").map(folder), // prettier-ignore
  clipboard: (text) => text,
  display: (text) => text,
  jit: onOff,
};

export const CONFIG_ATTRIBUTES: ReadonlyMap<string, Key> = new Map(
  (Object.keys(READERS) as Key[]).map((key) => [attributeName(key), key]),
);

/** The element's properties: as the keys, but HTML's elements have an `append` of their own. */
export const CONFIG_PROPERTIES: readonly string[] = [...CONFIG_ATTRIBUTES.values()].map((key) =>
  key === "append" ? "commandLine" : key,
);

/** "usbInterval": "usb-interval". */
export function attributeName(property: string): string {
  if (property === "commandLine") return "append";
  return property.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The configuration that the attributes tell; `get` as Element.getAttribute. */
export function configFromAttributes(
  get: (attribute: string) => string | null,
): Partial<Record<Key, unknown>> {
  const config: Partial<Record<Key, unknown>> = {};
  for (const [attribute, key] of CONFIG_ATTRIBUTES) {
    const text = get(attribute);
    if (text !== null && text !== "") config[key] = READERS[key](text);
  }
  return config;
}

/** The addresses in it, relative to `base`, as whole ones. @throws TandemError bad-config */
export function withWholeAddresses<T extends object>(config: T, base: string): T {
  const result: Record<string, unknown> = { ...(config as Record<string, unknown>) };
  for (const key of [...IMAGE_KEYS, ...FIRMWARE_KEYS]) {
    const value = result[key];
    if (!isImageSource(value)) continue;
    if (!URL.canParse(value.url, base))
      throw new TandemError("bad-config", `"${key}": "${value.url}" is not a web address.`);
    result[key] = { ...value, url: new URL(value.url, base).href };
  }
  return result as T;
}

function isImageSource(value: unknown): value is ImageSource {
  return typeof value === "object" && value !== null && "url" in value && typeof value.url === "string"; // prettier-ignore
}

function number(text: string): number | string {
  const value = Number(text);
  return Number.isNaN(value) ? text : value;
}

function imageSource(url: string): ImageSource {
  return { url };
}

function firmwareSource(text: string): FirmwareConfig {
  return text === "auto" || text === "none" ? text : { url: text };
}

function onOff(text: string): boolean | string {
  return text === "on" || text === "true"
    ? true
    : text === "off" || text === "false"
      ? false
      : text;
}

function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== "");
}

/** "photos", "photos:ro" to look but not touch; ":cache=never" behind it when the guest is to keep nothing. */
function folder(text: string): FolderConfig {
  const [, name = "", readOnly, cache] = /^(.*?)(:ro)?(?::cache=(auto|never))?$/s.exec(text.trim()) ?? []; // prettier-ignore
  const kept = FOLDER_CACHES.find((one) => one === cache);
  return { name, ...(readOnly && { readOnly: true }), ...(kept && { cache: kept }) };
}
