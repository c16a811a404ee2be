import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DirectoryRoot } from "../../../node/directory-root";
import { SharedFoldersService } from "../shared-folders";
import type { FolderOptions } from "./folder";
import { FuseServer } from "./fuse-server";
import { HandleRoot } from "./handle-root";
import { MemoryRoot } from "./memory-root";
import type { FolderRoot } from "./root";
import { Exerciser } from "./testing/exerciser";
import { FakeDisk } from "./testing/fake-handles";
import { FuseClient } from "./testing/fuse-client";

/** A busy computer takes its time. */
const LONG = 600_000;

async function exercise(
  root: FolderRoot,
  operations: number,
  seed: number,
  options: Partial<FolderOptions> = {},
): Promise<Exerciser> {
  const service = new SharedFoldersService(() => {});
  const folder = service.attach(root, { name: "share", ...options });
  const server = new FuseServer(() => [folder], folder);
  const client = new FuseClient((message, capacity) => server.request(message, capacity));
  await client.init();
  const exerciser = new Exerciser(client, seed);
  await exerciser.run(operations);
  await exerciser.closeAll();
  expect(server.openFiles).toBe(0);
  for (const count of ["rename", "unlink", "truncate", "readWhole"])
    expect(exerciser.done[count]).toBeGreaterThan(operations / 100);
  await service.dispose();
  return exerciser;
}

async function contentsOf(root: FolderRoot): Promise<Map<string, Uint8Array | "directory">> {
  const result = new Map<string, Uint8Array | "directory">();
  const walk = async (path: string[]): Promise<void> => {
    for (const { name, kind } of await root.list(path)) {
      const place = [...path, name];
      if (kind === "directory") {
        result.set(place.join("/"), "directory");
        await walk(place);
      } else {
        const reader = await root.openReader(place);
        result.set(place.join("/"), await reader.read(0, reader.attributes.size));
      }
    }
  };
  await walk([]);
  return result;
}

function expectSame(
  host: Map<string, Uint8Array | "directory">,
  model: Map<string, Uint8Array | "directory">,
): void {
  expect([...host.keys()].sort()).toEqual([...model.keys()].sort());
  for (const [path, content] of model) {
    const onHost = host.get(path);
    const same =
      typeof content === "string" || typeof onHost === "string"
        ? content === onHost
        : Buffer.compare(content, onHost ?? new Uint8Array(0)) === 0;
    expect(same, path).toBe(true);
  }
}

test(
  "50,000 random operations on directory handles leave what a file system would",
  async () => {
    const root = new HandleRoot(new FakeDisk().handle, {
      caseSensitive: true,
      nameRules: "posix",
    });
    const exerciser = await exercise(root, 50_000, 1);
    expectSame(await contentsOf(root), exerciser.contents());
  },
  LONG,
);

test(
  "random operations on handles that cannot move files",
  async () => {
    const disk = new FakeDisk();
    disk.canMove = false;
    const root = new HandleRoot(disk.handle, { caseSensitive: false, nameRules: "windows" });
    const exerciser = await exercise(root, 10_000, 2);
    expectSame(await contentsOf(root), exerciser.contents());
  },
  LONG,
);

test(
  "random operations on more changes than are kept in memory",
  async () => {
    const root = new HandleRoot(new FakeDisk().handle, {
      caseSensitive: true,
      nameRules: "posix",
    });
    const exerciser = await exercise(root, 10_000, 5, { spillBytes: 50_000 });
    expectSame(await contentsOf(root), exerciser.contents());
  },
  LONG,
);

test(
  "random operations in memory",
  async () => {
    const root = new MemoryRoot();
    const exerciser = await exercise(root, 20_000, 3);
    expectSame(await contentsOf(root), exerciser.contents());
  },
  LONG,
);

test(
  "random operations in a directory of this computer",
  async () => {
    const directory = mkdtempSync(join(tmpdir(), "tandem-folder-"));
    try {
      const exerciser = await exercise(new DirectoryRoot(directory), 20_000, 4);
      const host = new Map<string, Uint8Array | "directory">();
      for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name);
        const key = path.slice(directory.length + 1);
        host.set(key, entry.isDirectory() ? "directory" : readFileSync(path));
      }
      expectSame(host, exerciser.contents());
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
  LONG,
);
