// VMware's port 5658h: a function call by IN EAX, DX, whose registers are its arguments and its answers.
//
// It is always there, as in other emulators: DOS and Windows drivers look for it and work, and who does not know it never meets it.
// Linux looks only where CPUID tells of VMware, which is the host's choice (setHypervisor). A program needs permission for the
// port as for any other: Windows 9x gives it to all, Linux to who asks for it; VMware itself does not ask.
//
// Pointer and clipboard have files of their own. Not implemented: all other commands, above all the message channel (30) with its port 5659h, on which VMware's own tools speak.

import { Caller, Register } from "../bus/caller";
import { onRead, onWrite } from "../bus/ports";
import { hostWallClock, hostZoneWest } from "../host";
import {
  INTERFACE_VERSION,
  MAGIC,
  PORT,
  PRODUCT_WORKSTATION,
  VmwareCommand,
} from "../protocol/vmport";
import { attachVmClipboard, nextPiece, selectionLength, setNextPiece, setSelectionLength } from "./vmport/clipboard"; // prettier-ignore
import { attachVmMouse, isAbsolute, isAllowed, read, request, restrict, status } from "./vmport/pointer"; // prettier-ignore

const FAILED: u32 = 0xffff_ffff;

const TSC_HZ: u32 = 1_000_000_000;
/** Of a local APIC, which is not there. */
const BUS_HZ: u32 = 100_000_000;
/** Microseconds by which a guest's clock may be behind before a driver sets it. */
const LAG_ALLOWED: u32 = 1_000_000;

export function attachVmport(): void {
  attachVmMouse();
  attachVmClipboard();
  onRead(<u16>PORT, 4, call);
  onWrite(<u16>PORT, 4, callByWriting);
}

function callByWriting(port: u16, _value: u32): void {
  Caller.set(Register.Eax, call(port));
}

/** What goes into EAX. */
function call(_port: u16): u32 {
  if (Caller.get(Register.Eax) != MAGIC) return FAILED;
  const argument = Caller.get(Register.Ebx);
  switch (Caller.get(Register.Ecx) & 0xffff) {
    case VmwareCommand.GetSelectionLength:
      return selectionLength();
    case VmwareCommand.GetNextPiece:
      return nextPiece();
    case VmwareCommand.SetSelectionLength:
      return setSelectionLength(argument) ? MAGIC : FAILED;
    case VmwareCommand.SetNextPiece:
      return setNextPiece(argument) ? MAGIC : FAILED;
    case VmwareCommand.GetVersion:
      Caller.set(Register.Ebx, MAGIC);
      Caller.set(Register.Ecx, PRODUCT_WORKSTATION);
      return INTERFACE_VERSION;
    case VmwareCommand.GetTime:
      return time();
    case VmwareCommand.GetTimeFull:
      return fullTime();
    case VmwareCommand.GetTimeFullWithLag:
      Caller.set(Register.Edi, 0);
      return fullTime();
    case VmwareCommand.GetHz:
      Caller.set(Register.Ebx, 0);
      Caller.set(Register.Ecx, BUS_HZ);
      return TSC_HZ;
    case VmwareCommand.IsMouseAbsolute:
      return isAbsolute() ? 1 : 0;
    case VmwareCommand.AbsolutePointerData:
      return isAllowed() ? read(argument) : FAILED;
    case VmwareCommand.AbsolutePointerStatus:
      return isAllowed() ? status() : FAILED;
    case VmwareCommand.AbsolutePointerCommand:
      if (!isAllowed()) return FAILED;
      request(argument);
      return MAGIC;
    case VmwareCommand.AbsolutePointerRestrict:
      if (!isAllowed()) return FAILED;
      restrict(argument);
      return MAGIC;
    default:
      return FAILED;
  }
}

/** UTC in microseconds. */
function now(): u64 {
  return <u64>((hostWallClock() + <f64>hostZoneWest() * 60_000) * 1000);
}

function time(): u32 {
  const microseconds = now();
  Caller.set(Register.Ebx, <u32>(microseconds % 1_000_000));
  Caller.set(Register.Ecx, LAG_ALLOWED);
  Caller.set(Register.Edx, <u32>hostZoneWest());
  return <u32>(microseconds / 1_000_000);
}

function fullTime(): u32 {
  const microseconds = now();
  const seconds = microseconds / 1_000_000;
  Caller.set(Register.Ebx, <u32>(microseconds % 1_000_000));
  Caller.set(Register.Ecx, LAG_ALLOWED);
  Caller.set(Register.Edx, <u32>seconds);
  Caller.set(Register.Esi, <u32>(seconds >> 32));
  return MAGIC;
}
