// VGA: the window at A0000h-BFFFFh, with the write and read modes of the graphics controller.
//
// Where addresses are plain offsets (VBE banks, chain-4 with nothing else switched on) the window is mapped to VRAM directly.
//
// Not implemented: the odd/even page select bit of the miscellaneous output register (the low page is always used).

import { VRAM, VRAM_SIZE } from "../../layout";
import { addHandler, mapHandler, mapVideo, unmap } from "../../memory/physical";
import {
  derived,
  DISPI_BANK,
  GC_BIT_MASK,
  GC_COLOUR_COMPARE,
  GC_COLOUR_DONT_CARE,
  GC_ENABLE_SET_RESET,
  GC_MISC,
  GC_MODE,
  GC_MODE_ODD_EVEN,
  GC_MODE_READ_COMPARE,
  GC_MODE_WRITE,
  GC_READ_MAP,
  GC_ROTATE,
  GC_SET_RESET,
  MEMORY_MODE_CHAIN_4,
  MEMORY_MODE_NOT_ODD_EVEN,
  MISC_MEMORY,
  SEQ_MAP_MASK,
  SEQ_MEMORY_MODE,
  Vga,
  vga,
} from "./state";

const WINDOW: u32 = 0xa_0000;
const WINDOW_SIZE: u32 = 0x2_0000;

const KEY_UNKNOWN: u32 = 0xffff_ffff;
const KEY_MEMORY: u32 = 0x01;
const KEY_SELECT: u32 = 0x06; // bits 2-3 of the graphics controller's miscellaneous register
const KEY_DIRECT: u32 = 0x08;
const KEY_BANK_SHIFT: u32 = 4;

@unmanaged
class WindowState {
  handler: u32;
}
const state = changetype<WindowState>(memory.data(offsetof<WindowState>(), 8));

export function attachWindow(): void {
  state.handler = addHandler(readWindow, writeWindow);
  derived.windowKey = KEY_UNKNOWN;
}

/** Maps the window anew if the registers ask for another one than is mapped. Mapping flushes the TLB, so not otherwise. */
export function updateWindow(): void {
  let key: u32 = vga.misc & MISC_MEMORY ? KEY_MEMORY : 0;
  let bank: u32 = 0;
  derived.planeBank = 0;
  if (Vga.isPacked()) {
    bank = Vga.dispi(DISPI_BANK);
    key |= KEY_DIRECT | 0x02 | (bank << KEY_BANK_SHIFT);
  } else {
    if (Vga.isVbe()) derived.planeBank = Vga.dispi(DISPI_BANK) << 16;
    key |= (Vga.graphics(GC_MISC) >>> 1) & KEY_SELECT;
    if (isPlainChain4()) key |= KEY_DIRECT;
  }
  if (key == derived.windowKey) return;
  derived.windowKey = key;

  const select = (key & KEY_SELECT) >>> 1;
  const base = select < 2 ? WINDOW : select == 2 ? WINDOW + 0x1_0000 : WINDOW + 0x1_8000;
  const size: u32 = select == 0 ? WINDOW_SIZE : select == 1 ? 0x1_0000 : 0x8000;
  derived.windowBase = base;
  if (!(key & KEY_MEMORY) || size != WINDOW_SIZE) unmap(WINDOW, WINDOW_SIZE);
  if (!(key & KEY_MEMORY)) return;
  if (key & KEY_DIRECT) mapVideo(base, size, VRAM + ((bank << 16) & (VRAM_SIZE - 1)));
  else mapHandler(base, size, state.handler);
}

function isPlainChain4(): bool {
  return (
    (Vga.sequencer(SEQ_MEMORY_MODE) & MEMORY_MODE_CHAIN_4) != 0 &&
    (Vga.sequencer(SEQ_MAP_MASK) & 15) == 15 &&
    (Vga.graphics(GC_MODE) & (GC_MODE_WRITE | GC_MODE_READ_COMPARE)) == 0 &&
    Vga.graphics(GC_ROTATE) == 0 &&
    (Vga.graphics(GC_ENABLE_SET_RESET) & 15) == 0 &&
    Vga.graphics(GC_BIT_MASK) == 0xff
  );
}

function readWindow(address: u32, size: i32): u32 {
  const offset = address - derived.windowBase;
  let value = readByte(offset);
  if (size > 1) value |= readByte(offset + 1) << 8;
  if (size > 2) value |= (readByte(offset + 2) << 16) | (readByte(offset + 3) << 24);
  return value;
}

function writeWindow(address: u32, size: i32, value: u32): void {
  const offset = address - derived.windowBase;
  writeByte(offset, value & 0xff);
  if (size > 1) writeByte(offset + 1, (value >>> 8) & 0xff);
  if (size > 2) {
    writeByte(offset + 2, (value >>> 16) & 0xff);
    writeByte(offset + 3, value >>> 24);
  }
}

function readByte(address: u32): u32 {
  let plane = Vga.graphics(GC_READ_MAP) & 3;
  let offset = address;
  if (Vga.sequencer(SEQ_MEMORY_MODE) & MEMORY_MODE_CHAIN_4) {
    plane = address & 3;
    offset = address >>> 2;
  } else if (Vga.graphics(GC_MODE) & GC_MODE_ODD_EVEN) {
    plane = (plane & 2) | (address & 1);
    offset = address & ~1;
  }
  const latch = load<u32>(Vga.plane((offset & 0xffff) + derived.planeBank));
  vga.latch = latch;
  if (!(Vga.graphics(GC_MODE) & GC_MODE_READ_COMPARE)) return (latch >>> (plane << 3)) & 0xff;

  const care = Vga.expand(Vga.graphics(GC_COLOUR_DONT_CARE));
  const compare = Vga.expand(Vga.graphics(GC_COLOUR_COMPARE));
  const differs = (latch ^ compare) & care;
  return ~(differs | (differs >>> 8) | (differs >>> 16) | (differs >>> 24)) & 0xff;
}

function writeByte(address: u32, value: u32): void {
  const memoryMode = Vga.sequencer(SEQ_MEMORY_MODE);
  let planes = Vga.sequencer(SEQ_MAP_MASK) & 15;
  let offset = address;
  if (memoryMode & MEMORY_MODE_CHAIN_4) {
    planes &= (<u32>1) << (address & 3);
    offset = address >>> 2;
  } else if (!(memoryMode & MEMORY_MODE_NOT_ODD_EVEN)) {
    planes &= (<u32>5) << (address & 1);
    offset = address & ~1;
  }
  if (planes & 4) derived.fontChanged = 1;

  const host = Vga.plane((offset & 0xffff) + derived.planeBank);
  const mode = Vga.graphics(GC_MODE) & GC_MODE_WRITE;
  const before = load<u32>(host);
  let data: u32;
  if (mode == 1) {
    data = vga.latch;
  } else {
    const rotate = Vga.graphics(GC_ROTATE);
    let bits = Vga.graphics(GC_BIT_MASK);
    if (mode == 2) {
      data = Vga.expand(value);
    } else {
      const count = rotate & 7;
      value = ((value >>> count) | (value << (8 - count))) & 0xff;
      const setReset = Vga.expand(Vga.graphics(GC_SET_RESET));
      if (mode == 3) {
        bits &= value;
        data = setReset;
      } else {
        const enabled = Vga.expand(Vga.graphics(GC_ENABLE_SET_RESET));
        data = ((value * 0x0101_0101) & ~enabled) | (setReset & enabled);
      }
    }
    const operation = (rotate >>> 3) & 3;
    if (operation == 1) data &= vga.latch;
    else if (operation == 2) data |= vga.latch;
    else if (operation == 3) data ^= vga.latch;
    const mask = bits * 0x0101_0101;
    data = (data & mask) | (vga.latch & ~mask);
  }
  const select = Vga.expand(planes);
  const after = (before & ~select) | (data & select);
  if (after == before) return;
  store<u32>(host, after);
  Vga.markDirty(host);
}
