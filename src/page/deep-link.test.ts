import { expect, test } from "vitest";
import { readDeepLink } from "./deep-link";

const BASE = "https://example.org/tandem/";

test("an address names a machine of the page, and what differs", () => {
  expect(readDeepLink("?machine=linux&pointer=absolute&memory=64", BASE)).toEqual({
    machine: "linux",
    config: { pointer: "absolute", memory: 64 },
    machines: 1,
  });
});

test("an address describes a machine of its own", () => {
  const search = "?kernel=vmlinuz&append=console%3DttyS0%20quiet&initrd=https%3A%2F%2Fother.org%2Finitrd&usb=tablet,keyboard&usb-interval=1"; // prettier-ignore
  expect(readDeepLink(search, BASE).config).toEqual({
    kernel: { url: "https://example.org/tandem/vmlinuz" },
    append: "console=ttyS0 quiet",
    initrd: { url: "https://other.org/initrd" },
    usb: ["tablet", "keyboard"],
    usbInterval: 1,
  });
});

test("an address without anything is the default machine, once", () => {
  expect(readDeepLink("", BASE)).toEqual({ config: {}, machines: 1 });
  expect(readDeepLink("?machines=99", BASE).machines).toBe(8);
  expect(readDeepLink("?machines=none", BASE).machines).toBe(1);
});

test("what is no good is told in words", () => {
  expect(() => readDeepLink("?colour=red", BASE)).toThrow('"colour", which is not known');
  expect(() => readDeepLink("?memory=plenty", BASE)).toThrow('"memory" must be a number');
  expect(() => readDeepLink("?pointer=finger", BASE)).toThrow('"pointer" must be one of');
  expect(() => readDeepLink("?hda=file:///etc/passwd", BASE)).toThrow("is not a web address");
  expect(() => readDeepLink("?hda=http://", BASE)).toThrow("is not a web address");
});
