import { expect, test } from "vitest";
import { type TestMachine, testMachine } from "../testing/machine";

function readBytes({ inb, outw }: TestMachine, key: number, length: number): number[] {
  outw(0x510, key);
  return Array.from({ length }, () => inb(0x511));
}

function text(bytes: number[]): string {
  return String.fromCharCode(...bytes.filter((byte) => byte !== 0));
}

function number(bytes: number[]): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

function directory(machine: TestMachine): { name: string; size: number; key: number }[] {
  const count = number(readBytes(machine, 0x19, 4));
  const bytes = readBytes(machine, 0x19, 4 + 64 * count);
  return Array.from({ length: count }, (_, index) => {
    const entry = bytes.slice(4 + 64 * index, 68 + 64 * index);
    return {
      size: number(entry.slice(0, 4)),
      key: number(entry.slice(4, 6)),
      name: text(entry.slice(8)),
    };
  });
}

function addFile({ core }: TestMachine, name: string, content: string): number {
  const at = core.exports.HOST_BUFFERS.value as number;
  const nameBytes = new TextEncoder().encode(name);
  const data = new TextEncoder().encode(content);
  core.bytes(at, nameBytes.length).set(nameBytes);
  core.bytes(at + 256, data.length).set(data);
  return core.exports.addFirmwareFile(at, nameBytes.length, at + 256, data.length);
}

test("SeaBIOS detects it by the signature and finds DMA in the ID", () => {
  const machine = testMachine();
  expect(text(readBytes(machine, 0, 4))).toBe("QEMU");
  expect(readBytes(machine, 1, 4)).toEqual([3, 0, 0, 0]);
});

test("the memory map is one entry of RAM", () => {
  const machine = testMachine({ megabytes: 4 });
  const file = directory(machine).find((entry) => entry.name === "etc/e820");
  expect(file?.size).toBe(20);
  const bytes = readBytes(machine, file?.key ?? 0, 20);
  expect(bytes).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
});

test("the host's files are listed, can be replaced, and end with zeros", () => {
  const machine = testMachine();
  expect(addFile(machine, "bootorder", "first\n")).toBe(1);
  expect(addFile(machine, "bootorder", "second")).toBe(1);
  const files = directory(machine).filter((entry) => entry.name === "bootorder");
  expect(files).toHaveLength(1);
  expect(readBytes(machine, files[0]?.key ?? 0, 8)).toEqual([
    ...new TextEncoder().encode("second"),
    0,
    0,
  ]);
});

test("an unknown item reads as zeros", () => {
  expect(readBytes(testMachine(), 0x8001, 4)).toEqual([0, 0, 0, 0]);
});

test("DMA selects, skips and reads in one request", () => {
  const machine = testMachine();
  addFile(machine, "bootorder", "0123456789");
  const key = directory(machine).find((entry) => entry.name === "bootorder")?.key ?? 0;
  const { readPhysical, writePhysical } = machine.core.exports;
  const request = (control: number, length: number, address: number): number => {
    const view = new DataView(new ArrayBuffer(16));
    view.setUint32(0, control);
    view.setUint32(4, length);
    view.setUint32(12, address);
    for (let i = 0; i < 16; i++) writePhysical(0x1000 + i, 1, view.getUint8(i));
    machine.outl(0x514, 0);
    machine.outl(0x518, 0x0010_0000); // 1000h, big-endian
    return readPhysical(0x1000, 4) >>> 0;
  };
  expect(request((key << 16) | 0x0c, 3, 0)).toBe(0);
  expect(request(0x02, 4, 0x2000)).toBe(0);
  expect(readPhysical(0x2000, 4)).toBe(0x36353433);
  expect(request(0x10, 4, 0x2000)).toBe(0x0100_0000); // writes are refused
  expect(machine.inl(0x514)).toBe(0x554d4551);
});
