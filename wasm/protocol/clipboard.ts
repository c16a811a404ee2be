// Shared clipboard on the Tandem port. Commands 0300h to 03FFh.
//
// Either side offers formats; the other fetches data when it is pasted. There is one clipboard: each offer, from either side, gets
// the next serial number and takes the place of the one before. Event.Clipboard says that STATE has something new.
//
// A driver that begins asks for STATE as well: what was offered before it came, no event tells.
//
// A guest that was given the host's data does not offer it back: the host may have put it there in other bytes, and each offer
// makes the other side's own stale. Text is UTF-8, lines end with a line feed; HTML is UTF-8, a fragment or a document.

export enum ClipboardCommand {
  State = 0x0301, // -> ClipboardState
  Fetch = 0x0302, // of the host's offer. body: ClipboardFetch [, page list] -> ClipboardData [, the bytes, unless they went to pages]
  Offer = 0x0303, // the guest's. body: ClipboardOffer -> u32 serial number. EAGAIN: the host has offered since; see STATE
  Supply = 0x0304, // what the host wants of the guest's offer. body: ClipboardSupply, then the bytes or the page list
}

/** Bits of a set; of one datum, the bit. */
export enum ClipboardFormat {
  Text = 0x0001, // text/plain
  Html = 0x0002, // text/html
  Png = 0x0004, // image/png
}

/** Bytes of one datum. A larger one is told as E2BIG. */
export const CLIPBOARD_SIZE_MAX = 16777216;
/** Bytes of one FETCH or SUPPLY that uses a page list: pairs of u32 physical address, u32 length. */
export const CLIPBOARD_TRANSFER_MAX = 1048576;

/** Answer of STATE. */
export enum ClipboardState {
  Serial = 0, // u32: of the newest offer
  Formats = 4, // u32: what the host offers under this number; 0 when the offer is the guest's
  Directions = 8, // u32: see ClipboardDirection
  Paste = 12, // u32: 1 when the user wants this offer to be pasted where the guest's focus is; told once
  Wanted = 16, // u32: names a datum of the guest's offer that the host waits for, see SUPPLY; 0 for none
  WantedFormat = 20, // u32
  SIZE = 24,
}

/** What the user allows. */
export enum ClipboardDirection {
  ToGuest = 0x0001, // else FETCH is answered with EACCES
  ToHost = 0x0002, // else OFFER and SUPPLY are
}

export enum ClipboardFetch {
  Serial = 0, // u32: of STATE. ENOENT: there is a newer offer
  Format = 4, // u32
  Offset = 8, // u32
  Length = 12, // u32: bytes wanted; there may be fewer
  Pages = 16, // u32: entries of the page list; 0: the bytes come in the block
  DATA = 20,
}

export enum ClipboardData {
  Total = 0, // u32: bytes of the whole
  Length = 4, // u32: bytes of this piece
  DATA = 8,
}

export enum ClipboardOffer {
  Formats = 0, // u32; 0: what was offered is there no longer
  Seen = 4, // u32: the serial number that the guest knows of
  SIZE = 8,
}

/** Pieces come in order, from 0 on. ENOENT: nobody waits any more. */
export enum ClipboardSupply {
  Wanted = 0, // u32
  Total = 4, // u32: bytes of the whole; FFFFFFFFh: it cannot be had
  Offset = 8, // u32
  Length = 12, // u32
  Pages = 16, // u32: entries of the page list; 0: the bytes are in the block
  DATA = 20,
}
