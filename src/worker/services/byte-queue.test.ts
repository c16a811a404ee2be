import { expect, test } from "vitest";
import { ByteQueue } from "./byte-queue";

function counted(from: number, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => from + index);
}

test("what goes in comes out, in pieces of any size", () => {
  const queue = new ByteQueue();
  const sizes = [1, 5000, 1, 1, 1024, 1025, 300, 4000, 90, 17, 20_000];
  let written = 0;
  let read = 0;
  for (let round = 0; round < 200; round++) {
    const size = sizes[round % sizes.length] ?? 1;
    queue.push(counted(written, size));
    written += size;
    const bytes = queue.take(sizes[(round * 7) % sizes.length] ?? 1);
    expect(bytes.every((byte, index) => byte === ((read + index) & 0xff))).toBe(true);
    read += bytes.length;
    expect(queue.length).toBe(written - read);
  }
  expect(queue.take(Infinity)).toEqual(counted(read, written - read));
  expect(queue.take(10).length).toBe(0);
});

test("a large piece is handed on as it is, and its buffer is the taker's alone", () => {
  const queue = new ByteQueue();
  const large = counted(0, 5000);
  queue.push(large);
  expect(queue.take(Infinity)).toBe(large);
  queue.push(counted(0, 10));
  const first = queue.take(10);
  queue.push(counted(10, 10));
  first.fill(0xff);
  expect(queue.take(10)).toEqual(counted(10, 10));
  queue.push(counted(0, 5000));
  queue.take(4).fill(0xff);
  expect(queue.take(4)).toEqual(counted(4, 4));
});

test("few bytes of a large buffer do not keep it", () => {
  const queue = new ByteQueue();
  queue.push(new Uint8Array(65536).subarray(0, 2000));
  expect(queue.take(Infinity).buffer.byteLength).toBe(2000);
  for (let count = 0; count < 4096; count++) queue.push(new Uint8Array(65536).subarray(0, 1));
  expect(queue.take(Infinity).buffer.byteLength).toBe(4096);
});
