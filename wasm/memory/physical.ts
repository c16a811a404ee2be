// Physical address space: which page is RAM, ROM, video memory or a device's registers.
//
// Addresses are 32 bits wide; with PAE anything above 4 GiB is nobody's: reads give all ones, writes go nowhere.

import { CODE_LINES, PAGE_HANDLER, PAGE_READ, PAGE_WRITE, RAM, VRAM, VRAM_SIZE } from "../layout";
import { addDevice, Device } from "../bus/devices";
import { invalidateCode } from "../cpu/blocks";
import { flushTlb } from "./tlb";

/** In PAGE_WRITE: the page is video memory, mark it dirty when it is written. */
export const WRITE_TRACKED: u32 = 1;

const HANDLER_SIZE = 8;
const HANDLERS = memory.data(HANDLER_SIZE * 256, 8); // u32 function index: read, write
/** One byte per page of video memory, set when the guest wrote to it. */
export const VRAM_DIRTY = memory.data(<i32>(VRAM_SIZE >>> 12), 8);

@unmanaged
class PhysicalState {
  ramBytes: u32;
  handlers: u32;
  a20Mask: u32; // FFFFFFFFh, or FFEFFFFFh when address line 20 is forced low
}
const physical = changetype<PhysicalState>(memory.data(offsetof<PhysicalState>(), 8));

export function attachMemory(ramBytes: u32): void {
  addDevice(Device.Memory, changetype<usize>(physical), offsetof<PhysicalState>(), resetMemory);
  physical.ramBytes = ramBytes;
  physical.a20Mask = 0xffff_ffff;
  mapRam(0, ramBytes);
}

function resetMemory(): void {
  setA20(true);
}

export function ramBytes(): u32 {
  return physical.ramBytes;
}

/** Host: address of guest RAM in the core's memory. */
export function ramAddress(): usize {
  return RAM;
}

function mapPages(
  address: u32,
  size: u32,
  read: usize,
  write: usize,
  flags: u32,
  handler: u32,
): void {
  for (let offset: u32 = 0; offset < size; offset += 4096) {
    const page = <usize>((address + offset) >>> 12);
    // The code decoded here was another memory's.
    if (load<u64>(CODE_LINES + (page << 3))) invalidateCode(address + offset, 4096);
    store<u32>(PAGE_READ + (page << 2), read ? <u32>read + offset : 0);
    store<u32>(PAGE_WRITE + (page << 2), write ? (<u32>write + offset) | flags : 0);
    store<u8>(PAGE_HANDLER + page, <u8>handler);
  }
  flushTlb(true);
}

/** RAM at its own place: host address = RAM + physical address. Sizes are multiples of 4096 in all map functions. */
export function mapRam(address: u32, size: u32): void {
  mapPages(address, size, RAM + address, RAM + address, 0, 0);
}

/** Reads come from `read` (a host address, 0 for all ones), writes go to `write` (0: lost). PAM and ROM. */
export function mapSplit(address: u32, size: u32, read: usize, write: usize): void {
  mapPages(address, size, read, write, 0, 0);
}

/** Video memory used directly; writes set VRAM_DIRTY. `host` lies in VRAM. */
export function mapVideo(address: u32, size: u32, host: usize): void {
  mapPages(address, size, host, host, WRITE_TRACKED, 0);
}

/** Nothing there. */
export function unmap(address: u32, size: u32): void {
  mapPages(address, size, 0, 0, 0, 0);
}

/** A device's range has moved away: what was below it, RAM where there is some. */
export function uncover(address: u32, size: u32): void {
  const ram = ramBytes();
  const inRam = address < ram ? min<u32>(size, ram - address) : 0;
  if (inRam) mapRam(address, inRam);
  if (inRam < size) unmap(address + inRam, size - inRam);
}

/** RAM that reads and writes reach directly: no ROM, no device, nothing beyond its end. */
export function isRam(address: u32, size: u32): bool {
  if (<u64>address + <u64>size > <u64>ramBytes()) return false;
  const last = (address + size - 1) >>> 12;
  for (let page = address >>> 12; page <= last; page++) {
    const host = <u32>RAM + (page << 12);
    const entry = (<usize>page) << 2;
    if (load<u32>(PAGE_READ + entry) != host || load<u32>(PAGE_WRITE + entry) != host) return false;
  }
  return true;
}

/**
 * Host: core address of a range of the guest's memory; 0 when it is not all RAM. `writing`: the host writes there now, so what was
 * decoded from it is forgotten.
 */
export function guestRange(address: u32, size: u32, writing: i32): usize {
  if (!isRam(address, size)) return 0;
  if (writing) {
    for (let at = address; at < address + size;) {
      const part = min<u32>(address + size - at, 4096 - (at & 0xfff));
      if (load<u64>(CODE_LINES + ((<usize>(at >>> 12)) << 3))) invalidateCode(at, <i32>part);
      at += part;
    }
  }
  return RAM + <usize>address;
}

/** Registers a pair of functions for memory-mapped I/O; returns the handler number for mapHandler. */
export function addHandler(
  read: (address: u32, size: i32) => u32,
  write: (address: u32, size: i32, value: u32) => void,
): u32 {
  const number = ++physical.handlers;
  store<u32>(HANDLERS + number * HANDLER_SIZE, load<u32>(changetype<usize>(read)));
  store<u32>(HANDLERS + number * HANDLER_SIZE, load<u32>(changetype<usize>(write)), 4);
  return number;
}

/** Memory-mapped I/O: accesses of 1, 2 and 4 bytes go to the handler with the physical address. */
export function mapHandler(address: u32, size: u32, handler: u32): void {
  mapPages(address, size, 0, 0, 0, handler);
}

/** Address line 20: off, odd megabytes appear as even ones. */
export function setA20(on: bool): void {
  const mask: u32 = on ? 0xffff_ffff : 0xffef_ffff;
  if (mask == physical.a20Mask) return;
  physical.a20Mask = mask;
  flushTlb(true);
}

export function isA20(): bool {
  return physical.a20Mask == 0xffff_ffff;
}

export class Physical {
  /** What an address becomes on the bus (A20). */
  @inline static bus(address: u32): u32 {
    return address & physical.a20Mask;
  }

  static read8(address: u32): u32 {
    return Physical.read(address, 1);
  }
  static read16(address: u32): u32 {
    return Physical.read(address, 2);
  }
  static read32(address: u32): u32 {
    return Physical.read(address, 4);
  }

  /** Reads 1, 2 or 4 bytes that do not cross a page. */
  static read(address: u32, size: i32): u32 {
    const page = <usize>(address >>> 12);
    const host = <usize>load<u32>(PAGE_READ + (page << 2));
    if (host) {
      const at = host + (address & 0xfff);
      return size == 4 ? load<u32>(at) : size == 2 ? <u32>load<u16>(at) : <u32>load<u8>(at);
    }
    const handler = <u32>load<u8>(PAGE_HANDLER + page);
    if (handler) {
      return call_indirect<u32>(load<u32>(HANDLERS + handler * HANDLER_SIZE), address, size);
    }
    return size == 4 ? 0xffff_ffff : size == 2 ? 0xffff : 0xff;
  }

  static write8(address: u32, value: u32): void {
    Physical.write(address, 1, value);
  }
  static write16(address: u32, value: u32): void {
    Physical.write(address, 2, value);
  }
  static write32(address: u32, value: u32): void {
    Physical.write(address, 4, value);
  }

  /** Writes 1, 2 or 4 bytes that do not cross a page. Decoded code below the bytes is forgotten. */
  static write(address: u32, size: i32, value: u32): void {
    const page = <usize>(address >>> 12);
    let host = load<u32>(PAGE_WRITE + (page << 2));
    if (host) {
      if (host & WRITE_TRACKED) {
        host &= ~0xfff;
        store<u8>(VRAM_DIRTY + ((host - <u32>VRAM) >>> 12), 1);
      }
      if (load<u64>(CODE_LINES + (page << 3))) invalidateCode(address, size);
      const at = <usize>(host + (address & 0xfff));
      if (size == 4) store<u32>(at, value);
      else if (size == 2) store<u16>(at, <u16>value);
      else store<u8>(at, <u8>value);
      return;
    }
    const handler = <u32>load<u8>(PAGE_HANDLER + page);
    if (handler) {
      call_indirect<void>(load<u32>(HANDLERS + handler * HANDLER_SIZE, 4), address, size, value);
    }
  }

  /** Device to guest memory (DMA): copies `length` bytes from a core address to a physical address; any length. */
  static copyIn(address: u32, source: usize, length: u32): void {
    while (length) {
      const part = min<u32>(length, 4096 - (address & 0xfff));
      const host = load<u32>(PAGE_WRITE + ((<usize>(address >>> 12)) << 2));
      if (host && !(host & WRITE_TRACKED)) {
        if (load<u64>(CODE_LINES + ((<usize>(address >>> 12)) << 3)))
          invalidateCode(address, <i32>part);
        memory.copy(<usize>(host + (address & 0xfff)), source, part);
      } else {
        for (let i: u32 = 0; i < part; i++)
          Physical.write(address + i, 1, <u32>load<u8>(source + i));
      }
      address += part;
      source += part;
      length -= part;
    }
  }

  /** Guest memory to device (DMA). */
  static copyOut(target: usize, address: u32, length: u32): void {
    while (length) {
      const part = min<u32>(length, 4096 - (address & 0xfff));
      const host = load<u32>(PAGE_READ + ((<usize>(address >>> 12)) << 2));
      if (host) {
        memory.copy(target, <usize>(host + (address & 0xfff)), part);
      } else {
        for (let i: u32 = 0; i < part; i++)
          store<u8>(target + i, <u8>Physical.read(address + i, 1));
      }
      address += part;
      target += part;
      length -= part;
    }
  }
}

/** Host and tests: physical memory as a bus master sees it; size 1, 2 or 4, not across a page. */
export function readPhysical(address: u32, size: i32): u32 {
  return Physical.read(address, size);
}
export function writePhysical(address: u32, size: i32, value: u32): void {
  Physical.write(address, size, value);
}
