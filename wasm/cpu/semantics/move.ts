// MOV MOVZX MOVSX LEA XCHG PUSH POP LEAVE CMOVcc SETcc CBW CWD and their wide forms (SDM vol. 2).

import { Instruction } from "../instruction";
import { EAX, EDX } from "../state";
import { V } from "../value";

export class Move {
  @inline static rr<T>(i: Instruction, size: i32): void {
    V.setRegister<T>(i.rm, size, V.register<T>(i.reg, size));
  }
  @inline static rm<T>(i: Instruction, size: i32): void {
    V.setRegister<T>(i.reg, size, V.load<T>(V.address<T>(i, size, false), size));
  }
  @inline static mr<T>(i: Instruction, size: i32): void {
    V.store<T>(V.address<T>(i, size, true), V.register<T>(i.reg, size), size);
  }
  @inline static ri<T>(i: Instruction, size: i32): void {
    V.setRegister<T>(i.rm, size, V.literal<T>(<u32>i.immediate));
  }
  @inline static mi<T>(i: Instruction, size: i32): void {
    V.store<T>(V.address<T>(i, size, true), V.literal<T>(<u32>i.immediate), size);
  }

  /** MOVZX, MOVSX: `from` bytes to `size` bytes. */
  @inline static widenR<T>(i: Instruction, from: i32, signed: bool, size: i32): void {
    const value = V.register<T>(i.rm, from);
    V.setRegister<T>(i.reg, size, signed ? V.extend<T>(value, from) : value);
  }
  @inline static widenM<T>(i: Instruction, from: i32, signed: bool, size: i32): void {
    const value = V.load<T>(V.address<T>(i, from, false), from);
    V.setRegister<T>(i.reg, size, signed ? V.extend<T>(value, from) : value);
  }

  /** 32-bit address size; the 16-bit one is a handler. */
  @inline static lea<T>(i: Instruction, size: i32): void {
    V.setRegister<T>(i.reg, size, V.offset<T>(i));
  }

  @inline static exchangeR<T>(i: Instruction, size: i32): void {
    const first = V.keep<T>(V.register<T>(i.rm, size));
    const second = V.keep<T>(V.register<T>(i.reg, size));
    V.setRegister<T>(i.rm, size, second);
    V.setRegister<T>(i.reg, size, first);
  }
  @inline static exchangeM<T>(i: Instruction, size: i32): void {
    const address = V.keep<T>(V.address<T>(i, size, true));
    const old = V.keep<T>(V.loadToModify<T>(address, size));
    V.store<T>(address, V.register<T>(i.reg, size), size);
    V.setRegister<T>(i.reg, size, old);
  }

  @inline static pushR<T>(i: Instruction, size: i32): void {
    V.push<T>(V.keep<T>(V.register<T>(i.rm, size)), size);
  }
  @inline static pushI<T>(i: Instruction, size: i32): void {
    V.push<T>(V.literal<T>(<u32>i.immediate), size);
  }
  @inline static pushM<T>(i: Instruction, size: i32): void {
    V.push<T>(V.load<T>(V.address<T>(i, size, false), size), size);
  }
  @inline static popR<T>(i: Instruction, size: i32): void {
    const value = V.pop<T>(size);
    V.setRegister<T>(i.rm, size, value);
  }

  @inline static conditionalR<T>(i: Instruction, size: i32): void {
    const value = V.register<T>(i.rm, size);
    V.setRegister<T>(
      i.reg,
      size,
      V.select<T>(V.condition<T>(i.condition), value, V.register<T>(i.reg, size)),
    );
  }
  @inline static conditionalM<T>(i: Instruction, size: i32): void {
    // The load happens, and may fault, whatever the condition.
    const value = V.load<T>(V.address<T>(i, size, false), size);
    V.setRegister<T>(
      i.reg,
      size,
      V.select<T>(V.condition<T>(i.condition), value, V.register<T>(i.reg, size)),
    );
  }
  @inline static setR<T>(i: Instruction): void {
    V.setRegister<T>(i.rm, 1, V.condition<T>(i.condition));
  }
  @inline static setM<T>(i: Instruction): void {
    V.store<T>(V.address<T>(i, 1, true), V.condition<T>(i.condition), 1);
  }

  /** CBW (2), CWDE (4). */
  @inline static widenA<T>(size: i32): void {
    const half = size >> 1;
    V.setRegister<T>(EAX, size, V.extend<T>(V.register<T>(EAX, half), half));
  }
  /** CWD (2), CDQ (4). */
  @inline static widenD<T>(size: i32): void {
    const value = V.register<T>(EAX, size);
    const wide = size == 4 ? value : V.extend<T>(value, 2);
    V.setRegister<T>(EDX, size, V.sar<T>(wide, V.literal<T>(31)));
  }
}
