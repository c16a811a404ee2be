// Shared folders on the browser's own directory handles, with requests made here. With Linux: linux-folders.spec.ts.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, type Page, test } from "playwright/test";

const SOURCE = "/src/worker/services/shared-folders";

test.beforeEach(async ({ page }) => {
  await page.route("**/blank.html", (route) =>
    route.fulfill({ contentType: "text/html", body: "<title>Blank</title>" }),
  );
  await page.goto("/blank.html");
});

test("random operations of a guest on the browser's own files leave what a file system would", async ({
  page,
}) => {
  const result = await page.evaluate(async (source) => {
    const load = async (name: string) => import(/* @vite-ignore */ `${source}/${name}.ts`);
    const { HandleRoot } = await load("handle-root");
    const { Exerciser } = await load("testing/exerciser");
    const { mount } = await load("testing/setup");
    const storage = await navigator.storage.getDirectory();
    const top = await storage.getDirectoryHandle("exercise", { create: true });
    const root = new HandleRoot(top, { caseSensitive: true, nameRules: "posix" });
    const { client } = await mount(root, { spillBytes: 100_000 });
    const exerciser = new Exerciser(client, 9);
    await exerciser.run(2500);
    await exerciser.closeAll();

    const differences: string[] = [];
    const model: Map<string, Uint8Array | "directory"> = exerciser.contents();
    const walk = async (directory: FileSystemDirectoryHandle, prefix: string): Promise<void> => {
      for await (const [name, handle] of directory.entries()) {
        const path = prefix + name;
        const wanted = model.get(path);
        model.delete(path);
        if (handle.kind === "directory") {
          if (wanted !== "directory") differences.push(`${path} is a directory`);
          await walk(handle as FileSystemDirectoryHandle, `${path}/`);
          continue;
        }
        const file = await (handle as FileSystemFileHandle).getFile();
        const bytes = new Uint8Array(await file.arrayBuffer());
        const isSame =
          wanted instanceof Uint8Array &&
          wanted.length === bytes.length &&
          wanted.every((byte, at) => byte === bytes[at]);
        if (!isSame) differences.push(`${path} has other bytes`);
      }
    };
    await walk(top, "");
    for (const path of model.keys()) differences.push(`${path} is missing`);
    return { differences, done: exerciser.done as Record<string, number> };
  }, SOURCE);
  expect(result.differences).toEqual([]);
  expect(result.done["rename"]).toBeGreaterThan(50);
});

test("a directory that is dropped is read by a guest, without its symbolic links, and the host's changes are seen", async ({
  page,
}) => {
  const directory = mkdtempSync(join(tmpdir(), "tandem-drop-"));
  try {
    mkdirSync(join(directory, "sub"));
    writeFileSync(join(directory, "sub/text"), "before");
    writeFileSync(join(directory, "ünï☃"), "1");
    symlinkSync("/etc/passwd", join(directory, "link"));
    await dropDirectory(page, directory);
    await page.evaluate(async (source) => {
      const load = async (name: string) => import(/* @vite-ignore */ `${source}/${name}.ts`);
      const { HandleRoot } = await load("handle-root");
      const { mount } = await load("testing/setup");
      const holder = globalThis as unknown as { dropped: unknown; setup: unknown };
      const root = new HandleRoot(holder.dropped, { caseSensitive: true, nameRules: "posix" });
      holder.setup = await mount(root, { clock: () => performance.now() });
    }, SOURCE);
    const names = () =>
      page.evaluate(async () => {
        const { client } = (globalThis as unknown as { setup: Setup }).setup;
        return (await client.names(1, true)).sort();
      });
    const text = (path: string) =>
      page.evaluate(async (name) => {
        const { client } = (globalThis as unknown as { setup: Setup }).setup;
        return client.readText(name);
      }, path);
    expect(await names()).toEqual(["sub", "ünï☃"]);
    expect(await text("sub/text")).toBe("before");
    writeFileSync(join(directory, "sub/text"), "changed by the host");
    writeFileSync(join(directory, "new"), "2");
    await expect.poll(names).toEqual(["new", "sub", "ünï☃"]);
    await expect.poll(() => text("sub/text")).toBe("changed by the host");
    // Browsers give a dropped directory for reading only, until the user is asked.
    const error = await page.evaluate(async () => {
      const { client } = (globalThis as unknown as { setup: Setup }).setup;
      return client.writeFile("mine", "x").then(String, String);
    });
    expect(error).toBe("FolderError: Access");
  } finally {
    rmSync(directory, { recursive: true });
  }
});

interface Setup {
  client: {
    names(id: number, plus: boolean): Promise<string[]>;
    readText(path: string): Promise<string>;
    writeFile(path: string, text: string): Promise<void>;
  };
}

async function dropDirectory(page: Page, directory: string): Promise<void> {
  await page.evaluate(() => {
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      const item = event.dataTransfer?.items[0] as unknown as {
        getAsFileSystemHandle(): Promise<FileSystemHandle>;
      };
      void item
        .getAsFileSystemHandle()
        .then((handle) => Object.assign(globalThis, { dropped: handle }));
    });
  });
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [directory], dragOperationsMask: 19 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const)
    await session.send("Input.dispatchDragEvent", { type, x: 50, y: 50, data });
  await page.waitForFunction(() => "dropped" in globalThis);
}
