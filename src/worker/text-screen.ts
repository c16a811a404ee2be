// The VGA text screen as text, read as a guest would read it: through the adapter's registers and its memory.

import type { Core } from "./core";

const CRTC_COLOR = 0x3d4;
const CRTC_MONO = 0x3b4;
const GRAPHICS = 0x3ce;
const VBE_INDEX = 0x1ce;
const VBE_DATA = 0x1cf;
const VBE_ENABLE = 4;
const VBE_ENABLED = 1;
const MISCELLANEOUS_READ = 0x3cc;

const CRTC_COLUMNS = 0x01;
const CRTC_OVERFLOW = 0x07;
const CRTC_CELL_HEIGHT = 0x09;
const CRTC_START_HIGH = 0x0c;
const CRTC_START_LOW = 0x0d;
const CRTC_DISPLAY_END = 0x12;
const GRAPHICS_MISCELLANEOUS = 6;
const ALPHANUMERIC_DISABLE = 1;

/** Lines of the text screen without trailing blanks; none in a graphics mode. */
export function readTextScreen(core: Core): string[] {
  const { readPort, writePort, readPhysical } = core.exports;
  const indexed = (port: number, index: number): number => {
    const before = readPort(port, 1);
    writePort(port, 1, index);
    const value = readPort(port + 1, 1) & 0xff;
    writePort(port, 1, before);
    return value;
  };

  const vbeIndex = readPort(VBE_INDEX, 2);
  writePort(VBE_INDEX, 2, VBE_ENABLE);
  const vbe = readPort(VBE_DATA, 2) & 0xffff;
  writePort(VBE_INDEX, 2, vbeIndex);
  if (vbe !== 0xffff && vbe & VBE_ENABLED) return [];

  const mode = indexed(GRAPHICS, GRAPHICS_MISCELLANEOUS);
  if (mode & ALPHANUMERIC_DISABLE) return [];
  const crtc = readPort(MISCELLANEOUS_READ, 1) & 1 ? CRTC_COLOR : CRTC_MONO;
  const columns = indexed(crtc, CRTC_COLUMNS) + 1;
  const overflow = indexed(crtc, CRTC_OVERFLOW);
  const scanLines =
    (indexed(crtc, CRTC_DISPLAY_END) | ((overflow & 0x02) << 7) | ((overflow & 0x40) << 3)) + 1;
  const cellHeight = (indexed(crtc, CRTC_CELL_HEIGHT) & 0x1f) + 1;
  const rows = Math.min(Math.floor(scanLines / cellHeight), 100);
  if (columns > 200 || rows < 1) return [];
  const start = (indexed(crtc, CRTC_START_HIGH) << 8) | indexed(crtc, CRTC_START_LOW);
  const window = (mode >> 2) & 3;
  const base = window === 2 ? 0xb0000 : window === 3 ? 0xb8000 : 0xa0000;
  const cells = window < 2 ? 0x8000 : 0x4000;

  const lines: string[] = [];
  for (let row = 0; row < rows; row++) {
    let line = "";
    for (let column = 0; column < columns; column++) {
      const at = (start + row * columns + column) % cells;
      line += CODE_PAGE_437[readPhysical(base + at * 2, 1) & 0xff];
    }
    lines.push(line.trimEnd());
  }
  return lines;
}

/** The IBM PC's character set. */
const CODE_PAGE_437 = [
  ..." ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼",
  ...Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)),
  ..."⌂ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»",
  ..."░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■ ",
];
