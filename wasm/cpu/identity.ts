// What the CPU says it is and keeps for others: CPUID, the time-stamp counter, model-specific registers.
//
// It is of the kind of a Core Duo: family 6, model 14. What CPUID does not report is not there: no local APIC, no machine
// checks, no performance counters. It tells of a hypervisor only when the host wishes it: old systems never ask, and new ones
// ask for VMware's pointer only where CPUID tells of VMware.

import { Clock } from "../bus/clock";
import { flushTlb } from "../memory/tlb";
import { CPUID_FIRST, CPUID_FREQUENCIES, Hypervisor } from "../protocol/vmport";
import { requirePrivilege } from "./control";
import { Fault } from "./fault";
import { Instruction } from "./instruction";
import { cpu, CR4_PCE, CR4_TSD, EAX, EBX, ECX, EDX, MSR_STATE, Registers } from "./state";

/** Family 6, model 14, stepping 8. In EDX after a reset, too. */
export const SIGNATURE: u32 = 0x6e8;

/** FPU VME DE PSE TSC MSR PAE CX8 SEP MTRR PGE CMOV PAT PSE-36 CLFSH MMX FXSR SSE SSE2. */
const FEATURES: u32 = 0x078b_b97f;
const FEATURES_SSE3: u32 = 1;
const FEATURES_HYPERVISOR: u32 = 1 << 31;
const FEATURES_NX: u32 = 1 << 20;
const CLFLUSH_LINE: u32 = 8 << 8; // in units of 8 bytes
const ADDRESS_BITS: u32 = 0x2024; // 36 physical, 32 linear
/** TLBs and caches: 4 KB and 4 MB pages, 32 KB + 32 KB first level, 2 MB second level. */
const CACHES: u32 = 0x02b3_b001;
const CACHES_2: u32 = 0x2c04_307d;

/** The brand string, 48 bytes. */
const BRAND = memory.data<u8>([
  0x54, 0x61, 0x6e, 0x64, 0x65, 0x6d, 0x20, 0x76, 0x69, 0x72, 0x74, 0x75, 0x61, 0x6c, 0x20, 0x43,
  0x50, 0x55, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
]);

/** "Genu" "ineI" "ntel" */
const VENDOR_1: u32 = 0x756e_6547;
const VENDOR_2: u32 = 0x4965_6e69;
const VENDOR_3: u32 = 0x6c65_746e;

/** "VMwa" "reVM" "ware" */
const VMWARE_1: u32 = 0x6177_4d56;
const VMWARE_2: u32 = 0x4d56_6572;
const VMWARE_3: u32 = 0x6572_6177;
const TSC_KHZ: u32 = 1_000_000;
/** Of a local APIC, which is not there. */
const BUS_KHZ: u32 = 100_000;

/** Host, before power-on: a Hypervisor that CPUID tells of. */
export function setHypervisor(hypervisor: i32): void {
  cpu.hypervisor = <u32>hypervisor;
}

function hypervisorLeaf(leaf: u32): void {
  if (leaf == CPUID_FREQUENCIES) result(TSC_KHZ, BUS_KHZ, 0, 0);
  else if (leaf == CPUID_FIRST) result(CPUID_FREQUENCIES, VMWARE_1, VMWARE_2, VMWARE_3);
  else result(0, 0, 0, 0);
}

function result(a: u32, b: u32, c: u32, d: u32): void {
  Registers.set32(EAX, a);
  Registers.set32(EBX, b);
  Registers.set32(ECX, c);
  Registers.set32(EDX, d);
}

export function cpuid(_i: Instruction): void {
  const leaf = Registers.get32(EAX);
  const isVmware = cpu.hypervisor == Hypervisor.Vmware;
  if (isVmware && leaf - CPUID_FIRST <= <u32>(CPUID_FREQUENCIES - CPUID_FIRST)) {
    hypervisorLeaf(leaf);
    return;
  }
  switch (leaf) {
    case 0:
      result(2, VENDOR_1, VENDOR_3, VENDOR_2);
      break;
    case 1:
      result(SIGNATURE, CLFLUSH_LINE, FEATURES_SSE3 | (isVmware ? FEATURES_HYPERVISOR : 0), FEATURES); // prettier-ignore
      break;
    case 0x8000_0000:
      result(0x8000_0008, 0, 0, 0);
      break;
    case 0x8000_0001:
      result(0, 0, 0, FEATURES_NX);
      break;
    case 0x8000_0002:
    case 0x8000_0003:
    case 0x8000_0004: {
      const at = BRAND + ((<usize>(leaf - 0x8000_0002)) << 4);
      result(load<u32>(at), load<u32>(at, 4), load<u32>(at, 8), load<u32>(at, 12));
      break;
    }
    case 0x8000_0006:
      result(0, 0, 0x0800_6040, 0); // second level: 2 MB, 8 ways, 64-byte lines
      break;
    case 0x8000_0005:
    case 0x8000_0007:
      result(0, 0, 0, 0);
      break;
    case 0x8000_0008:
      result(ADDRESS_BITS, 0, 0, 0);
      break;
    default:
      // Beyond the last leaf: what the last basic one says.
      result(CACHES, 0, 0, CACHES_2);
      break;
  }
}

// --- time-stamp counter

/** Ticks of 1 GHz. Two reads never give the same: guests divide by differences, and the host's clock is coarse. */
function ticks(): u64 {
  let value = Clock.now() + cpu.tscOffset;
  if (value <= msr.lastTicks && msr.lastTicks - value < TICKS_BACK) value = msr.lastTicks + 1;
  msr.lastTicks = value;
  return value;
}

/** How far ahead of the clock the counter may have come by being read often. */
const TICKS_BACK: u64 = 1_000_000;

export function rdtsc(_i: Instruction): void {
  if (cpu.cr4 & CR4_TSD && cpu.cpl != 0) Fault.protection();
  const value = ticks();
  Registers.set32(EAX, <u32>value);
  Registers.set32(EDX, <u32>(value >> 32));
}

/** The two counters exist and stand still. */
export function rdpmc(_i: Instruction): void {
  if (!(cpu.cr4 & CR4_PCE) && cpu.cpl != 0) Fault.protection();
  if (Registers.get32(ECX) > 1) Fault.protection();
  Registers.set32(EAX, 0);
  Registers.set32(EDX, 0);
}

// --- model-specific registers

const FIXED_RANGES = 11;
const VARIABLE_RANGES = 8;

@unmanaged
class MsrState {
  pat: u64;
  mtrrDefault: u64;
  miscEnable: u64;
  lastTicks: u64;
  biosUpdate: u64;
}
const msr = changetype<MsrState>(MSR_STATE);
const MTRR_FIXED: usize = MSR_STATE + 0x80; // u64 each
const MTRR_VARIABLE: usize = MTRR_FIXED + FIXED_RANGES * 8; // base and mask, u64 each

const MSR_P5_MC_ADDRESS: u32 = 0x00;
const MSR_P5_MC_TYPE: u32 = 0x01;
const MSR_TSC: u32 = 0x10;
const MSR_PLATFORM_ID: u32 = 0x17;
const MSR_EBL_CR_POWERON: u32 = 0x2a;
const MSR_BIOS_UPDATE: u32 = 0x79;
const MSR_BIOS_SIGN_ID: u32 = 0x8b;
const MSR_PERFCTR0: u32 = 0xc1;
const MSR_PERFCTR1: u32 = 0xc2;
const MSR_FSB_FREQUENCY: u32 = 0xcd;
const MSR_MTRR_CAP: u32 = 0xfe;
const MSR_BBL_CR_CTL3: u32 = 0x11e;
const MSR_SYSENTER_CS: u32 = 0x174;
const MSR_SYSENTER_ESP: u32 = 0x175;
const MSR_SYSENTER_EIP: u32 = 0x176;
const MSR_MCG_CAP: u32 = 0x179;
const MSR_MCG_STATUS: u32 = 0x17a;
const MSR_PERFEVTSEL0: u32 = 0x186;
const MSR_PERFEVTSEL1: u32 = 0x187;
const MSR_PERF_STATUS: u32 = 0x198;
const MSR_PERF_CTL: u32 = 0x199;
const MSR_CLOCK_MODULATION: u32 = 0x19a;
const MSR_THERM_STATUS: u32 = 0x19c;
const MSR_MISC_ENABLE: u32 = 0x1a0;
const MSR_DEBUGCTL: u32 = 0x1d9;
const MSR_MTRR_VARIABLE: u32 = 0x200;
const MSR_MTRR_FIX64K: u32 = 0x250;
const MSR_MTRR_FIX16K: u32 = 0x258;
const MSR_MTRR_FIX4K: u32 = 0x268;
const MSR_PAT: u32 = 0x277;
const MSR_MTRR_DEFAULT: u32 = 0x2ff;
const MSR_EFER: u32 = 0xc000_0080;

const EFER_NXE: u64 = 0x800;
/** 8 variable ranges, fixed ranges, write combining. */
const MTRR_CAPABILITIES: u64 = 0x508;
const PAT_RESET: u64 = 0x0007_0406_0007_0406;
/** Fast strings. */
const MISC_ENABLE_RESET: u64 = 1;

/** RESET: memory types off, PAT as documented. */
export function resetMsrs(): void {
  memory.fill(MSR_STATE, 0, 0x200);
  msr.pat = PAT_RESET;
  msr.miscEnable = MISC_ENABLE_RESET;
}

/** Where an MTRR is kept, 0 for none. */
function mtrrAddress(number: u32): usize {
  if (number >= MSR_MTRR_VARIABLE && number < MSR_MTRR_VARIABLE + 2 * VARIABLE_RANGES) {
    return MTRR_VARIABLE + ((<usize>(number - MSR_MTRR_VARIABLE)) << 3);
  }
  if (number == MSR_MTRR_FIX64K) return MTRR_FIXED;
  if (number == MSR_MTRR_FIX16K) return MTRR_FIXED + 8;
  if (number == MSR_MTRR_FIX16K + 1) return MTRR_FIXED + 16;
  if (number >= MSR_MTRR_FIX4K && number < MSR_MTRR_FIX4K + 8) {
    return MTRR_FIXED + 24 + ((<usize>(number - MSR_MTRR_FIX4K)) << 3);
  }
  return 0;
}

export function rdmsr(_i: Instruction): void {
  requirePrivilege();
  const value = readMsr(Registers.get32(ECX));
  Registers.set32(EAX, <u32>value);
  Registers.set32(EDX, <u32>(value >> 32));
}

function readMsr(number: u32): u64 {
  switch (number) {
    case MSR_TSC:
      return ticks();
    case MSR_SYSENTER_CS:
      return cpu.sysenterCs;
    case MSR_SYSENTER_ESP:
      return cpu.sysenterEsp;
    case MSR_SYSENTER_EIP:
      return cpu.sysenterEip;
    case MSR_EFER:
      return cpu.efer;
    case MSR_PAT:
      return msr.pat;
    case MSR_MTRR_CAP:
      return MTRR_CAPABILITIES;
    case MSR_MTRR_DEFAULT:
      return msr.mtrrDefault;
    case MSR_MISC_ENABLE:
      return msr.miscEnable;
    case MSR_BIOS_SIGN_ID:
      return (<u64>cpu.microcode) << 32;
    case MSR_P5_MC_ADDRESS:
    case MSR_P5_MC_TYPE:
    case MSR_PLATFORM_ID:
    case MSR_EBL_CR_POWERON:
    case MSR_BIOS_UPDATE:
    case MSR_PERFCTR0:
    case MSR_PERFCTR1:
    case MSR_FSB_FREQUENCY:
    case MSR_BBL_CR_CTL3:
    case MSR_MCG_CAP:
    case MSR_MCG_STATUS:
    case MSR_PERFEVTSEL0:
    case MSR_PERFEVTSEL1:
    case MSR_PERF_STATUS:
    case MSR_PERF_CTL:
    case MSR_CLOCK_MODULATION:
    case MSR_THERM_STATUS:
    case MSR_DEBUGCTL:
      return 0;
  }
  const mtrr = mtrrAddress(number);
  if (!mtrr) Fault.protection();
  return load<u64>(mtrr);
}

export function wrmsr(_i: Instruction): void {
  requirePrivilege();
  const value = (<u64>Registers.get32(EAX)) | ((<u64>Registers.get32(EDX)) << 32);
  writeMsr(Registers.get32(ECX), value);
}

function writeMsr(number: u32, value: u64): void {
  switch (number) {
    case MSR_TSC:
      cpu.tscOffset = value - Clock.now();
      msr.lastTicks = value;
      return;
    case MSR_SYSENTER_CS:
      cpu.sysenterCs = <u32>value;
      return;
    case MSR_SYSENTER_ESP:
      cpu.sysenterEsp = <u32>value;
      return;
    case MSR_SYSENTER_EIP:
      cpu.sysenterEip = <u32>value;
      return;
    case MSR_EFER:
      if (value & ~EFER_NXE) Fault.protection();
      cpu.efer = value;
      flushTlb(true);
      return;
    case MSR_PAT:
      writePat(value);
      return;
    case MSR_MTRR_DEFAULT:
      if (value & ~(<u64>0xcff)) Fault.protection();
      msr.mtrrDefault = value;
      return;
    case MSR_MISC_ENABLE:
      msr.miscEnable = value;
      return;
    case MSR_BIOS_SIGN_ID:
      cpu.microcode = <u32>(value >> 32);
      return;
    case MSR_P5_MC_ADDRESS:
    case MSR_P5_MC_TYPE:
    case MSR_EBL_CR_POWERON:
    case MSR_BIOS_UPDATE:
    case MSR_PERFCTR0:
    case MSR_PERFCTR1:
    case MSR_BBL_CR_CTL3:
    case MSR_MCG_STATUS:
    case MSR_PERFEVTSEL0:
    case MSR_PERFEVTSEL1:
    case MSR_PERF_CTL:
    case MSR_CLOCK_MODULATION:
    case MSR_THERM_STATUS:
    case MSR_DEBUGCTL:
      return;
  }
  const mtrr = mtrrAddress(number);
  if (!mtrr) Fault.protection();
  store<u64>(mtrr, value);
}

/** Each byte is a memory type: 0, 1 or 4-7. */
function writePat(value: u64): void {
  for (let n: u64 = 0; n < 64; n += 8) {
    const type = (<u32>(value >> n)) & 0xff;
    if (type > 7 || type == 2 || type == 3) Fault.protection();
  }
  msr.pat = value;
}
