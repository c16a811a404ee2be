import { expect, test } from "vitest";
import { MemoryRoot } from "../../worker/services/shared-folders/memory-root";
import { countedRoot } from "./counted-root";

test("calls of the root, reads and writes are counted, and do what they did", async () => {
  const memory = new MemoryRoot();
  memory.put(["file"], Uint8Array.of(1, 2, 3));
  const calls = {};
  const root = countedRoot(memory, calls);
  expect(root.writable).toBe(true);
  const reader = await root.openReader(["file"]);
  expect(reader.attributes.size).toBe(3);
  expect(await reader.read(1, 2)).toEqual(Uint8Array.of(2, 3));
  await reader.read(0, 1);
  reader.close();
  const writer = await root.openWriter(["file"], true);
  await writer.write(3, Uint8Array.of(4));
  await writer.close();
  expect(await root.stat(["file"])).toMatchObject({ size: 4 });
  expect(calls).toEqual({ openReader: 1, read: 2, openWriter: 1, write: 1, stat: 1 });
});
