import { expect, test } from "vitest";
import { parseConfig } from "../shared/config";
import { CONFIG_ATTRIBUTES, configFromAttributes, withWholeAddresses } from "./attributes";

function read(attributes: Record<string, string>) {
  return configFromAttributes((name) => attributes[name] ?? null);
}

test("each key of the configuration has its attribute", () => {
  expect([...CONFIG_ATTRIBUTES.keys()]).toEqual([
    "memory",
    "firmware",
    "vga-firmware",
    "boot",
    "floppy",
    "hda",
    "cdrom",
    "kernel",
    "initrd",
    "append",
    "pointer",
    "usb",
    "usb-interval",
    "hypervisor",
    "folders",
    "clipboard",
    "display",
    "jit",
  ]);
});

test("attributes make a configuration that is checked like any other", () => {
  const config = read({
    memory: "64",
    "vga-firmware": "none",
    hda: "disk.img",
    pointer: "absolute",
    usb: "tablet keyboard",
    "usb-interval": "1",
    folders: "work, photos:ro, a:cache=never, b:ro:cache=auto",
    jit: "off",
  });
  expect(parseConfig(config)).toMatchObject({
    memory: 64,
    vgaFirmware: "none",
    hda: { url: "disk.img" },
    pointer: "absolute",
    usb: ["tablet", "keyboard"],
    usbInterval: 1,
    folders: [
      { name: "work" },
      { name: "photos", readOnly: true },
      { name: "a", cache: "never" },
      { name: "b", readOnly: true, cache: "auto" },
    ],
    jit: false,
  });
});

test("a bad attribute is told by its key", () => {
  expect(() => parseConfig(read({ memory: "much" }))).toThrow('"memory" must be a number');
  expect(() => parseConfig(read({ pointer: "telepathic" }))).toThrow('"pointer" must be one of');
  expect(() => parseConfig(read({ usb: "mouse modem" }))).toThrow('"usb[1]" must be one of');
});

test("an empty attribute is as none", () => {
  expect(read({ memory: "", hda: "" })).toEqual({});
});

test("addresses are relative to where they were written", () => {
  const config = { kernel: { url: "images/vmlinuz" }, firmware: "auto", memory: 32 };
  expect(withWholeAddresses(config, "https://example.org/pc/machine.json")).toEqual({
    kernel: { url: "https://example.org/pc/images/vmlinuz" },
    firmware: "auto",
    memory: 32,
  });
  expect(() => withWholeAddresses({ hda: { url: "http://" } }, "https://example.org/")).toThrow(
    "is not a web address",
  );
});
