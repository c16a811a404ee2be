import { expect, test } from "vitest";
import {
  DEVICE,
  INDIRECT,
  VirtioDriver,
  type VirtioQueue,
  WRITE,
} from "../../../wasm/testing/virtio";
import { testMachine } from "../../../wasm/testing/machine";
import type { CoreHost } from "../core";
import { SharedFoldersService } from "./shared-folders";
import { Errno, FolderError } from "./shared-folders/errors";
import type { FolderOptions } from "./shared-folders/folder";
import { InitFlag, Opcode, OpenFlag, ROOT_ID } from "./shared-folders/fuse";
import { HandleRoot } from "./shared-folders/handle-root";
import { MemoryRoot } from "./shared-folders/memory-root";
import type { FolderRoot } from "./shared-folders/root";
import { FakeDisk } from "./shared-folders/testing/fake-handles";
import { ALL_FLAGS, FuseClient } from "./shared-folders/testing/fuse-client";
import { VirtioFs } from "./virtio-fs";

const QUESTION = 0x10_0000;
const ANSWER = 0x28_0000;
const PAGE = 4096;
const O_RDWR = 2;

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A guest whose kernel sends messages through the first function's queues, scattered over pages as Linux does. */
async function guest(
  root: FolderRoot,
  options: Partial<FolderOptions> = {},
  expected: string[] = [],
) {
  // prettier-ignore
  let woken: () => void = () => {};
  const service = new SharedFoldersService(() => {});
  const virtio = new VirtioFs(service, () => woken());
  const host: Partial<CoreHost> = {
    virtioRequest: (...request) => virtio.request(...request),
    virtioReset: (place) => virtio.reset(place),
  };
  const machine = testMachine({ host });
  if (!expected.includes("share")) service.attach(root, { name: "share", ...options });
  virtio.plug(machine.core, expected);
  virtio.connect(machine.core);
  const driver = new VirtioDriver(machine);
  let queues = driver.start(INDIRECT, 16);

  const send = (message: Uint8Array, capacity: number, queue: VirtioQueue): void => {
    driver.ram.set(message, QUESTION);
    const parts = [{ address: QUESTION, length: 40 }, ...piecesOf(QUESTION + 40, message.length - 40, 0)]; // prettier-ignore
    const room = capacity ? [{ address: ANSWER, length: 16, flags: WRITE }, ...piecesOf(ANSWER + 16, capacity - 16, WRITE)] : []; // prettier-ignore
    queue.chain(0, [...parts, ...room], 0x3_0000);
    queue.describe(0, { address: 0x3_0000, length: (parts.length + room.length) * 16, flags: 4 });
    queue.offer(0);
    queue.notify();
  };

  const transport = async (
    message: Uint8Array,
    capacity: number,
  ): Promise<Uint8Array | undefined> => {
    // prettier-ignore
    const isForget = message[4] === Opcode.Forget;
    const queue = queues[isForget ? 0 : 1];
    if (!queue) throw new Error("the device has two queues");
    send(message, isForget ? 0 : capacity, queue);
    for (;;) {
      const [given] = queue.taken();
      if (given) return given.written ? driver.ram.slice(ANSWER, ANSWER + given.written) : undefined; // prettier-ignore
      await new Promise<void>((resolve) => (woken = resolve));
    }
  };
  const client = new FuseClient(transport);
  return { service, virtio, machine, driver, client, send, restart: () => (queues = driver.start()), queue: () => queues[1] }; // prettier-ignore
}

function piecesOf(address: number, length: number, flags: number) {
  const pieces: { address: number; length: number; flags: number }[] = [];
  for (let at = 0; at < length; at += PAGE)
    pieces.push({ address: address + at, length: Math.min(PAGE, length - at), flags });
  return pieces;
}

/** What OPEN says about a file's pages. */
async function openFlags(client: FuseClient, path: string, flags: number): Promise<number> {
  const body = new Uint8Array(8);
  body[0] = flags;
  const input = await client.call(Opcode.Open, await client.walk(path), body);
  input.skip(8);
  return input.u32();
}

test("Linux mounts a folder by its name, reads and writes, and is told of large messages", async () => {
  const root = new MemoryRoot();
  const bytes = Uint8Array.from({ length: 700_000 }, (_, index) => index * 7);
  root.put(["dir", "large"], bytes);
  const { client } = await guest(root);
  const flags = await client.init();
  expect(client.maxWrite).toBe(1 << 20);
  expect(flags & InitFlag.MaxPages).not.toBe(0);
  expect(flags & InitFlag.WritebackCache).toBe(0);
  expect(Buffer.compare(await client.readFile("dir/large"), bytes)).toBe(0);
  const id = await client.walk("dir/large");
  const handle = await client.open(id, 0);
  const middle = await client.read(id, handle, 100_001, 500_000);
  expect(Buffer.compare(middle, bytes.subarray(100_001, 600_001))).toBe(0);
  await client.writeFile("dir/copy", bytes);
  await client.forget(await client.walk("dir/copy"));
  const copy = (await root.openReader(["dir", "copy"]).read(0, bytes.length)) as Uint8Array;
  expect(Buffer.compare(copy, bytes)).toBe(0);
  await expect(client.readFile("dir/none")).rejects.toThrow(FolderError);
});

test("answers that take time come later, and wake the machine", async () => {
  const disk = new FakeDisk();
  const { client, virtio } = await guest(new HandleRoot(disk.handle, { caseSensitive: true, nameRules: "posix" })); // prettier-ignore
  await client.init();
  const writing = client.writeFile("text", "hello");
  await Promise.resolve();
  expect(virtio.pending).toBe(1);
  await writing;
  expect(virtio.pending).toBe(0);
  expect(await client.readText("text")).toBe("hello");
});

test("what comes too late for a driver that has gone is not written into its memory", async () => {
  const disk = new FakeDisk();
  const { client, driver, virtio, send, restart, queue } = await guest(new HandleRoot(disk.handle, { caseSensitive: true, nameRules: "posix" })); // prettier-ignore
  await client.init();
  const lookup = new Uint8Array(46);
  lookup.set([46, 0, 0, 0, Opcode.Lookup]);
  lookup[16] = ROOT_ID;
  lookup.set(encode("none"), 40);
  send(lookup, 400, queue() as VirtioQueue);
  expect(virtio.pending).toBe(1);
  restart();
  driver.ram.fill(0xaa, ANSWER, ANSWER + 400);
  while (virtio.pending > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(driver.ram.subarray(ANSWER, ANSWER + 400).every((byte) => byte === 0xaa)).toBe(true);
  expect(queue()?.taken()).toEqual([]);
});

test("when the driver goes, its files are closed and written", async () => {
  const root = new MemoryRoot();
  const { client, driver } = await guest(root);
  await client.init();
  const { id, handle } = await client.create(ROOT_ID, "text", O_RDWR);
  await client.write(id, handle, 0, encode("mine"));
  expect(root.stat(["text"]).size).toBe(0);
  driver.status = 0;
  expect(root.stat(["text"]).size).toBe(4);
});

test("files that are only written pass by the guest's pages, unless somebody has pages of them", async () => {
  const root = new MemoryRoot();
  root.put(["text"], encode("hello"));
  const { client } = await guest(root);
  await client.init();
  expect(await openFlags(client, "text", 1)).toBe(OpenFlag.DirectIo);
  const readable = OpenFlag.KeepCache | OpenFlag.NoFlush;
  expect(await openFlags(client, "text", 0)).toBe(readable);
  expect(await openFlags(client, "text", 1)).toBe(OpenFlag.KeepCache);
  expect(await openFlags(client, "text", 2)).toBe(OpenFlag.KeepCache);
});

test('with "never" nothing is kept in the guest', async () => {
  const root = new MemoryRoot();
  root.put(["text"], encode("hello"));
  const { client } = await guest(root, { cache: "never" });
  await client.init(ALL_FLAGS);
  expect(await openFlags(client, "text", 0)).toBe(OpenFlag.DirectIo | OpenFlag.NoFlush);
  expect(await openFlags(client, "text", 2)).toBe(OpenFlag.DirectIo);
});

test("two versions of a file that the guest writes in the same millisecond have different times", async () => {
  const { client } = await guest(new MemoryRoot());
  await client.init();
  const { id, handle } = await client.create(ROOT_ID, "text", O_RDWR);
  const times = new Set<number>();
  for (let version = 0; version < 20; version++) {
    await client.write(id, handle, 0, Uint8Array.of(version));
    const { seconds, nanoseconds } = await modifiedOf(client, id);
    times.add(seconds * 1e9 + (nanoseconds % 1e6));
  }
  expect(times.size).toBe(20);
});

async function modifiedOf(client: FuseClient, id: number) {
  const input = await client.call(Opcode.GetAttributes, id, new Uint8Array(16));
  input.skip(16 + 32);
  const seconds = input.u64();
  input.skip(8 + 4);
  return { seconds: seconds % 1000, nanoseconds: input.u32() };
}

test("a folder that comes later is there at the next mount; until then it is not ready", async () => {
  const root = new MemoryRoot();
  root.put(["text"], encode("late"));
  const { client, service } = await guest(root, {}, ["share"]);
  await expect(client.init()).rejects.toMatchObject({ errno: Errno.NotReady });
  await expect(client.walk("text")).rejects.toMatchObject({ errno: Errno.NotReady });
  service.attach(root, { name: "share" });
  await client.init();
  expect(await client.readText("text")).toBe("late");
  await service.detach("share");
  await expect(client.attributes(ROOT_ID)).rejects.toMatchObject({ errno: Errno.NotReady });
});

test("a machine without folders has no function; one has them all, also those that come later", async () => {
  const names = (folders: string[], expected: string[] = []): string[] => {
    const service = new SharedFoldersService(() => {});
    const machine = testMachine();
    for (const name of folders) service.attach(new MemoryRoot(), { name });
    new VirtioFs(service, () => {}).plug(machine.core, expected);
    const tags: string[] = [];
    for (let place = 0; place < 8; place++) {
      const driver = new VirtioDriver(machine, place);
      if (driver.config(0, 2) === 0xffff) break;
      const bytes = Array.from({ length: 36 }, (_, at) => driver.read(DEVICE, at, 1));
      tags.push(Buffer.from(bytes).toString().replaceAll("\0", ""));
    }
    return tags;
  };
  expect(names([])).toEqual([]);
  expect(names(["a", "b"], ["b", "c"])).toEqual(["b", "c", "a", "tandem"]);
  expect(names(["tandem"])).toEqual(["tandem"]);
  expect(names(["x".repeat(37), "b"])).toEqual(["b", "tandem"]);
  const many = Array.from({ length: 10 }, (_, number) => `${number}`);
  expect(names(many)).toEqual([...many.slice(0, 7), "tandem"]);
});
