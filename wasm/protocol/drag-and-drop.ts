// Drag and drop on the Tandem port: files that the user drops on the machine's screen, and files that a guest gives to the user.
// Commands 0800h to 08FFh.
//
// A driver that takes drops asks for Feature.DragAndDrop. Event.Drop tells that there is something; while the user drags, the
// pointer moves as always. Texts are UTF-8 and end with a zero byte or with the block. Page lists are as in shared-folders.ts.

export enum DropCommand {
  Take = 0x0801, // -> DropTaken: the oldest drop that was not taken; NoEntry when there is none
  Item = 0x0802, // body: DropRead up to Index -> DropItem, then the name
  Read = 0x0803, // body: DropRead [, page list] -> u32 length [, the bytes, unless they went to the pages]
  Finish = 0x0804, // body: DropFinish, then words for the user: the drop is done with
}

/** Drops that wait for the guest, and files of one. */
export const DROPS_MAX = 16;
export const DROP_ITEMS_MAX = 1024;
/** Bytes of one READ or WRITE. */
export const DROP_TRANSFER_MAX = 1048576;

export enum DropTaken {
  Drop = 0, // u32: its number
  Items = 4, // u32
  X = 8, // u32: where on the screen, in pixels
  Y = 12,
  SIZE = 16,
}

export enum DropItem {
  Length = 0, // u64
  Modified = 8, // u64: milliseconds since 1970, UTC
  NameLength = 16, // u32
  NAME = 20,
}

export enum DropRead {
  Drop = 0, // u32
  Index = 4, // u32
  Position = 8, // u64
  Length = 16, // u32
  Pages = 20, // u32: entries of the page list; 0: the bytes come in the block
  DATA = 24,
}

export enum DropFinish {
  Drop = 0, // u32
  Taken = 4, // u32: 0 when the guest could not do anything with it
  WORDS = 8,
}

/** A file for the user: the page offers it as a download. */
export enum SaveCommand {
  Begin = 0x0810, // body: the name -> u32 number, never 0
  Write = 0x0811, // body: SaveWrite, then the bytes or the page list; they follow those before
  End = 0x0812, // body: u32 number, u32 1 when it is complete, 0 to forget it
}

/** Files that are being saved at once, and bytes of one. */
export const SAVES_MAX = 4;
export const SAVE_SIZE_MAX = 1073741824;
export const SAVE_NAME_MAX = 255;

export enum SaveWrite {
  Save = 0, // u32
  Length = 4, // u32
  Pages = 8, // u32: entries of the page list; 0: the bytes are in the block
  DATA = 12,
}
