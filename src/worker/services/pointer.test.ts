import { expect, test } from "vitest";
import type { MachineEvent } from "../../shared/api";
import { CursorFormat, PointerCommand } from "../../../wasm/protocol/pointer";
import { RequestStatus } from "../../../wasm/protocol/tandem-port";
import { PointerService, readShape } from "./pointer";

interface Shape {
  width?: number;
  height?: number;
  hotX?: number;
  hotY?: number;
  format?: number;
}

function shape(
  { width = 2, height = 1, hotX = 0, hotY = 0, format = CursorFormat.Argb }: Shape,
  picture: number[] | number,
): Uint8Array<ArrayBuffer> {
  const pixels = typeof picture === "number" ? Array.from({ length: picture }, () => 0) : picture;
  const body = new Uint8Array(12 + pixels.length);
  const view = new DataView(body.buffer);
  [width, height, hotX, hotY].forEach((value, index) => view.setUint16(index * 2, value, true));
  view.setUint32(8, format, true);
  body.set(pixels, 12);
  return body;
}

function words(...values: number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

function service() {
  const events: MachineEvent[] = [];
  const pointer = new PointerService((event) => events.push(event));
  return { pointer, events };
}

test("colours arrive as R G B A", () => {
  const found = readShape(shape({ hotX: 1 }, [1, 2, 3, 4, 10, 20, 30, 255]));
  expect(found).toMatchObject({ width: 2, height: 1, hotX: 1, hotY: 0, inverts: false });
  expect([...(found?.pixels.data ?? [])]).toEqual([3, 2, 1, 4, 30, 20, 10, 255]);
});

test("AND and XOR masks make black, white, the screen and its inverse", () => {
  const mono = { width: 9, height: 1, format: CursorFormat.Mono };
  // Pixels 0-3: the four combinations; pixel 8 in the second byte of its row inverts.
  const found = readShape(shape(mono, [0b0011_1111, 0xff, 0b0101_0000, 0x80]));
  const { data } = found?.pixels ?? { data: [] };
  const pixel = (x: number): number[] => [...data.slice(x * 4, x * 4 + 4)];
  expect(pixel(0)).toEqual([0, 0, 0, 255]);
  expect(pixel(1)).toEqual([255, 255, 255, 255]);
  expect(pixel(2)).toEqual([0, 0, 0, 0]);
  expect(pixel(3)).toEqual([0, 0, 0, 0]);
  expect(found?.inverts).toBe(true);
  expect([...(found?.mask ?? [])]).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 1]);
  const plain = readShape(shape(mono, [0, 0, 0, 0]));
  expect(plain?.inverts).toBe(false);
  expect(plain && "mask" in plain).toBe(false);
});

test.each([
  ["no room for the header", new Uint8Array(11)],
  ["no width", shape({ width: 0 }, 0)],
  ["too wide", shape({ width: 129, height: 1 }, 129 * 4)],
  ["too high", shape({ width: 1, height: 129 }, 129 * 4)],
  ["hot spot outside", shape({ hotX: 2 }, 8)],
  ["hot spot below", shape({ hotY: 1 }, 8)],
  ["unknown format", shape({ format: 2 }, 8)],
  ["picture too short", shape({}, 7)],
  ["masks too short", shape({ width: 9, height: 2, format: CursorFormat.Mono }, 7)],
])("a shape that makes no sense is refused: %s", (_why, body) => {
  const { pointer, events } = service();
  expect(pointer.request(PointerCommand.CursorShape, body).status).toBe(RequestStatus.Invalid);
  pointer.flush();
  expect(events).toEqual([]);
});

test("the largest shape is taken", () => {
  const body = shape({ width: 128, height: 128, hotX: 127, hotY: 127 }, 128 * 128 * 4);
  expect(readShape(body)?.pixels.data.length).toBe(128 * 128 * 4);
});

test("of many changes the page hears the newest, once", () => {
  const { pointer, events } = service();
  for (let i = 0; i < 1000; i++) {
    pointer.request(PointerCommand.CursorPosition, words(i, i + 1));
    pointer.request(PointerCommand.CursorShow, words(i & 1));
  }
  pointer.request(PointerCommand.CursorWarp, words(3, 4));
  expect(events).toEqual([]);
  pointer.flush();
  expect(events).toEqual([
    { type: "cursor-position", x: 999, y: 1000, time: expect.any(Number) as number },
    { type: "cursor-visible", visible: true },
    { type: "cursor-warp", x: 3, y: 4 },
  ]);
  pointer.flush();
  expect(events).toHaveLength(3);
});

test("the end of the session gives the pointer and its cursor back", () => {
  const { pointer, events } = service();
  pointer.request(PointerCommand.Grab, words(1));
  pointer.request(PointerCommand.CursorShow, words(0));
  pointer.flush();
  events.length = 0;
  pointer.request(PointerCommand.CursorPosition, words(5, 5));
  pointer.endSession();
  pointer.flush();
  expect(events).toEqual([
    { type: "pointer-grab", wanted: false },
    { type: "cursor-visible", visible: true },
  ]);
  pointer.endSession();
  expect(events).toHaveLength(2);
});

test("short bodies and unknown commands are refused", () => {
  const { pointer } = service();
  const { CursorShow, CursorWarp, CursorPosition, Grab } = PointerCommand;
  for (const [command, bytes] of [
    [CursorShow, 3],
    [CursorWarp, 7],
    [CursorPosition, 7],
    [Grab, 0],
  ] as const)
    expect(pointer.request(command, new Uint8Array(bytes)).status).toBe(RequestStatus.Invalid);
  expect(pointer.request(0x01ff, new Uint8Array(8)).status).toBe(RequestStatus.NoCommand);
});

test("a shape that is too large for one block comes in pieces", () => {
  const { pointer, events } = service();
  const body = shape({ width: 64, height: 64, hotX: 3 }, 64 * 64 * 4);
  body.set([1, 2, 3, 4], body.length - 4);
  const piece = (from: number, to: number): number => {
    const data = new Uint8Array(12 + to - from + 100); // a driver's blocks are larger
    data.set(words(body.length, from, to - from));
    data.set(body.subarray(from, to), 12);
    return pointer.request(PointerCommand.CursorPiece, data).status;
  };
  expect(piece(4000, 8000)).toBe(RequestStatus.Invalid); // not the first
  expect(piece(0, 4000)).toBe(RequestStatus.Ok);
  expect(piece(4000, 8000)).toBe(RequestStatus.Ok);
  expect(piece(12_000, 16_000)).toBe(RequestStatus.Invalid); // one is left out
  expect(piece(0, 8000)).toBe(RequestStatus.Ok); // begins again
  pointer.flush();
  expect(events).toEqual([]);
  expect(piece(8000, body.length)).toBe(RequestStatus.Ok);
  pointer.flush();
  expect(events).toMatchObject([{ type: "cursor-shape", width: 64, height: 64, hotX: 3 }]);
  const [event] = events;
  if (event?.type === "cursor-shape") expect([...event.pixels.data.slice(-4)]).toEqual([3, 2, 1, 4]); // prettier-ignore
});

test("pieces of no shape are refused", () => {
  const { pointer } = service();
  const request = (...values: number[]) =>
    pointer.request(PointerCommand.CursorPiece, words(...values)).status;
  expect(request(0)).toBe(RequestStatus.Invalid);
  expect(request(0, 0, 0)).toBe(RequestStatus.Invalid);
  expect(request(0xffff_ffff, 0, 4, 1)).toBe(RequestStatus.Invalid); // larger than any shape
  expect(request(16, 0, 8, 1)).toBe(RequestStatus.Invalid); // less than it says
  expect(request(4, 0, 8, 1, 2)).toBe(RequestStatus.Invalid); // more than the whole
});

test("a guest that draws its cursor itself again says so, and the newest counts", () => {
  const { pointer, events } = service();
  pointer.request(PointerCommand.CursorShape, shape({}, 8));
  pointer.request(PointerCommand.CursorShape, shape({ width: 0, height: 0 }, 0));
  pointer.flush();
  expect(events.splice(0)).toEqual([{ type: "cursor-none" }]);
  pointer.request(PointerCommand.CursorShape, shape({ width: 0, height: 0 }, 0));
  pointer.request(PointerCommand.CursorShape, shape({}, 8));
  pointer.flush();
  expect(events).toMatchObject([{ type: "cursor-shape" }]);
});
