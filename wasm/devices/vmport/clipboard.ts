// Text from clipboard to clipboard over VMware's port: a length, then four bytes a call. Small programs in guests look for it a few
// times a second and tell what has been copied.
//
// The host is told whenever the guest looks, and puts its text here when there is a new one; it is handed out once.
// protocol/vmport.ts has the commands.
//
// Not implemented: texts of more than 65535 bytes, which the existing programs do not take either.

import { addDevice, Device } from "../../bus/devices";
import { hostEvent } from "../../host";
import { MachineEvent } from "../../protocol/events";
import { TEXT_MAX } from "../../protocol/vmport";

const NONE: u32 = 0xffff_ffff;
const BUFFER_SIZE = (TEXT_MAX + 4) & ~3;

@unmanaged
class VmClipboard {
  hasText: u32; // the host's, in the first buffer
  length: u32;
  position: u32; // the next byte of it
  guestLength: u32; // of the text that is coming from the guest, 0 for none
  guestPosition: u32;
}
const STATE_SIZE = 2 * BUFFER_SIZE + <i32>offsetof<VmClipboard>();
const STATE = memory.data(STATE_SIZE, 8); // the host's text, the guest's, then the fields
const TO_GUEST = STATE;
const TO_HOST = STATE + <usize>BUFFER_SIZE;
const clipboard = changetype<VmClipboard>(STATE + 2 * <usize>BUFFER_SIZE);

export function attachVmClipboard(): void {
  addDevice(Device.VmClipboard, STATE, STATE_SIZE, reset);
}

function reset(): void {
  clipboard.hasText = 0;
  clipboard.guestLength = 0;
}

// --- For the host ---

/** Host: where a text for the guest is put, TEXT_MAX bytes. */
export function vmwareTextToGuest(): usize {
  return TO_GUEST;
}

/** Host: where the guest's text is when it has been told. */
export function vmwareTextToHost(): usize {
  return TO_HOST;
}

/** Host: so many bytes have been put there; 0: none, and what the guest has not read yet is taken back. */
export function offerVmwareText(length: i32): void {
  clipboard.hasText = length > 0 && length <= TEXT_MAX ? 1 : 0;
  clipboard.length = clipboard.hasText ? <u32>length : 0;
  clipboard.position = 0;
}

// --- For the guest ---

/** It can be asked again until all has been read. */
export function selectionLength(): u32 {
  hostEvent(MachineEvent.TextWanted, 0, 0);
  if (!clipboard.hasText) return NONE;
  clipboard.position = 0;
  return clipboard.length;
}

export function nextPiece(): u32 {
  if (!clipboard.hasText) return 0;
  const at = clipboard.position;
  const left = clipboard.length - at;
  const word = load<u32>(TO_GUEST + <usize>at);
  clipboard.position = at + 4;
  if (left <= 4) clipboard.hasText = 0;
  return left >= 4 ? word : word & ((1 << (left << 3)) - 1);
}

/** Whether there is room for so much. No text at all says that something else was copied. */
export function setSelectionLength(length: u32): bool {
  const fits = length <= <u32>TEXT_MAX;
  clipboard.guestLength = fits ? length : 0;
  clipboard.guestPosition = 0;
  return fits;
}

export function setNextPiece(word: u32): bool {
  const length = clipboard.guestLength;
  if (!length) return false;
  store<u32>(TO_HOST + <usize>clipboard.guestPosition, word);
  clipboard.guestPosition += 4;
  if (clipboard.guestPosition >= length) {
    clipboard.guestLength = 0;
    hostEvent(MachineEvent.TextCopied, <i32>length, 0);
  }
  return true;
}
