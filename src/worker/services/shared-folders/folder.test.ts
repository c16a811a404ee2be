import { expect, test, vi } from "vitest";
import { Errno, FolderError } from "./errors";
import { InitFlag } from "./fuse";
import { HandleRoot } from "./handle-root";
import { MemoryRoot } from "./memory-root";
import { FakeDisk } from "./testing/fake-handles";
import { ALL_FLAGS } from "./testing/fuse-client";
import { mount, mountHandles } from "./testing/setup";

const READ = 0;
const READ_WRITE = 2;
const MIB = 1 << 20;
/** What a guest and the folder believe names for, together at most. */
const FRESH = 800;

function pattern(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at++) bytes[at] = at * 31 + (at >> 10);
  return bytes;
}

async function errnoOf(work: Promise<unknown>): Promise<Errno | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof FolderError) return error.errno;
    throw error;
  }
}

// ---- how often the host is asked ----

test("ls -l of 100 files asks the host for one listing and 100 attributes", async () => {
  const { disk, client } = await mountHandles();
  for (let number = 0; number < 100; number++) disk.put(`dir/file ${number}`, `${number}`);
  disk.resetCalls();
  const id = await client.walk("dir");
  expect(await client.names(id, true)).toHaveLength(100);
  expect(disk.calls).toMatchObject({ list: 1, getFile: 100, read: 0 });
  disk.resetCalls();
  for (let number = 0; number < 100; number++) await client.lookup(id, `file ${number}`);
  expect(disk.calls).toMatchObject({ list: 0, getFile: 0 });
});

test("ls -l of 100 directories asks the host for one listing, and for nothing of each", async () => {
  const { disk, client } = await mountHandles();
  for (let number = 0; number < 100; number++) disk.put(`directory ${number}/file`, "");
  disk.resetCalls();
  expect(await client.names(1, true)).toHaveLength(100);
  expect(disk.calls).toMatchObject({ list: 1, handle: 0, getFile: 0 });
});

test("names that are looked up without a listing are soon listed instead", async () => {
  const { disk, client } = await mountHandles();
  for (let number = 0; number < 100; number++) disk.put(`dir/file ${number}`, `${number}`);
  const id = await client.walk("dir");
  disk.resetCalls();
  for (let number = 0; number < 100; number++) await client.lookup(id, `file ${number}`);
  expect(disk.calls.list).toBe(1);
  expect(disk.calls.getFile).toBe(100);
});

test("64 MB read one after the other take at most 260 reads of the host", async () => {
  const { disk, client } = await mountHandles();
  disk.put("large", new Uint8Array(64 * MIB));
  const id = await client.walk("large");
  const handle = await client.open(id, READ);
  disk.resetCalls();
  let total = 0;
  for (;;) {
    const { length } = await client.read(id, handle, total, 128 * 1024);
    if (length === 0) break;
    total += length;
  }
  expect(total).toBe(64 * MIB);
  expect(disk.calls.read).toBeLessThanOrEqual(66);
});

test("what is read once is not read again while it is unchanged", async () => {
  const { disk, client } = await mountHandles();
  disk.put("text", "hello");
  await client.readText("text");
  disk.resetCalls();
  expect(await client.readText("text")).toBe("hello");
  expect(disk.calls.read).toBe(0);
});

test("small writes reach the host in one piece when the file is closed", async () => {
  const { disk, client } = await mountHandles();
  const { id, handle } = await client.create(1, "log", READ_WRITE);
  for (let line = 0; line < 256; line++)
    await client.write(id, handle, line * 4, new TextEncoder().encode(`${line}`.padEnd(4)));
  expect(disk.calls.createWritable).toBe(0);
  await client.close(id, handle);
  expect(disk.calls).toMatchObject({ createWritable: 1, write: 1, close: 1 });
  expect(disk.text("log")).toHaveLength(1024);
});

// ---- what the host's user does meanwhile ----

test("a file that the host adds is seen after the listing has aged, and one that it removes is gone", async () => {
  const { disk, client, pass } = await mountHandles();
  disk.put("old", "1");
  expect(await client.names(1)).toEqual(["old"]);
  expect(await errnoOf(client.lookup(1, "new"))).toBe(Errno.NoEntry);
  disk.put("new", "2");
  disk.remove("old");
  pass(FRESH);
  expect(await client.readText("new")).toBe("2");
  expect(await client.names(1)).toEqual(["new"]);
  expect(await errnoOf(client.lookup(1, "old"))).toBe(Errno.NoEntry);
});

test("a file that the host changes has its new content and, with write-back, another node number", async () => {
  const { disk, client, pass } = await mountHandles();
  disk.put("text", "before");
  const before = await client.walk("text");
  expect(await client.readText("text")).toBe("before");
  disk.put("text", "after that");
  pass(FRESH);
  const { id, attributes } = await client.lookup(1, "text");
  expect(attributes.size).toBe(10);
  expect(id).not.toBe(before);
  expect(attributes.number).toBe((await client.attributes(before)).number);
  expect(await client.readText("text")).toBe("after that");
});

test("without write-back the kernel sees by time and size that a file has changed", async () => {
  const flags = ALL_FLAGS & ~InitFlag.WritebackCache;
  const { disk, client, pass } = await mountHandles({}, flags);
  disk.put("text", "before");
  const before = await client.lookup(1, "text");
  disk.put("text", "changed");
  pass(FRESH);
  const after = await client.lookup(1, "text");
  expect(after.id).toBe(before.id);
  expect(after.attributes.modified).not.toBe(before.attributes.modified);
});

test("a guest that has a file open while the host changes it reads on", async () => {
  const { disk, client } = await mountHandles();
  disk.put("text", pattern(MIB));
  const id = await client.walk("text");
  const handle = await client.open(id, READ);
  await client.read(id, handle, 0, 4096);
  const changed = pattern(MIB).map((byte) => byte ^ 0xff);
  disk.put("text", changed);
  const got = await client.read(id, handle, 800_000, 4096);
  expect(Buffer.compare(got, changed.subarray(800_000, 804_096))).toBe(0);
});

test("what the host appends is kept when the guest changes the beginning", async () => {
  const { disk, client } = await mountHandles();
  disk.put("log", "one\n");
  const id = await client.walk("log");
  const handle = await client.open(id, READ_WRITE);
  await client.write(id, handle, 0, new TextEncoder().encode("ONE"));
  disk.put("log", "one\ntwo\n");
  await client.close(id, handle);
  expect(disk.text("log")).toBe("ONE\ntwo\n");
});

test("an observer of the host shows changes at once", async () => {
  const disk = new FakeDisk();
  const root = new HandleRoot(disk.handle, { caseSensitive: true, nameRules: "posix" });
  let report: ((path: readonly string[] | undefined) => void) | undefined;
  let end = (): void => {};
  root.watch = async (changed, ended) => {
    report = changed;
    end = ended;
    return () => (report = undefined);
  };
  const { client, service, pass } = await mount(root);
  disk.put("dir/a", "1");
  expect(await client.names(await client.walk("dir"))).toEqual(["a"]);
  disk.put("dir/b", "2");
  report?.(["dir", "b"]);
  expect((await client.names(await client.walk("dir"))).sort()).toEqual(["a", "b"]);
  disk.put("dir/c", "3");
  pass(FRESH);
  expect(await client.names(await client.walk("dir"))).toHaveLength(2);
  // It can no longer tell: then one has to look again.
  end();
  expect(await client.names(await client.walk("dir"))).toHaveLength(3);
  await service.detach("share");
  expect(report).toBeUndefined();
});

// ---- what goes wrong ----

test("a permission that is taken back in the middle of a write loses nothing that was acknowledged", async () => {
  const { disk, client, folder, news } = await mountHandles();
  const { id, handle } = await client.create(1, "text", READ_WRITE);
  await client.write(id, handle, 0, new TextEncoder().encode("first "));
  await client.fsync(id, handle);
  await client.write(id, handle, 6, new TextEncoder().encode("second"));
  disk.permission = "denied";
  expect(await errnoOf(client.fsync(id, handle))).toBe(Errno.Access);
  expect(news).toMatchObject([{ name: "share", state: "permission" }]);
  expect(disk.text("text")).toBe("first ");
  expect(folder.unwritten).toBe(1);
  disk.permission = "granted";
  await folder.reconnect();
  expect(folder.unwritten).toBe(0);
  expect(disk.text("text")).toBe("first second");
  expect(news.at(-1)?.state).toBe("ready");
  await client.close(id, handle);
});

test("a folder that may only be read says so until the user lets it be written", async () => {
  const { disk, client, news } = await mountHandles();
  disk.put("text", "1");
  disk.writePermission = "prompt";
  expect(await errnoOf(client.writeFile("new", "2"))).toBe(Errno.Access);
  expect(await client.readText("text")).toBe("1");
  expect(news).toMatchObject([{ state: "write-permission" }]);
  disk.writePermission = "granted";
  await client.writeFile("new", "2");
  expect(news.at(-1)?.state).toBe("ready");
  expect(disk.text("new")).toBe("2");
});

test("a folder that may be written again is ready, though nothing waited", async () => {
  const { disk, client, folder, news } = await mountHandles();
  disk.writePermission = "prompt";
  expect(await errnoOf(client.writeFile("new", "2"))).toBe(Errno.Access);
  expect(await errnoOf(folder.reconnect())).toBe(Errno.Access);
  expect(folder.state).toBe("write-permission");
  disk.writePermission = "granted";
  await folder.reconnect();
  expect(news.at(-1)?.state).toBe("ready");
});

test("a full disk is an error at close, and what was there before stays", async () => {
  const { disk, client, news } = await mountHandles();
  disk.put("text", "old content");
  disk.capacity = 1000;
  const id = await client.walk("text");
  const handle = await client.open(id, READ_WRITE);
  await client.write(id, handle, 0, pattern(5000));
  expect(await errnoOf(client.flush(id, handle))).toBe(Errno.NoSpace);
  expect(disk.text("text")).toBe("old content");
  expect(news).toMatchObject([{ state: "full" }]);
  disk.capacity = 10_000;
  await client.close(id, handle);
  expect(disk.get("text")).toHaveLength(5000);
  expect(news.at(-1)?.state).toBe("ready");
});

test("a directory that has vanished is not ready, and there again when it is back", async () => {
  const { disk, client, news, pass } = await mountHandles();
  disk.put("text", "1");
  await client.names(1);
  disk.vanished = true;
  pass(FRESH);
  expect(await errnoOf(client.names(1))).toBe(Errno.NotReady);
  expect(news).toMatchObject([{ state: "vanished" }]);
  disk.vanished = false;
  expect(await client.names(1)).toEqual(["text"]);
  expect(news.at(-1)?.state).toBe("ready");
});

test("a file that the host removes while the guest writes it is written again", async () => {
  const { disk, client, pass } = await mountHandles();
  disk.put("text", "1");
  const id = await client.walk("text");
  const handle = await client.open(id, READ_WRITE);
  await client.write(id, handle, 0, new TextEncoder().encode("mine"));
  disk.remove("text");
  pass(FRESH);
  expect(await client.names(1)).toEqual(["text"]);
  await client.close(id, handle);
  expect(disk.text("text")).toBe("mine");
});

test("a file whose directory the host has removed cannot be closed well", async () => {
  const { disk, client, pass } = await mountHandles();
  disk.put("dir/text", "1");
  const id = await client.walk("dir/text");
  const handle = await client.open(id, READ_WRITE);
  await client.write(id, handle, 0, new TextEncoder().encode("mine"));
  disk.remove("dir");
  pass(FRESH);
  expect(await client.names(1)).toEqual([]);
  expect(await errnoOf(client.close(id, handle))).toBe(Errno.NoEntry);
});

// ---- limits ----

test("a read-only folder is read, and nothing else", async () => {
  const { disk, client, folder } = await mountHandles({ readOnly: true });
  disk.put("dir/text", "1");
  const dir = await client.walk("dir");
  const { id, attributes } = await client.lookup(dir, "text");
  expect(attributes.mode & 0o777).toBe(0o555);
  expect(await client.readText("dir/text")).toBe("1");
  for (const work of [
    client.open(id, READ_WRITE),
    client.create(1, "new", READ_WRITE),
    client.makeDirectory(1, "new"),
    client.unlink(dir, "text"),
    client.rename(dir, "text", dir, "other"),
    client.truncate(id, 0),
    client.setModified(id, 0),
  ])
    expect(await errnoOf(work)).toBe(Errno.ReadOnly);
  await folder.setReadOnly(false);
  await client.writeFile("dir/text", "2");
  expect(disk.text("dir/text")).toBe("2");
});

test("becoming read-only writes first what the guest has changed", async () => {
  const { disk, client, folder } = await mountHandles();
  const { id, handle } = await client.create(1, "text", READ_WRITE);
  await client.write(id, handle, 0, new TextEncoder().encode("mine"));
  await folder.setReadOnly(true);
  expect(disk.text("text")).toBe("mine");
  expect(await errnoOf(client.write(id, handle, 0, new Uint8Array(1)))).toBe(Errno.ReadOnly);
});

test("what nobody closes is on the host five seconds later, whenever it was written", async () => {
  vi.useFakeTimers();
  try {
    const { disk, client } = await mountHandles({ clock: () => Date.now() });
    for (const wait of [2600, 5000]) {
      const { id, handle } = await client.create(1, `${wait}`, READ_WRITE);
      await client.write(id, handle, 0, pattern(100));
      await vi.advanceTimersByTimeAsync(wait);
    }
    expect(disk.get("5000")).toHaveLength(100);
  } finally {
    vi.useRealTimers();
  }
});

test("a kernel that writes back asks for the size of a file that took only a part", async () => {
  const { client } = await mountHandles({ quota: 10_000 });
  const { id, handle } = await client.create(1, "file", READ_WRITE);
  await client.write(id, handle, 0, pattern(8000));
  expect(await errnoOf(client.write(id, handle, 8000, pattern(8000)))).toBe(Errno.NoSpace);
  await client.close(id, handle);
  const { id: other, attributes } = await client.lookup(1, "file");
  expect(other).not.toBe(id);
  expect(attributes.size).toBe(8000);
});

test("the quota bounds what the guest adds, and gives back what it deletes", async () => {
  const { client } = await mountHandles({ quota: 10_000 });
  await client.writeFile("a", pattern(8000));
  expect(await errnoOf(client.writeFile("b", pattern(3000)))).toBe(Errno.NoSpace);
  await client.unlink(1, "a");
  await client.writeFile("b", pattern(9000));
  expect(await client.readFile("b")).toHaveLength(9000);
});

test("files beyond 4 GB are read and changed by ranges, without what lies between", async () => {
  const written: [number, number][] = [];
  const size = 5 * 2 ** 30;
  const root = new MemoryRoot();
  root.createFile(["huge"]);
  root.stat = (path) =>
    path.length === 0
      ? { kind: "directory", size: 0, modified: 1 }
      : { kind: "file", size, modified: 1 };
  root.openReader = () => ({
    attributes: root.stat(["huge"]),
    read: (position, length) => new Uint8Array(length).fill(position / 2 ** 30),
    close: () => {},
  });
  root.openWriter = () => ({
    write: (position, bytes) => void written.push([position, bytes.length]),
    truncate: () => {},
    close: () => {},
    abort: () => {},
  });
  const { client } = await mount(root);
  const { id, attributes } = await client.lookup(1, "huge");
  expect(attributes.size).toBe(size);
  const handle = await client.open(id, READ_WRITE);
  expect((await client.read(id, handle, 4.5 * 2 ** 30, 8))[0]).toBe(4);
  await client.write(id, handle, size - 4, pattern(4));
  await client.write(id, handle, 4.25 * 2 ** 30, pattern(10));
  await client.close(id, handle);
  expect(written).toEqual([
    [4.25 * 2 ** 30, 10],
    [size - 4, 4],
  ]);
});

// ---- open files ----

test("a file that is deleted while it is open is read and written to the end", async () => {
  const { disk, client } = await mountHandles();
  disk.put("text", "hello");
  const id = await client.walk("text");
  const handle = await client.open(id, READ_WRITE);
  await client.unlink(1, "text");
  expect(await errnoOf(client.lookup(1, "text"))).toBe(Errno.NoEntry);
  await client.writeFile("text", "another");
  await client.write(id, handle, 5, new TextEncoder().encode(" there"));
  expect(new TextDecoder().decode(await client.read(id, handle, 0, 100))).toBe("hello there");
  expect((await client.attributes(id)).links).toBe(0);
  await client.close(id, handle);
  expect(disk.text("text")).toBe("another");
});

test("a large one waits under a hidden name until it is closed", async () => {
  const { disk, client } = await mountHandles();
  const bytes = pattern(65 * MIB);
  disk.put("large", bytes);
  const id = await client.walk("large");
  const handle = await client.open(id, READ);
  await client.unlink(1, "large");
  expect(await client.names(1)).toEqual([]);
  expect(disk.top.entries.size).toBe(1);
  const got = await client.read(id, handle, 60 * MIB, 4096);
  expect(Buffer.compare(got, bytes.subarray(60 * MIB, 60 * MIB + 4096))).toBe(0);
  await client.close(id, handle);
  expect(disk.top.entries.size).toBe(0);
});

test("a file is renamed while it is open and has changes", async () => {
  const { disk, client } = await mountHandles();
  const dir = await client.makeDirectory(1, "dir");
  const { id, handle } = await client.create(dir.id, "tmp", READ_WRITE);
  await client.write(id, handle, 0, new TextEncoder().encode("content"));
  await client.rename(1, "dir", 1, "moved");
  await client.rename(dir.id, "tmp", 1, "final");
  expect(await client.readText("final")).toBe("content");
  await client.close(id, handle);
  expect(disk.text("final")).toBe("content");
  expect([...disk.top.entries.keys()].sort()).toEqual(["final", "moved"]);
});

test("requests under way at the same time do not disturb each other", async () => {
  const { disk, client } = await mountHandles({ spillBytes: 20_000 });
  const contents = Array.from({ length: 20 }, (_, number) => pattern(1000 * number + number));
  await Promise.all(
    contents.map(async (bytes, number) => {
      const { id, handle } = await client.create(1, `f${number}`, READ_WRITE);
      const half = bytes.length >> 1;
      await Promise.all([
        client.write(id, handle, 0, bytes.subarray(0, half)),
        client.names(1, true),
        client.write(id, handle, half, bytes.subarray(half)),
      ]);
      await client.rename(1, `f${number}`, 1, `g${number}`);
      await client.close(id, handle);
    }),
  );
  await Promise.all(
    contents.map(async (bytes, number) => {
      expect(Buffer.compare(disk.get(`g${number}`), bytes)).toBe(0);
      expect(Buffer.compare(await client.readFile(`g${number}`), bytes)).toBe(0);
    }),
  );
});

test("two who have a file open see each other's changes at once", async () => {
  const { client } = await mountHandles();
  await client.writeFile("text", "aaaa");
  const id = await client.walk("text");
  const one = await client.open(id, READ_WRITE);
  const other = await client.open(id, READ_WRITE);
  await client.write(id, one, 1, new TextEncoder().encode("b"));
  await client.write(id, other, 3, new TextEncoder().encode("c"));
  expect(new TextDecoder().decode(await client.read(id, one, 0, 10))).toBe("abac");
  await client.close(id, one);
  await client.close(id, other);
});

test("a time that the guest sets stays after the file is written, though browsers cannot store it", async () => {
  const { client, pass } = await mountHandles();
  const { id, handle } = await client.create(1, "text", READ_WRITE);
  await client.write(id, handle, 0, pattern(10));
  const time = 1_234_567_890_500;
  expect((await client.setModified(id, time)).modified).toBe(time);
  await client.close(id, handle);
  pass(FRESH);
  expect((await client.attributes(id)).modified).toBe(time);
});

test("detaching writes what is open, and then nothing is there", async () => {
  const { disk, client, service } = await mountHandles();
  const { id, handle } = await client.create(1, "text", READ_WRITE);
  await client.write(id, handle, 0, new TextEncoder().encode("mine"));
  await service.detach("share");
  expect(disk.text("text")).toBe("mine");
  expect(await errnoOf(client.read(id, handle, 0, 10))).toBe(Errno.NotReady);
  expect(service.folders).toHaveLength(0);
});

test("on a host that does not tell cases apart, a name has one file in all its cases", async () => {
  const disk = new FakeDisk();
  disk.put("Read Me.txt", "1");
  const root = new HandleRoot(disk.handle, { caseSensitive: false, nameRules: "windows" });
  const { client } = await mount(root);
  const upper = await client.lookup(1, "READ ME.TXT");
  const lower = await client.lookup(1, "read me.txt");
  expect(upper.id).toBe(lower.id);
  expect(await errnoOf(client.create(1, "READ me.txt", 0x80 | READ_WRITE))).toBe(Errno.Exists);
  await client.rename(1, "read me.txt", 1, "README.txt");
  expect([...disk.top.entries.keys()]).toEqual(["README.txt"]);
  expect(await client.names(1)).toEqual(["README.txt"]);
});

test("a listing goes on where it was, whatever is deleted meanwhile", async () => {
  const { disk, client } = await mountHandles();
  for (let number = 0; number < 500; number++) disk.put(`f${number}`, "");
  const seen = new Set<string>();
  for (let names = await client.names(1, false, 512); names.length > 0;) {
    for (const name of names.slice(0, 100)) {
      seen.add(name);
      await client.unlink(1, name);
    }
    names = await client.names(1, false, 512);
  }
  expect(seen.size).toBe(500);
  expect(disk.top.entries.size).toBe(0);
});
