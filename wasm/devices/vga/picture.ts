// VGA: the picture being made: its geometry, its colours, and which part of the framebuffer has changed.

import { FRAMEBUFFER, VRAM_SIZE } from "../../layout";
import {
  ATTR_COLOUR_SELECT,
  ATTR_MODE,
  ATTR_MODE_P54S,
  ATTR_PLANE_ENABLE,
  DAC,
  derived,
  Vga,
  vga,
} from "./state";

/** What the registers make of video memory. */
export enum Kind {
  None = 0, // nothing has been drawn yet
  Blank = 1,
  Text = 2,
  Planar = 3, // one bit in each of four planes
  Interleaved = 4, // two bits in each of two planes, as the CGA had them
  Bytes = 5, // a byte per pixel
  Bits15 = 6,
  Bits16 = 7,
  Bits24 = 8,
  Bits32 = 9,
}

@unmanaged
class Picture {
  kind: Kind;
  width: u32;
  height: u32;
  repeat: u32; // scan lines that make one line of the picture
  doubled: u32; // scan lines per step of the row scan counter: 1 or 2
  rowHeight: u32; // scan lines per character row
  columns: u32; // characters
  cellWidth: u32; // dots
  start: u32; // what the address counter begins with
  offset: u32; // added to it for the next row
  panning: u32; // pixels
  panningBelow: u32; // the same below the split
  firstRow: u32; // preset row scan
  splitLine: u32; // picture line that begins with address 0
  packedStart: u32; // VBE: byte address and bytes per line
  packedStride: u32;
  // The rectangle of the framebuffer that changed in the last frame; right and bottom are outside.
  left: u32;
  top: u32;
  right: u32;
  bottom: u32;
  shownWidth: u32; // as the host was told
  shownHeight: u32;
  cursorShown: u32; // text: state of what blinks, as drawn
  blinkShown: u32;
}
export const picture = changetype<Picture>(memory.data(offsetof<Picture>(), 8));

/** 256 colours of the DAC as pixels. */
export const COLOURS = memory.data(256 * 4, 16);
/** 16 colours of the attribute controller as pixels. */
export const ATTRIBUTE_COLOURS = memory.data(16 * 4, 16);

/** One line of pixels before it is compared with the framebuffer. Panning and whole characters reach beyond the width. */
const LINE_PIXELS = 4096;
export const LINE = memory.data((LINE_PIXELS + 64) * 4, 16);

/** VRAM_DIRTY as it was when the frame began. */
export const DIRTY_PAGES = memory.data(<i32>(VRAM_SIZE >>> 12), 16);

export const OPAQUE: u32 = 0xff00_0000;

export function updateColours(): void {
  const is8Bit = Vga.isDac8Bit();
  for (let i: u32 = 0; i < 256; i++) {
    const at = DAC + (i & vga.dacMask) * 3;
    store<u32>(
      COLOURS + (i << 2),
      level(load<u8>(at), is8Bit) |
        (level(load<u8>(at, 1), is8Bit) << 8) |
        (level(load<u8>(at, 2), is8Bit) << 16) |
        OPAQUE,
    );
  }
  const select = Vga.attribute(ATTR_COLOUR_SELECT);
  const enabled = Vga.attribute(ATTR_PLANE_ENABLE) & 15;
  for (let i: u32 = 0; i < 16; i++) {
    let index = Vga.attribute(i & enabled) & 0x3f;
    if (Vga.attribute(ATTR_MODE) & ATTR_MODE_P54S) index = (index & 15) | ((select & 3) << 4);
    index |= (select & 12) << 4;
    store<u32>(ATTRIBUTE_COLOURS + (i << 2), load<u32>(COLOURS + (index << 2)));
  }
  derived.paletteChanged = 0;
}

function level(value: u8, is8Bit: bool): u32 {
  if (is8Bit) return <u32>value;
  const six = (<u32>value) & 0x3f;
  return (six << 2) | (six >>> 4);
}

export class Frame {
  static begin(): void {
    picture.left = picture.width;
    picture.top = picture.height;
    picture.right = 0;
    picture.bottom = 0;
  }

  @inline static isChanged(): bool {
    return picture.right > picture.left;
  }

  static changed(left: u32, top: u32, right: u32, bottom: u32): void {
    picture.left = min(picture.left, left);
    picture.top = min(picture.top, top);
    picture.right = max(picture.right, right);
    picture.bottom = max(picture.bottom, bottom);
  }

  /** Whether any of the pages of video memory from `start` for `length` bytes was written. Outside of VRAM: yes. */
  static isDirty(start: u32, length: u32): bool {
    if (start + length > VRAM_SIZE) return true;
    const last = (start + length - 1) >>> 12;
    for (let page = start >>> 12; page <= last; page++)
      if (load<u8>(DIRTY_PAGES + page)) return true;
    return false;
  }

  /** Puts a line of pixels on the screen, and notes what differs from what was there. */
  static commitLine(y: u32, source: usize): void {
    const width = picture.width;
    const target = FRAMEBUFFER + <usize>y * <usize>width * 4;
    let first: u32 = width;
    let end: u32 = 0;
    let x: u32 = 0;
    for (; x + 4 <= width; x += 4) {
      const pixels = v128.load(source + ((<usize>x) << 2));
      const there = v128.load(target + ((<usize>x) << 2));
      if (v128.any_true(v128.xor(pixels, there))) {
        v128.store(target + ((<usize>x) << 2), pixels);
        if (first > x) first = x;
        end = x + 4;
      }
    }
    for (; x < width; x++) {
      const pixel = load<u32>(source + ((<usize>x) << 2));
      if (load<u32>(target + ((<usize>x) << 2)) != pixel) {
        store<u32>(target + ((<usize>x) << 2), pixel);
        if (first > x) first = x;
        end = x + 1;
      }
    }
    if (end) Frame.changed(first, y, end, y + 1);
  }
}
