// The short ways through flat protected mode do what the general way does. A descriptor whose accessed bit is clear sends an
// event the general way; one where it is set, once its tables are in the soft TLB, the short one.

import { describe, expect, test } from "vitest";
import { type TestMachine, testMachine } from "../testing/machine";

const [ES, CS, SS, DS, FS, GS, TR] = [0, 1, 2, 3, 4, 5, 7];
const ESP = 4;
const GDT = 0x8000;
const IDT = 0x9000;
const TSS = 0x7000;
const KERNEL_STACK = 0x6000;
const HANDLERS = 0xa000;
const RETURN = 0x1_0000;
const DIRECTORY = 0x2_0000;
const CODE = 0x3_0000;
const STACK = 0x4_0800;
const MISSING = 0x5_0000;
const HLT = 0xf4;
const DESCRIPTORS = [0x00cf_9b00, 0x00cf_9300, 0x00cf_fb00, 0x00cf_f300, 0x00cf_d300];

interface Program {
  name: string;
  code: number[];
  /** Flags of the program, beside bit 1 and CF. */
  flags?: number;
  /** Pushed a code, which the handler takes off. */
  hasCode?: boolean;
  gate?: number;
  data?: number;
}

const programs: Program[] = [
  { name: "int 80h", code: [0xcd, 0x80] },
  { name: "int 80h with IF, NT, IOPL and AC", code: [0xcd, 0x80], flags: 0x4_7200 },
  { name: "int 80h through a trap gate", code: [0xcd, 0x80], flags: 0x200, gate: 0xef00 },
  { name: "int 80h through a gate of ring 0", code: [0xcd, 0x80], gate: 0x8e00, hasCode: true },
  { name: "int3", code: [0xcc] },
  { name: "ud2", code: [0x0f, 0x0b] },
  { name: "a page fault", code: [0xa1, 0, 0, 5, 0], hasCode: true },
  { name: "a division by zero, with flags not evaluated", code: [0x31, 0xc9, 0x40, 0xf7, 0xf1] },
  { name: "a missing segment", code: [0xb8, 0x88, 0, 0, 0, 0x8e, 0xd8], hasCode: true },
  { name: "kernel data in DS", code: [0xcd, 0x80], data: 0x10 },
  { name: "nothing in FS", code: [0x31, 0xc0, 0x8e, 0xe0, 0xcd, 0x80] },
  { name: "loads of ES, DS, FS, GS", code: [0xb8, 0x23, 0, 0, 0, 0x8e, 0xc0, 0x8e, 0xd8, 0x8e, 0xe0, 0x8e, 0xe8, 0xcd, 0x80] }, // prettier-ignore
  { name: "a load of what is ring 0's", code: [0xb8, 0x10, 0, 0, 0, 0x8e, 0xc0, 0xcd, 0x80] },
  { name: "a load of what is ring 2's", code: [0xb8, 0x2a, 0, 0, 0, 0x8e, 0xc0, 0xcd, 0x80] },
  { name: "a load of the code segment", code: [0xb8, 0x1b, 0, 0, 0, 0x8e, 0xc0, 0xcd, 0x80] },
  { name: "a null DS in use", code: [0x31, 0xc0, 0x8e, 0xd8, 0x8b, 0x00], hasCode: true },
  { name: "pop of DS and ES", code: [0x6a, 0x23, 0x1f, 0x6a, 0x23, 0x07, 0xcd, 0x80] },
  { name: "les and lfs", code: [0x6a, 0x23, 0x6a, 7, 0xc4, 0x1c, 0x24, 0x0f, 0xb4, 0x0c, 0x24, 0xcd, 0x80] }, // prettier-ignore
  { name: "pusha and popa", code: [0x60, 0x60, 0x61, 0x5b, 0x61, 0xcd, 0x80] },
  { name: "pushf, popf with AC", code: [0x9c, 0x81, 0x0c, 0x24, 0, 0, 4, 0, 0x9d, 0xcd, 0x80] },
];

function processor(short: boolean) {
  const { core } = testMachine();
  const { exports } = core;
  exports.makeBare();
  const poke = (address: number, bytes: number[]): void => {
    bytes.forEach((byte, n) => exports.writePhysical(address + n, 1, byte));
  };
  const poke32 = (address: number, ...values: number[]): void => {
    values.forEach((value, n) => exports.writePhysical(address + 4 * n, 4, value));
  };
  poke32(DIRECTORY, (DIRECTORY + 0x1000) | 7);
  for (let page = 0; page < 1024; page++) {
    const present = page === MISSING >> 12 ? 0 : 7;
    poke32(DIRECTORY + 0x1000 + 4 * page, (page << 12) | present);
  }
  for (let vector = 0; vector < 256; vector++) poke(HANDLERS + 16 * vector, [HLT]);
  poke(RETURN, [0xcf, 0x83, 0xc4, 4, 0xcf]); // iret; add esp,4; iret
  /** Forces the general way, or not. */
  const describeSegments = (): void => {
    DESCRIPTORS.forEach((high, n) => {
      poke32(GDT + 8 + 8 * n, 0xffff, short ? high : high & ~0x100);
    });
  };
  const state = (): unknown => ({
    eip: exports.getEip() >>> 0,
    eflags: exports.getEflags() >>> 0,
    cpl: exports.getCpl(),
    cr2: exports.getControlRegister(2) >>> 0,
    registers: [0, 1, 2, 3, 4, 5, 6, 7].map((n) => exports.getRegister(n) >>> 0),
    segments: [ES, CS, SS, DS, FS, GS].map((n) => [
      exports.getSegmentSelector(n),
      exports.getSegmentBase(n) >>> 0,
      exports.getSegmentLimit(n) >>> 0,
      // The accessed bit is what differs between the two ways.
      exports.getSegmentAttributes(n) & ~1,
    ]),
    stacks: [KERNEL_STACK, STACK].map((top) =>
      Buffer.from(core.bytes(exports.ramAddress() + top - 96, 96)).toString("hex"),
    ),
  });
  const start = (program: Program, ring: number): void => {
    const selector = (index: number): number => (ring ? index + 0x10 + 3 : index);
    exports.setControlRegister(0, 0x8001_0011);
    exports.setControlRegister(3, DIRECTORY);
    exports.setDescriptorTable(0, GDT, 8 * DESCRIPTORS.length + 7);
    exports.setDescriptorTable(1, IDT, 0x7ff);
    describeSegments();
    for (let vector = 0; vector < 256; vector++) {
      const kind = vector === 0x80 || vector === 3 ? (program.gate ?? 0xee00) : 0x8e00;
      poke32(IDT + 8 * vector, (0x08 << 16) | (HANDLERS + 16 * vector), kind);
    }
    poke32(TSS + 4, KERNEL_STACK, 0x10);
    exports.setSegment(TR, 0x30, TSS, 0x67, 0x8b);
    const attributes = ring ? 0x60 : 0;
    exports.setSegment(CS, selector(8), 0, 0xffff_ffff, 0xc09b | attributes);
    for (const index of [ES, SS, DS, FS, GS]) {
      exports.setSegment(index, selector(0x10), 0, 0xffff_ffff, 0xc093 | attributes);
    }
    if (program.data) exports.setSegment(DS, program.data, 0, 0xffff_ffff, 0xc093);
    poke(CODE, [...program.code, HLT]);
    for (const top of [KERNEL_STACK, STACK]) for (let n = -32; n <= 96; n += 4) poke32(top - n, n);
    [0x11, 0x22, 0x33, 0x44, STACK, 0x66, 0x77, 0x88].forEach((value, n) =>
      exports.setRegister(n, value),
    );
    exports.setEflags(3 | (program.flags ?? 0));
    exports.setEip(CODE);
  };
  const run = (): void => {
    exports.clearHalted();
    core.run(1000);
  };
  /** The states in the handler, and back in the program. */
  const follow = (program: Program, ring: number): unknown[] => {
    start(program, ring);
    run();
    const states = [state()];
    // Over the instruction that faults, which would fault again.
    const faults = program.hasCode ?? false;
    const top = exports.getRegister(ESP) >>> 0;
    poke32(top + (faults ? 4 : 0), CODE + program.code.length);
    if (!short) describeSegments();
    exports.setEip(faults ? RETURN + 1 : RETURN);
    run();
    return [...states, state()];
  };
  return { exports, follow, start, run, state, poke32 };
}

describe.each([0, 3])("from ring %i", (ring) => {
  test.each(programs)("$name", (program) => {
    const general = processor(false);
    const short = processor(true);
    short.follow(program, ring); // fills the soft TLB
    const wanted = general.follow(program, ring);
    expect(short.follow(program, ring)).toEqual(wanted);
  });
});

test.each([
  ["TF", 0x100],
  ["NT", 0x4000],
  ["RF", 0x1_0000],
  ["VM", 0x2_0000],
])("IRET to ring 3 with %s in its image", (_, flag) => {
  const states = [false, true].map((short) => {
    const machine = processor(short);
    const program = { name: "", code: [0xcd, 0x80] };
    if (short) machine.follow(program, 3);
    machine.start(program, 3);
    machine.run();
    machine.poke32((machine.exports.getRegister(ESP) >>> 0) + 8, 3 | flag);
    machine.exports.setEip(RETURN);
    machine.run();
    return machine.state();
  });
  expect(states[1]).toEqual(states[0]);
});

test("STI lets one more instruction run before the interrupt, and POPF none", () => {
  for (const [code, length] of [
    [[0xfb, 0x40, 0x40], 2],
    [[0x9d, 0x40, 0x40], 1],
  ] as const) {
    const machine = testMachine();
    const { core } = machine;
    const { exports } = core;
    for (const [n, byte] of [0x00, 0x20, 0x00, 0x00].entries()) {
      exports.writePhysical(0x20 + n, 1, byte); // vector 8
    }
    exports.writePhysical(0x2000, 1, HLT);
    code.forEach((byte, n) => exports.writePhysical(0x1000 + n, 1, byte));
    exports.writePhysical(0x1000 + code.length, 1, HLT);
    exports.writePhysical(0x3000, 2, 0x202);
    for (const index of [CS, SS]) exports.setSegment(index, 0, 0, 0xffff, 0x93);
    exports.setRegister(0, 0);
    exports.setRegister(ESP, 0x3000);
    exports.setEflags(2);
    exports.setEip(0x1000);
    raiseTimer(machine);
    core.run(100);
    expect(exports.getEip()).toBe(0x2001);
    expect(exports.readPhysical((exports.getRegister(ESP) >>> 0) & 0xffff, 2)).toBe(
      0x1000 + length,
    );
  }
});

/** IRQ 0 is requested, and not masked; its vector is 8. */
function raiseTimer({ outb, advance }: TestMachine): void {
  for (const [port, value] of [[0x20, 0x11], [0x21, 8], [0x21, 4], [0x21, 1], [0x21, 0xfe]] as const) outb(port, value); // prettier-ignore
  for (const [port, value] of [[0x43, 0x30], [0x40, 0x10], [0x40, 0x00]] as const) outb(port, value); // prettier-ignore
  advance(1);
}
