import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MachineEvent as CoreEvent } from "../../../wasm/protocol/events";
import {
  FolderAttribute,
  FolderCommand,
  FolderKind,
  FolderOpened,
  FolderOpenFlag,
} from "../../../wasm/protocol/shared-folders";
import {
  Command,
  Event,
  Feature,
  Register,
  RequestStatus,
} from "../../../wasm/protocol/tandem-port";
import { TandemDriver } from "../../../wasm/testing/tandem";
import { testMachine } from "../../../wasm/testing/machine";
import { DirectoryRoot } from "../../node/directory-root";
import type { MachineEvent } from "../../shared/api";
import type { Core } from "../core";
import { IntegrationHub } from "./integration-hub";
import { SharedFoldersService } from "./shared-folders";
import { ByteReader, ByteWriter } from "./shared-folders/bytes";
import { Errno } from "./shared-folders/errors";
import { FileListRoot } from "./shared-folders/file-list-root";
import { Opcode } from "./shared-folders/fuse";
import { HandleRoot } from "./shared-folders/handle-root";
import { MemoryRoot } from "./shared-folders/memory-root";
import { randomNumbers } from "./shared-folders/testing/exerciser";
import { FakeDisk } from "./shared-folders/testing/fake-handles";
import { FuseClient } from "./shared-folders/testing/fuse-client";
import { mountHandles } from "./shared-folders/testing/setup";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tandem-folders-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const NOT_ABORTED = { aborted: false };

/** A machine's RAM, where page lists lead. */
function ramOf(core: Core): Uint8Array {
  return core.bytes(core.exports.ramAddress() >>> 0, core.exports.ramBytes());
}

/** Pillion's side: builds bodies, gives the answer's body or minus the errno. */
class Guest {
  readonly service: SharedFoldersService;

  constructor(service: SharedFoldersService) {
    this.service = service;
  }

  async call(
    command: FolderCommand,
    ...parts: (number | string | Uint8Array)[]
  ): Promise<Uint8Array | number> {
    const reply = await this.service.request(command, body(...parts), NOT_ABORTED);
    return reply.status === 0 ? (reply.body ?? new Uint8Array(0)) : reply.status;
  }

  async ok(
    command: FolderCommand,
    ...parts: (number | string | Uint8Array)[]
  ): Promise<ByteReader> {
    const answer = await this.call(command, ...parts);
    if (typeof answer === "number") throw new Error(`${FolderCommand[command]}: ${Errno[-answer]}`);
    return new ByteReader(answer);
  }

  async open(flags: FolderOpenFlag, path: string): Promise<number> {
    return (await this.ok(FolderCommand.Open, 1, flags, 0, path)).u32();
  }

  async names(path: string, room = 300): Promise<string[]> {
    const names: string[] = [];
    for (let cursor = 0; ;) {
      const input = await this.ok(FolderCommand.List, 1, cursor, room, path);
      cursor = input.u32();
      for (let count = input.u32(); count > 0; count--) {
        const size = input.u32();
        const length = input.u32();
        input.skip(32);
        names.push(decode(input.bytes(size - 40).subarray(0, length)));
      }
      if (cursor === 0) return names;
    }
  }
}

/** Numbers are u32. */
function body(...parts: (number | string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const bytes = parts.map((part) => (typeof part === "string" ? encode(part) : part));
  const length = bytes.reduce<number>(
    (sum, part) => sum + (typeof part === "number" ? 4 : part.length),
    0,
  );
  const out = new ByteWriter(length);
  for (const part of bytes) {
    if (typeof part === "number") out.u32(part);
    else out.put(part);
  }
  return out.bytes;
}

function u64(value: number): Uint8Array {
  return new ByteWriter(8).u64(value).bytes;
}

function memoryGuest(): { guest: Guest; root: MemoryRoot; ram: Uint8Array } {
  const service = new SharedFoldersService(() => {});
  const root = new MemoryRoot();
  const { core } = testMachine();
  service.attach(root, { name: "share" });
  service.connect(core);
  return { guest: new Guest(service), root, ram: ramOf(core) };
}

// ---- by path ----

test("a guest lists the folders, and a directory page by page with its attributes", async () => {
  const { guest, root } = memoryGuest();
  const roots = await guest.ok(FolderCommand.Roots, 0, 4096);
  expect([roots.u32(), roots.u32()]).toEqual([0, 1]);
  for (let number = 0; number < 40; number++) root.put(["dir", `file ${number}`], encode("x"));
  root.put(["dir", "ünï☃"], encode("12345"));
  const names = await guest.names("dir");
  expect(names).toHaveLength(41);
  expect(names).toContain("ünï☃");
  const status = await guest.ok(FolderCommand.Status, 1, "dir/ünï☃");
  expect(status.u32()).toBe(FolderKind.File);
  status.skip(4);
  expect(status.u64()).toBe(5);
  expect(await guest.call(FolderCommand.List, 1, 0, 20, "dir")).toBe(-Errno.TooBig);
});

test("a guest writes a file, reads it with OPEN's answer, and finds it on the host", async () => {
  const { guest, root } = memoryGuest();
  const flags = FolderOpenFlag.Write | FolderOpenFlag.Create | FolderOpenFlag.Exclusive;
  const handle = await guest.open(flags, "text");
  await guest.ok(FolderCommand.Write, handle, 5, u64(0), 0, "hello");
  await guest.ok(FolderCommand.Close, handle);
  expect(root.stat(["text"]).size).toBe(5);
  const opened = await guest.ok(FolderCommand.Open, 1, FolderOpenFlag.Read, 100, "text");
  opened.skip(4);
  expect(opened.u32()).toBe(5);
  opened.skip(FolderOpened.INLINE - 8);
  expect(decode(opened.remaining())).toBe("hello");
  expect(await guest.call(FolderCommand.Open, 1, flags, 0, "text")).toBe(-Errno.Exists);
});

test("a guest appends, cuts, renames, copies and deletes by path", async () => {
  const { guest, root } = memoryGuest();
  root.put(["dir", "log"], encode("one\n"));
  const handle = await guest.open(FolderOpenFlag.Append, "dir/log");
  await guest.ok(FolderCommand.Write, handle, 4, u64(0), 0, "two\n");
  await guest.ok(FolderCommand.SetSize, handle, 0, u64(7));
  await guest.ok(FolderCommand.Flush, handle);
  expect(root.stat(["dir", "log"]).size).toBe(7);
  await guest.ok(FolderCommand.Copy, 1, 1, 0, 7, "dir/log", "copy");
  await guest.ok(FolderCommand.Close, handle);
  await guest.ok(FolderCommand.Rename, 1, 1, 1, 4, "copy", "dir/other");
  expect(await guest.call(FolderCommand.Rename, 1, 1, 1, 7, "dir/log", "dir/other")).toBe(
    -Errno.Exists,
  );
  const both = FolderAttribute.Length | FolderAttribute.Modified;
  await guest.ok(FolderCommand.SetAttributes, 1, both, u64(3), u64(1_000_000), "dir/other");
  expect(root.stat(["dir", "other"])).toMatchObject({ size: 3, modified: 1_000_000 });
  await guest.ok(FolderCommand.MakeDirectory, 1, "new");
  await guest.ok(FolderCommand.Delete, 1, "dir/log");
  await guest.ok(FolderCommand.Delete, 1, "dir/other");
  await guest.ok(FolderCommand.RemoveDirectory, 1, "dir");
  expect(await guest.names("")).toEqual(["new"]);
  const space = await guest.ok(FolderCommand.Space, 1);
  expect(space.u64()).toBeGreaterThan(0);
});

test("a file's bytes go straight to the guest's pages, and come from there", async () => {
  const { guest, root, ram } = memoryGuest();
  const bytes = Uint8Array.from({ length: 10_000 }, (_, index) => index * 7);
  root.put(["data"], bytes);
  const handle = await guest.open(FolderOpenFlag.Read | FolderOpenFlag.Write, "data");
  const pages = [0x5000, 4096, 0x1000, 4096, 0x9000, 4096] as const;
  const read = await guest.ok(FolderCommand.Read, handle, 9000, u64(500), 3, ...pages);
  expect(read.u32()).toBe(9000);
  expect(ram.subarray(0x1000, 0x2000)).toEqual(bytes.subarray(4596, 8692));
  await guest.ok(FolderCommand.Write, handle, 5000, u64(0), 2, ...pages.slice(0, 4));
  await guest.ok(FolderCommand.Close, handle);
  const reader = root.openReader(["data"]);
  expect(reader.read(0, 4096)).toEqual(bytes.subarray(500, 4596));
  const again = await guest.open(FolderOpenFlag.Read, "data");
  expect(await guest.call(FolderCommand.Read, again, 4096, u64(0), 1, 0xffff_f000, 4096)).toBe(
    -Errno.Invalid,
  );
});

test("when the driver goes, its files are closed and written", async () => {
  const { guest, root } = memoryGuest();
  const handle = await guest.open(FolderOpenFlag.Write | FolderOpenFlag.Create, "text");
  await guest.ok(FolderCommand.Write, handle, 4, u64(0), 0, "mine");
  guest.service.endSession();
  expect(root.stat(["text"]).size).toBe(4);
  expect(await guest.call(FolderCommand.Read, handle, 4, u64(0), 0)).toBe(-Errno.BadHandle);
});

// ---- through the port ----

function portGuest(): { hub: IntegrationHub; driver: TandemDriver; events: MachineEvent[] } {
  const events: MachineEvent[] = [];
  const hub = new IntegrationHub(
    (event) => events.push(event),
    () => {},
  );
  const machine = testMachine({
    host: {
      request: (token, command, pointer, length) => hub.request(token, command, pointer, length),
      cancelRequest: (token) => hub.cancel(token),
      event: (kind) => {
        if (kind === (CoreEvent.GuestBye as number)) hub.bye();
        if (kind === (CoreEvent.GuestHello as number)) hub.hello(1, 0);
      },
    },
  });
  hub.connect(machine.core);
  const driver = new TandemDriver(machine);
  driver.hello();
  return { hub, driver, events };
}

test("what is in memory is answered before the doorbell returns", () => {
  const { hub, driver } = portGuest();
  expect(driver.features & Feature.SharedFolders).not.toBe(0);
  const root = new MemoryRoot();
  hub.folders.attach(root, { name: "share" });
  root.put(["text"], encode("hello"));
  const opened = driver.request(FolderCommand.Open, body(1, FolderOpenFlag.Read, 100, "text"), {
    size: 256,
  });
  expect(opened.status).toBe(RequestStatus.Ok);
  expect(decode(opened.body.subarray(FolderOpened.INLINE))).toBe("hello");
  const handle = new ByteReader(opened.body).u32();
  const pages = [0x10_0ffe, 2, 0x10_2000, 100] as const;
  const read = driver.request(FolderCommand.Read, body(handle, 100, u64(0), 2, ...pages));
  expect(new ByteReader(read.body).u32()).toBe(5);
  expect(decode(driver.ram.subarray(0x10_0ffe, 0x10_1000))).toBe("he");
  expect(decode(driver.ram.subarray(0x10_2000, 0x10_2003))).toBe("llo");
});

test("what the host must be asked for is pending, and then in the guest's pages", async () => {
  const { hub, driver } = portGuest();
  const disk = new FakeDisk();
  disk.put("text", "hello");
  const root = new HandleRoot(disk.handle, { caseSensitive: true, nameRules: "posix" });
  hub.folders.attach(root, { name: "share" });
  const request = body(1, FolderOpenFlag.Read, 0, "text");
  expect(driver.request(FolderCommand.Open, request, { size: 256 }).status).toBe(
    RequestStatus.Pending,
  );
  await vi.waitUntil(() => driver.answer().status !== RequestStatus.Pending);
  const handle = new ByteReader(driver.answer().body).u32();
  const read = body(handle, 100, u64(0), 1, 0x10_2000, 100);
  expect(driver.request(FolderCommand.Read, read).status).toBe(RequestStatus.Pending);
  await vi.waitUntil(() => driver.answer().status !== RequestStatus.Pending);
  expect(decode(driver.ram.subarray(0x10_2000, 0x10_2005))).toBe("hello");
});

test("pages of a driver that has gone are not written to", async () => {
  const { hub, driver } = portGuest();
  const disk = new FakeDisk();
  disk.put("text", "hello");
  const root = new HandleRoot(disk.handle, { caseSensitive: true, nameRules: "posix" });
  const folder = hub.folders.attach(root, { name: "share" });
  driver.request(FolderCommand.Open, body(1, FolderOpenFlag.Read, 0, "text"), { size: 256 });
  await vi.waitUntil(() => driver.answer().status !== RequestStatus.Pending);
  const handle = new ByteReader(driver.answer().body).u32();
  driver.request(FolderCommand.Read, body(handle, 100, u64(0), 1, 0x10_2000, 100));
  driver.hello();
  await folder.run(function* () {
    yield* folder.list(folder.top);
  });
  await vi.waitUntil(() => hub.pending === 0);
  expect(driver.ram.subarray(0x10_2000, 0x10_2005)).toEqual(new Uint8Array(5));
});

test("a guest that wants to know hears of folders that come and go", async () => {
  const { hub, driver, events } = portGuest();
  driver.request(Command.EventMask, body(1 << Event.Folders));
  hub.folders.attach(new MemoryRoot(), { name: "share", readOnly: true });
  expect(driver.read(Register.Event, 4)).toBe((Event.Folders << 24) | 1);
  await hub.folders.detach("share");
  expect(driver.read(Register.Event, 4)).toBe((Event.Folders << 24) | 1);
  const folderEvents = events.filter(({ type }) => type === "folder");
  expect(folderEvents).toMatchObject([
    { name: "share", state: "ready", readOnly: true },
    { name: "share", state: "detached" },
  ]);
});

// ---- FUSE through the service ----

test("all folders are directories of one file system, and a FUSE message fits in the guest's pages", async () => {
  const { guest, root, ram } = memoryGuest();
  const { service } = guest;
  const other = new MemoryRoot();
  service.attach(other, { name: "other", readOnly: true });
  root.put(["text"], encode("hello"));
  other.put(["b"], encode("2"));
  const list = [0x2000, 0x1000, 0x8000, 0x10000] as const;
  const client = new FuseClient(async (message, capacity) => {
    ram.set(message.subarray(0, 4096), 0x2000);
    ram.set(message.subarray(4096), 0x8000);
    const request = body(0, message.length, capacity, 2, ...list);
    const reply = await service.request(FolderCommand.FusePages, request, NOT_ABORTED);
    if (reply.status !== 0) throw new Error(Errno[-reply.status]);
    const length = new ByteReader(reply.body ?? new Uint8Array(0)).u32();
    if (length === 0) return undefined;
    return Uint8Array.of(
      ...ram.subarray(0x2000, 0x2000 + Math.min(length, 4096)),
      ...ram.subarray(0x8000, 0x8000 + Math.max(0, length - 4096)),
    );
  }, 0x11000);
  await client.init();
  expect(client.maxWrite).toBe(0x10000);
  expect(await client.names(1, true)).toEqual(["share", "other"]);
  expect(await client.readText("share/text")).toBe("hello");
  const large = Uint8Array.from({ length: 200_000 }, (_, index) => index * 3);
  await client.writeFile("share/large", large);
  expect(Buffer.compare(await client.readFile("share/large"), large)).toBe(0);
  await expect(client.writeFile("other/c", "3")).rejects.toMatchObject({ errno: Errno.ReadOnly });
  await expect(client.makeDirectory(1, "x")).rejects.toMatchObject({ errno: Errno.ReadOnly });
  const share = await client.walk("share");
  const target = await client.walk("other");
  await expect(client.rename(share, "text", target, "text")).rejects.toMatchObject({
    errno: Errno.OtherFolder,
  });
});

test("a kernel that outlives its session does not meet its old numbers in the next", async () => {
  const { guest, root } = memoryGuest();
  const { service } = guest;
  root.put(["one"], encode("1"));
  root.put(["other"], encode("2"));
  const client = new FuseClient(async (message, capacity) => {
    const request = Uint8Array.of(...body(1, message.length, capacity, 0), ...message);
    const reply = await service.request(FolderCommand.Fuse, request, NOT_ABORTED);
    return reply.body;
  }, 0x11000);
  await client.init();
  const before = await client.walk("one");
  service.endSession();
  await client.init();
  const after = await client.walk("other");
  expect(after).not.toBe(before);
  expect(await client.readText("one")).toBe("1");
  await expect(client.call(Opcode.GetAttributes, before, new Uint8Array(16))).rejects.toMatchObject(
    { errno: Errno.Stale },
  );
});

test("what a file system of ours does not have is said, not pretended", async () => {
  const { client, disk } = await mountHandles();
  disk.put("text", "1");
  const id = await client.walk("text");
  const nothing = new Uint8Array(100);
  for (const [opcode, errno] of [
    [Opcode.Symlink, Errno.NotPermitted],
    [Opcode.Link, Errno.NotPermitted],
    [21 as Opcode, Errno.NoCommand], // SETXATTR
    [22 as Opcode, Errno.NoCommand],
    [34 as Opcode, Errno.NoCommand], // ACCESS: the kernel takes that as yes
    [Opcode.OpenDirectory, Errno.NoCommand],
    [99 as Opcode, Errno.NoCommand],
  ] as const)
    await expect(client.call(opcode, id, nothing)).rejects.toMatchObject({ errno });
});

// ---- roots ----

test("the files of a directory input are read in their places, and cannot be changed", async () => {
  const files = [
    { path: "a.txt", file: new File(["1"], "a.txt") },
    { path: "d/e/b.txt", file: new File(["22"], "b.txt") },
  ];
  const service = new SharedFoldersService(() => {});
  service.attach(new FileListRoot(files), { name: "share" });
  const guest = new Guest(service);
  expect(await guest.names("")).toEqual(["a.txt", "d"]);
  const opened = await guest.ok(FolderCommand.Open, 1, FolderOpenFlag.Read, 10, "d/e/b.txt");
  opened.skip(FolderOpened.INLINE);
  expect(decode(opened.remaining())).toBe("22");
  expect(await guest.call(FolderCommand.Delete, 1, "a.txt")).toBe(-Errno.ReadOnly);
});

test("symbolic links of a directory are not there, and lead nowhere", async () => {
  mkdirSync(join(directory, "in/sub"), { recursive: true });
  writeFileSync(join(directory, "secret"), "outside");
  symlinkSync("../secret", join(directory, "in/link"));
  symlinkSync("..", join(directory, "in/up"));
  const service = new SharedFoldersService(() => {});
  service.attach(new DirectoryRoot(join(directory, "in")), { name: "share" });
  const guest = new Guest(service);
  expect(await guest.names("")).toEqual(["sub"]);
  for (const path of ["link", "up", "up/secret", "up/in/sub"]) {
    const answer = await guest.call(FolderCommand.Open, 1, FolderOpenFlag.Read, 10, path);
    expect([-Errno.NoEntry, -Errno.NotDirectory], path).toContain(answer);
  }
  const create = FolderOpenFlag.Write | FolderOpenFlag.Create;
  expect(await guest.call(FolderCommand.Open, 1, create, 0, "link")).toBe(-Errno.Exists);
  expect(readFileSync(join(directory, "secret"), "utf8")).toBe("outside");
});

test("a directory's files keep the bits and times that a guest sets", async () => {
  const service = new SharedFoldersService(() => {});
  const folder = service.attach(new DirectoryRoot(directory), { name: "share" });
  await folder.run(function* () {
    const node = yield* folder.createFile(folder.top, "run.sh", 0o755);
    yield* folder.setModified(node, 1_000_000_000_000);
  });
  const attributes = new DirectoryRoot(directory).stat(["run.sh"]);
  expect(attributes).toMatchObject({ mode: 0o755, modified: 1_000_000_000_000 });
});

// ---- a hostile guest ----

const SECRET = "never to be seen by a guest";

test("100,000 requests of a hostile guest never leave the folder, and are all answered", async () => {
  const inside = join(directory, "in");
  mkdirSync(join(inside, "sub"), { recursive: true });
  mkdirSync(join(directory, "out"));
  writeFileSync(join(directory, "out/secret"), SECRET);
  writeFileSync(join(inside, "a"), "content of a");
  writeFileSync(join(inside, "sub/b"), "content of b");
  symlinkSync("../out/secret", join(inside, "link"));
  symlinkSync("../out", join(inside, "up"));
  symlinkSync("../../out", join(inside, "sub/up"));

  const service = new SharedFoldersService(() => {});
  service.connect(testMachine().core);
  service.attach(new DirectoryRoot(inside), { name: "share", quota: 50_000_000 });
  service.attach(new MemoryRoot(10_000_000), { name: "other" });
  const hostile = new HostileGuest(randomNumbers(11));
  for (let count = 0; count < 100_000; count++) {
    const { command, request } = hostile.next();
    if (count % 20_000 === 19_999) service.endSession();
    const reply = await service.request(command, request, NOT_ABORTED);
    expect(Number.isInteger(reply.status)).toBe(true);
    expect(reply.status).toBeLessThanOrEqual(0);
    const answer = reply.body ?? new Uint8Array(0);
    if (Buffer.from(answer.buffer, answer.byteOffset, answer.length).includes(SECRET))
      throw new Error(`request ${count} has seen what is outside`);
    hostile.learn(answer);
  }
  // It has got somewhere at all.
  expect(hostile.successes).toBeGreaterThan(10_000);
  await service.dispose();
  expect(readdirSync(directory).sort()).toEqual(["in", "out"]);
  expect(readdirSync(join(directory, "out"))).toEqual(["secret"]);
  expect(readFileSync(join(directory, "out/secret"), "utf8")).toBe(SECRET);
  for (const link of ["link", "up"]) expect(existsSync(join(inside, link))).toBe(true);
}, 600_000);

/** Requests that are half right: known commands, numbers and names that mean something, and then some that do not. */
class HostileGuest {
  readonly #random: (below: number) => number;
  readonly #numbers = [0, 1, 2, 3, 4, 8, 16, 40, 255, 256, 4096, 65536, 0x7fff_ffff, 0xffff_ffff];
  readonly #names = [
    "a", "b", "sub", "c", "link", "up", "share", "other", "..", ".", "", "/", "\\", "../out",
    "../out/secret", "up/secret", "sub/up/secret", "/etc/passwd", "a\0b", "\u0001", "con", "x".repeat(255),
    "y".repeat(256), "sub/b", "sub/../../out/secret", "link/", "ü☃", ".tandem-deleted-3",
  ]; // prettier-ignore
  successes = 0;

  constructor(random: (below: number) => number) {
    this.#random = random;
  }

  next(): { command: number; request: Uint8Array } {
    const style = this.#random(10);
    if (style < 5) return { command: FolderCommand.Fuse, request: this.#fuse() };
    if (style === 5) return { command: FolderCommand.FusePages, request: this.#noise() };
    const command = 0x0200 + this.#random(0x12);
    return { command, request: this.#random(3) === 0 ? this.#noise() : this.#byPath(command) };
  }

  /** Numbers out of answers: handles, node numbers. */
  learn(answer: Uint8Array): void {
    if (answer.length === 0) return;
    this.successes++;
    if (answer.length < 20 || this.#random(20) > 0) return;
    const view = new DataView(answer.buffer, answer.byteOffset, answer.length);
    const number = view.getUint32(this.#random(5) * 4, true);
    this.#numbers[3 + this.#random(6)] = number;
  }

  #number(): number {
    if (this.#random(20) === 0) return this.#random(2 ** 31) * 2;
    return this.#numbers[this.#random(this.#numbers.length)] ?? 0;
  }

  #small(): number {
    return this.#random(6) === 0 ? this.#number() : this.#random(12);
  }

  #name(): string {
    return this.#names[this.#random(this.#names.length)] ?? "";
  }

  #noise(): Uint8Array {
    const bytes = new Uint8Array(this.#random(120));
    for (let at = 0; at < bytes.length; at++)
      bytes[at] = this.#random(3) === 0 ? this.#random(256) : 0;
    return bytes;
  }

  #byPath(command: FolderCommand): Uint8Array {
    const folder = 1 + this.#random(2);
    const name = this.#name();
    switch (command) {
      case FolderCommand.Open:
        return body(folder, this.#random(64), this.#number(), name);
      case FolderCommand.Read:
      case FolderCommand.Write: {
        const length = this.#random(3000);
        const position = this.#random(4) ? this.#random(10_000) : this.#number();
        return body(this.#small(), length, u64(position), 0, new Uint8Array(length));
      }
      case FolderCommand.List:
        return body(folder, this.#small(), this.#random(2) ? 4096 : this.#number(), name);
      case FolderCommand.SetAttributes:
        return body(folder, this.#random(4), u64(this.#random(50_000)), u64(this.#number()), name);
      case FolderCommand.Rename:
      case FolderCommand.Copy: {
        const { length } = encode(name);
        return body(folder, 1 + this.#random(2), this.#random(2), length, name, this.#name());
      }
      default:
        return body(this.#random(2) ? folder : this.#small(), name);
    }
  }

  #fuse(): Uint8Array {
    const folder = this.#random(3);
    const opcode = this.#random(20) === 0 ? this.#number() : this.#random(52);
    const content = this.#fuseBody(opcode);
    const id = this.#small();
    const length = 40 + content.length;
    const told = this.#random(50) === 0 ? this.#number() : length;
    const header = body(told, opcode, u64(7), u64(id), new Uint8Array(16));
    const capacity = this.#random(4) === 0 ? this.#number() : 8192;
    return body(folder, length, capacity, 0, header, content);
  }

  #fuseBody(opcode: Opcode): Uint8Array {
    const name = `${this.#name()}\0`;
    switch (opcode) {
      case Opcode.Lookup:
      case Opcode.Unlink:
      case Opcode.RemoveDirectory:
        return encode(name);
      case Opcode.Init:
        return body(7, this.#random(40), 0, this.#number());
      case Opcode.MakeDirectory:
        return body(0o755, 0, name);
      case Opcode.MakeNode:
      case Opcode.Create:
        return body(this.#number(), 0o100644, 0, 0, name);
      case Opcode.Rename:
        return body(u64(this.#small()), name, `${this.#name()}\0`);
      case Opcode.Rename2:
        return body(u64(this.#small()), this.#random(3), 0, name, `${this.#name()}\0`);
      case Opcode.Open:
        return body(this.#number(), 0);
      case Opcode.Read:
      case Opcode.ReadDirectory:
      case Opcode.ReadDirectoryPlus:
        return body(u64(this.#small()), u64(this.#number()), this.#number(), new Uint8Array(20));
      case Opcode.Write: {
        const length = this.#random(2000);
        const position = u64(this.#random(20_000));
        return body(u64(this.#small()), position, length, new Uint8Array(20 + length));
      }
      case Opcode.SetAttributes:
        return body(this.#random(512), 0, u64(0), u64(this.#random(100_000)), new Uint8Array(64));
      case Opcode.Forget:
        return body(u64(this.#random(3)));
      default:
        return this.#noise();
    }
  }
}
