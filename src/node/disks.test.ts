import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { TandemError } from "../shared/errors";
import { BlobReader } from "../worker/disks/blob-reader";
import { CachedReader } from "../worker/disks/cached-reader";
import { type HttpOptions, loadHttp, openHttp } from "../worker/disks/http-reader";
import { openImage } from "../worker/disks/open";
import { OverlaySource } from "../worker/disks/overlay";
import { type BlockReader, BufferReader } from "../worker/disks/reader";

const SIZE = 1_000_000;

function pattern(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31) ^ (i >> 9);
  return bytes;
}

/** An origin that answers later and writes down what it was asked for. */
class SlowReader implements BlockReader {
  readonly requests: [number, number][] = [];
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  async read(position: number, target: Uint8Array): Promise<void> {
    this.requests.push([position, target.length]);
    await Promise.resolve();
    target.set(this.#bytes.subarray(position, position + target.length));
  }
}

async function readBytes(
  source: { read(position: number, target: Uint8Array): void | Promise<void> },
  position: number,
  length: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length).fill(0xee);
  await source.read(position, bytes);
  return bytes;
}

async function problem(action: Promise<unknown>): Promise<string> {
  return action.then(
    () => "none",
    (error: unknown) => (error instanceof TandemError ? error.code : String(error)),
  );
}

// ---- cache ----

test("the cache answers at once what it has read, and reads ahead of a sequential guest", async () => {
  const bytes = pattern(SIZE);
  const origin = new SlowReader(bytes);
  const cache = new CachedReader(origin);
  for (let position = 0; position < SIZE; position += 10_000) {
    const part = await readBytes(cache, position, 10_000);
    expect(Buffer.compare(part, bytes.subarray(position, position + 10_000))).toBe(0);
  }
  expect(origin.requests.length).toBeLessThan(8);
  expect(cache.read(123_456, new Uint8Array(70_000))).toBeUndefined();
});

test("the cache forgets what was used least recently, and stays right when it is too small", async () => {
  const bytes = pattern(SIZE);
  const origin = new SlowReader(bytes);
  const cache = new CachedReader(origin, 2);
  await readBytes(cache, 0, 10);
  await readBytes(cache, 300_000, 10);
  await readBytes(cache, 0, 10);
  await readBytes(cache, 600_000, 10);
  expect(cache.read(0, new Uint8Array(10))).toBeUndefined();
  const all = await readBytes(cache, 0, SIZE);
  expect(Buffer.compare(all, bytes)).toBe(0);
});

test("two reads of the same block ask the origin once", async () => {
  const origin = new SlowReader(pattern(SIZE));
  const cache = new CachedReader(origin);
  await Promise.all([readBytes(cache, 200_000, 512), readBytes(cache, 201_000, 512)]);
  // The second one looks sequential: only what lies behind is asked for.
  expect(origin.requests.map(([position]) => position)).toEqual([196_608, 262_144]);
});

test("a read that failed can be tried again", async () => {
  const origin = new SlowReader(pattern(SIZE));
  const read = origin.read.bind(origin);
  let broken = true;
  origin.read = (position, target) =>
    broken ? Promise.reject(new TandemError("http-failed", "gone")) : read(position, target);
  const cache = new CachedReader(origin);
  expect(await problem(readBytes(cache, 0, 512))).toBe("http-failed");
  broken = false;
  expect((await readBytes(cache, 0, 512))[1]).toBe(31);
});

// ---- overlay ----

test("what the guest writes is read back, around it the image, which stays as it was", async () => {
  const bytes = pattern(SIZE);
  const original = bytes.slice();
  for (const origin of [new BufferReader(bytes), new SlowReader(bytes)]) {
    const overlay = new OverlaySource(origin);
    const expected = original.slice();
    let seed = 7;
    for (let i = 0; i < 60; i++) {
      seed = (seed * 1103515245 + 12345) & 0x7fffffff;
      const position = (seed % 1900) * 512;
      const data = new Uint8Array(512 * (1 + (seed % 150))).fill(i + 1);
      const fitting = data.subarray(0, Math.max(0, Math.floor((SIZE - position) / 512) * 512));
      await overlay.write(position, fitting);
      expected.set(fitting, position);
      const at = (seed % 900) * 1000;
      const part = await readBytes(overlay, at, 100_000 % (SIZE - at));
      expect(Buffer.compare(part, expected.subarray(at, at + part.length))).toBe(0);
    }
    expect(Buffer.compare(bytes, original)).toBe(0);
    const exported = new Uint8Array(await (await overlay.toBlob()).arrayBuffer());
    expect(Buffer.compare(exported, expected)).toBe(0);
    const streamed = new Uint8Array(await new Response(overlay.toStream()).arrayBuffer());
    expect(Buffer.compare(streamed, expected)).toBe(0);
  }
});

test("a write within a sector keeps the rest of it", async () => {
  const bytes = pattern(SIZE);
  const overlay = new OverlaySource(new SlowReader(bytes));
  await overlay.write(1000, new Uint8Array([1, 2, 3]));
  const part = await readBytes(overlay, 998, 7);
  expect([...part]).toEqual([bytes[998], bytes[999], 1, 2, 3, bytes[1003], bytes[1004]]);
});

test("the part of a last sector that the image does not have reads as zeros", async () => {
  const overlay = new OverlaySource(new BufferReader(pattern(1000)));
  const sector = await readBytes(overlay, 512, 512);
  expect(sector.subarray(488).every((byte) => byte === 0)).toBe(true);
  await overlay.write(512, new Uint8Array(512).fill(9));
  expect((await overlay.toBlob()).size).toBe(1000);
});

test("the export of a file refers to what is unchanged", async () => {
  const bytes = pattern(SIZE);
  const overlay = new OverlaySource(new CachedReader(new BlobReader(new Blob([bytes]))));
  await overlay.write(131_072, new Uint8Array(512).fill(5));
  bytes.fill(5, 131_072, 131_584);
  const exported = new Uint8Array(await (await overlay.toBlob()).arrayBuffer());
  expect(Buffer.compare(exported, bytes)).toBe(0);
});

test("a floppy image without its empty end is a whole floppy, also when it is exported", async () => {
  const bytes = pattern(1_296_384);
  const medium = await openImage("floppy", new Blob([bytes]));
  expect(medium.size).toBe(1440 * 1024);
  await medium.write(1_400_320, new Uint8Array(512).fill(3));
  const part = await readBytes(medium, 1_295_872, 1024);
  expect([part[511], part[512], part[1023]]).toEqual([bytes.at(-1), 0, 0]);
  expect(medium).toBeInstanceOf(OverlaySource);
  const exported = await (medium as OverlaySource).toBlob();
  const saved = new Uint8Array(await exported.arrayBuffer());
  expect([saved.length, saved[1_296_383], saved[1_400_320]]).toEqual([
    1440 * 1024,
    bytes.at(-1),
    3,
  ]);
});

// ---- HTTP ----

let server: Server | undefined;
afterEach(() => server?.close());

interface ServerOptions {
  ranges?: boolean;
  status?: number;
  size?: number;
  /** Hides Content-Range, as for another origin. */
  hideTotal?: boolean;
  /** Drops the connection for so many requests after the first. */
  drop?: number;
}

async function serve(options: ServerOptions = {}): Promise<{ url: string; requests: string[] }> {
  const bytes = pattern(options.size ?? SIZE);
  const requests: string[] = [];
  let drop = options.drop ?? 0;
  server = createServer((request, response: ServerResponse) => {
    const range = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "");
    requests.push(request.headers.range ?? request.method ?? "");
    if (requests.length > 1 && drop-- > 0) {
      request.socket.destroy();
      return;
    }
    if (options.status) {
      response.writeHead(options.status).end();
    } else if (range && options.ranges !== false) {
      const start = Number(range[1]);
      if (start >= bytes.length) {
        response.writeHead(416).end();
        return;
      }
      const part = bytes.subarray(start, Number(range[2]) + 1);
      response.writeHead(206, {
        ...(!options.hideTotal && {
          "Content-Range": `bytes ${start}-${start + part.length - 1}/${bytes.length}`,
        }),
        "Content-Length": part.length,
      });
      response.end(part);
    } else {
      response.writeHead(200, { "Content-Length": bytes.length });
      response.end(request.method === "HEAD" ? undefined : bytes);
    }
  });
  await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/disk.img`, requests };
}

const quick: HttpOptions = { retryDelay: 1 };

test("an image on a server with ranges is read in parts", async () => {
  const { url, requests } = await serve();
  const reader = await openHttp(url, quick);
  expect(reader.size).toBe(SIZE);
  const part = await readBytes(reader, 500_000, 1000);
  expect(Buffer.compare(part, pattern(SIZE).subarray(500_000, 501_000))).toBe(0);
  expect(requests).toEqual(["bytes=0-65535", "bytes=500000-500999"]);
});

test("without Content-Range the size comes from HEAD or from the configuration", async () => {
  const { url } = await serve({ hideTotal: true });
  expect((await openHttp(url, quick)).size).toBe(SIZE);
  expect((await openHttp(url, { ...quick, size: SIZE })).size).toBe(SIZE);
});

test("a server without ranges sends the whole, up to a limit and with progress", async () => {
  const { url } = await serve({ ranges: false });
  const seen: number[] = [];
  const reader = await openHttp(url, { ...quick, onProgress: (loaded) => seen.push(loaded) });
  expect(reader.size).toBe(SIZE);
  expect(seen.at(-1)).toBe(SIZE);
  expect(await problem(openHttp(url, { ...quick, wholeLimit: 500_000 }))).toBe("http-no-range");
});

test("404, an empty file, a wrong size and no server each have their error", async () => {
  expect(await problem(openHttp((await serve({ status: 404 })).url, quick))).toBe("http-status");
  server?.close();
  expect(await problem(openHttp((await serve({ size: 0 })).url, quick))).toBe("image-empty");
  server?.close();
  const { url } = await serve();
  expect(await problem(openHttp(url, { ...quick, size: 999 }))).toBe("image-wrong-size");
  server?.closeAllConnections();
  server?.close();
  expect(await problem(openHttp(url, quick))).toBe("http-failed");
});

test("a connection that breaks is tried again, three times in all", async () => {
  const { url } = await serve({ drop: 2 });
  const reader = await openHttp(url, quick);
  expect((await readBytes(reader, 100_000, 4))[0]).toBe(pattern(SIZE)[100_000]);
  server?.close();
  const other = await openHttp((await serve({ drop: 3 })).url, quick);
  expect(await problem(readBytes(other, 100_000, 4))).toBe("http-failed");
});

test("a kernel is loaded whole", async () => {
  const { url, requests } = await serve();
  expect((await loadHttp(url)).length).toBe(SIZE);
  expect(requests).toEqual(["GET"]);
});

// ---- opening ----

test("images of each origin become media; a CD is read-only", async () => {
  const floppy = new Uint8Array(1440 * 1024);
  floppy[3] = 7;
  const { url } = await serve({ size: 4 << 20 });
  for (const file of [floppy.buffer, new Blob([floppy])]) {
    const medium = await openImage("floppy", file);
    expect([medium.size, medium.readOnly]).toEqual([floppy.length, false]);
    expect((await readBytes(medium, 0, 512))[3]).toBe(7);
  }
  const disk = await openImage("hda", { url });
  await disk.write(0, new Uint8Array(512));
  expect((await readBytes(disk, 0, 1024))[513]).toBe(pattern(1024)[513]);
  expect((await openImage("cdrom", new Blob([new Uint8Array(1 << 20)]))).readOnly).toBe(true);
  expect(await problem(openImage("hda", new Blob([])))).toBe("image-empty");
  expect(await problem(openImage("kernel", new Blob([])))).toBe("image-empty");
});
