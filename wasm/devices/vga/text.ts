// VGA text modes: cells of a character and an attribute, drawn when they differ from what is on the screen.
//
// Not implemented: skew of cursor and display enable.

import { Clock } from "../../bus/clock";
import { FRAMEBUFFER } from "../../layout";
import { ATTRIBUTE_COLOURS, Frame, picture } from "./picture";
import { frameTime } from "./registers";
import {
  ATTR_MODE,
  ATTR_MODE_BLINK,
  ATTR_MODE_LINE_GRAPHICS,
  CRTC_CURSOR_END,
  CRTC_CURSOR_HIGH,
  CRTC_CURSOR_LOW,
  CRTC_CURSOR_START,
  CRTC_MODE,
  CRTC_MODE_BYTE,
  CRTC_MODE_WRAP_64K,
  CRTC_UNDERLINE,
  derived,
  SEQ_CHARACTER_MAP,
  Vga,
} from "./state";

const CURSOR_OFF: u32 = 0x20; // in CRTC_CURSOR_START
const CURSOR_FRAMES: u64 = 8; // on, then off
const BLINK_FRAMES: u64 = 16;

const CELL_CURSOR: u32 = 0x1_0000;
const CELL_HIDDEN: u32 = 0x2_0000; // the dark half of blinking
const CELL_VALID: u32 = 0x8000_0000;
/** What each cell on the screen was drawn from: character, attribute << 8, the flags above. */
const CELL_CAPACITY: u32 = 0x1_0000;
const CELLS = memory.data(<i32>CELL_CAPACITY * 4, 16);

@unmanaged
class TextState {
  cell: u32; // number of the next cell within CELLS
  cursor: u32; // counter value of the cell with the cursor; none when it is off
  blinking: u32;
  hidden: u32;
  fontA: usize; // attribute bit 3 set
  fontB: usize;
}
const text = changetype<TextState>(memory.data(offsetof<TextState>(), 8));
const NO_CURSOR: u32 = 0xffff_ffff;

/** Draws what has changed since the last frame; all of it with `full`. `dirty`: video memory was written. */
export function renderText(full: bool, dirty: bool): void {
  const frame = Clock.now() / <u64>frameTime();
  const cursorOn: u32 = (frame / CURSOR_FRAMES) & 1 ? 0 : 1;
  const hidden: u32 = (frame / BLINK_FRAMES) & 1 ? 1 : 0;
  const blinking = Vga.attribute(ATTR_MODE) & ATTR_MODE_BLINK;
  const blinkedNow = cursorOn != picture.cursorShown || (blinking && hidden != picture.blinkShown);
  if (!full && !dirty && !blinkedNow && !derived.cursorChanged) return;

  picture.cursorShown = cursorOn;
  picture.blinkShown = hidden;
  derived.cursorChanged = 0;
  if (full) memory.fill(CELLS, 0, <usize>CELL_CAPACITY * 4);
  text.cell = 0;
  text.blinking = blinking;
  text.hidden = hidden;
  text.cursor =
    cursorOn && !(Vga.crtc(CRTC_CURSOR_START) & CURSOR_OFF)
      ? (Vga.crtc(CRTC_CURSOR_HIGH) << 8) | Vga.crtc(CRTC_CURSOR_LOW)
      : NO_CURSOR;
  const map = Vga.sequencer(SEQ_CHARACTER_MAP);
  text.fontB = fontAddress((map & 3) | ((map & 0x10) >>> 2));
  text.fontA = fontAddress(((map >>> 2) & 3) | ((map & 0x20) >>> 3));

  const height = picture.height;
  let counter = picture.start;
  let row = picture.firstRow;
  let panning = picture.panning;
  let below = false;
  let y: u32 = 0;
  while (y < height) {
    let count = min(picture.rowHeight - row, height - y);
    if (!below && y + count > picture.splitLine) count = picture.splitLine - y;
    if (count) drawRow(y, row, count, counter, panning);
    y += count;
    row = 0;
    counter += picture.offset;
    if (!below && y == picture.splitLine) {
      below = true;
      counter = 0;
      panning = picture.panningBelow;
    }
  }
}

/** Maps 0-7 begin at 0, 16, 32, 48, 8, 24, 40, 56 KB of plane 2. */
function fontAddress(map: u32): usize {
  return Vga.plane((map & 3) * 0x4000 + (map >>> 2) * 0x2000) + 2;
}

/** Offset in the planes of a character, from the address counter. */
function cellOffset(counter: u32): u32 {
  const mode = Vga.crtc(CRTC_MODE);
  if (mode & CRTC_MODE_BYTE) return counter & 0xffff;
  const wrapped = mode & CRTC_MODE_WRAP_64K ? counter >>> 15 : counter >>> 13;
  return ((counter << 1) & 0xffff) | (wrapped & 1);
}

function drawRow(y: u32, firstScan: u32, count: u32, counter: u32, panning: u32): void {
  const columns = picture.columns + (panning ? 1 : 0);
  for (let column: u32 = 0; column < columns; column++) {
    const address = (counter + column) & 0xffff;
    let cell = (<u32>load<u16>(Vga.plane(cellOffset(address)))) | CELL_VALID;
    if (address == text.cursor) cell |= CELL_CURSOR;
    if (text.hidden && text.blinking && cell & 0x8000) cell |= CELL_HIDDEN;
    if (text.cell < CELL_CAPACITY) {
      const cached = CELLS + ((<usize>text.cell) << 2);
      text.cell++;
      if (load<u32>(cached) == cell) continue;
      store<u32>(cached, cell);
    }
    drawCell(<i32>(column * picture.cellWidth) - <i32>panning, y, firstScan, count, cell);
  }
}

function drawCell(x: i32, y: u32, firstScan: u32, count: u32, cell: u32): void {
  const character = cell & 0xff;
  const attribute = (cell >>> 8) & 0xff;
  const background = text.blinking ? (attribute >>> 4) & 7 : attribute >>> 4;
  const paper = load<u32>(ATTRIBUTE_COLOURS + (background << 2));
  const ink = cell & CELL_HIDDEN ? paper : load<u32>(ATTRIBUTE_COLOURS + ((attribute & 15) << 2));
  const glyph = (attribute & 8 ? text.fontA : text.fontB) + ((<usize>character) << 7);

  const width = picture.cellWidth;
  // The ninth dot is paper, but line drawing characters reach into it.
  const ninth: u32 =
    Vga.attribute(ATTR_MODE) & ATTR_MODE_LINE_GRAPHICS && (character & 0xe0) == 0xc0 ? 1 : 0;
  const underline: u32 = (attribute & 0x77) == 0x01 ? Vga.crtc(CRTC_UNDERLINE) & 0x1f : NO_CURSOR;
  const cursorStart: u32 = cell & CELL_CURSOR ? Vga.crtc(CRTC_CURSOR_START) & 0x1f : NO_CURSOR;
  const cursorEnd = Vga.crtc(CRTC_CURSOR_END) & 0x1f;

  const left = max<i32>(x, 0);
  const right = min<i32>(x + <i32>width, <i32>picture.width);
  const whole = right - left == <i32>width;
  const inks = i32x4.splat(<i32>ink);
  const papers = i32x4.splat(<i32>paper);
  const stride = (<usize>picture.width) << 2;
  let target = FRAMEBUFFER + <usize>y * stride;
  for (let scan = firstScan; scan < firstScan + count; scan++) {
    let dots = <u32>load<u8>(glyph + ((<usize>(scan & 31)) << 2));
    if (scan == underline || (scan >= cursorStart && scan <= cursorEnd)) {
      dots = 0x1ff;
    } else if (width == 9) {
      dots = (dots << 1) | (dots & ninth);
    }
    if (whole) {
      const at = target + ((<usize>left) << 2);
      const shift = width - 8;
      v128.store(at, fourDots(dots >>> (shift + 4), inks, papers));
      v128.store(at, fourDots(dots >>> shift, inks, papers), 16);
      if (shift) store<u32>(at, dots & 1 ? ink : paper, 32);
    } else {
      for (let at = left; at < right; at++) {
        const dot = (dots >>> (width - 1 - <u32>(at - x))) & 1;
        store<u32>(target + ((<usize>at) << 2), dot ? ink : paper);
      }
    }
    target += stride;
  }
  if (right > left) Frame.changed(<u32>left, y, <u32>right, y + count);
}

/** The low four bits as pixels, the highest on the left. */
function fourDots(dots: u32, inks: v128, papers: v128): v128 {
  const bits = i32x4(8, 4, 2, 1);
  const set = i32x4.eq(v128.and(i32x4.splat(<i32>dots), bits), bits);
  return v128.bitselect(inks, papers, set);
}

/**
 * Host: the visible text as bytes (rows x columns characters, CP437) to `pointer`; returns columns << 16 | rows, or 0 in a
 * graphics mode.
 */
export function copyText(pointer: usize): i32 {
  const rows = picture.height / picture.rowHeight;
  let counter = picture.start;
  for (let row: u32 = 0; row < rows; row++) {
    for (let column: u32 = 0; column < picture.columns; column++) {
      store<u8>(pointer++, load<u8>(Vga.plane(cellOffset((counter + column) & 0xffff))));
    }
    counter += picture.offset;
  }
  return <i32>((picture.columns << 16) | rows);
}
