// Decimal adjustment, XLAT, and the flag instructions (SDM vol. 2).

import { Memory } from "../../memory/memory";
import { Fault, Vector } from "../fault";
import { Flags } from "../flags";
import { Instruction, INSTRUCTION_ADDRESS32 } from "../instruction";
import { linearAddress } from "../operands";
import {
  cpu,
  EAX,
  EBX,
  FLAG_AF,
  FLAG_CF,
  FLAG_DF,
  FLAG_PF,
  FLAG_SF,
  FLAG_ZF,
  Registers,
} from "../state";

const AH = 4;

function decimalAdjust(subtract: bool): void {
  const al = Registers.get8(EAX);
  const carry = Flags.cf();
  let half = Flags.af();
  let result = al;
  let out: u32 = 0;
  if ((al & 15) > 9 || half) {
    result = subtract ? result - 6 : result + 6;
    out = carry | (subtract ? (al < 6 ? 1 : 0) : result > 0xff ? 1 : 0);
    half = 1;
  }
  if (al > 0x99 || carry) {
    result = subtract ? result - 0x60 : result + 0x60;
    out = 1;
  }
  Registers.set8(EAX, result);
  Flags.explicit(out, 0, half, result & 0xff, 1);
}

export function daa(_i: Instruction): void {
  decimalAdjust(false);
}
export function das(_i: Instruction): void {
  decimalAdjust(true);
}

function asciiAdjust(subtract: bool): void {
  const al = Registers.get8(EAX);
  const adjust = (al & 15) > 9 || Flags.af();
  if (adjust) {
    const ax = Registers.get16(EAX);
    Registers.set16(EAX, subtract ? ax - 0x106 : ax + 0x106);
  }
  Registers.set8(EAX, Registers.get8(EAX) & 15);
  const bit: u32 = adjust ? 1 : 0;
  Flags.explicit(bit, 0, bit, Registers.get8(EAX), 1);
}

export function aaa(_i: Instruction): void {
  asciiAdjust(false);
}
export function aas(_i: Instruction): void {
  asciiAdjust(true);
}

export function aam(i: Instruction): void {
  const base = <u32>i.immediate;
  if (!base) Fault.raise(Vector.DivideError);
  const al = Registers.get8(EAX);
  Registers.set16(EAX, ((al / base) << 8) | (al % base));
  Flags.explicit(0, 0, 0, al % base, 1);
}

export function aad(i: Instruction): void {
  const result = (Registers.get8(EAX) + Registers.get8(AH) * <u32>i.immediate) & 0xff;
  Registers.set16(EAX, result);
  Flags.explicit(0, 0, 0, result, 1);
}

/** Undocumented: AL = CF ? FFh : 0. */
export function salc(_i: Instruction): void {
  Registers.set8(EAX, Flags.cf() ? 0xff : 0);
}

export function xlat(i: Instruction): void {
  const wide = (i.flags & INSTRUCTION_ADDRESS32) != 0;
  const base = Registers.get32(EBX) + Registers.get8(EAX);
  const address = linearAddress(i.segment, wide ? base : base & 0xffff, 1, false);
  Registers.set8(EAX, Memory.read8(address));
}

const AH_FLAGS: u32 = FLAG_SF | FLAG_ZF | FLAG_AF | FLAG_PF | FLAG_CF;

export function lahf(_i: Instruction): void {
  Registers.set8(AH, Flags.get());
}
export function sahf(_i: Instruction): void {
  Flags.change(AH_FLAGS, Registers.get8(AH));
}
export function cmc(_i: Instruction): void {
  Flags.change(FLAG_CF, ~Flags.get());
}
export function clc(_i: Instruction): void {
  Flags.change(FLAG_CF, 0);
}
export function stc(_i: Instruction): void {
  Flags.change(FLAG_CF, FLAG_CF);
}
export function cld(_i: Instruction): void {
  cpu.eflags &= ~FLAG_DF;
}
export function std(_i: Instruction): void {
  cpu.eflags |= FLAG_DF;
}
