// VGA: the registers at ports 3B0h-3BBh and 3C0h-3DFh: sequencer, graphics controller, CRT controller, attribute controller, DAC.
//
// Not implemented: the vertical retrace interrupt (IRQ 2), light pen, monitor sense by the DAC's comparators, changes in the
// middle of a frame (a frame shows the registers as they are when it is drawn).

import { Clock } from "../../bus/clock";
import { onRead, onWrite } from "../../bus/ports";
import { updateWindow } from "./memory";
import {
  ATTR_COUNT,
  ATTR_INDEX_DISPLAY,
  ATTRIBUTE,
  CLOCKING_8_DOTS,
  CLOCKING_HALF,
  CRTC,
  CRTC_COUNT,
  CRTC_CURSOR_END,
  CRTC_CURSOR_HIGH,
  CRTC_CURSOR_LOW,
  CRTC_CURSOR_START,
  CRTC_OVERFLOW,
  CRTC_RETRACE_END,
  CRTC_RETRACE_START,
  DAC,
  derived,
  DISPI_YRES,
  GC_MISC,
  GC_MODE,
  GC_READ_MAP,
  GRAPHICS,
  MISC_COLOUR_PORTS,
  SEQ_CHARACTER_MAP,
  SEQ_CLOCKING,
  SEQUENCER,
  Vga,
  vga,
} from "./state";

const CRTC_LATCH: u32 = 0x22; // undocumented, read only: the latch of the plane selected for reading
const CRTC_FLIP_FLOP: u32 = 0x24; // undocumented, read only: bit 7 is the attribute controller's flip-flop
const CRTC_PROTECT: u32 = 0x80; // in CRTC_RETRACE_END

const STATUS_0_SWITCH: u32 = 0x10; // a colour monitor answers the sense
const STATUS_1_BLANK: u32 = 0x01;
const STATUS_1_RETRACE: u32 = 0x08;

const CLOCK_25: u64 = 25_175_000;
const CLOCK_28: u64 = 28_322_000;
const NANOSECONDS: u64 = 1_000_000_000;
// A retrace of two lines is over in 64 us. A host clock can be coarser than that, and a guest that waits for the retrace would
// miss most of them; so it lasts into the blank lines that follow it.
const RETRACE_NANOSECONDS: u32 = 320_000;

const SEQUENCER_MASKS = memory.data<u8>([0x03, 0x3d, 0x0f, 0x3f, 0x0e, 0, 0, 0]);
const GRAPHICS_MASKS = memory.data<u8>([
  0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff, 0, 0, 0, 0, 0, 0, 0,
]);

// The 80x25 colour text mode as the IBM VGA BIOS sets it (mode 3), so that a guest booted without a BIOS has a screen.
const TEXT_MISC: u32 = 0x67;
const TEXT_SEQUENCER = memory.data<u8>([0x03, 0x00, 0x03, 0x00, 0x02]);
const TEXT_GRAPHICS = memory.data<u8>([0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0e, 0x0f, 0xff]);
const TEXT_CRTC = memory.data<u8>([
  0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00, 0x4f, 0x0d, 0x0e, 0x00, 0x00, 0x00, 0x00,
  0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff,
]);
const TEXT_ATTRIBUTE = memory.data<u8>([
  0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f,
  0x0c, 0x00, 0x0f, 0x08, 0x00,
]);

export function attachRegisters(): void {
  for (let port: u16 = 0x3b0; port <= 0x3bb; port++) attachPort(port);
  for (let port: u16 = 0x3c0; port <= 0x3df; port++) attachPort(port);
}

function attachPort(port: u16): void {
  onRead(port, 1, readRegister);
  onWrite(port, 1, writeRegister);
}

export function resetRegisters(): void {
  memory.copy(SEQUENCER, TEXT_SEQUENCER, 5);
  memory.copy(GRAPHICS, TEXT_GRAPHICS, 9);
  memory.copy(CRTC, TEXT_CRTC, CRTC_COUNT);
  memory.copy(ATTRIBUTE, TEXT_ATTRIBUTE, ATTR_COUNT);
  vga.misc = TEXT_MISC;
  vga.feature = 0;
  vga.sequencerIndex = 0;
  vga.graphicsIndex = 0;
  vga.crtcIndex = 0;
  vga.attributeIndex = ATTR_INDEX_DISPLAY;
  vga.attributeData = 0;
  vga.dacMask = 0xff;
  vga.dacReadIndex = 0;
  vga.dacWriteIndex = 0;
  vga.dacComponent = 0;
  vga.dacState = 0;
  vga.latch = 0;
  // The 64 colours of the EGA, rgbRGB: the capital letters weigh two thirds, the small ones a third.
  for (let i: u32 = 0; i < 256; i++) {
    setColour(i, 0, ((i >>> 2) & 1) * 42 + ((i >>> 5) & 1) * 21);
    setColour(i, 1, ((i >>> 1) & 1) * 42 + ((i >>> 4) & 1) * 21);
    setColour(i, 2, (i & 1) * 42 + ((i >>> 3) & 1) * 21);
  }
}

function setColour(index: u32, component: u32, value: u32): void {
  store<u8>(DAC + index * 3 + component, <u8>value);
}

/** Whether a CRTC-side port answers: they sit at 3Bx or at 3Dx. */
function isSelected(port: u32): bool {
  return (port & 0xf0) == (vga.misc & MISC_COLOUR_PORTS ? 0xd0 : 0xb0);
}

export function readRegister(port16: u16): u32 {
  const port = <u32>port16;
  switch (port) {
    case 0x3c0:
      return vga.attributeIndex;
    case 0x3c1:
      return (vga.attributeIndex & 0x1f) < <u32>ATTR_COUNT
        ? Vga.attribute(vga.attributeIndex & 0x1f)
        : 0;
    case 0x3c2:
      return STATUS_0_SWITCH;
    case 0x3c3:
      return 1;
    case 0x3c4:
      return vga.sequencerIndex;
    case 0x3c5:
      return Vga.sequencer(vga.sequencerIndex);
    case 0x3c6:
      return vga.dacMask;
    case 0x3c7:
      return vga.dacState;
    case 0x3c8:
      return vga.dacWriteIndex;
    case 0x3c9:
      return readDac();
    case 0x3ca:
      return vga.feature;
    case 0x3cc:
      return vga.misc;
    case 0x3ce:
      return vga.graphicsIndex;
    case 0x3cf:
      return Vga.graphics(vga.graphicsIndex);
    case 0x3b4:
    case 0x3d4:
      return isSelected(port) ? vga.crtcIndex : 0xff;
    case 0x3b5:
    case 0x3d5:
      return isSelected(port) ? readCrtc() : 0xff;
    case 0x3ba:
    case 0x3da:
      if (!isSelected(port)) return 0xff;
      vga.attributeData = 0;
      return readStatus();
    default:
      return 0xff;
  }
}

export function writeRegister(port16: u16, value32: u32): void {
  const port = <u32>port16;
  const value = value32 & 0xff;
  switch (port) {
    case 0x3c0:
      writeAttribute(value);
      return;
    case 0x3c2:
      if (vga.misc == value) return;
      vga.misc = value;
      derived.timingChanged = 1;
      updateWindow();
      return;
    case 0x3c4:
      vga.sequencerIndex = value & 7;
      return;
    case 0x3c5:
      writeSequencer(vga.sequencerIndex, value);
      return;
    case 0x3c6:
      if (vga.dacMask == value) return;
      vga.dacMask = value;
      derived.paletteChanged = 1;
      return;
    case 0x3c7:
      vga.dacReadIndex = value;
      vga.dacComponent = 0;
      vga.dacState = 3;
      return;
    case 0x3c8:
      vga.dacWriteIndex = value;
      vga.dacComponent = 0;
      vga.dacState = 0;
      return;
    case 0x3c9:
      writeDac(value);
      return;
    case 0x3ce:
      vga.graphicsIndex = value & 15;
      return;
    case 0x3cf:
      writeGraphics(vga.graphicsIndex, value);
      return;
    case 0x3b4:
    case 0x3d4:
      if (isSelected(port)) vga.crtcIndex = value & 0x3f;
      return;
    case 0x3b5:
    case 0x3d5:
      if (isSelected(port)) writeCrtc(vga.crtcIndex, value);
      return;
    case 0x3ba:
    case 0x3da:
      if (isSelected(port)) vga.feature = value & 3;
      return;
    default:
      return;
  }
}

function writeSequencer(index: u32, unmasked: u32): void {
  const value = unmasked & (<u32>load<u8>(SEQUENCER_MASKS + index));
  if (Vga.sequencer(index) == value) return;
  store<u8>(SEQUENCER + index, <u8>value);
  if (index == SEQ_CLOCKING) {
    derived.changed = 1;
    derived.timingChanged = 1;
  } else if (index == SEQ_CHARACTER_MAP) {
    derived.changed = 1;
  } else {
    updateWindow();
  }
}

function writeGraphics(index: u32, unmasked: u32): void {
  const value = unmasked & (<u32>load<u8>(GRAPHICS_MASKS + index));
  const before = Vga.graphics(index);
  if (before == value) return;
  store<u8>(GRAPHICS + index, <u8>value);
  if (index == GC_MISC || (index == GC_MODE && (before ^ value) & 0x60)) derived.changed = 1;
  updateWindow();
}

function readCrtc(): u32 {
  if (vga.crtcIndex < <u32>CRTC_COUNT) return Vga.crtc(vga.crtcIndex);
  if (vga.crtcIndex == CRTC_LATCH)
    return (vga.latch >>> ((Vga.graphics(GC_READ_MAP) & 3) << 3)) & 0xff;
  if (vga.crtcIndex == CRTC_FLIP_FLOP) return vga.attributeData << 7;
  return 0;
}

function writeCrtc(index: u32, written: u32): void {
  if (index >= <u32>CRTC_COUNT) return;
  let value = written;
  const before = Vga.crtc(index);
  if (index <= <u32>CRTC_OVERFLOW && Vga.crtc(CRTC_RETRACE_END) & CRTC_PROTECT) {
    // Bit 8 of the line compare is not protected: it is changed on the fly for split screens.
    if (index != CRTC_OVERFLOW) return;
    value = (before & ~0x10) | (value & 0x10);
  }
  if (before == value) return;
  store<u8>(CRTC + index, <u8>value);
  if (
    index == CRTC_CURSOR_START ||
    index == CRTC_CURSOR_END ||
    index == CRTC_CURSOR_HIGH ||
    index == CRTC_CURSOR_LOW
  ) {
    derived.cursorChanged = 1;
  } else {
    derived.changed = 1;
    derived.timingChanged = 1;
  }
}

function writeAttribute(value: u32): void {
  if (!vga.attributeData) {
    if ((vga.attributeIndex ^ value) & ATTR_INDEX_DISPLAY) derived.changed = 1;
    vga.attributeIndex = value & 0x3f;
  } else {
    const index = vga.attributeIndex & 0x1f;
    if (index < <u32>ATTR_COUNT && Vga.attribute(index) != value) {
      store<u8>(ATTRIBUTE + index, <u8>value);
      derived.changed = 1;
      derived.paletteChanged = 1;
    }
  }
  vga.attributeData ^= 1;
}

function readDac(): u32 {
  const value = <u32>load<u8>(DAC + vga.dacReadIndex * 3 + vga.dacComponent);
  if (++vga.dacComponent == 3) {
    vga.dacComponent = 0;
    vga.dacReadIndex = (vga.dacReadIndex + 1) & 0xff;
  }
  return value;
}

function writeDac(value: u32): void {
  const at = DAC + vga.dacWriteIndex * 3 + vga.dacComponent;
  const stored = Vga.isDac8Bit() ? value : value & 0x3f;
  if (<u32>load<u8>(at) != stored) {
    store<u8>(at, <u8>stored);
    derived.paletteChanged = 1;
  }
  if (++vga.dacComponent == 3) {
    vga.dacComponent = 0;
    vga.dacWriteIndex = (vga.dacWriteIndex + 1) & 0xff;
  }
}

/** Input status 1: where the beam is, from the programmed timing and the guest's clock. */
function readStatus(): u32 {
  if (derived.timingChanged) updateTiming();
  const position = <u32>(Clock.now() % <u64>(derived.lineTime * derived.totalLines));
  const line = position / derived.lineTime;
  let status: u32 = 0;
  if (line >= derived.displayLines || position % derived.lineTime >= derived.displayTime)
    status |= STATUS_1_BLANK;
  if (line >= derived.retraceLine && line < derived.retraceEnd) status |= STATUS_1_RETRACE;
  return status;
}

/** Nanoseconds of a frame, for what blinks. */
export function frameTime(): u32 {
  if (derived.timingChanged) updateTiming();
  return derived.lineTime * derived.totalLines;
}

function updateTiming(): void {
  derived.timingChanged = 0;
  const overflow = Vga.crtc(CRTC_OVERFLOW);
  let characters = Vga.crtc(0) + 5;
  let shown = Vga.crtc(1) + 1;
  let total = (Vga.crtc(6) | ((overflow & 0x01) << 8) | ((overflow & 0x20) << 4)) + 2;
  let lines = Vga.displayLines();
  let retrace = Vga.crtc(CRTC_RETRACE_START) | ((overflow & 0x04) << 6) | ((overflow & 0x80) << 2);
  const dots: u64 = Vga.sequencer(SEQ_CLOCKING) & CLOCKING_8_DOTS ? 8 : 9;
  const slow: u64 = Vga.sequencer(SEQ_CLOCKING) & CLOCKING_HALF ? 2 : 1;
  const clock = ((vga.misc >>> 2) & 3) == 1 ? CLOCK_28 : CLOCK_25;
  let lineTime = <u32>((<u64>characters * dots * slow * NANOSECONDS) / clock);
  if (Vga.isPacked()) {
    // The DISPI interface has no timing: 60 Hz.
    lines = Vga.dispi(DISPI_YRES);
    retrace = lines + 10;
    total = lines + 45;
    lineTime = <u32>NANOSECONDS / 60 / total;
    characters = 5;
    shown = 4;
  }
  // Between two register writes of a mode set the numbers need not make sense.
  if (retrace < lines || retrace >= total) retrace = lines;
  if (total < lines + 8) total = lines + 8;
  derived.lineTime = min<u32>(max<u32>(lineTime, 1000), 200_000);
  derived.totalLines = total;
  derived.displayLines = lines;
  derived.retraceLine = retrace;
  derived.retraceEnd = min<u32>(total, retrace + 2 + RETRACE_NANOSECONDS / derived.lineTime);
  derived.displayTime = (derived.lineTime / characters) * min<u32>(shown, characters - 1);
}
