// Worker side of the integrated pointer: the guest's cursor, checked and made ready for the page to draw.
//
// A guest may change its cursor at every step; the page hears of the newest state once a slice.

import type { MachineEvent } from "../../shared/api";
import {
  CURSOR_SIZE_MAX,
  CursorFormat,
  CursorPiece,
  CursorShape,
  PointerCommand,
} from "../../../wasm/protocol/pointer";
import { commonTime } from "../pointer-input";
import { INVALID, NO_COMMAND, OK, type Reply, type Service } from "./service";

type CursorShapeEvent = Extract<MachineEvent, { type: "cursor-shape" }>;

const BYTES_PER_PIXEL = 4;
const OPAQUE = 255;
const BODY_MAX = CursorShape.PICTURE + CURSOR_SIZE_MAX * CURSOR_SIZE_MAX * BYTES_PER_PIXEL;

export class PointerService implements Service {
  readonly range = 0x01;
  readonly #tell: (event: MachineEvent) => void;
  /** The newest of each type, in the order in which the types were first seen. */
  readonly #news = new Map<MachineEvent["type"], MachineEvent>();
  #isVisible = true;
  #isGrabbed = false;
  /** Of a shape that comes in pieces: its body, and how much of it is there. */
  #body = new Uint8Array(0);
  #received = 0;

  constructor(tell: (event: MachineEvent) => void) {
    this.#tell = tell;
  }

  request(command: number, body: Uint8Array<ArrayBuffer>): Reply {
    const view = new DataView(body.buffer);
    switch (command as PointerCommand) {
      case PointerCommand.CursorShape:
        return this.#shape(body);
      case PointerCommand.CursorPiece:
        return body.length < CursorPiece.DATA ? INVALID : this.#piece(body, view);
      case PointerCommand.CursorShow:
        if (body.length < 4) return INVALID;
        this.#isVisible = view.getUint32(0, true) !== 0;
        return this.#note({ type: "cursor-visible", visible: this.#isVisible });
      case PointerCommand.CursorWarp:
        if (body.length < 8) return INVALID;
        return this.#note({ type: "cursor-warp", ...readPlace(view) });
      case PointerCommand.CursorPosition:
        if (body.length < 8) return INVALID;
        return this.#note({ type: "cursor-position", ...readPlace(view), time: commonTime() });
      case PointerCommand.Grab:
        if (body.length < 4) return INVALID;
        this.#isGrabbed = view.getUint32(0, true) !== 0;
        return this.#note({ type: "pointer-grab", wanted: this.#isGrabbed });
      default:
        return NO_COMMAND;
    }
  }

  /** The cursor is the host's again, and free. */
  endSession(): void {
    this.#news.clear();
    this.#received = 0;
    if (this.#isGrabbed) this.#tell({ type: "pointer-grab", wanted: false });
    if (!this.#isVisible) this.#tell({ type: "cursor-visible", visible: true });
    this.#isGrabbed = false;
    this.#isVisible = true;
  }

  flush(): void {
    if (this.#news.size === 0) return;
    for (const event of this.#news.values()) this.#tell(event);
    this.#news.clear();
  }

  #shape(body: Uint8Array<ArrayBuffer>): Reply {
    const shape = isNone(body) ? ({ type: "cursor-none" } as const) : readShape(body);
    if (!shape) return INVALID;
    this.#news.delete(shape.type === "cursor-shape" ? "cursor-none" : "cursor-shape");
    return this.#note(shape);
  }

  #piece(body: Uint8Array<ArrayBuffer>, view: DataView): Reply {
    const total = view.getUint32(CursorPiece.Total, true);
    const offset = view.getUint32(CursorPiece.Offset, true);
    const length = view.getUint32(CursorPiece.Length, true);
    const data = body.subarray(CursorPiece.DATA, CursorPiece.DATA + length);
    if (offset === 0 && total <= BODY_MAX) {
      this.#body = new Uint8Array(total);
      this.#received = 0;
    }
    if (data.length < length || length > this.#body.length - offset) return INVALID;
    if (total !== this.#body.length || offset !== this.#received) return INVALID;
    this.#body.set(data, offset);
    this.#received += length;
    return this.#received === total ? this.#shape(this.#body) : OK;
  }

  #note(event: MachineEvent): Reply {
    this.#news.set(event.type, event);
    return OK;
  }
}

function readPlace(view: DataView): { x: number; y: number } {
  return { x: view.getUint32(0, true), y: view.getUint32(4, true) };
}

function isNone(body: Uint8Array<ArrayBuffer>): boolean {
  if (body.length < CursorShape.PICTURE) return false;
  return new DataView(body.buffer).getUint32(CursorShape.Width, true) === 0; // with the height
}

/** The body of CursorShape; undefined when it has no picture. */
export function readShape(body: Uint8Array<ArrayBuffer>): CursorShapeEvent | undefined {
  if (body.length < CursorShape.PICTURE) return undefined;
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const width = view.getUint16(CursorShape.Width, true);
  const height = view.getUint16(CursorShape.Height, true);
  const hotX = view.getUint16(CursorShape.HotX, true);
  const hotY = view.getUint16(CursorShape.HotY, true);
  const format = view.getUint32(CursorShape.Format, true) as CursorFormat;
  if (width < 1 || width > CURSOR_SIZE_MAX || height < 1 || height > CURSOR_SIZE_MAX)
    return undefined;
  if (hotX >= width || hotY >= height) return undefined;
  const picture = body.subarray(CursorShape.PICTURE);
  const head = { type: "cursor-shape", width, height, hotX, hotY } as const;
  switch (format) {
    case CursorFormat.Argb: {
      if (picture.length < width * height * BYTES_PER_PIXEL) return undefined;
      return {
        ...head,
        pixels: { width, height, data: fromArgb(picture, width * height) },
        inverts: false,
      };
    }
    case CursorFormat.Mono: {
      const plane = ((width + 7) >> 3) * height;
      if (picture.length < 2 * plane) return undefined;
      return {
        ...head,
        ...fromMasks(picture.subarray(0, plane), picture.subarray(plane), width, height),
      };
    }
    default:
      return undefined;
  }
}

/** Blue, green, red, alpha to red, green, blue, alpha. */
function fromArgb(picture: Uint8Array, pixels: number): Uint8ClampedArray<ArrayBuffer> {
  const data = new Uint8ClampedArray(pixels * BYTES_PER_PIXEL);
  for (let at = 0; at < data.length; at += BYTES_PER_PIXEL) {
    data[at] = picture[at + 2] ?? 0;
    data[at + 1] = picture[at + 1] ?? 0;
    data[at + 2] = picture[at] ?? 0;
    data[at + 3] = picture[at + 3] ?? 0;
  }
  return data;
}

/** AND 0: black or, with XOR, white. AND 1: the screen or, with XOR, its inverse. */
function fromMasks(
  and: Uint8Array,
  xor: Uint8Array,
  width: number,
  height: number,
): Pick<CursorShapeEvent, "pixels" | "inverts" | "mask"> {
  const data = new Uint8ClampedArray(width * height * BYTES_PER_PIXEL);
  const mask = new Uint8Array(width * height);
  const stride = (width + 7) >> 3;
  let inverts = false;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const byte = y * stride + (x >> 3);
      const bit = 0x80 >> (x & 7);
      const isSet = ((xor[byte] ?? 0) & bit) !== 0;
      const pixel = y * width + x;
      if (((and[byte] ?? 0) & bit) === 0) {
        const shade = isSet ? 255 : 0;
        data.set([shade, shade, shade, OPAQUE], pixel * BYTES_PER_PIXEL);
      } else if (isSet) {
        mask[pixel] = 1;
        inverts = true;
      }
    }
  }
  const pixels = { width, height, data };
  return inverts ? { pixels, inverts, mask } : { pixels, inverts };
}
