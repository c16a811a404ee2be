// How an ISA device moves data by DMA: it asks the controller, which it does not know.

@unmanaged
class DmaBus {
  transfer: u32; // function index: (channel, buffer, length, toMemory) => bytes moved
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
   * Returns the bytes moved; fewer than asked means terminal count or a masked channel. -1: terminal count reached exactly
   * is told by Dma.terminalCount.
   */
  static transfer(channel: i32, buffer: usize, length: i32, toMemory: bool): i32 {
    return call_indirect<i32>(bus.transfer, channel, buffer, length, toMemory ? 1 : 0);
  }
}
