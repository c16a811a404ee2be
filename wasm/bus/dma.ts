// How an ISA device moves data by DMA: it asks the controller, which it does not know.

@unmanaged
class DmaBus {
  transfer: u32; // function index: (channel, buffer, length, toMemory) => bytes moved
  terminalCount: u32;
}
const bus = changetype<DmaBus>(memory.data(offsetof<DmaBus>(), 8));

/** The 8237 announces itself. */
export function setDmaController(
  transfer: (channel: i32, buffer: usize, length: i32, toMemory: i32) => i32,
): void {
  bus.transfer = load<u32>(changetype<usize>(transfer));
}

export class Dma {
  /**
   * Moves up to `length` bytes between a device's buffer (core address) and guest memory as the channel is programmed.
   * Returns the bytes moved; fewer than asked means terminal count or a masked channel. Whether the terminal
   * count was reached, also exactly at the end, is told by Dma.terminalCount.
   */
  static transfer(channel: i32, buffer: usize, length: i32, toMemory: bool): i32 {
    return call_indirect<i32>(bus.transfer, channel, buffer, length, toMemory ? 1 : 0);
  }

  /** Whether the last transfer reached the channel's terminal count (TC). */
  static terminalCount(): bool {
    return bus.terminalCount != 0;
  }

  /** For the controller. */
  static setTerminalCount(reached: bool): void {
    bus.terminalCount = reached ? 1 : 0;
  }
}
