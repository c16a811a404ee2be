// Faults in the middle of an instruction leave it undone, whichever way it accesses memory; and when the fault has been seen to,
// it runs as if there had been none. User code at CPL 3 with paging; #PF and the #GP of a final HLT halt in ring 0.

import { describe, expect, test } from "vitest";
import { testMachine } from "../testing/machine";

const [CS, SS, DS, ES, TR] = [1, 2, 3, 0, 7];
const ESP = 4;
const GDT = 0x8000;
const IDT = 0x9000;
const TSS = 0x7000;
const KERNEL_STACK = 0x6000;
const HANDLERS = 0xa000;
const DIRECTORY = 0x2_0000;
const TABLE = 0x2_1000;
const CODE = 0x3_0000;
const STACK = 0x4_0800;
/** Three pages in a row; the middle one is taken away. */
const WINDOW = 0x5_0000;
const MIDDLE = WINDOW + 0x1000;
const HLT = 0xf4;

const START = [
  0x8123_4567,
  3,
  0x5566_7788,
  0x0f1e_2d3c,
  STACK,
  STACK + 0x40,
  MIDDLE + 0x10,
  WINDOW + 0x20,
];
const EFLAGS = 0x0cd7; // CF PF AF ZF SF DF OF, so that each change shows
const EFLAGS_FORWARD = 0x08d7;

/** `op /reg [esi + displacement]`. */
function esi(opcode: number[], reg: number, displacement = 0, immediate: number[] = []): number[] {
  const bytes = [0, 8, 16, 24].map((shift) => (displacement >> shift) & 0xff);
  return [...opcode, 0x86 | (reg << 3), ...bytes, ...immediate];
}

interface Case {
  name: string;
  code: number[];
  /** Instead of START. */
  registers?: Record<number, number>;
  forward?: boolean;
}

const cases: Case[] = [];
function add(name: string, code: number[], more: Partial<Case> = {}): void {
  cases.push({ name, code, ...more });
}
/** At the page's start, in it, and across both of its ends. */
function everywhere(name: string, opcode: number[], reg: number, immediate: number[] = []): void {
  for (const [where, offset] of [
    ["inside", 0],
    ["across the start", -0x11],
    ["across the end", 0xfed],
  ] as const) {
    add(`${name} ${where}`, esi(opcode, reg, offset, immediate));
  }
}

const ALU = ["add", "or", "adc", "sbb", "and", "sub", "xor", "cmp"];
for (const [n, name] of ALU.entries()) {
  everywhere(`${name} [m],eax`, [8 * n + 1], 0);
  everywhere(`${name} eax,[m]`, [8 * n + 3], 0);
  add(`${name} [m],al`, esi([8 * n], 0));
  add(`${name} dh,[m]`, esi([8 * n + 2], 6));
  add(`${name} [m],ax`, esi([0x66, 8 * n + 1], 0));
  add(`${name} ax,[m]`, esi([0x66, 8 * n + 3], 0));
  add(`${name} [m],imm`, esi([0x81], n, 0, [1, 2, 3, 4]));
}
everywhere("test [m],edx", [0x85], 2);
everywhere("mov [m],edx", [0x89], 2);
everywhere("mov ebx,[m]", [0x8b], 3);
everywhere("mov esi,[m]", [0x8b], 6);
everywhere("mov [m],imm", [0xc7], 0, [1, 2, 3, 4]);
add("mov [m],al", esi([0x88], 0));
add("mov ah,[m]", esi([0x8a], 4));
everywhere("xchg [m],ebx", [0x87], 3);
everywhere("inc [m]", [0xff], 0);
everywhere("dec [m]", [0xff], 1);
everywhere("not [m]", [0xf7], 2);
everywhere("neg [m]", [0xf7], 3);
add("movzx eax,byte [m]", esi([0x0f, 0xb6], 0));
everywhere("movzx eax,word [m]", [0x0f, 0xb7], 0);
add("movsx ecx,byte [m]", esi([0x0f, 0xbe], 1));
add("cmovz eax,[m]", esi([0x0f, 0x44], 0));
add("cmovnz eax,[m]", esi([0x0f, 0x45], 0));
add("setc [m]", esi([0x0f, 0x92], 0));
everywhere("push [m]", [0xff], 6);
everywhere("call [m]", [0xff], 2);
everywhere("jmp [m]", [0xff], 4);
const inMiddle = { registers: { [ESP]: MIDDLE + 0x100 } };
const atStart = { registers: { [ESP]: MIDDLE + 2 } };
const atEnd = { registers: { [ESP]: MIDDLE + 0xffe } };
for (const [where, more] of [
  ["there", inMiddle],
  ["across the start", atStart],
  ["across the end", atEnd],
] as const) {
  add(`push eax, stack ${where}`, [0x50], more);
  add(`push imm, stack ${where}`, [0x68, 1, 2, 3, 4], more);
  add(`pop ebx, stack ${where}`, [0x5b], more);
  add(`pop esp, stack ${where}`, [0x5c], more);
  add(`call, stack ${where}`, [0xe8, 0, 0, 0, 0], more);
  add(`ret, stack ${where}`, [0xc3], more);
  add(`popa, stack ${where}`, [0x61], more);
  add(`pop [edi], stack ${where}`, [0x8f, 0x07], more);
  add(`popf, stack ${where}`, [0x9d], more);
}
add("leave", [0xc9], { registers: { 5: MIDDLE + 0x200 } });
add("leave across the end", [0xc9], { registers: { 5: MIDDLE + 0xffe } });
add("pop [m]", esi([0x8f], 0));
everywhere("shl [m],3", [0xc1], 4, [3]);
everywhere("imul eax,[m]", [0x0f, 0xaf], 0);
everywhere("mul [m]", [0xf7], 4);
everywhere("cmpxchg [m],ebx", [0x0f, 0xb1], 3);
everywhere("xadd [m],ebx", [0x0f, 0xc1], 3);
everywhere("bts [m],ecx", [0x0f, 0xab], 1);
everywhere("fld qword [m]", [0xdd], 0);
everywhere("les ebx,[m]", [0xc4], 3);
const stringAt = (edi: number, from: number) => ({
  registers: { 7: edi, 6: from },
  forward: true,
});
for (const [width, bytes] of [
  ["b", 0],
  ["d", 1],
] as const) {
  add(`movs${width} to`, [0xa4 + bytes], stringAt(MIDDLE + 8, WINDOW));
  add(`movs${width} from`, [0xa4 + bytes], stringAt(WINDOW, MIDDLE + 8));
  add(`lods${width}`, [0xac + bytes], stringAt(WINDOW, MIDDLE + 8));
  add(`stos${width}`, [0xaa + bytes], stringAt(MIDDLE + 8, WINDOW));
  add(`scas${width}`, [0xae + bytes], stringAt(MIDDLE + 8, WINDOW));
  add(`cmps${width}`, [0xa6 + bytes], stringAt(WINDOW, MIDDLE + 8));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

interface Machine {
  run(): void;
  prepare(item: Case, watch: boolean): void;
  allow(bits: number): void;
  resume(): void;
  registers(): number[];
  frame(): number[];
  vector(): number;
  memory(): string;
  unmapKernelStack(): void;
  isShutDown(): boolean;
}

function processor(): Machine {
  const { core } = testMachine();
  const { exports } = core;
  exports.makeBare();
  const poke = (address: number, bytes: number[]): void => {
    bytes.forEach((byte, n) => exports.writePhysical(address + n, 1, byte));
  };
  const poke32 = (address: number, ...values: number[]): void => {
    values.forEach((value, n) => exports.writePhysical(address + 4 * n, 4, value));
  };
  const peek = (address: number): number => exports.readPhysical(address, 4) >>> 0;
  poke32(GDT, 0, 0, 0xffff, 0x00cf_9b00, 0xffff, 0x00cf_9300, 0xffff, 0x00cf_fb00, 0xffff, 0x00cf_f300); // prettier-ignore
  poke32(TSS + 4, KERNEL_STACK, 0x10);
  for (const vector of [13, 14]) {
    const handler = HANDLERS + 16 * vector;
    poke32(IDT + 8 * vector, (0x08 << 16) | handler, 0x8e00);
    poke(handler, [HLT]);
  }
  poke(HANDLERS, [0x83, 0xc4, 4, 0xcf]); // add esp,4; iret
  poke32(DIRECTORY, TABLE | 7);
  for (let page = 0; page < 1024; page++) poke32(TABLE + 4 * page, (page << 12) | 7);
  const allow = (bits: number): void => {
    poke32(TABLE + 4 * (MIDDLE >> 12), MIDDLE | bits);
    exports.setControlRegister(3, DIRECTORY);
  };
  const run = (): void => {
    exports.clearHalted();
    core.run(1000);
  };
  return {
    run,
    allow,
    prepare(item, watch) {
      exports.setControlRegister(0, 0x8001_0011);
      exports.setControlRegister(3, DIRECTORY);
      exports.setDescriptorTable(0, GDT, 0x27);
      exports.setDescriptorTable(1, IDT, 0xff);
      exports.setSegment(TR, 0x28, TSS, 0x67, 0x8b);
      for (let at = 0; at < 0x3000; at += 4) poke32(WINDOW + at, (at * 0x0101_4001 + 0x1b) | 0);
      for (let at = -64; at < 64; at += 4) poke32(STACK + at, (at * 0x0300_1001) | 0);
      poke32(KERNEL_STACK - 32, 0, 0, 0, 0, 0, 0, 0, 0);
      // The instruction stands in the middle of a block: lea edx,[edx+1] before it, lea ebx,[ebx+1] behind it.
      poke(CODE, [0x8d, 0x52, 1, ...item.code, 0x8d, 0x5b, 1, HLT]);
      exports.setSegment(CS, 0x1b, 0, 0xffff_ffff, 0xc0fb);
      for (const index of [ES, SS, DS]) exports.setSegment(index, 0x23, 0, 0xffff_ffff, 0xc0f3);
      exports.setEflags(item.forward ? EFLAGS_FORWARD : EFLAGS);
      START.forEach((value, n) => exports.setRegister(n, item.registers?.[n] ?? value));
      // A data breakpoint anywhere sends every access the slow way.
      exports.setDebugRegister(0, 0x10);
      exports.setDebugRegister(7, watch ? 0x000d_0401 : 0x400);
      exports.setEip(CODE);
    },
    unmapKernelStack: () => poke32(TABLE + 4 * ((KERNEL_STACK - 1) >> 12), 0),
    isShutDown: () => exports.getShutdown() !== 0,
    resume() {
      exports.setEip(HANDLERS);
      run();
    },
    registers: () => START.map((_, n) => exports.getRegister(n) >>> 0),
    frame: () => {
      const top = exports.getRegister(ESP) >>> 0;
      return [0, 4, 8, 12, 16, 20].map((offset) => peek(top + offset));
    },
    vector: () => ((exports.getEip() >>> 0) - HANDLERS) >> 4,
    memory: () =>
      hex(core.bytes(exports.ramAddress() + WINDOW, 0x3000)) +
      hex(core.bytes(exports.ramAddress() + STACK - 64, 128)),
  };
}

/** What the user program has come to, as the exception's frame and the registers tell. */
function state(machine: Machine): unknown {
  const registers = machine.registers();
  registers[ESP] = 0;
  const [, eip, cs, eflags, esp, ss] = machine.frame();
  return {
    vector: machine.vector(),
    registers,
    eip,
    cs,
    eflags,
    esp,
    ss,
    memory: machine.memory(),
  };
}

describe.each([
  ["missing", 0],
  ["read-only", 5],
])("with a page that is %s", (_, bits) => {
  test.each([false, true])("an instruction that faults is undone (slow path: %s)", (watch) => {
    const machine = processor();
    let faults = 0;
    for (const item of cases) {
      machine.allow(7);
      machine.prepare(item, watch);
      const before = machine.memory();
      machine.run();
      const wanted = state(machine);

      machine.allow(bits);
      machine.prepare(item, watch);
      machine.run();
      if (machine.vector() === 14 && machine.frame()[1] === CODE + 3) {
        faults++;
        const expected = START.map((value, n) => item.registers?.[n] ?? value);
        expected[2] = expected[2]! + 1;
        const [code, , , eflags, esp] = machine.frame();
        const registers = machine.registers();
        expect(esp, item.name).toBe(expected[ESP]);
        registers[ESP] = esp!;
        expect(registers, item.name).toEqual(expected);
        expect(eflags! & 0xcff, item.name).toBe(item.forward ? EFLAGS_FORWARD : EFLAGS);
        expect(code! & 5, item.name).toBe(bits ? 5 : 4);
        expect(machine.memory(), item.name).toEqual(before);
        machine.allow(7);
        machine.resume();
      } else {
        expect(bits, item.name).toBe(5);
      }
      expect(state(machine), item.name).toEqual(wanted);

      // The same block again, from its beginning.
      machine.allow(7);
      machine.prepare(item, watch);
      machine.run();
      expect(state(machine), item.name).toEqual(wanted);
    }
    expect(faults).toBeGreaterThan(bits ? 90 : 170);
  });
});

test("where the stack of ring 0 is missing as well, a user's page fault shuts the processor down", () => {
  const machine = processor();
  machine.allow(0);
  machine.prepare({ name: "", code: esi([0x8b], 0) }, false);
  machine.unmapKernelStack();
  machine.run();
  expect(machine.isShutDown()).toBe(true);
});
