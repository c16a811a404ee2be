// VGA graphics modes: one line of video memory to one line of pixels, for each line whose memory was written.
//
// Not implemented: the CRTC's count-by-two and count-by-four, which no known guest uses.

import { VRAM, VRAM_SIZE } from "../../layout";
import { ATTRIBUTE_COLOURS, COLOURS, Frame, Kind, LINE, OPAQUE, picture } from "./picture";
import {
  CRTC_MODE,
  CRTC_MODE_BYTE,
  CRTC_MODE_ROW_TO_A13,
  CRTC_MODE_ROW_TO_A14,
  CRTC_MODE_WRAP_64K,
  CRTC_UNDERLINE,
  UNDERLINE_DOUBLEWORD,
  Vga,
} from "./state";

const SPREAD = memory.data(256 * 8, 16); // for each byte: its bits, the highest first, as eight bytes

export function attachGraphics(): void {
  for (let byte: usize = 0; byte < 256; byte++) {
    for (let bit: usize = 0; bit < 8; bit++) {
      store<u8>(SPREAD + (byte << 3) + bit, <u8>((byte >>> (7 - bit)) & 1));
    }
  }
}

/** VBE modes with packed pixels. */
export function renderPacked(full: bool): void {
  const bytes = picture.width * bytesPerPixel();
  for (let y: u32 = 0; y < picture.height; y++) {
    const start = picture.packedStart + y * picture.packedStride;
    if (start + bytes > VRAM_SIZE) return;
    if (!full && !Frame.isDirty(start, bytes)) continue;
    convertPacked(VRAM + start);
    Frame.commitLine(y, LINE);
  }
}

function bytesPerPixel(): u32 {
  switch (picture.kind) {
    case Kind.Bits15:
    case Kind.Bits16:
      return 2;
    case Kind.Bits24:
      return 3;
    case Kind.Bits32:
      return 4;
    default:
      return 1;
  }
}

function convertPacked(source: usize): void {
  const width = picture.width;
  switch (picture.kind) {
    case Kind.Bits32:
      convert32(source, width);
      break;
    case Kind.Bits24:
      for (let x: u32 = 0; x < width; x++) {
        const at = source + <usize>(x * 3);
        putPixel(x, <u32>load<u8>(at, 2), <u32>load<u8>(at, 1), <u32>load<u8>(at));
      }
      break;
    case Kind.Bits16:
      for (let x: u32 = 0; x < width; x++) {
        const value = <u32>load<u16>(source + ((<usize>x) << 1));
        const green = (value >>> 5) & 63;
        putPixel(x, five(value >>> 11), (green << 2) | (green >>> 4), five(value));
      }
      break;
    case Kind.Bits15:
      for (let x: u32 = 0; x < width; x++) {
        const value = <u32>load<u16>(source + ((<usize>x) << 1));
        putPixel(x, five(value >>> 10), five(value >>> 5), five(value));
      }
      break;
    default:
      convertBytes(source, width);
  }
}

function five(value: u32): u32 {
  return ((value & 31) << 3) | ((value & 31) >>> 2);
}

function putPixel(x: u32, red: u32, green: u32, blue: u32): void {
  store<u32>(LINE + ((<usize>x) << 2), red | (green << 8) | (blue << 16) | OPAQUE);
}

/** B G R x in memory to R G B 255; four pixels at a time, the last group may reach beyond the width. */
function convert32(source: usize, width: u32): void {
  const alpha = i32x4.splat(<i32>OPAQUE);
  for (let at: usize = 0; at < (<usize>width) << 2; at += 16) {
    const pixels = v128.load(source + at);
    const swapped = i8x16.shuffle(
      pixels,
      alpha,
      2,
      1,
      0,
      19,
      6,
      5,
      4,
      23,
      10,
      9,
      8,
      27,
      14,
      13,
      12,
      31,
    );
    v128.store(LINE + at, swapped);
  }
}

function convertBytes(source: usize, count: u32): void {
  for (let x: usize = 0; x < <usize>count; x++) {
    store<u32>(LINE + (x << 2), load<u32>(COLOURS + ((<usize>load<u8>(source + x)) << 2)));
  }
}

/** Modes that the CRTC scans: planar, CGA-like and 256 colours. */
export function renderScanned(full: bool): void {
  const crtcMode = Vga.crtc(CRTC_MODE);
  const rowScanLines = picture.rowHeight * picture.doubled;
  for (let y: u32 = 0; y < picture.height; y++) {
    const below = y >= picture.splitLine;
    const line = below
      ? (y - picture.splitLine) * picture.repeat
      : y * picture.repeat + picture.firstRow * picture.doubled;
    const row = line / rowScanLines;
    const scan = (line % rowScanLines) / picture.doubled;
    const counter = (below ? 0 : picture.start) + row * picture.offset;
    drawLine(y, counter, scan, crtcMode, below ? picture.panningBelow : picture.panning, full);
  }
}

function drawLine(y: u32, counter: u32, scan: u32, crtcMode: u32, panning: u32, full: bool): void {
  const cells = picture.columns + (panning ? 1 : 0);
  // The VGA's address counter has 16 bits; VBE's planar modes need more.
  const wrap: u32 = Vga.isVbe() ? 0xffff_ffff : 0xffff;
  const first = Scan.offset(counter & wrap, scan, crtcMode);
  const last = Scan.offset((counter + cells - 1) & wrap, scan, crtcMode);
  if (!full && last >= first) {
    const start = <u32>(Vga.plane(first) - VRAM);
    if (!Frame.isDirty(start, (last - first + 1) << 2)) return;
  }
  for (let cell: u32 = 0; cell < cells; cell++) {
    const source = Vga.plane(Scan.offset((counter + cell) & wrap, scan, crtcMode));
    if (picture.kind == Kind.Planar) Scan.planar(source, cell);
    else if (picture.kind == Kind.Interleaved) Scan.interleaved(source, cell);
    else Scan.bytes(source, cell);
  }
  Frame.commitLine(y, LINE + ((<usize>panning) << 2));
}

class Scan {
  /** Offset in the planes that the address counter and the row scan select. */
  @inline static offset(counter: u32, scan: u32, crtcMode: u32): u32 {
    let address = counter;
    // Doubleword addresses belong to chain-4, whose addresses are VRAM's own here: see state.ts.
    if (!(crtcMode & CRTC_MODE_BYTE) && !(Vga.crtc(CRTC_UNDERLINE) & UNDERLINE_DOUBLEWORD)) {
      const wrapped = crtcMode & CRTC_MODE_WRAP_64K ? counter >>> 15 : counter >>> 13;
      address = ((counter << 1) & 0xffff) | (wrapped & 1);
    }
    if (!(crtcMode & CRTC_MODE_ROW_TO_A13)) address = (address & ~0x2000) | ((scan & 1) << 13);
    if (!(crtcMode & CRTC_MODE_ROW_TO_A14)) address = (address & ~0x4000) | ((scan & 2) << 13);
    return address;
  }

  @inline static attribute(target: usize, index: u32): void {
    store<u32>(target, load<u32>(ATTRIBUTE_COLOURS + ((<usize>index) << 2)));
  }

  @inline static planar(source: usize, cell: u32): void {
    const target = LINE + ((<usize>cell) << 5);
    let indices =
      load<u64>(SPREAD + ((<usize>load<u8>(source)) << 3)) |
      (load<u64>(SPREAD + ((<usize>load<u8>(source, 1)) << 3)) << 1) |
      (load<u64>(SPREAD + ((<usize>load<u8>(source, 2)) << 3)) << 2) |
      (load<u64>(SPREAD + ((<usize>load<u8>(source, 3)) << 3)) << 3);
    for (let dot: usize = 0; dot < 32; dot += 4) {
      Scan.attribute(target + dot, (<u32>indices) & 15);
      indices >>= 8;
    }
  }

  /** Planes 0 and 2 make the left four pixels, 1 and 3 the right ones. */
  @inline static interleaved(source: usize, cell: u32): void {
    const target = LINE + ((<usize>cell) << 5);
    const planes = load<u32>(source);
    for (let dot: u32 = 0; dot < 8; dot++) {
      const shift = 6 - ((dot & 3) << 1) + ((dot & 4) << 1);
      const index = ((planes >>> shift) & 3) | (((planes >>> (shift + 16)) & 3) << 2);
      Scan.attribute(target + ((<usize>dot) << 2), index);
    }
  }

  @inline static bytes(source: usize, cell: u32): void {
    const target = LINE + ((<usize>cell) << 4);
    for (let dot: usize = 0; dot < 4; dot++) {
      store<u32>(target + (dot << 2), load<u32>(COLOURS + ((<usize>load<u8>(source + dot)) << 2)));
    }
  }
}
