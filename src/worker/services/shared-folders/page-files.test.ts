import { expect, test } from "vitest";
import { FileListRoot } from "./file-list-root";
import { MemoryRoot } from "./memory-root";
import { listFiles, readFile, writeFile } from "./page-files";
import { mount, mountHandles } from "./testing/setup";

const READ_WRITE = 2;
const bytes = (words: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(words);
const blob = (words: string): Blob => new Blob([words]);

test("the page writes a file into a folder that the guest may only read, and the guest has it at once", async () => {
  const { folder, client } = await mount(new MemoryRoot(), { readOnly: true });
  expect(await client.names(1)).toEqual([]);
  await writeFile(folder, "a/b/Ünï.txt", blob("one"));
  expect(await client.readText("a/b/Ünï.txt")).toBe("one");
  await writeFile(folder, "a/b/Ünï.txt", blob("two"));
  expect(await client.readText("a/b/Ünï.txt")).toBe("two");
  await writeFile(folder, "a/b/Ünï.txt", blob(""));
  expect(await client.readText("a/b/Ünï.txt")).toBe("");
});

test("the page reads what the guest has written, before the host has it", async () => {
  const { disk, folder, client } = await mountHandles();
  const { id, handle } = await client.create(1, "log", READ_WRITE);
  await client.write(id, handle, 0, bytes("not closed"));
  expect(disk.text("log")).toBe("");
  const file = await readFile(folder, "log");
  expect([file.name, await file.text()]).toEqual(["log", "not closed"]);
  expect(await listFiles(folder, "")).toMatchObject([{ name: "log", kind: "file", size: 10 }]);
  await client.close(id, handle);
  expect(disk.text("log")).toBe("not closed");
});

test("a large file goes in and out as it was", async () => {
  const { folder } = await mountHandles();
  const large = Uint8Array.from({ length: (3 << 20) + 17 }, (_, at) => (at * 31) ^ (at >> 9));
  await writeFile(folder, "dir/large", new Blob([large]));
  const file = await readFile(folder, "dir/large");
  expect(Buffer.compare(new Uint8Array(await file.arrayBuffer()), large)).toBe(0);
  expect(await listFiles(folder, "dir")).toMatchObject([{ name: "large", size: large.length }]);
});

test("what cannot be read or written is said in words", async () => {
  const { folder } = await mount(new MemoryRoot());
  const refused = (message: string): object => ({ code: "folder", message: `${message}.` });
  await writeFile(folder, "file", blob("x"));
  await writeFile(folder, "dir/x", blob("x"));
  await expect(readFile(folder, "gone")).rejects.toMatchObject(refused('"gone" in "share": there is nothing of this name')); // prettier-ignore
  await expect(readFile(folder, "dir")).rejects.toMatchObject(refused('"dir" in "share": this is a directory')); // prettier-ignore
  await expect(listFiles(folder, "file")).rejects.toMatchObject(refused('"file" in "share": a part of the path is a file')); // prettier-ignore
  await expect(writeFile(folder, "file/x", blob(""))).rejects.toMatchObject(refused('"file/x" in "share": a part of the path is a file')); // prettier-ignore
  await expect(writeFile(folder, "dir", blob(""))).rejects.toMatchObject(refused('"dir" in "share": this is a directory')); // prettier-ignore
  for (const path of ["../x", "a//b", "", "a/../../x", "a\\b"])
    await expect(writeFile(folder, path, blob("")), path).rejects.toMatchObject({ code: "folder" });
  const { folder: list } = await mount(new FileListRoot([]));
  await expect(writeFile(list, "x", blob(""))).rejects.toMatchObject(refused('"x" in "share": this is a list of files, which cannot be changed')); // prettier-ignore
});
