// The list of devices: name, state block and reset function of each. Snapshots copy the blocks; reset calls the functions.

/** Every block of state in the machine. A number, once shipped, keeps its meaning: snapshots name blocks by it. */
export enum Device {
  Cpu = 1,
  Memory = 2,
  Clock = 3,
  Irq = 4,
  Pci = 5,
  Pic = 6,
  Pit = 7,
  Cmos = 8,
  Dma = 9,
  I440fx = 10,
  Piix3 = 11,
  Piix4Pm = 12,
  Ide = 13,
  Floppy = 14,
  I8042 = 15,
  Ps2Keyboard = 16,
  Ps2Mouse = 17,
  Uart = 18,
  Vga = 19,
  FwCfg = 20,
  DebugPort = 21,
  SystemControl = 22,
  VideoMemory = 23,
  IdePci = 24,
  Pointer = 25,
  Stall = 26,
  TandemPort = 27,
  Keys = 28,
  Uhci = 29,
  UsbDevices = 30,
  UsbMouse = 31,
  UsbTablet = 32,
  UsbKeyboard = 33,
  UsbHub = 34,
  VmMouse = 35,
  VmClipboard = 36,
  Virtio = 37,
}

const ENTRY_SIZE = 16;
const CAPACITY = 64;

/** u32 id, u32 address, u32 size, u32 index of the reset function; the first word of all is the count. */
const TABLE = memory.data(4 + ENTRY_SIZE * CAPACITY, 8);

/** Table of devices, for the host: count (u32), then {id, address, size, reset} (u32 each). */
export const DEVICE_TABLE: usize = TABLE;

/** Registers a device. `size` 0 for one without state; `reset` is what its RESET pin does. */
export function addDevice(id: Device, state: usize, size: usize, reset: () => void): void {
  const count = load<u32>(TABLE);
  const entry = TABLE + 4 + count * ENTRY_SIZE;
  store<u32>(entry, id);
  store<usize>(entry, state, 4);
  store<usize>(entry, size, 8);
  store<u32>(entry, load<u32>(changetype<usize>(reset)), 12);
  store<u32>(TABLE, count + 1);
}

/** Pulls the RESET line of every device, in the order they were added. */
export function resetDevices(): void {
  const count = load<u32>(TABLE);
  for (let i: u32 = 0; i < count; i++) {
    call_indirect<void>(load<u32>(TABLE + 4 + i * ENTRY_SIZE, 12));
  }
}
