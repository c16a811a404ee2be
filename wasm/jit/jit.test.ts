// Translated code does what the interpreter does: the same programs on both, whole state compared, and the count of instructions.

import { describe, expect, test } from "vitest";
import { testMachine } from "../testing/machine";

const [ES, CS, SS, DS, FS, GS] = [0, 1, 2, 3, 4, 5];
const ESP = 4;
const GDT = 0x8000;
const IDT = 0x9000;
const HANDLERS = 0xa000;
const DIRECTORY = 0x2_0000;
const CODE = 0x3_0000;
const STACK = 0x4_0800;
const DATA = 0x4_2000;
const DATA_SIZE = 0x2000;
const COUNTER = 0x4_1000;
const NMIS = 0x4_1004;
const MISSING = 0x5_0000;
const READ_ONLY = 0x4_f000;
const HLT = 0xf4;
const FLAT = 0xffff_ffff;

interface Result {
  state: unknown;
  /** Instructions that were executed in translated code. */
  translated: number;
  ended: number;
  nmis: number;
}

interface Options {
  jit: boolean;
  /** CR0 beside PE and PG. */
  cr0?: number;
  budget?: number;
  nmiEach?: number;
}

const bytes32 = (value: number): number[] => [value, value >>> 8, value >>> 16, value >>> 24].map((byte) => byte & 0xff); // prettier-ignore

/** Runs a program of ring 0 with paging until it halts. */
function run(program: number[], { jit, cr0 = 0, budget = 50_000, nmiEach = 0 }: Options): Result {
  const { core } = testMachine();
  const { exports } = core;
  exports.makeBare();
  exports.setJit(jit ? 1 : 0);
  const poke = (address: number, bytes: number[]): void =>
    bytes.forEach((byte, n) => exports.writePhysical(address + n, 1, byte));
  const poke32 = (address: number, ...values: number[]): void =>
    values.forEach((value, n) => exports.writePhysical(address + 4 * n, 4, value));
  poke32(DIRECTORY, (DIRECTORY + 0x1000) | 7);
  for (let page = 0; page < 1024; page++) {
    const rights = page === MISSING >> 12 ? 0 : page === READ_ONLY >> 12 ? 5 : 7;
    poke32(DIRECTORY + 0x1000 + 4 * page, (page << 12) | rights);
  }
  poke32(GDT + 8, 0xffff, 0x00cf_9b00, 0xffff, 0x00cf_9300);
  for (let vector = 0; vector < 256; vector++) {
    poke(HANDLERS + 16 * vector, [HLT]);
    poke32(IDT + 8 * vector, (0x08 << 16) | (HANDLERS + 16 * vector), 0x8e00);
  }
  // NMI: inc dword [NMIS]; iret
  poke(HANDLERS + 16 * 2, [0xff, 0x05, ...bytes32(NMIS), 0xcf]);
  for (let at = 0; at < DATA_SIZE; at += 4) poke32(DATA + at, Math.imul(at, 0x9e37_79b1));
  poke(CODE, program);
  exports.setControlRegister(0, 0x8000_0011 | cr0);
  exports.setControlRegister(3, DIRECTORY);
  exports.setDescriptorTable(0, GDT, 23);
  exports.setDescriptorTable(1, IDT, 0x7ff);
  exports.setSegment(CS, 8, 0, FLAT, 0xc09b);
  for (const index of [ES, SS, DS, GS]) exports.setSegment(index, 0x10, 0, FLAT, 0xc093);
  exports.setSegment(FS, 0x10, DATA, 0x1fff, 0x4093);
  for (let n = 0; n < 8; n++) exports.setRegister(n, Math.imul(n + 1, 0x1234_5677));
  exports.setRegister(ESP, STACK);
  exports.setEflags(2);
  exports.setEip(CODE);
  const before = exports.instructionsExecuted();
  for (let slice = 1; core.run(budget) === 0 && slice < 10_000; slice++)
    if (nmiEach && slice % nmiEach === 0) exports.raiseNmi();
  return {
    state: {
      eip: exports.getEip() >>> 0,
      eflags: exports.getEflags() >>> 0,
      cr2: exports.getControlRegister(2) >>> 0,
      registers: [0, 1, 2, 3, 4, 5, 6, 7].map((n) => exports.getRegister(n) >>> 0),
      memory: Buffer.from(core.bytes(exports.ramAddress() + STACK - 0x400, DATA + DATA_SIZE - STACK + 0x400)).toString("base64"), // prettier-ignore
      code: Buffer.from(core.bytes(exports.ramAddress() + CODE, 0x1000)).toString("base64"),
      ...(nmiEach ? {} : { instructions: exports.instructionsExecuted() - before }),
    },
    translated: exports.jitFigure(5),
    ended: exports.jitFigure(1),
    nmis: exports.readPhysical(NMIS, 4),
  };
}

/** `body` again and again; each time dec dword [COUNTER]; jnz. */
function loop(body: number[], times: number): number[] {
  const start = [0xc7, 0x05, ...bytes32(COUNTER), ...bytes32(times)];
  const back = [0xff, 0x0d, ...bytes32(COUNTER), 0x0f, 0x85];
  return [...start, ...body, ...back, ...bytes32(-(body.length + back.length + 4)), HLT];
}

/** Both, alike; how much of it was translated. */
function same(program: number[], options: Partial<Options> = {}): Result {
  const interpreted = run(program, { ...options, jit: false });
  const translated = run(program, { ...options, jit: true });
  expect(translated.state).toEqual(interpreted.state);
  expect(interpreted.translated).toBe(0);
  return translated;
}

test("a loop is translated, and counts its instructions", () => {
  const { translated } = same(loop([0x01, 0xc3, 0x83, 0xd2, 0x07], 100_000));
  expect(translated).toBeGreaterThan(300_000);
});

test("a loop in which each instruction changes code of the next is interpreted right", () => {
  // inc byte [patched]; add eax, imm8 (patched)
  const at = CODE + 10 + 6 + 2;
  const { ended } = same(loop([0xfe, 0x05, ...bytes32(at), 0x83, 0xc0, 0x01], 20_000));
  expect(ended).toBeLessThan(100);
});

test("code that is rewritten once in a while is translated again", () => {
  // Each 2048th time: inc byte [patched]. test dword [COUNTER], 7ffh; jnz +6; inc byte [patched]; add eax, imm8
  const at = CODE + 10 + 10 + 2 + 6 + 2;
  const body = [0xf7, 0x05, ...bytes32(COUNTER), ...bytes32(0x7ff), 0x75, 6, 0xfe, 0x05, ...bytes32(at), 0x83, 0xc0, 1]; // prettier-ignore
  const { translated, ended } = same(loop(body, 20_000));
  expect(ended).toBeGreaterThan(1);
  expect(translated).toBeGreaterThan(10_000);
});

test.each([
  ["a missing page", MISSING, 0],
  ["a page that may not be written", READ_ONLY, 0x1_0000],
])("a fault at %s comes with the registers from before its instruction", (_, page, cr0) => {
  // mov edi, page - 32768; then: add eax, edi; mov [edi], eax; lea edi, [edi + 8]
  const start = [0xbf, ...bytes32(page - 32_768)];
  const program = loop([0x01, 0xf8, 0x89, 0x07, 0x8d, 0x7f, 0x08], 100_000);
  const init = program.splice(0, 10);
  const { translated, state } = same([...init, ...start, ...program], { cr0 });
  expect(translated).toBeGreaterThan(5000);
  expect(state).toMatchObject({ cr2: page });
});

test("a read-modify-write over a page's end, a call, a return and a string", () => {
  const body = [
    ...[0xff, 0x05, ...bytes32(DATA + 0xffe)], // inc dword
    ...[0xe8, 2, 0, 0, 0, 0xeb, 4], // call +2; jmp +4
    ...[0x40, 0x01, 0xc3, 0xc3], // inc eax; add ebx, eax; ret
    ...[0xb9, ...bytes32(64), 0xbe, ...bytes32(DATA), 0xbf, ...bytes32(DATA + 0xf80), 0xf3, 0xa5], // rep movsd
  ];
  expect(same(loop(body, 5000)).translated).toBeGreaterThan(20_000);
});

test("a segment with a base and a limit; beyond it is a fault", () => {
  // mov edx, fs:[esi]; add ebx, edx; add esi, 4
  const program = loop([0x64, 0x8b, 0x16, 0x01, 0xd3, 0x83, 0xc6, 4], 10_000);
  const init = program.splice(0, 10);
  const { translated, state } = same([...init, 0x31, 0xf6, ...program]);
  expect(translated).toBeGreaterThan(2000);
  expect(state).toMatchObject({ eip: HANDLERS + 16 * 13 + 1 });
});

test("an interrupt gets in between two passes of a translated loop", () => {
  const program = loop([0x01, 0xc3, 0x83, 0xd2, 0x07], 200_000);
  const { nmis, translated } = run(program, { jit: true, budget: 10_000, nmiEach: 2 });
  expect(nmis).toBeGreaterThan(30);
  expect(translated).toBeGreaterThan(600_000);
});

// ---- random programs ----

/** mulberry32: the same numbers each time. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b_79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) % below;
  };
}

type Pick = (below: number) => number;

/** Register operands but ESP: mod 11. */
function registers(pick: Pick, byte: boolean): number {
  const choose = (): number => {
    const register = pick(8);
    return !byte && register === ESP ? 0 : register;
  };
  return 0xc0 | (choose() << 3) | choose();
}

/** A place in DATA: absolute, or by EBP, which is made to point there. */
function place(pick: Pick, reg: number): { before: number[]; operand: number[] } {
  const at = pick(DATA_SIZE - 16);
  if (pick(2)) return { before: [], operand: [0x05 | (reg << 3), ...bytes32(DATA + at)] };
  return {
    before: [0x81, 0xe5, ...bytes32(DATA_SIZE / 2 - 1)],
    operand: [0x85 | (reg << 3), ...bytes32(DATA + pick(DATA_SIZE / 2 - 16))],
  };
}

function anyRegister(pick: Pick): number {
  const register = pick(8);
  return register === ESP ? 0 : register;
}

function instruction(pick: Pick): number[] {
  const prefix = pick(6) === 0 ? [0x66] : [];
  const byte = pick(4) === 0;
  const memory = (opcode: number[], reg: number): number[] => {
    const { before, operand } = place(pick, reg);
    return [...before, ...prefix, ...opcode, ...operand];
  };
  switch (pick(18)) {
    case 0:
    case 1:
      return [...prefix, (pick(8) << 3) | (byte ? 0 : 1), registers(pick, byte)];
    case 2:
      return memory([(pick(8) << 3) | (byte ? 0 : 1)], byte ? pick(8) : anyRegister(pick));
    case 3:
      return memory([(pick(8) << 3) | (byte ? 2 : 3)], byte ? pick(8) : anyRegister(pick));
    case 4:
      return [...prefix, 0x83, 0xc0 | (pick(8) << 3) | anyRegister(pick), pick(256)];
    case 5:
      return [...prefix, [0x40, 0x48][pick(2)]! | anyRegister(pick)];
    case 6:
      return memory([0xfe | (byte ? 0 : 1)], pick(2));
    case 7:
      return [0xc1, 0xc0 | ([4, 5, 7][pick(3)]! << 3) | anyRegister(pick), pick(33)];
    case 8:
      return [...prefix, 0xd3, 0xc0 | ([0, 1, 4, 5, 7][pick(5)]! << 3) | anyRegister(pick)];
    case 9:
      return [0x0f, 0x90 | pick(16), 0xc0 | pick(8)];
    case 10:
      return [...prefix, 0x0f, 0x40 | pick(16), registers(pick, false)];
    case 11:
      return [0x0f, [0xb6, 0xb7, 0xbe, 0xbf][pick(4)]!, registers(pick, false)];
    case 12:
      return [0x50 | anyRegister(pick), 0x58 | anyRegister(pick)];
    case 13:
      return [...prefix, 0xf7, 0xc0 | ([2, 3, 4, 5][pick(4)]! << 3) | anyRegister(pick)];
    case 14:
      return [0x8d, 0x84 | (anyRegister(pick) << 3), (pick(4) << 6) | (pick(4) << 3) | pick(4), ...bytes32(pick(1 << 30))]; // prettier-ignore
    case 15:
      return [...prefix, 0x87, registers(pick, false)];
    case 16:
      return memory([0x87], anyRegister(pick));
    default:
      return [0x98 | pick(2), 0x99][pick(2)] === 0x99 ? [0x99] : [0x98];
  }
}

/** Blocks of instructions with conditional jumps over some of them, an inner loop and calls. */
function randomBody(pick: Pick): number[] {
  const body: number[] = [];
  for (let part = 0; part < 12; part++) {
    const some = Array.from({ length: 1 + pick(5) }, () => instruction(pick)).flat();
    switch (pick(4)) {
      case 0:
        body.push(...some);
        break;
      case 1:
        body.push(0x70 | pick(16), some.length, ...some);
        break;
      case 2: {
        // mov [esp - 64], 3; then the part, and again: dec dword [esp - 64]; jnz
        const inner = [...some, 0xff, 0x4c, 0x24, 0xc0, 0x75];
        body.push(0xc7, 0x44, 0x24, 0xc0, ...bytes32(3), ...inner, -(inner.length + 1) & 0xff);
        break;
      }
      default:
        // call over a jump
        body.push(0xe8, 2, 0, 0, 0, 0xeb, some.length + 1, ...some, 0xc3);
    }
  }
  return body;
}

describe("random programs", () => {
  test.each(Array.from({ length: 40 }, (_, seed) => seed))("number %i", (seed) => {
    const pick = random(seed);
    const program = loop(randomBody(pick), 5000);
    expect(program.length).toBeLessThan(4096);
    expect(same(program).translated).toBeGreaterThan(900);
  });
});
