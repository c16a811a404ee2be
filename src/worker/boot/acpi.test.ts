import { expect, test } from "vitest";
import { acpiTables, TABLES_ADDRESS } from "./acpi";

const bytes = acpiTables({
  pmPorts: 0x600,
  gpePorts: 0xafe0,
  memoryStart: 0xe000_0000,
  memoryEnd: 0xfebf_ffff,
  pirqLines: [10, 10, 11, 11],
});
const view = new DataView(bytes.buffer);

function sum(offset: number, length: number): number {
  return bytes.subarray(offset, offset + length).reduce((total, byte) => total + byte, 0) & 0xff;
}

function signature(offset: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + 4));
}

/** A pointer in a table, as an offset in `bytes`. */
function pointer(offset: number): number {
  return view.getUint32(offset, true) - TABLES_ADDRESS;
}

test("from the root pointer every table is found, with a checksum that adds up", () => {
  expect(signature(0)).toBe("RSD ");
  expect(sum(0, 20)).toBe(0);
  const rsdt = pointer(16);
  const fadt = pointer(rsdt + 36);
  const dsdt = pointer(fadt + 40);
  for (const [name, offset] of [
    ["RSDT", rsdt],
    ["FACP", fadt],
    ["DSDT", dsdt],
  ] as const) {
    expect(signature(offset)).toBe(name);
    expect(sum(offset, view.getUint32(offset + 4, true))).toBe(0);
  }
  expect(signature(pointer(fadt + 36))).toBe("FACS");
  expect(pointer(fadt + 36) % 64).toBe(0);
  expect(view.getUint32(fadt + 76, true)).toBe(0x608);
});

test("the length of each AML object reaches to the next", () => {
  const dsdt = pointer(pointer(pointer(16) + 36) + 40);
  const end = dsdt + view.getUint32(dsdt + 4, true);
  let at = dsdt + 36;
  expect(bytes[at]).toBe(0x10); // Scope
  const [low = 0, middle = 0] = bytes.subarray(at + 1, at + 3);
  expect(low >> 6).toBe(1);
  at += 1 + ((low & 0xf) | (middle << 4));
  expect(String.fromCharCode(...bytes.subarray(at + 1, at + 5))).toBe("_S5_");
  expect(at + 5 + 1 + (bytes[at + 6] ?? 0)).toBe(end);
});
