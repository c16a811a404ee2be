// PCI configuration space, mechanism 1 (ports CF8h, CFCh), bus 0, and the routing of INTx pins to ISA lines.
//
// A function gives its 256 bytes of configuration space and a mask of the bits that are writable; BARs tell it when they move.

import { addDevice, Device } from "./devices";

const FUNCTIONS = 256; // device << 3 | function
const ENTRY = 16; // u32 address of config space, u32 address of write mask, u32 function index of the write hook and of the read hook

const TABLE = memory.data(FUNCTIONS * ENTRY, 8);

@unmanaged
class PciState {
  address: u32; // CF8h
  route: u32; // function index: (pirq 0-3, level) => void
}
const STATE_SIZE = 4 * 32 + <i32>offsetof<PciState>();
const STATE = memory.data(STATE_SIZE, 8); // u32 bitmap of asserting functions (device number) per PIRQ A-D (first 16 bytes), rest spare
const pci = changetype<PciState>(STATE + 4 * 32);

export function attachPci(): void {
  addDevice(Device.Pci, STATE, STATE_SIZE, resetPci);
}

function resetPci(): void {
  memory.fill(STATE, 0, 16);
  pci.address = 0;
}

/** Device and function as one number, for addPciFunction and the others. */
export function pciFunction(device: i32, fn: i32): i32 {
  return (device << 3) | fn;
}

/**
 * Adds a PCI function on bus 0. `config`: 256 bytes; `writable`: 256 bytes of masks of guest-writable bits;
 * `written(offset, size)` is called after a configuration write has been merged.
 */
export function addPciFunction(
  fn: i32,
  config: usize,
  writable: usize,
  written: (offset: i32, size: i32) => void,
): void {
  const entry = TABLE + <usize>fn * ENTRY;
  store<usize>(entry, config);
  store<usize>(entry, writable, 4);
  store<u32>(entry, load<u32>(changetype<usize>(written)), 8);
}

/** `before(offset, size)` is called ahead of each configuration read of a function, for registers that are more than memory. */
export function onConfigRead(fn: i32, before: (offset: i32, size: i32) => void): void {
  store<u32>(TABLE + <usize>fn * ENTRY, load<u32>(changetype<usize>(before)), 12);
}

/** The PIIX3 announces how a PIRQ reaches an ISA line. */
export function setPirqRouter(route: (pirq: i32, level: i32) => void): void {
  pci.route = load<u32>(changetype<usize>(route));
}

export class Pci {
  static setAddress(value: u32): void {
    pci.address = value;
  }

  static address(): u32 {
    return pci.address;
  }

  /** Reads `size` bytes of configuration space at the selected address plus `offset` (0-3). */
  static readConfig(offset: u32, size: i32): u32 {
    const config = Pci.selected();
    if (!config) return size == 4 ? 0xffff_ffff : size == 2 ? 0xffff : 0xff;
    const before = load<u32>(config, 12);
    if (before) call_indirect<void>(before, <i32>((pci.address & 0xfc) + offset), size);
    const address = load<usize>(config) + (pci.address & 0xfc) + offset;
    return size == 4
      ? load<u32>(address)
      : size == 2
        ? <u32>load<u16>(address)
        : <u32>load<u8>(address);
  }

  static writeConfig(offset: u32, size: i32, value: u32): void {
    const entry = Pci.selected();
    if (!entry) return;
    const register = (pci.address & 0xfc) + offset;
    const config = load<usize>(entry);
    const writable = load<usize>(entry, 4);
    for (let i: u32 = 0; i < <u32>size; i++) {
      const at = (register + i) & 0xff;
      const mask = load<u8>(writable + at);
      const byte = <u8>(value >>> (i << 3));
      store<u8>(config + at, (load<u8>(config + at) & ~mask) | (byte & mask));
    }
    call_indirect<void>(load<u32>(entry, 8), <i32>register, size);
  }

  /** The function whose configuration is being read or written. */
  static selectedFunction(): i32 {
    return <i32>((pci.address >>> 8) & 0xff);
  }

  private static selected(): usize {
    if (!(pci.address & 0x8000_0000) || pci.address & 0x00ff_0000) return 0;
    const entry = TABLE + <usize>((pci.address >>> 8) & 0xff) * ENTRY;
    return load<u32>(entry) ? entry : 0;
  }

  /** Drives the INTx pin (1 = A .. 4 = D) of a function; swizzled to a PIRQ by the device number as on the PC's board. */
  static setInterrupt(fn: i32, pin: i32, level: i32): void {
    const device = fn >> 3;
    const pirq = (device - 1 + pin - 1) & 3;
    const address = STATE + ((<usize>pirq) << 2);
    const bit: u32 = (<u32>1) << (<u32>device);
    const before = load<u32>(address);
    const after = level ? before | bit : before & ~bit;
    store<u32>(address, after);
    if ((after != 0) != (before != 0) && pci.route)
      call_indirect<void>(pci.route, pirq, after ? 1 : 0);
  }

  /** Whether any function asserts a PIRQ (0-3). */
  static pirqLevel(pirq: i32): bool {
    return load<u32>(STATE + ((<usize>pirq) << 2)) != 0;
  }
}
