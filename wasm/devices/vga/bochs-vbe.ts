// Bochs VBE extensions ("DISPI"): ports 1CEh (index) and 1CFh (data, also 1D0h), 16 bits wide.
//
// Resolutions are limited by the picture the renderer has room for, not only by video memory.

import { onRead, onWrite } from "../../bus/ports";
import { FRAMEBUFFER_SIZE, VRAM, VRAM_SIZE } from "../../layout";
import { VRAM_DIRTY } from "../../memory/physical";
import { DISPLAY_HEIGHT_MAX, DISPLAY_WIDTH_MAX } from "../../protocol/display";
import { updateWindow } from "./memory";
import {
  derived,
  DIRTY_BY_HANDLER,
  DISPI_BANK,
  DISPI_BPP,
  DISPI_COUNT,
  DISPI_ENABLE,
  DISPI_ID,
  DISPI_MEMORY_64K,
  DISPI_VIRTUAL_HEIGHT,
  DISPI_VIRTUAL_WIDTH,
  DISPI_X_OFFSET,
  DISPI_XRES,
  DISPI_Y_OFFSET,
  DISPI_YRES,
  ENABLE_GET_CAPS,
  ENABLE_NO_CLEAR,
  ENABLE_ON,
  Vga,
  vga,
} from "./state";

const PORT_INDEX: u16 = 0x1ce;
const PORT_DATA: u16 = 0x1cf;
const PORT_DATA_ALIGNED: u16 = 0x1d0;

const ID_FIRST: u32 = 0xb0c0;
const ID_LAST: u32 = 0xb0c5;
const MAX_WIDTH: u32 = DISPLAY_WIDTH_MAX;
const MAX_HEIGHT: u32 = DISPLAY_HEIGHT_MAX;
const MAX_BPP: u32 = 32;
const BANK_SIZE: u32 = 0x1_0000;

export function attachBochsVbe(): void {
  onRead(PORT_INDEX, 2, readIndex);
  onWrite(PORT_INDEX, 2, writeIndex);
  onRead(PORT_DATA, 2, readData);
  onWrite(PORT_DATA, 2, writeData);
  onRead(PORT_DATA_ALIGNED, 2, readData);
  onWrite(PORT_DATA_ALIGNED, 2, writeData);
}

export function resetBochsVbe(): void {
  for (let i = 0; i < DISPI_COUNT; i++) Vga.setDispi(i, 0);
  Vga.setDispi(DISPI_ID, ID_LAST);
  Vga.setDispi(DISPI_BPP, 8);
  vga.dispiIndex = 0;
}

function readIndex(_port: u16): u32 {
  return vga.dispiIndex;
}

function writeIndex(_port: u16, value: u32): void {
  vga.dispiIndex = value & 0xffff;
}

function readData(_port: u16): u32 {
  return readDispi(vga.dispiIndex);
}

function writeData(_port: u16, value: u32): void {
  writeDispi(vga.dispiIndex, value & 0xffff);
}

/** Bytes from one line to the next; of the four planes together in 4-bit modes. */
export function dispiStride(): u32 {
  const width = Vga.dispi(DISPI_VIRTUAL_WIDTH);
  const bpp = Vga.dispi(DISPI_BPP);
  return bpp == 4 ? ((width + 7) >>> 3) << 2 : width * ((bpp + 7) >>> 3);
}

export function readDispi(index: u32): u32 {
  if (index >= <u32>DISPI_COUNT) return 0;
  if (index == DISPI_MEMORY_64K) return VRAM_SIZE / BANK_SIZE;
  if (Vga.dispi(DISPI_ENABLE) & ENABLE_GET_CAPS) {
    if (index == DISPI_XRES) return MAX_WIDTH;
    if (index == DISPI_YRES) return MAX_HEIGHT;
    if (index == DISPI_BPP) return MAX_BPP;
  }
  return Vga.dispi(index);
}

export function writeDispi(index: u32, value: u32): void {
  switch (index) {
    case DISPI_ID:
      if (value >= ID_FIRST && value <= ID_LAST) Vga.setDispi(DISPI_ID, value);
      return;
    case DISPI_XRES:
      if (value >= 1 && value <= MAX_WIDTH) Vga.setDispi(DISPI_XRES, value);
      break;
    case DISPI_YRES:
      if (value >= 1 && value <= MAX_HEIGHT) Vga.setDispi(DISPI_YRES, value);
      break;
    case DISPI_BPP:
      if (value == 0) value = 8; // what the first version of the interface had
      if (value == 4 || value == 8 || value == 15 || value == 16 || value == 24 || value == 32)
        Vga.setDispi(DISPI_BPP, value);
      break;
    case DISPI_ENABLE:
      writeEnable(value);
      break;
    case DISPI_BANK:
      if (value < VRAM_SIZE / BANK_SIZE) Vga.setDispi(DISPI_BANK, value);
      updateWindow();
      return;
    case DISPI_VIRTUAL_WIDTH:
      Vga.setDispi(DISPI_VIRTUAL_WIDTH, value);
      break;
    case DISPI_X_OFFSET:
      Vga.setDispi(DISPI_X_OFFSET, value);
      break;
    case DISPI_Y_OFFSET:
      Vga.setDispi(DISPI_Y_OFFSET, value);
      break;
    default:
      return;
  }
  if (Vga.isVbe()) fitRegisters();
  derived.changed = 1;
  derived.timingChanged = 1;
  derived.paletteChanged = 1;
  updateWindow();
}

function writeEnable(value: u32): void {
  const turnedOn = (value & ENABLE_ON) != 0 && !Vga.isVbe();
  Vga.setDispi(DISPI_ENABLE, value);
  if (!turnedOn) return;
  Vga.setDispi(DISPI_BANK, 0);
  Vga.setDispi(DISPI_VIRTUAL_WIDTH, Vga.dispi(DISPI_XRES));
  Vga.setDispi(DISPI_X_OFFSET, 0);
  Vga.setDispi(DISPI_Y_OFFSET, 0);
  fitRegisters();
  if (value & ENABLE_NO_CLEAR) return;
  const length = min<u32>(dispiStride() * Vga.dispi(DISPI_YRES), VRAM_SIZE);
  memory.fill(VRAM, 0, length);
  memory.fill(VRAM_DIRTY, DIRTY_BY_HANDLER, (length + 4095) >>> 12);
}

/** Makes the registers agree with each other and with the memory there is. */
function fitRegisters(): void {
  const width = max<u32>(Vga.dispi(DISPI_XRES), 8);
  Vga.setDispi(DISPI_XRES, width);
  const rows = min<u32>(max<u32>(Vga.dispi(DISPI_YRES), 1), FRAMEBUFFER_SIZE / 4 / width);
  Vga.setDispi(DISPI_YRES, rows);
  Vga.setDispi(DISPI_VIRTUAL_WIDTH, max<u32>(Vga.dispi(DISPI_VIRTUAL_WIDTH), width));
  if (dispiStride() * rows > VRAM_SIZE) Vga.setDispi(DISPI_VIRTUAL_WIDTH, width);
  const virtualRows = VRAM_SIZE / dispiStride();
  Vga.setDispi(DISPI_VIRTUAL_HEIGHT, min<u32>(virtualRows, 0xffff));
  Vga.setDispi(
    DISPI_X_OFFSET,
    min<u32>(Vga.dispi(DISPI_X_OFFSET), Vga.dispi(DISPI_VIRTUAL_WIDTH) - width),
  );
  Vga.setDispi(DISPI_Y_OFFSET, min<u32>(Vga.dispi(DISPI_Y_OFFSET), virtualRows - rows));
}
