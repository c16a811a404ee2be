// Debug consoles and the POST code: ports 402h (SeaBIOS), E9h (Bochs) and 80h. Characters go to the host.

import { addDevice, Device } from "../bus/devices";
import { onRead, onWrite } from "../bus/ports";
import { hostDebugCharacter } from "../host";

const PORT_POST: u16 = 0x80;
const PORT_BOCHS: u16 = 0xe9;
const PORT_SEABIOS: u16 = 0x402;

/** What both consoles read as, so that software finds them. */
const PRESENT: u32 = 0xe9;

@unmanaged
class DebugPortState {
  postCode: u32;
}
const STATE_SIZE = <i32>offsetof<DebugPortState>();
const STATE = memory.data(STATE_SIZE, 8);
const debugPort = changetype<DebugPortState>(STATE);

export function attachDebugPort(): void {
  addDevice(Device.DebugPort, STATE, STATE_SIZE, reset);
  onRead(PORT_BOCHS, 1, readPresent);
  onRead(PORT_SEABIOS, 1, readPresent);
  onWrite(PORT_BOCHS, 1, writeCharacter);
  onWrite(PORT_SEABIOS, 1, writeCharacter);
  onRead(PORT_POST, 1, readPostCode);
  onWrite(PORT_POST, 1, writePostCode);
}

/** The last POST code stays readable over a reset: that is what it is for. */
function reset(): void {}

function readPresent(_port: u16): u32 {
  return PRESENT;
}

function writeCharacter(port: u16, value: u32): void {
  hostDebugCharacter(<i32>port, <i32>(value & 0xff));
}

function readPostCode(_port: u16): u32 {
  return debugPort.postCode;
}

function writePostCode(_port: u16, value: u32): void {
  debugPort.postCode = value & 0xff;
}
