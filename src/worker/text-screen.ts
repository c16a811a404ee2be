// The VGA text screen as text.

import type { Core } from "./core";

/** Lines of the text screen without trailing blanks; none in a graphics mode. */
export function readTextScreen(core: Core): string[] {
  const buffer = core.exports.HOST_BUFFERS.value as number;
  const size = core.exports.textScreen(buffer) >>> 0;
  const columns = size >>> 16;
  const rows = size & 0xffff;
  const cells = core.bytes(buffer, columns * rows);
  return Array.from({ length: rows }, (_, row) => {
    const line = cells.subarray(row * columns, (row + 1) * columns);
    return Array.from(line, (cell) => CODE_PAGE_437[cell])
      .join("")
      .trimEnd();
  });
}

/** The IBM PC's character set. */
const CODE_PAGE_437 = [
  ..." ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼",
  ...Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)),
  ..."⌂ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»",
  ..."░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■ ",
];
