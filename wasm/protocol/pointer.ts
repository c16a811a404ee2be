// The integrated pointer on the Tandem port: registers of the state, and commands about mode and cursor.
//
// The state is read from registers (tandem-port.ts): reading PointerSequence latches all of them at one moment. Button changes
// are kept in order: each latch takes at most one, with the position it happened at, and More says that another waits.

/** Bits of Register.PointerButtons. */
export enum PointerState {
  Left = 0x0001,
  Right = 0x0002,
  Middle = 0x0004,
  Back = 0x0008,
  Forward = 0x0010,
  Absolute = 0x0100, // the position counts
  Relative = 0x0200, // the host has captured the pointer: the deltas count
  More = 0x8000, // latch again: an older change was taken, newer ones wait
}

export enum PointerCommand {
  Mode = 0x0101, // body: u32 PointerMode the driver wants; Automatic after HELLO
  CursorShape = 0x0102, // body: CursorShape, then the picture. Width and height 0: none, the guest draws its cursor itself again
  CursorShow = 0x0103, // body: u32: 1 shown, 0 hidden
  CursorWarp = 0x0104, // body: u32 x, u32 y in pixels: the guest has moved its cursor itself
  CursorPosition = 0x0105, // body: u32 x, u32 y in pixels: where the guest has its cursor now
  Grab = 0x0106, // body: u32: 1 asks for the pointer to be captured (games), 0 gives it back
  CursorPiece = 0x0107, // body: CursorPiece, then bytes: of a body of CURSOR_SHAPE that does not fit into the driver's block
}

export enum PointerMode {
  Relative = 0,
  Absolute = 1,
  Automatic = 2,
  Elsewhere = 3, // only in Event.PointerMode: the host gives its pointer to another device of this machine
}

/** Offsets in the body of CursorShape. */
export enum CursorShape {
  Width = 0, // u16, up to CURSOR_SIZE_MAX
  Height = 2, // u16
  HotX = 4, // u16, inside the picture
  HotY = 6, // u16
  Format = 8, // u32: see CursorFormat
  PICTURE = 12,
}

export const CURSOR_SIZE_MAX = 128;

/** Pieces come in order, from 0 on; with the last one the shape is there. EINVAL: begin again. */
export enum CursorPiece {
  Total = 0, // u32: bytes of the whole
  Offset = 4, // u32
  Length = 8, // u32
  DATA = 12,
}

export enum CursorFormat {
  /** AND mask, then XOR mask, one bit a pixel, rows of whole bytes, highest bit left. AND 1 and XOR 1 inverts the screen. */
  Mono = 0,
  /** Four bytes a pixel: blue, green, red, alpha; not premultiplied. */
  Argb = 1,
}
