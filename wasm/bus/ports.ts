// The I/O port space: 64K ports, each with a read and a write handler for 1, 2 and 4 bytes.
//
// What is there from the start stays: a guest that puts a BAR over the ports of another device reaches that device.
//
// A port without a handler reads as all ones and ignores writes. An access wider than what a port has handlers for is
// split into halves, low part first, as the bus does it.

import { PORT_MAP, PORT_SLOTS } from "../layout";

const SLOT_SIZE = 32; // u32 function index: read 1, 2, 4; write 1, 2, 4 bytes; 0 = none

@unmanaged
class PortsState {
  slots: u32; // slots ever used; slot 0 is "nothing there"
  fixed: u32; // slots up to this one are no BAR's
  free: u32; // the first of those given back, each naming the next; 0 for none
}
const ports = changetype<PortsState>(memory.data(offsetof<PortsState>(), 8));

/** The slot to put a handler into; 0 where that is not allowed. */
function slotOf(port: u16): usize {
  let slot = <u32>load<u16>(PORT_MAP + ((<usize>port) << 1));
  if (slot && slot <= ports.fixed) return 0;
  if (slot == 0) {
    slot = freshSlot();
    store<u16>(PORT_MAP + ((<usize>port) << 1), <u16>slot);
  }
  return PORT_SLOTS + slot * SLOT_SIZE;
}

/** Slots are few: a guest may move a BAR over all ports, so those it left are used again. */
function freshSlot(): u32 {
  const slot = ports.free;
  if (!slot) return ++ports.slots;
  const address = PORT_SLOTS + <usize>slot * SLOT_SIZE;
  ports.free = load<u32>(address);
  store<u32>(address, 0);
  return slot;
}

function widthIndex(size: i32): usize {
  return size == 1 ? 0 : size == 2 ? 4 : 8;
}

/** Registers the reader of one port for accesses of `size` bytes (1, 2 or 4). */
export function onRead(port: u16, size: i32, handler: (port: u16) => u32): void {
  const slot = slotOf(port);
  if (slot) store<u32>(slot + widthIndex(size), load<u32>(changetype<usize>(handler)));
}

/** Registers the writer of one port for accesses of `size` bytes (1, 2 or 4). */
export function onWrite(port: u16, size: i32, handler: (port: u16, value: u32) => void): void {
  const slot = slotOf(port);
  if (slot) store<u32>(slot + 12 + widthIndex(size), load<u32>(changetype<usize>(handler)));
}

/** The machine is built: from here on ports come and go with BARs. */
export function fixPorts(): void {
  ports.fixed = ports.slots;
}

/** Takes all handlers of a port away (a BAR that moves). */
export function removePort(port: u16): void {
  const slot = <u32>load<u16>(PORT_MAP + ((<usize>port) << 1));
  if (slot <= ports.fixed) return;
  const address = PORT_SLOTS + <usize>slot * SLOT_SIZE;
  memory.fill(address, 0, SLOT_SIZE);
  store<u32>(address, ports.free);
  ports.free = slot;
  store<u16>(PORT_MAP + ((<usize>port) << 1), 0);
}

/** Takes every handler away. */
export function removeAllPorts(): void {
  memory.fill(PORT_SLOTS, 0, <usize>(ports.slots + 1) * SLOT_SIZE);
  memory.fill(PORT_MAP, 0, 2 * 0x1_0000);
  ports.slots = 0;
  ports.fixed = 0;
  ports.free = 0;
}

export class Ports {
  /** Reads `size` bytes (1, 2, 4) from a port. */
  static read(port: u32, size: i32): u32 {
    const slot = <u32>load<u16>(PORT_MAP + ((port & 0xffff) << 1));
    const handler = load<u32>(PORT_SLOTS + slot * SLOT_SIZE + widthIndex(size));
    if (handler) return call_indirect<u32>(handler, <u16>port);
    if (size == 4) return Ports.read(port, 2) | (Ports.read(port + 2, 2) << 16);
    if (size == 2) return Ports.read(port, 1) | (Ports.read(port + 1, 1) << 8);
    return 0xff;
  }

  /** Writes `size` bytes (1, 2, 4) to a port. */
  static write(port: u32, size: i32, value: u32): void {
    const slot = <u32>load<u16>(PORT_MAP + ((port & 0xffff) << 1));
    const handler = load<u32>(PORT_SLOTS + slot * SLOT_SIZE + 12 + widthIndex(size));
    if (handler) {
      call_indirect<void>(handler, <u16>port, value);
    } else if (size == 4) {
      Ports.write(port, 2, value & 0xffff);
      Ports.write(port + 2, 2, value >>> 16);
    } else if (size == 2) {
      Ports.write(port, 1, value & 0xff);
      Ports.write(port + 1, 1, value >>> 8);
    }
  }
}
