// Near jumps, calls and returns (SDM vol. 2). Each ends a block; a target outside CS is #GP(0) before anything changes.

import { Instruction } from "../instruction";
import { leave, retNear } from "../handlers/misc";
import { checkTarget, writeStackTop } from "../operands";
import { cpu, EBP, ESP, MODE_FLAT, MODE_STACK32 } from "../state";
import { V } from "../value";

export class Flow {
  /** Masks a target to the operand size and checks it against the limit of CS. */
  @inline static checked<T>(target: T, size: i32): T {
    const masked = size == 4 ? target : V.and<T>(target, V.literal<T>(0xffff));
    if (isInteger<T>()) {
      if (!(cpu.mode & MODE_FLAT)) checkTarget(changetype<u32>(masked));
    }
    return masked;
  }

  @inline static jcc<T>(i: Instruction, code: u32, size: i32): void {
    if (isInteger<T>()) {
      if (changetype<u32>(V.test<T>(code))) {
        V.jump<T>(Flow.checked<T>(V.literal<T>(<u32>i.immediate), size));
      } else {
        V.jump<T>(V.literal<T>(i.next));
      }
    }
  }

  @inline static jump<T>(i: Instruction, size: i32): void {
    V.jump<T>(Flow.checked<T>(V.literal<T>(<u32>i.immediate), size));
  }
  @inline static jumpR<T>(i: Instruction, size: i32): void {
    V.jump<T>(Flow.checked<T>(V.register<T>(i.rm, size), size));
  }
  @inline static jumpM<T>(i: Instruction, size: i32): void {
    V.jump<T>(Flow.checked<T>(V.load<T>(V.address<T>(i, size, false), size), size));
  }

  /** A call whose target is beyond CS has written the return address already when it faults, as on hardware. */
  @inline static checkedCall<T>(i: Instruction, target: T, size: i32): T {
    if (isInteger<T>()) {
      if (!(cpu.mode & MODE_FLAT)) writeStackTop(i.next, size);
    }
    return Flow.checked<T>(target, size);
  }

  @inline static call<T>(i: Instruction, size: i32): void {
    const target = Flow.checkedCall<T>(i, V.literal<T>(<u32>i.immediate), size);
    V.push<T>(V.literal<T>(i.next), size);
    V.jump<T>(target);
  }
  @inline static callR<T>(i: Instruction, size: i32): void {
    const target = V.keep<T>(Flow.checkedCall<T>(i, V.register<T>(i.rm, size), size));
    V.push<T>(V.literal<T>(i.next), size);
    V.jump<T>(target);
  }
  @inline static callM<T>(i: Instruction, size: i32): void {
    const target = V.keep<T>(
      Flow.checkedCall<T>(i, V.load<T>(V.address<T>(i, size, false), size), size),
    );
    V.push<T>(V.literal<T>(i.next), size);
    V.jump<T>(target);
  }

  @inline static ret<T>(i: Instruction, size: i32): void {
    if (isInteger<T>()) {
      if ((cpu.mode & (MODE_FLAT | MODE_STACK32)) == (MODE_FLAT | MODE_STACK32)) {
        V.jump<T>(V.pop<T>(size));
      } else {
        retNear(i);
      }
    } else V.jump<T>(V.pop<T>(size));
  }

  @inline static leave<T>(i: Instruction, size: i32): void {
    if (isInteger<T>()) {
      if ((cpu.mode & (MODE_FLAT | MODE_STACK32)) == (MODE_FLAT | MODE_STACK32)) {
        Flow.leaveFlat<T>(size);
      } else {
        leave(i);
      }
    } else Flow.leaveFlat<T>(size);
  }

  @inline static leaveFlat<T>(size: i32): void {
    const frame = V.keep<T>(V.register<T>(EBP, 4));
    const value = V.load<T>(frame, size);
    V.setRegister<T>(ESP, 4, V.add<T>(frame, V.literal<T>(<u32>size)));
    V.setRegister<T>(EBP, size, value);
  }
}
