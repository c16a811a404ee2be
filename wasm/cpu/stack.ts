// Pushes and pops of handlers: they compute with a stack pointer of their own and write ESP only when all accesses are done.

import { Memory } from "../memory/memory";
import { Fault, Vector } from "./fault";
import { ATTRIBUTE_BIG, checkSegment } from "./segments";
import {
  cpu,
  CPL_USER,
  ESP,
  MODE_FLAT,
  MODE_STACK32,
  Registers,
  RIGHT_EXPAND_DOWN,
  RIGHT_WRITE,
  Segment,
  Segments,
  SS,
} from "./state";

/** SS has neither base nor limit, and is 32 bits wide. */
function isFlat(): bool {
  return (cpu.mode & (MODE_FLAT | MODE_STACK32)) == (MODE_FLAT | MODE_STACK32);
}

export class Stack {
  static is32(): bool {
    return (Segments.of(SS).attributes & ATTRIBUTE_BIG) != 0;
  }

  /** ESP, or SP when the stack segment is 16 bits wide. */
  static pointer(): u32 {
    return Stack.is32() ? Registers.get32(ESP) : Registers.get16(ESP);
  }

  /** Moves ESP or SP to a new place. */
  static setPointer(pointer: u32): void {
    if (Stack.is32()) Registers.set32(ESP, pointer);
    else Registers.set16(ESP, pointer);
  }

  static mask(pointer: u32): u32 {
    return Stack.is32() ? pointer : pointer & 0xffff;
  }

  /** Writes `size` (2 or 4) bytes below `pointer`; returns the new pointer. ESP stays. */
  static pushAt(pointer: u32, size: u32, value: u32): u32 {
    const to = Stack.mask(pointer - size);
    const address = isFlat() ? to : checkSegment(SS, to, size, true);
    if (size == 4) Memory.write32(address, value);
    else Memory.write16(address, value);
    return to;
  }

  /** Reads `size` (2 or 4) bytes at an offset above `pointer`. */
  static peek(pointer: u32, offset: u32, size: u32): u32 {
    const address = isFlat()
      ? pointer + offset
      : checkSegment(SS, Stack.mask(pointer + offset), size, false);
    return size == 4 ? Memory.read32(address) : Memory.read16(address);
  }

  static push16(value: u32): void {
    Stack.setPointer(Stack.pushAt(Stack.pointer(), 2, value));
  }
  static push32(value: u32): void {
    Stack.setPointer(Stack.pushAt(Stack.pointer(), 4, value));
  }
  static pop16(): u32 {
    const pointer = Stack.pointer();
    const value = Stack.peek(pointer, 0, 2);
    Stack.setPointer(pointer + 2);
    return value;
  }
  static pop32(): u32 {
    const pointer = Stack.pointer();
    const value = Stack.peek(pointer, 0, 4);
    Stack.setPointer(pointer + 4);
    return value;
  }
}

/** A stack that SS does not name yet: that of an inner ring or of another task. */
export class NewStack {
  static mask(segment: Segment, pointer: u32): u32 {
    return segment.attributes & ATTRIBUTE_BIG ? pointer : pointer & 0xffff;
  }

  /**
   * Writes below `pointer` on the stack `segment` as code of privilege `level` would; returns the new pointer. Outside the
   * segment: #SS(code).
   */
  static push(segment: Segment, pointer: u32, size: u32, value: u32, level: u32, code: u32): u32 {
    const to = NewStack.mask(segment, pointer - size);
    if (!inside(segment, to, size)) Fault.raiseCode(Vector.StackFault, code);
    const address = segment.base + to;
    if (level == CPL_USER && cpu.cpl == CPL_USER) {
      if (size == 4) Memory.write32(address, value);
      else Memory.write16(address, value);
    } else if (size == 4) {
      Memory.systemWrite32(address, value);
    } else {
      Memory.systemWrite16(address, value);
    }
    return to;
  }
}

function inside(segment: Segment, offset: u32, size: u32): bool {
  if (!(segment.rights & RIGHT_WRITE)) return false;
  const last = offset + (size - 1);
  if (segment.rights & RIGHT_EXPAND_DOWN) {
    const top: u32 = segment.attributes & ATTRIBUTE_BIG ? 0xffff_ffff : 0xffff;
    return offset > segment.limit && last >= offset && last <= top;
  }
  if (segment.limit == 0xffff_ffff) return true;
  return last >= offset && last <= segment.limit;
}
