// The CPU as a port sees it that is called like a function: its registers while the IN or OUT is executed.

import { CPL_USER, cpu, EAX, EBX, ECX, EDI, EDX, ESI, Registers } from "../cpu/state";
import { ioPrivilege, isVm86 } from "../cpu/segments";

export enum Register {
  Eax = EAX,
  Ebx = EBX,
  Ecx = ECX,
  Edx = EDX,
  Esi = ESI,
  Edi = EDI,
}

export class Caller {
  static get(register: Register): u32 {
    return Registers.get32(register);
  }

  /** An IN puts what its port answers into EAX afterwards. */
  static set(register: Register, value: u32): void {
    Registers.set32(register, value);
  }

  /** Privilege level; virtual 8086 mode counts as a program. */
  static privilege(): u32 {
    return isVm86() ? CPL_USER : cpu.cpl;
  }

  /** The level up to which EFLAGS allows input and output. */
  static ioPrivilege(): u32 {
    return ioPrivilege();
  }
}
