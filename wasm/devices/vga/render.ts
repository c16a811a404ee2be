// VGA: from registers and video memory to the framebuffer, once per frame, only where something changed.

import { setPictureMeter } from "../../bus/pointer";
import { hostEvent } from "../../host";
import { FRAMEBUFFER, FRAMEBUFFER_SIZE, VRAM_SIZE } from "../../layout";
import { VRAM_DIRTY } from "../../memory/physical";
import { rearmVideoTracking } from "../../memory/tlb";
import { MachineEvent } from "../../protocol/events";
import { dispiStride } from "./bochs-vbe";
import { renderPacked, renderScanned } from "./graphics";
import { DIRTY_PAGES, Frame, Kind, OPAQUE, picture, updateColours } from "./picture";
import {
  ATTR_INDEX_DISPLAY,
  ATTR_MODE,
  ATTR_MODE_256,
  ATTR_MODE_PANNING_TOP_ONLY,
  ATTR_PANNING,
  CLOCKING_8_DOTS,
  CLOCKING_SCREEN_OFF,
  CRTC_LINE_COMPARE,
  CRTC_MAX_SCAN,
  CRTC_MODE,
  CRTC_MODE_ROW_TO_A13,
  CRTC_MODE_ROW_TO_A14,
  CRTC_OFFSET,
  CRTC_OVERFLOW,
  CRTC_PRESET_ROW,
  CRTC_START_HIGH,
  CRTC_START_LOW,
  derived,
  DIRTY_BY_HANDLER,
  DISPI_BPP,
  DISPI_VIRTUAL_WIDTH,
  DISPI_X_OFFSET,
  DISPI_XRES,
  DISPI_Y_OFFSET,
  DISPI_YRES,
  GC_MISC,
  GC_MISC_GRAPHICS,
  GC_MODE,
  GC_MODE_256,
  GC_MODE_INTERLEAVED,
  SEQ_CLOCKING,
  Vga,
  vga,
} from "./state";
import { copyText, renderText } from "./text";

const MAX_SCAN_DOUBLE: u32 = 0x80;
const MAX_LINE_PIXELS: u32 = 4096;

/** Host, about 60 times a second: brings the framebuffer up to date. Returns 1 if a pixel changed. */
export function renderFrame(): i32 {
  if (derived.changed) updateGeometry();
  Frame.begin();
  let full = derived.changed != 0 || derived.paletteChanged != 0;
  if (derived.paletteChanged) updateColours();
  derived.changed = 0;

  if (
    picture.kind != Kind.Blank &&
    (picture.width != picture.shownWidth || picture.height != picture.shownHeight)
  ) {
    picture.shownWidth = picture.width;
    picture.shownHeight = picture.height;
    clear();
    hostEvent(MachineEvent.VideoMode, <i32>picture.width, <i32>picture.height);
  }

  const written = takeDirtyPages();
  if (picture.kind == Kind.Blank) {
    if (full) clear();
  } else if (picture.kind == Kind.Text) {
    // A write past the window's handler may have changed the font.
    full = full || derived.fontChanged != 0 || (written & 1) != 0;
    derived.fontChanged = 0;
    renderText(full, written != 0);
  } else if (full || written) {
    if (isPacked()) renderPacked(full);
    else renderScanned(full);
  }
  return Frame.isChanged() ? 1 : 0;
}

/** The picture as the registers are now, also when nobody looks at it. */
export function attachPictureMeter(): void {
  setPictureMeter(pictureSize);
}

function pictureSize(): u32 {
  if (derived.changed) updateGeometry();
  return (picture.width << 16) | picture.height;
}

/** Moves VRAM_DIRTY to DIRTY_PAGES; returns all marks together, 0 when nothing was written. */
function takeDirtyPages(): u32 {
  const end = <usize>(VRAM_SIZE >>> 12);
  let all: u64 = 0;
  for (let at: usize = 0; at < end; at += 8) all |= load<u64>(VRAM_DIRTY + at);
  if (!all) return 0;
  memory.copy(DIRTY_PAGES, VRAM_DIRTY, end);
  memory.fill(VRAM_DIRTY, 0, end);
  all |= all >> 32;
  all |= all >> 16;
  all |= all >> 8;
  const marks = (<u32>all) & 0xff;
  if (marks & ~(<u32>DIRTY_BY_HANDLER)) rearmVideoTracking();
  return marks;
}

function clear(): void {
  const count = <usize>picture.width * <usize>picture.height;
  for (let i: usize = 0; i < count; i++) store<u32>(FRAMEBUFFER + (i << 2), OPAQUE);
  Frame.changed(0, 0, picture.width, picture.height);
}

function isPacked(): bool {
  return picture.packedStride != 0;
}

/** Reads from the registers what the screen shows. */
function updateGeometry(): void {
  picture.packedStride = 0;
  if (Vga.isPacked()) {
    packedGeometry();
    return;
  }
  if (
    Vga.sequencer(SEQ_CLOCKING) & CLOCKING_SCREEN_OFF ||
    !(vga.attributeIndex & ATTR_INDEX_DISPLAY)
  ) {
    picture.kind = Kind.Blank;
    return;
  }
  scannedGeometry();
}

function packedGeometry(): void {
  const bpp = Vga.dispi(DISPI_BPP);
  picture.kind =
    bpp == 32
      ? Kind.Bits32
      : bpp == 24
        ? Kind.Bits24
        : bpp == 16
          ? Kind.Bits16
          : bpp == 15
            ? Kind.Bits15
            : Kind.Bytes;
  picture.width = Vga.dispi(DISPI_XRES);
  picture.height = Vga.dispi(DISPI_YRES);
  picture.packedStride = dispiStride();
  picture.packedStart =
    Vga.dispi(DISPI_Y_OFFSET) * picture.packedStride +
    Vga.dispi(DISPI_X_OFFSET) * ((bpp + 7) >>> 3);
}

function scannedGeometry(): void {
  const overflow = Vga.crtc(CRTC_OVERFLOW);
  const maxScan = Vga.crtc(CRTC_MAX_SCAN);
  const preset = Vga.crtc(CRTC_PRESET_ROW);
  const attributeMode = Vga.attribute(ATTR_MODE);
  const graphicsMode = Vga.graphics(GC_MODE);
  const isText = !(Vga.graphics(GC_MISC) & GC_MISC_GRAPHICS);

  let lines = Vga.displayLines();
  let compare = Vga.crtc(CRTC_LINE_COMPARE) | ((overflow & 0x10) << 4) | ((maxScan & 0x40) << 3);
  picture.kind = isText
    ? Kind.Text
    : graphicsMode & GC_MODE_256
      ? Kind.Bytes
      : graphicsMode & GC_MODE_INTERLEAVED
        ? Kind.Interleaved
        : Kind.Planar;
  picture.columns = Vga.crtc(1) + 1;
  picture.cellWidth = isText
    ? Vga.sequencer(SEQ_CLOCKING) & CLOCKING_8_DOTS
      ? 8
      : 9
    : picture.kind == Kind.Bytes
      ? 4
      : 8;
  picture.rowHeight = (maxScan & 0x1f) + 1;
  picture.doubled = maxScan & MAX_SCAN_DOUBLE ? 2 : 1;
  picture.start =
    ((Vga.crtc(CRTC_START_HIGH) << 8) | Vga.crtc(CRTC_START_LOW)) + ((preset >>> 5) & 3);
  picture.offset = Vga.crtc(CRTC_OFFSET) << 1;
  picture.firstRow = min<u32>(preset & 0x1f, picture.rowHeight - 1);
  let panning = Vga.attribute(ATTR_PANNING) & 15;
  if (isText && picture.cellWidth == 9) panning = panning >= 8 ? 0 : panning + 1;
  else if (picture.kind == Kind.Bytes && attributeMode & ATTR_MODE_256)
    panning = (panning & 7) >>> 1;
  else panning &= 7;
  let width = picture.columns * picture.cellWidth;

  if (Vga.isVbe()) {
    width = Vga.dispi(DISPI_XRES);
    lines = Vga.dispi(DISPI_YRES);
    compare = 0xffff;
    picture.kind = Kind.Planar;
    picture.cellWidth = 8;
    picture.columns = (width + 7) >>> 3;
    picture.rowHeight = 1;
    picture.doubled = 1;
    picture.firstRow = 0;
    picture.offset = (Vga.dispi(DISPI_VIRTUAL_WIDTH) + 7) >>> 3;
    picture.start = Vga.dispi(DISPI_Y_OFFSET) * picture.offset + (Vga.dispi(DISPI_X_OFFSET) >>> 3);
    panning = Vga.dispi(DISPI_X_OFFSET) & 7;
  }
  picture.panning = panning;
  picture.panningBelow = attributeMode & ATTR_MODE_PANNING_TOP_ONLY ? 0 : panning;

  // Scan lines that show the same again are shown once.
  const interlaced =
    (Vga.crtc(CRTC_MODE) & (CRTC_MODE_ROW_TO_A13 | CRTC_MODE_ROW_TO_A14)) !=
    (CRTC_MODE_ROW_TO_A13 | CRTC_MODE_ROW_TO_A14);
  picture.repeat = isText || interlaced ? picture.doubled : picture.doubled * picture.rowHeight;
  picture.width = min<u32>(width, MAX_LINE_PIXELS);
  picture.height = max<u32>(
    1,
    min<u32>(lines / picture.repeat, FRAMEBUFFER_SIZE / 4 / picture.width),
  );
  picture.splitLine = (compare + picture.repeat) / picture.repeat;
}

export function resetPicture(): void {
  if (picture.kind == Kind.None) scannedGeometry(); // a size, should the guest blank the screen before the first frame
  derived.changed = 1;
  derived.paletteChanged = 1;
  derived.fontChanged = 1;
  derived.cursorChanged = 1;
  derived.timingChanged = 1;
}

/** Host: size of the picture; rows of the framebuffer have no gaps. */
export function frameWidth(): i32 {
  return <i32>picture.width;
}
export function frameHeight(): i32 {
  return <i32>picture.height;
}

/** Host: width to height as a monitor shows it. All VGA modes fill a 4:3 screen; VBE modes have square pixels. */
export function frameAspect(): f64 {
  return isPacked() || Vga.isVbe() ? <f64>picture.width / <f64>picture.height : 4.0 / 3.0;
}

/** Host: the rectangle that changed in the last frame. */
export function dirtyX(): i32 {
  return Frame.isChanged() ? <i32>picture.left : 0;
}
export function dirtyY(): i32 {
  return Frame.isChanged() ? <i32>picture.top : 0;
}
export function dirtyWidth(): i32 {
  return Frame.isChanged() ? <i32>(picture.right - picture.left) : 0;
}
export function dirtyHeight(): i32 {
  return Frame.isChanged() ? <i32>(picture.bottom - picture.top) : 0;
}

/**
 * Host: the visible text as bytes (rows x columns characters, CP437) to `pointer`; returns columns << 16 | rows, or 0 in a
 * graphics mode.
 */
export function textScreen(pointer: usize): i32 {
  if (derived.changed) {
    updateGeometry();
    derived.changed = 2; // the frame has yet to be drawn
  }
  return picture.kind == Kind.Text ? copyText(pointer) : 0;
}
