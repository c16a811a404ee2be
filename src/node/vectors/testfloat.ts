// Samples of Berkeley TestFloat: each line through one x87 or SSE instruction of the guest.

import { type Differences, EAX, EFLAGS, EIP, type Harness, hex } from "./harness";

const CODE = 0x1_0000;
const DATA = 0x2_0000;
const CR0 = 0x31; // PE, ET, NE
const CR4 = 0x600;

const CONTROL_MASKED = 0x3f;
const PRECISION: Record<string, number> = { p32: 0x000, p64: 0x200, p80: 0x300 };
/** In the x87's control word; MXCSR has the same field three bits higher. */
const ROUNDING: Record<string, number> = {
  rnear_even: 0x000,
  rmin: 0x400,
  rmax: 0x800,
  rminMag: 0xc00,
};
const MXCSR_MASKED = 0x1f80;

/** TestFloat's flags from those of the x87 status word or MXCSR, which have the same places. */
function flagsOf(status: number): number {
  return (
    ((status & 0x20) >> 5) |
    ((status & 0x10) >> 3) |
    ((status & 0x08) >> 1) |
    ((status & 0x04) << 1) |
    ((status & 0x01) << 4)
  );
}

type Operands = "st" | "memory" | "xmm" | "eax";
type Result = "st" | "memory" | "xmm" | "eax" | "eflags";

interface Operation {
  code: number[];
  from: Operands;
  to: Result;
  unit: "x87" | "sse";
  /** Bits of the result in memory, xmm or eax. */
  bits: number;
  /** Bits of each operand. */
  operandBits: number;
  /** Of EFLAGS after a comparison. */
  relation?: (cf: boolean, zf: boolean, pf: boolean) => boolean;
}

const MEMORY_OPERAND = [DATA & 0xff, (DATA >> 8) & 0xff, (DATA >> 16) & 0xff, 0];

function x87(code: number[]): Operation {
  return { code, from: "st", to: "st", unit: "x87", bits: 80, operandBits: 80 };
}
function load(code: number[], operandBits: number): Operation {
  return { code: [...code, ...MEMORY_OPERAND], from: "memory", to: "st", unit: "x87", bits: 80, operandBits }; // prettier-ignore
}
function storeTo(code: number[], bits: number): Operation {
  return { code: [...code, ...MEMORY_OPERAND], from: "st", to: "memory", unit: "x87", bits, operandBits: 80 }; // prettier-ignore
}
function compare(code: number[], relation: Operation["relation"]): Operation {
  return { code, from: "st", to: "eflags", unit: "x87", bits: 4, operandBits: 80, relation: relation! }; // prettier-ignore
}
function sse(code: number[], operandBits: number, bits: number): Operation {
  return { code, from: "xmm", to: "xmm", unit: "sse", bits, operandBits };
}

const FUCOMI = [0xdb, 0xe9];
const FCOMI = [0xdb, 0xf1];

/** ST0 or XMM0 holds the first operand, ST1 or XMM1 the second. */
const OPERATIONS: Record<string, Operation> = {
  extF80_add: x87([0xd8, 0xc1]),
  extF80_mul: x87([0xd8, 0xc9]),
  extF80_sub: x87([0xd8, 0xe1]),
  extF80_div: x87([0xd8, 0xf1]),
  extF80_sqrt: x87([0xd9, 0xfa]),
  extF80_roundToInt: x87([0xd9, 0xfc]),
  extF80_eq: compare(FUCOMI, (_cf, zf, pf) => zf && !pf),
  extF80_le: compare(FCOMI, (cf, zf, pf) => (cf || zf) && !pf),
  extF80_lt: compare(FCOMI, (cf, _zf, pf) => cf && !pf),
  extF80_lt_quiet: compare(FUCOMI, (cf, _zf, pf) => cf && !pf),
  extF80_to_f32: storeTo([0xd9, 0x1d], 32),
  extF80_to_f64: storeTo([0xdd, 0x1d], 64),
  extF80_to_i32: storeTo([0xdb, 0x1d], 32),
  extF80_to_i64: storeTo([0xdf, 0x3d], 64),
  f32_to_extF80: load([0xd9, 0x05], 32),
  f64_to_extF80: load([0xdd, 0x05], 64),
  i32_to_extF80: load([0xdb, 0x05], 32),
  i64_to_extF80: load([0xdf, 0x2d], 64),
  f32_add: sse([0xf3, 0x0f, 0x58, 0xc1], 32, 32),
  f32_mul: sse([0xf3, 0x0f, 0x59, 0xc1], 32, 32),
  f32_sub: sse([0xf3, 0x0f, 0x5c, 0xc1], 32, 32),
  f32_div: sse([0xf3, 0x0f, 0x5e, 0xc1], 32, 32),
  f32_sqrt: sse([0xf3, 0x0f, 0x51, 0xc0], 32, 32),
  f64_add: sse([0xf2, 0x0f, 0x58, 0xc1], 64, 64),
  f64_mul: sse([0xf2, 0x0f, 0x59, 0xc1], 64, 64),
  f64_sub: sse([0xf2, 0x0f, 0x5c, 0xc1], 64, 64),
  f64_div: sse([0xf2, 0x0f, 0x5e, 0xc1], 64, 64),
  f64_sqrt: sse([0xf2, 0x0f, 0x51, 0xc0], 64, 64),
  f32_to_f64: sse([0xf3, 0x0f, 0x5a, 0xc0], 32, 64),
  f64_to_f32: sse([0xf2, 0x0f, 0x5a, 0xc0], 64, 32),
  f32_to_i32: { ...sse([0xf3, 0x0f, 0x2d, 0xc0], 32, 32), to: "eax" },
  f64_to_i32: { ...sse([0xf2, 0x0f, 0x2d, 0xc0], 64, 32), to: "eax" },
  i32_to_f32: { ...sse([0xf3, 0x0f, 0x2a, 0xc0], 32, 32), from: "eax" },
  i32_to_f64: { ...sse([0xf2, 0x0f, 0x2a, 0xc0], 32, 64), from: "eax" },
};

const FLAG_CF = 1;
const FLAG_PF = 4;
const FLAG_ZF = 64;

function isNan80(text: string): boolean {
  return (parseInt(text.slice(0, 4), 16) & 0x7fff) === 0x7fff && !/^.{4}80{15}$/i.test(text);
}

export class TestFloatMachine {
  readonly #harness: Harness;
  readonly #registers = new Uint32Array(10);
  #operation: Operation | undefined;
  #control = 0;
  #mxcsr = 0;

  constructor(harness: Harness) {
    this.#harness = harness;
  }

  enter(): void {
    const { exports } = this.#harness.core;
    exports.setHarness(this.#harness.bits);
    exports.setEflags(2);
    exports.setControlRegister(4, CR4);
    exports.setControlRegister(0, CR0);
    for (let i = 0; i < 6; i++) {
      exports.setSegment(i, 8, 0, 0xffff_ffff, i === 1 ? 0xc09b : 0xc093);
    }
  }

  /** A header line: `function.precision.rounding`. Returns false when there is no instruction for it. */
  select(header: string): boolean {
    const [name, ...modes] = header.split(".");
    this.#operation = OPERATIONS[name!];
    let precision = PRECISION["p80"]!;
    let rounding = 0;
    for (const mode of modes) {
      precision = PRECISION[mode] ?? precision;
      rounding = ROUNDING[mode] ?? rounding;
    }
    this.#control = CONTROL_MASKED | precision | rounding;
    this.#mxcsr = MXCSR_MASKED | (rounding << 3);
    if (!this.#operation) return false;
    this.#harness.patch(CODE, Uint8Array.from([...this.#operation.code, 0xf4]));
    return true;
  }

  run(line: string): Differences {
    const harness = this.#harness;
    const operation = this.#operation!;
    const words = line.trim().split(/\s+/);
    const flags = parseInt(words.pop()!, 16);
    const result = words.pop()!;
    this.#place(operation, words);
    const registers = this.#registers;
    registers.fill(0);
    registers[EIP] = CODE;
    registers[EFLAGS] = 2;
    if (operation.from === "eax") registers[EAX] = parseInt(words[0]!, 16);
    harness.core.exports.clearHalted();
    harness.setRegisters(registers);
    try {
      const outcome = harness.step();
      if (outcome.fault) return [`exception ${outcome.vector}`];
      return this.#compare(operation, result, flags);
    } catch (error) {
      return [`the core failed: ${error instanceof Error ? error.message : String(error)}`];
    }
  }

  #place(operation: Operation, words: string[]): void {
    const harness = this.#harness;
    const stacked = operation.from === "st" ? words.length : 0;
    // Physical registers 0 and 1 are ST0 and ST1: TOP is 0.
    harness.setFloat({
      control: this.#control,
      status: 0,
      tags: (1 << stacked) - 1,
      mxcsr: this.#mxcsr,
    });
    for (let i = 0; i < words.length; i++) {
      const word = words[i]!;
      const low = parseInt(word.slice(-8), 16);
      const high = word.length > 8 ? parseInt(word.slice(-16, -8), 16) : 0;
      switch (operation.from) {
        case "st":
          harness.setFloatRegister(i, low, high, parseInt(word.slice(0, 4), 16));
          break;
        case "memory":
          harness.view.setUint32(DATA, low, true);
          harness.view.setUint32(DATA + 4, high, true);
          break;
        case "xmm":
          harness.setXmmWords(i, low, high);
          break;
        case "eax":
          break;
      }
    }
  }

  #compare(operation: Operation, expected: string, flags: number): Differences {
    const harness = this.#harness;
    const differences: Differences = [];
    let found = "";
    const digits = operation.bits / 4;
    switch (operation.to) {
      case "eflags": {
        const eflags = harness.register(EFLAGS);
        const holds = operation.relation!(
          (eflags & FLAG_CF) !== 0,
          (eflags & FLAG_ZF) !== 0,
          (eflags & FLAG_PF) !== 0,
        );
        found = holds ? "1" : "0";
        break;
      }
      case "st": {
        const top = (harness.float().status >>> 11) & 7;
        found = Buffer.from(harness.floatRegister(top)).reverse().toString("hex");
        break;
      }
      case "memory":
        found = hex(harness.view.getUint32(DATA, true), 8);
        if (digits > 8) found = hex(harness.view.getUint32(DATA + 4, true), 8) + found;
        break;
      case "xmm":
        found = Buffer.from(harness.xmm(0).slice(0, digits / 2))
          .reverse()
          .toString("hex");
        break;
      case "eax":
        found = hex(harness.register(EAX), 8);
        break;
    }
    const same =
      found === expected.toLowerCase() ||
      (operation.to === "st" && isNan80(found) && isNan80(expected)) ||
      isSmallNan(operation, found, expected);
    if (!same) differences.push(`result ${found}, expected ${expected}`);
    const status = operation.unit === "x87" ? harness.float().status : harness.mxcsr;
    const raised = flagsOf(status);
    if (raised !== flags) differences.push(`flags ${hex(raised, 2)}, expected ${hex(flags, 2)}`);
    return differences;
  }
}

/** A NaN converted from extended precision keeps the payload of a rule that TestFloat does not share. */
function isSmallNan(operation: Operation, found: string, expected: string): boolean {
  if (operation.operandBits !== 80 || operation.to !== "memory") return false;
  const nan =
    operation.bits === 32
      ? (text: string) => /^[7f]f[89a-f]/i.test(text) && !/^.f80{5}$/i.test(text)
      : (text: string) => /^[7f]ff/i.test(text) && !/^.ff0{13}$/i.test(text);
  return nan(found) && nan(expected);
}
