import { expect, test } from "vitest";
import { parseConfig, usbDevices } from "./config";
import { TandemError } from "./errors";

function problem(value: unknown): string {
  try {
    parseConfig(value);
  } catch (error) {
    expect(error).toBeInstanceOf(TandemError);
    expect(TandemError.from(error).code).toBe("bad-config");
    return TandemError.from(error).message;
  }
  return "";
}

test("the example of the design is accepted as it is", () => {
  const example = {
    memory: 128,
    firmware: "auto",
    vgaFirmware: "auto",
    boot: "hda",
    floppy: { url: "a.img" },
    hda: { url: "b.img", size: 123 },
    cdrom: { url: "c.iso" },
    kernel: { url: "vmlinuz" },
    initrd: { url: "initrd" },
    append: "console=ttyS0",
    pointer: "integrated",
    folders: [{ name: "share", readOnly: false, cache: "never" }],
    jit: true,
  };
  expect(parseConfig(example)).toEqual({
    ...example,
    usbInterval: 10,
    clipboard: "both",
    display: "auto",
    hypervisor: "none",
  });
});

test("what is left out has a default", () => {
  const config = parseConfig({});
  expect(config.memory).toBe(128);
  expect(config.firmware).toBe("auto");
  expect(config.folders).toEqual([]);
  expect(config.clipboard).toBe("both");
  expect(config.display).toBe("auto");
  expect("hda" in config).toBe(false);
});

test("an unknown key is named with its path", () => {
  expect(problem({ ram: 5 })).toBe('"ram" is not a known key.');
  expect(problem({ hda: { url: "x", sice: 1 } })).toBe('"hda.sice" is not a known key.');
  expect(problem({ folders: [{ name: "a" }, { nam: "b" }] })).toBe(
    '"folders[1].nam" is not a known key.',
  );
});

test("a wrong type is named with what it should be", () => {
  expect(problem({ memory: "128" })).toBe('"memory" must be a number, but is a string.');
  expect(problem({ append: 1 })).toBe('"append" must be a text, but is a number.');
  expect(problem({ folders: {} })).toBe('"folders" must be a list, but is an object.');
  expect(problem({ hda: "disk.img" })).toBe('"hda" must be an object, but is a string.');
  expect(problem({ kernel: {} })).toBe('"kernel.url" must be a text, but is missing.');
  expect(problem([])).toBe("The machine must be an object, but is a list.");
});

test("a value out of range or unknown is named with what is allowed", () => {
  expect(problem({ memory: 0 })).toContain("from 1 to 3072");
  expect(problem({ memory: 1.5 })).toContain("whole number");
  expect(problem({ boot: "usb" })).toBe(
    '"boot" must be one of "floppy", "hda", "cdrom", "menu", but is "usb".',
  );
  expect(problem({ clipboard: true })).toContain('"both", "to-guest", "to-host", "off"');
  expect(problem({ firmware: "bios" })).toContain('"auto", "none"');
});

test("the pointer mode brings its USB devices, unless they are named", () => {
  const { pointer, usb, usbInterval } = parseConfig({});
  expect({ pointer, usb, usbInterval }).toEqual({
    pointer: "auto",
    usb: undefined,
    usbInterval: 10,
  });
  expect(usbDevices("auto")).toEqual(["tablet"]);
  expect(usbDevices("relative")).toEqual(["mouse"]);
  expect(usbDevices("integrated")).toEqual([]);
  expect(usbDevices("integrated", parseConfig({ usb: ["keyboard"] }).usb)).toEqual(["keyboard"]);
  expect(() => parseConfig({ usbInterval: 5 })).toThrow(
    '"usbInterval" must be one of 1, 10, but is 5.',
  );
  expect(parseConfig({ usb: ["mouse", "tablet", "keyboard"] }).usb).toHaveLength(3);
  expect(() => parseConfig({ usb: ["joystick"] })).toThrow('"usb[0]" must be one of "mouse",');
});
