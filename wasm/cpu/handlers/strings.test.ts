// Repeated string instructions, which are done in runs where memory allows, against one element after the other.

import { expect, test } from "vitest";
import { testMachine } from "../../testing/machine";

const [EAX, ECX, ESP, ESI, EDI] = [0, 1, 4, 6, 7];
const [ES, CS, SS, DS] = [0, 1, 2, 3];
const CODE = 0x1000;
const GDT = 0x8000;
const IDT = 0x9000;
const DIRECTORY = 0x2_0000;
const AREA = 0x10_0000;
const AREA_SIZE = 0x4_0000;
const HLT = 0xf4;

function processor() {
  const { core } = testMachine();
  const { exports } = core;
  exports.makeBare();
  const poke32 = (address: number, ...values: number[]): void => {
    values.forEach((value, n) => exports.writePhysical(address + 4 * n, 4, value));
  };
  poke32(GDT, 0, 0, 0xffff, 0x00cf_9b00, 0xffff, 0x00cf_9300);
  poke32(IDT + 8 * 14, 0x0008_a000, 0x8e00);
  exports.writePhysical(0xa000, 1, HLT);
  exports.setDescriptorTable(0, GDT, 0x17);
  exports.setDescriptorTable(1, IDT, 0xff);
  exports.setControlRegister(0, 0x11);
  exports.setSegment(CS, 8, 0, 0xffff_ffff, 0xc09b);
  for (const index of [ES, SS, DS]) exports.setSegment(index, 0x10, 0, 0xffff_ffff, 0xc093);
  const area = core.bytes(exports.ramAddress() + AREA, AREA_SIZE);
  const run = (code: number[], registers: Record<number, number>): void => {
    [...code, HLT].forEach((byte, n) => exports.writePhysical(CODE + n, 1, byte));
    exports.setRegister(ESP, 0x4000);
    for (const [index, value] of Object.entries(registers))
      exports.setRegister(Number(index), value);
    exports.setEip(CODE);
    exports.clearHalted();
    while (!exports.getHalted()) core.run(1000);
  };
  const fill = (): void => {
    for (let n = 0; n < AREA_SIZE; n++) area[n] = (n * 7 + (n >> 8)) & 0xff;
  };
  return {
    core,
    exports,
    poke32,
    area,
    run,
    fill,
    reg: (n: number) => exports.getRegister(n) >>> 0,
  };
}

const PREFIX = { 1: [], 2: [0x66], 4: [] } as const;

test("REP MOVS copies as one element after the other does, also onto itself", () => {
  const { area, run, fill, reg } = processor();
  for (const size of [1, 2, 4] as const) {
    for (const [from, to, count] of [
      [0x10, 0x8000, 0x6000 / size],
      [0x11, 0x8ffd, 0x6001],
      [0x8000, 0x10, 0x6000],
      [0x4000, 0x3ff9, 0x5000],
      [0x4000, 0x4000 + size, 0x3000],
      [0x4000, 0x4003, 0x3000],
      [0x4000, 0x5388, 0x9000],
      [0x4ffe, 0x9fff, 3],
      [0x4000, 0x8000, 1],
      [0x4000, 0x8000, 0],
    ] as const) {
      fill();
      const wanted = area.slice();
      for (let n = 0; n < count * size; n += size) {
        wanted.copyWithin(to + n, from + n, from + n + size);
      }
      const registers = { [ESI]: AREA + from, [EDI]: AREA + to, [ECX]: count };
      run([0xf3, ...PREFIX[size], size === 1 ? 0xa4 : 0xa5], registers);
      const name = `${count} of ${size} bytes from ${from.toString(16)} to ${to.toString(16)}`;
      expect(Buffer.compare(area, wanted), name).toBe(0);
      expect([reg(ESI), reg(EDI), reg(ECX)], name).toEqual([
        AREA + from + count * size,
        AREA + to + count * size,
        0,
      ]);
    }
  }
});

test("REP STOS fills as one element after the other does", () => {
  const { area, run, fill, reg } = processor();
  for (const size of [1, 2, 4] as const) {
    for (const [to, count, value] of [
      [0x10, 0x7000, 0],
      [0xffd, 0x6001, 0x1234_5678],
      [0x1fff, 2, 0xffff_fff0],
    ] as const) {
      fill();
      const wanted = area.slice();
      const bytes = [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff).slice(0, size);
      for (let n = 0; n < count * size; n += size) wanted.set(bytes, to + n);
      run([0xf3, ...PREFIX[size], size === 1 ? 0xaa : 0xab], {
        [EAX]: value,
        [EDI]: AREA + to,
        [ECX]: count,
      });
      expect(Buffer.compare(area, wanted), `${count} of ${size} bytes at ${to}`).toBe(0);
      expect(reg(EDI)).toBe(AREA + to + count * size);
    }
  }
});

/** What REPE or REPNE CMPS and SCAS end with: the elements looked at, and whether the last ones were equal. */
function compared(left: number[], right: number[], whileEqual: boolean): [number, boolean] {
  const at = left.findIndex((value, n) => (value === right[n]) !== whileEqual);
  const last = at < 0 ? left.length - 1 : at;
  return [last + 1, left[last] === right[last]];
}

const ZF = 0x40;

test.each([
  ["REPE", 0xf3, true],
  ["REPNE", 0xf2, false],
] as const)(
  "%s CMPS and SCAS stop where one element after the other would",
  (_, prefix, whileEqual) => {
    const { area, exports, run, reg } = processor();
    const view = new DataView(area.buffer, area.byteOffset, area.length);
    const reads = { 1: "getUint8", 2: "getUint16", 4: "getUint32" } as const;
    const writes = { 1: "setUint8", 2: "setUint16", 4: "setUint32" } as const;
    for (const size of [1, 2, 4] as const) {
      const elements = (from: number, count: number): number[] =>
        Array.from({ length: count }, (_value, n) => view[reads[size]](from + n * size, true));
      for (const [source, target, count, end] of [
        [0x10, 0x8000, 30, 12],
        [0x10, 0x8000, 30, 0],
        [0x10, 0x8000, 30, 29],
        [0xff9, 0x8003, 40, 39],
        [0x0, 0x8fe0, 0x1800, 0x17ff],
        [0x123, 0x8ffe, 0x1800, -1],
        [0x10, 0x8000, 1, 0],
      ] as const) {
        const name = `${count} of ${size} bytes, the end at ${end}`;
        // Before the end all elements are equal (or all different), then the contrary.
        for (let n = 0; n < count; n++) {
          const isEqual = (n === end) !== whileEqual;
          view[writes[size]](source + n * size, 0x5a5a_5a5a, true);
          view[writes[size]](target + n * size, isEqual ? 0x5a5a_5a5a : 0x5a5a_5a00 + size, true);
        }
        const registers = { [EAX]: 0x5a5a_5a5a, [ESI]: AREA + source, [EDI]: AREA + target, [ECX]: count }; // prettier-ignore
        const right = elements(target, count);
        for (const [opcode, left] of [
          [0xa6, elements(source, count)],
          [0xae, right.map(() => (size === 4 ? 0x5a5a_5a5a : 0x5a5a & (size === 1 ? 0xff : 0xffff)))], // prettier-ignore
        ] as const) {
          const [passed, equal] = compared(left, right, whileEqual);
          run([prefix, ...PREFIX[size], size === 1 ? opcode : opcode + 1], registers);
          expect(reg(ECX), name).toBe(count - passed);
          expect(reg(EDI), name).toBe(AREA + target + passed * size);
          expect(reg(ESI), name).toBe(AREA + source + (opcode === 0xa6 ? passed * size : 0));
          expect((exports.getEflags() & ZF) !== 0, name).toBe(equal);
        }
      }
    }
  },
);

test("a fault in the middle of REPNE SCAS shows how far it came, with the flags of before", () => {
  const { exports, poke32, area, run, reg } = processor();
  poke32(DIRECTORY, (DIRECTORY + 0x1000) | 7);
  for (let page = 0; page < 1024; page++) poke32(DIRECTORY + 0x1000 + 4 * page, (page << 12) | 7);
  poke32(DIRECTORY + 0x1000 + 4 * ((AREA >> 12) + 1), 0);
  exports.setControlRegister(3, DIRECTORY);
  exports.setControlRegister(0, 0x8001_0011);
  area.fill(0x11);
  // cmp ecx,ecx: ZF is set
  run([0x39, 0xc9, 0xf2, 0xae], { [EAX]: 0x22, [EDI]: AREA + 0xff0, [ECX]: 100 });
  expect(exports.getEip()).toBe(0xa001);
  expect([reg(EDI), reg(ECX)]).toEqual([AREA + 0x1000, 84]);
  expect(exports.readPhysical(reg(ESP) + 12, 4) & ZF).toBe(ZF);
});

test("a fault in the middle of a repetition shows how far it came, and it goes on from there", () => {
  const { core, exports, poke32, area, run, fill, reg } = processor();
  poke32(DIRECTORY, (DIRECTORY + 0x1000) | 7);
  for (let page = 0; page < 1024; page++) poke32(DIRECTORY + 0x1000 + 4 * page, (page << 12) | 7);
  exports.setControlRegister(3, DIRECTORY);
  exports.setControlRegister(0, 0x8001_0011);
  const entry = DIRECTORY + 0x1000 + 4 * ((AREA >> 12) + 2);
  for (const [opcode, missing] of [
    [0xa5, "target"],
    [0xa5, "source"],
    [0xab, "target"],
  ] as const) {
    fill();
    const registers = {
      [EAX]: 0x0102_0304,
      [ESI]: missing === "source" ? AREA + 0x10 : AREA + 0x1_0000,
      [EDI]: missing === "source" ? AREA + 0x1_0000 : AREA + 0x10,
      [ECX]: 0x1800,
    };
    run([0xf3, opcode], registers);
    const wanted = area.slice();
    const end = [reg(ESI), reg(EDI)];

    fill();
    poke32(entry, 0);
    exports.setControlRegister(3, DIRECTORY);
    run([0xf3, opcode], registers);
    expect(exports.getEip()).toBe(0xa001);
    expect(reg(ECX)).toBe(0x1800 - 0x1ff0 / 4);
    expect(reg(EDI)).toBe(registers[EDI]! + 0x1ff0);
    expect(exports.readPhysical((exports.getRegister(ESP) >>> 0) + 4, 4)).toBe(CODE);
    poke32(entry, (AREA + 0x2000) | 7);
    // add esp,4; iret
    [0x83, 0xc4, 4, 0xcf].forEach((byte, n) => exports.writePhysical(0xb000 + n, 1, byte));
    exports.setEip(0xb000);
    exports.clearHalted();
    while (!exports.getHalted()) core.run(1000);
    expect(Buffer.compare(area, wanted)).toBe(0);
    expect([reg(ESI), reg(EDI), reg(ECX)]).toEqual([...end, 0]);
  }
});
