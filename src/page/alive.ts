// A program of ours that shows the machine alive when no guest is there: colours that move with the timer, and a serial
// port that answers. A multiboot image with load addresses in its header, so that no firmware is needed.

import { TandemError } from "../shared/errors";

const LOAD_ADDRESS = 0x10_0000;
const HEADER_MAGIC = 0x1bad_b002;
const HEADER_ADDRESSES = 0x1_0000;
const HEADER_SIZE = 32;

const SCREEN = 0xb_8000;
const COLUMNS = 80;
const ROW = COLUMNS * 2;
const SCREEN_BYTES = ROW * 25;
const TITLE_ROW = 3;
const COLOURS_ROW = 11;
const WHITE_ON_BLUE = 0x1f;
const GREETING = [
  "Tandem is alive.",
  "",
  "This small program runs on an empty PC. Its colours move with the timer.",
  "The serial console echoes what you type there.",
  "Drop an image of a floppy, disk or CD on this page, or a kernel, to start it.",
];

const TIMER_VECTOR = 0x20;
const IDT_SIZE = (TIMER_VECTOR + 1) * 8;

/** The image, to be started as a kernel. */
export function aliveProgram(): Uint8Array<ArrayBuffer> {
  // The layout does not depend on the addresses in it, so a first pass with zeros measures it.
  const measured = program({ handler: 0, idt: 0, idtPointer: 0, text: 0 });
  const handler = LOAD_ADDRESS + HEADER_SIZE + measured.main.length;
  const idt = alignUp(handler + measured.handler.length, 8);
  const idtPointer = idt + IDT_SIZE;
  const text = idtPointer + 6;
  const { main, handler: handlerCode } = program({ handler, idt, idtPointer, text });
  const cells = GREETING.map((line) => line.padEnd(COLUMNS).slice(0, COLUMNS)).join("");

  const image = new Uint8Array(text - LOAD_ADDRESS + cells.length);
  const view = new DataView(image.buffer);
  const end = LOAD_ADDRESS + image.length;
  const header = [
    HEADER_MAGIC,
    HEADER_ADDRESSES,
    -(HEADER_MAGIC + HEADER_ADDRESSES), // the checksum makes the sum of the three zero
    LOAD_ADDRESS, // where this header is
    LOAD_ADDRESS,
    end,
    end,
    LOAD_ADDRESS + HEADER_SIZE, // entry
  ];
  header.forEach((value, index) => view.setInt32(index * 4, value | 0, true));
  image.set(main, HEADER_SIZE);
  image.set(handlerCode, handler - LOAD_ADDRESS);
  const gate = idt - LOAD_ADDRESS + TIMER_VECTOR * 8;
  view.setUint16(gate, handler & 0xffff, true);
  view.setUint16(gate + 4, 0x8e00, true); // present, 32-bit interrupt gate; the selector is set at run time
  view.setUint16(gate + 6, handler >>> 16, true);
  view.setUint16(idtPointer - LOAD_ADDRESS, IDT_SIZE - 1, true);
  view.setUint32(idtPointer + 2 - LOAD_ADDRESS, idt, true);
  image.set(new TextEncoder().encode(cells), text - LOAD_ADDRESS);
  return image;
}

interface Addresses {
  handler: number;
  idt: number;
  idtPointer: number;
  text: number;
}

function program({ idt, idtPointer, text }: Addresses): { main: number[]; handler: number[] } {
  const outByte = (port: number, value: number): number[] => [
    ...[0xb0, value], // mov al, value
    ...[0xe6, port], // out port, al
  ];
  const colours = [
    ...[0xbf, ...dword(SCREEN + COLOURS_ROW * ROW)], // mov edi, the first row of colours
    ...[0x31, 0xc9], // xor ecx, ecx
  ];
  const cell = [
    ...[0x8d, 0x04, 0x29], // lea eax, [ecx+ebp]
    ...[0xc1, 0xe8, 0x02], // shr eax, 2: a colour is four cells wide
    ...[0x24, 0x0f], // and al, 0fh
    ...[0x88, 0xc4], // mov ah, al: the colour
    ...[0xb0, 0xdb], // mov al, 0dbh: a full block
    ...[0x66, 0xab], // stosw
    ...[0x41], // inc ecx
    ...[0x81, 0xf9, ...dword(COLUMNS * 3)], // cmp ecx, three rows
  ];
  const echo = [
    ...[0x66, 0xba, 0xfd, 0x03], // mov dx, 3fdh: the line status of COM1
    ...[0xec], // in al, dx
    ...[0xa8, 0x01], // test al, 1: has a byte arrived?
    ...[0x74, 0x08], // jz past the echo
    ...[0x66, 0xba, 0xf8, 0x03], // mov dx, 3f8h
    ...[0xec], // in al, dx
    ...[0xee], // out dx, al
  ];
  const loop = [
    0xf4, // hlt: until the timer's next interrupt
    0x45, // inc ebp: the ticks so far
    ...colours,
    ...cell,
    ...[0x72, back(cell.length + 2)], // jb cell
    ...echo,
    ...[0xeb, back(echo.length + 2)], // jmp echo: there may be more
  ];
  const main = [
    0xfa, // cli
    0xfc, // cld
    ...[0x66, 0x8c, 0xc8], // mov ax, cs
    ...[0x66, 0xa3, ...dword(idt + TIMER_VECTOR * 8 + 2)], // mov [gate's selector], ax
    ...[0x0f, 0x01, 0x1d, ...dword(idtPointer)], // lidt [idtPointer]
    ...outByte(0x20, 0x11), // the first 8259A: initialise,
    ...outByte(0x21, TIMER_VECTOR), // its vectors,
    ...outByte(0x21, 0x04), // the second one on line 2,
    ...outByte(0x21, 0x01), // 8086 mode,
    ...outByte(0x21, 0xfe), // the timer's line alone
    ...outByte(0x43, 0x34), // the 8254's channel 0: rate generator,
    ...outByte(0x40, 0xa9), // 1193182 Hz / 59561: 20 times a second
    ...outByte(0x40, 0xe8),
    ...[0xbf, ...dword(SCREEN)], // mov edi, SCREEN
    ...[0xb9, ...dword(SCREEN_BYTES / 4)], // mov ecx, its size in dwords
    ...[0xb8, ...dword(((WHITE_ON_BLUE << 8) | 0x20) * 0x1_0001)], // mov eax, two blanks
    ...[0xf3, 0xab], // rep stosd
    ...[0xbf, ...dword(SCREEN + TITLE_ROW * ROW)], // mov edi, the title's row
    ...[0xbe, ...dword(text)], // mov esi, text
    ...[0xb9, ...dword(GREETING.length * COLUMNS)], // mov ecx, its length
    ...[0xa4], // movsb: the character,
    ...[0x47], // inc edi: past the attribute
    ...[0xe2, back(4)], // loop movsb
    ...[0x31, 0xed], // xor ebp, ebp
    0xfb, // sti
    ...loop,
  ];
  // After the echo comes the way back to hlt, which the jz above lands on.
  main.push(0xeb, back(loop.length + 2)); // jmp loop
  const handler = [
    0x50, // push eax
    ...outByte(0x20, 0x20), // end of interrupt
    0x58, // pop eax
    0xcf, // iretd
  ];
  return { main, handler };
}

function dword(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff];
}

/** The displacement of a short jump back over `length` bytes, the jump's own two included. */
function back(length: number): number {
  if (length > 128) throw new TandemError("core-crash", "A jump of the start program is too long.");
  return -length & 0xff;
}

function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
