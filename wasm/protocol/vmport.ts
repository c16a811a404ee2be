// What is said on VMware's port: the numbers of its commands, which existing drivers know. Names as those drivers have them.
//
// A call is IN EAX, DX (or OUT) with MAGIC in EAX, the command in CX and its argument in EBX; answers come in EAX to EDX, some in ESI
// and EDI. A command that does not exist leaves FFFFFFFFh in EAX.

export const PORT = 0x5658;
export const MAGIC = 0x564d5868; // "VMXh"
/** What GETVERSION answers in EAX: the interface, and in ECX: VMware Workstation. */
export const INTERFACE_VERSION = 6;
export const PRODUCT_WORKSTATION = 4;

export enum VmwareCommand {
  // 4 and 5, the pointer as one packed number, are not implemented.
  GetSelectionLength = 6, // EAX: bytes of text that the host has for the guest, FFFFFFFFh for none
  GetNextPiece = 7, // EAX: four bytes of it
  SetSelectionLength = 8, // EBX: bytes of text that the guest has for the host
  SetNextPiece = 9, // EBX: four bytes of it
  GetVersion = 10, // EAX: version, EBX: MAGIC, ECX: product
  GetTime = 23, // EAX: seconds since 1970, EBX: microseconds, ECX: allowed lag in microseconds, EDX: minutes west of Greenwich
  IsMouseAbsolute = 36, // EAX: 1 when the guest gets positions
  AbsolutePointerData = 39, // EBX: how many words; they come in EAX, EBX, ECX, EDX
  AbsolutePointerStatus = 40, // EAX: waiting words; the upper half is FFFFh while the pointer is off
  AbsolutePointerCommand = 41, // EBX: a PointerRequest
  GetHz = 45, // EBX:EAX: time-stamp counter in Hz, ECX: bus clock in Hz
  GetTimeFull = 46, // EAX: MAGIC, ESI:EDX: seconds, EBX: microseconds, ECX: allowed lag
  GetTimeFullWithLag = 55, // the same, EDI: microseconds by which guest time lags
  AbsolutePointerRestrict = 86, // EBX: a PointerRestriction
}

export enum PointerRequest {
  Enable = 0x45414552, // "READ": the first word to be read is POINTER_VERSION
  Disable = 0xf5,
  Relative = 0x4c455252, // "RREL"
  Absolute = 0x53424152, // "RABS"
}

/** Who may speak to the pointer. */
export enum PointerRestriction {
  Any = 0,
  Kernel = 1, // privilege level 0
  IoPrivilege = 2, // as the I/O privilege level says
}

export const POINTER_VERSION = 0x3442554a; // "JUB4"
/** In the upper half of the status while the pointer is off. */
export const POINTER_ERROR = 0xffff0000;

/** A packet: flags, x, y, z. Positions go from 0 to FFFFh; motion is signed, up positive; z: the wheel, down positive. */
export const PACKET_WORDS = 4;

export enum PacketFlag {
  Middle = 0x08,
  Right = 0x10,
  Left = 0x20,
  Relative = 0x1_0000,
}

/** Bytes of a text, either way. */
export const TEXT_MAX = 65535;

/** What CPUID tells of. */
export enum Hypervisor {
  None = 0,
  Vmware = 1,
}

/** CPUID, with `hypervisor` set to VMware: the last leaf of these tells the frequencies in kHz. */
export const CPUID_FIRST = 0x4000_0000;
export const CPUID_FREQUENCIES = 0x4000_0010;
