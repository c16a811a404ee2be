// Everything the CPU remembers, in one block at a fixed address (layout.ts).
//
// General registers are 8-byte slots, ready for long mode: slot i at REGISTERS + 8 * i; the upper halves stay 0.

import { CPU_STATE } from "../layout";

export const REGISTERS: usize = CPU_STATE; // 16 slots; RAX RCX RDX RBX RSP RBP RSI RDI R8..R15
/** A slot that always holds 0: what "no base" and "no index" name. */
export const REGISTER_ZERO = 16;
export const SEGMENTS: usize = CPU_STATE + 0x100; // 8 x Segment (32 bytes)
export const CPU_FIELDS: usize = CPU_STATE + 0x200;
export const FPU_STATE: usize = CPU_STATE + 0x600; // x87: see cpu/x87/state.ts
export const XMM_STATE: usize = CPU_STATE + 0x800; // 16 x 16 bytes, then MXCSR: see cpu/sse/state.ts

export const MSR_STATE: usize = CPU_STATE + 0xc00; // MTRRs, PAT and others: see cpu/control.ts

export const EAX = 0;
export const ECX = 1;
export const EDX = 2;
export const EBX = 3;
export const ESP = 4;
export const EBP = 5;
export const ESI = 6;
export const EDI = 7;

export const ES = 0;
export const CS = 1;
export const SS = 2;
export const DS = 3;
export const FS = 4;
export const GS = 5;
export const LDTR = 6;
export const TR = 7;
/** In an instruction record: the segment is flat and readable/writable, nothing to add and nothing to check. */
export const SEGMENT_FLAT = 15;

/** Privilege level of user code. */
export const CPL_USER: u32 = 3;

/** A segment register with its hidden part. */
@unmanaged
export class Segment {
  selector: u32;
  base: u32;
  limit: u32; // in bytes, granularity applied
  attributes: u32; // descriptor bits 40-55 as in its second dword shifted right by 8: type(0-3) S(4) DPL(5-6) P(7) AVL(12) L(13) D/B(14) G(15)
  rights: u32; // RIGHT_*, derived when loaded
  unused0: u32;
  unused1: u32;
  unused2: u32;
}

export const RIGHT_READ: u32 = 1;
export const RIGHT_WRITE: u32 = 2;
export const RIGHT_EXPAND_DOWN: u32 = 4;
/** Base 0, limit FFFFFFFFh, not expand-down. */
export const RIGHT_FLAT: u32 = 8;

@unmanaged
export class CpuState {
  eip: u32; // the next instruction at block ends; in between see `instruction`
  eflags: u32; // system flags and DF; the arithmetic flags too, but only when flagsKind is FLAGS_RAW
  flagsKind: u32; // lazy flags: see cpu/flags.ts
  flagsA: u32;
  flagsB: u32;
  flagsResult: u32;

  pending: u32; // PENDING_*: looked at between blocks
  inhibit: u32; // INHIBIT_*: interrupts wait for one more instruction (STI, MOV SS, POP SS)
  cpl: u32;
  mode: u32; // MODE_*: part of the key of decoded blocks; see updateMode()
  instruction: usize; // record being executed: its `eip` is where a fault points
  tlbRead: usize; // soft TLB tables for the current privilege: user or supervisor
  tlbWrite: usize;
  halted: u32;
  shutdown: u32;

  cr0: u32;
  cr2: u32;
  cr3: u32;
  cr4: u32;
  dr0: u32;
  dr1: u32;
  dr2: u32;
  dr3: u32;
  dr6: u32;
  dr7: u32;
  gdtBase: u32;
  gdtLimit: u32;
  idtBase: u32;
  idtLimit: u32;

  // The fault being raised or delivered.
  faultVector: i32;
  faultCode: u32;
  faultHasCode: u32;
  delivering: i32; // vector + 1 of the event being delivered, 0 when none; for double faults

  efer: u64;
  sysenterCs: u32;
  sysenterEsp: u32;
  sysenterEip: u32;
  tscOffset: u64;
  tscAux: u32;

  instructions: u64; // executed, for statistics
  budget: i32; // instructions left until the next poll
  stepping: u32; // 1: blocks of one instruction (TF, breakpoints, harness)

  fetchRecord: usize; // stands for the instruction at cpu.eip while it is being fetched, or an event between two
  pdpte0: u64; // PAE: loaded with CR3
  pdpte1: u64;
  pdpte2: u64;
  pdpte3: u64;
  debugTrap: u32; // DR6 bits collected by the instruction, raised as #DB after it
  microcode: u32; // IA32_BIOS_SIGN_ID
  apicBase: u64;
  harness: u32; // HARNESS_*: set by the vectors runner, never by a machine

  nmiBlocked: u32; // from an NMI's delivery until IRET

  // Nothing of these outlives an instruction.
  leaveRecord: usize; // the record that is a LEAVE now, and what it was: see cpu/leave.ts
  leaveOperation: u32;
  leaveEip: u32; // where it goes on
  notedRecord: usize; // PENDING_FAULT: the instruction that faulted, and the tables it used: see cpu/fault.ts
  notedRead: usize;
  notedWrite: usize;

  hypervisor: u32; // CPUID tells of one: a Hypervisor of protocol/vmport.ts; a reset does not change it
}

/** A software interrupt that has passed its privilege check is told as a fault and not delivered. */
export const HARNESS_STOP_AT_INTERRUPT: u32 = 2;
/** `step` executes instructions translated, where they can be. */
export const HARNESS_TRANSLATE: u32 = 4;
/** From this bit on: the first vector that is delivered all the same, 0 for none. */
export const HARNESS_VECTORS_SHIFT: u32 = 8;

export const cpu = changetype<CpuState>(CPU_FIELDS);

/** The segment register's cache. */
export class Segments {
  @inline static of(index: u32): Segment {
    return changetype<Segment>(SEGMENTS + ((<usize>index) << 5));
  }
}

/** General registers by number. */
export class Registers {
  @inline static get32(index: u32): u32 {
    return load<u32>(REGISTERS + ((<usize>index) << 3));
  }
  @inline static set32(index: u32, value: u32): void {
    store<u32>(REGISTERS + ((<usize>index) << 3), value);
  }
  @inline static get16(index: u32): u32 {
    return <u32>load<u16>(REGISTERS + ((<usize>index) << 3));
  }
  @inline static set16(index: u32, value: u32): void {
    store<u16>(REGISTERS + ((<usize>index) << 3), <u16>value);
  }
  /** 0-3 the low bytes AL CL DL BL, 4-7 AH CH DH BH. */
  @inline static get8(index: u32): u32 {
    return <u32>load<u8>(REGISTERS + ((<usize>(index & 3)) << 3) + <usize>(index >> 2));
  }
  @inline static set8(index: u32, value: u32): void {
    store<u8>(REGISTERS + ((<usize>(index & 3)) << 3) + <usize>(index >> 2), <u8>value);
  }
}

/** cpu.inhibit behind STI, and behind MOV SS and POP SS, which also hold back debug traps. */
export const INHIBIT_INTERRUPTS: u32 = 1;
export const INHIBIT_STACK: u32 = 2;

export const PENDING_INTR: u32 = 1;
export const PENDING_NMI: u32 = 2;
export const PENDING_RESET: u32 = 4; // bus/power.ts: the machine resets before the next block
export const PENDING_STOP: u32 = 8; // leave run() at the next block end (power off, host wants in)
export const PENDING_DEBUG: u32 = 16; // cpu.debugTrap is not 0
export const PENDING_FAULT: u32 = 32; // a hot operation has faulted: see cpu/fault.ts
export const PENDING_INIT: u32 = 128; // bus/power.ts: the CPU alone resets before the next block
export const PENDING_STALL: u32 = 64; // bus/stall.ts: a device holds the CPU in the middle of an IN

/** Bits of cpu.mode: what decoding and address formation depend on. */
export const MODE_CODE32: u32 = 1; // CS.D
export const MODE_STACK32: u32 = 2; // SS.B
export const MODE_FLAT: u32 = 4; // ES CS SS DS all RIGHT_FLAT with read and (data) write
export const MODE_USER: u32 = 8; // CPL 3
export const MODE_PROTECTED: u32 = 16; // CR0.PE
export const MODE_VM86: u32 = 32; // EFLAGS.VM
export const MODE_STEP: u32 = 64; // blocks of one instruction

export const FLAG_CF: u32 = 1 << 0;
export const FLAG_PF: u32 = 1 << 2;
export const FLAG_AF: u32 = 1 << 4;
export const FLAG_ZF: u32 = 1 << 6;
export const FLAG_SF: u32 = 1 << 7;
export const FLAG_TF: u32 = 1 << 8;
export const FLAG_IF: u32 = 1 << 9;
export const FLAG_DF: u32 = 1 << 10;
export const FLAG_OF: u32 = 1 << 11;
export const FLAG_IOPL: u32 = 3 << 12;
export const FLAG_NT: u32 = 1 << 14;
export const FLAG_RF: u32 = 1 << 16;
export const FLAG_VM: u32 = 1 << 17;
export const FLAG_AC: u32 = 1 << 18;
export const FLAG_VIF: u32 = 1 << 19;
export const FLAG_VIP: u32 = 1 << 20;
export const FLAG_ID: u32 = 1 << 21;
export const FLAGS_ARITHMETIC: u32 = FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF;

export const CR0_PE: u32 = 1 << 0;
export const CR0_MP: u32 = 1 << 1;
export const CR0_EM: u32 = 1 << 2;
export const CR0_TS: u32 = 1 << 3;
export const CR0_ET: u32 = 1 << 4;
export const CR0_NE: u32 = 1 << 5;
export const CR0_WP: u32 = 1 << 16;
export const CR0_AM: u32 = 1 << 18;
export const CR0_NW: u32 = 1 << 29;
export const CR0_CD: u32 = 1 << 30;
export const CR0_PG: u32 = 1 << 31;

export const CR4_VME: u32 = 1 << 0;
export const CR4_PVI: u32 = 1 << 1;
export const CR4_TSD: u32 = 1 << 2;
export const CR4_DE: u32 = 1 << 3;
export const CR4_PSE: u32 = 1 << 4;
export const CR4_PAE: u32 = 1 << 5;
export const CR4_MCE: u32 = 1 << 6;
export const CR4_PGE: u32 = 1 << 7;
export const CR4_PCE: u32 = 1 << 8;
export const CR4_OSFXSR: u32 = 1 << 9;
export const CR4_OSXMMEXCPT: u32 = 1 << 10;
