// The folders panel: sharing, what is offered again at the next visit, names, and that everybody can use it.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, type Locator, type Page, test } from "playwright/test";
import type { AxeResults } from "axe-core";
import type { TandemPc } from "../src/element/index";
import { expectAlive, machines, openEmbedding, openWithoutGuests } from "./page";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The browser's picker gives directories of the origin's storage, the next in each call. */
async function stubPicker(page: Page, ...paths: string[]): Promise<void> {
  await page.addInitScript((list) => {
    let next = 0;
    Object.assign(window, {
      showDirectoryPicker: async (options: { mode: string }) => {
        Object.assign(window, { pickedWith: options });
        let directory = await navigator.storage.getDirectory();
        for (const name of (list[next++] ?? "").split("/"))
          directory = await directory.getDirectoryHandle(name, { create: true });
        return directory;
      },
    });
  }, paths);
}

function row(machine: Locator, name: string): Locator {
  return machine.locator(`[data-folder="${name}"]`);
}

async function openFolders(machine: Locator): Promise<void> {
  await machine.locator('[data-part="folders-menu"] > summary').click();
}

test("files come into the private folder from the page, and all of it goes out as one archive", async ({
  page,
}) => {
  await openWithoutGuests(page, "&memory=8");
  const machine = machines(page);
  await expectAlive(machine);
  await openFolders(machine);
  await machine.getByRole("button", { name: "Use the private folder" }).click();
  await expect(row(machine, "private")).toContainText("ready");
  const choosing = page.waitForEvent("filechooser");
  await machine.getByRole("button", { name: "Add files…: private" }).click();
  const [text, letters] = [Buffer.from("from the page\n"), Buffer.from("ÄÖÜ")];
  await (
    await choosing
  ).setFiles([
    { name: "note.txt", mimeType: "text/plain", buffer: text },
    { name: "Grüße.txt", mimeType: "text/plain", buffer: letters },
  ]);
  await expect(machine.getByText('2 files added to "private".')).toBeVisible();
  const pc = page.locator("tandem-pc");
  await pc.evaluate((element) => (element as TandemPc).writeFile("private", "sub/inner", "deep"));
  expect(await pc.evaluate(async (element) => (await (element as TandemPc).readFile("private", "note.txt")).text())).toBe("from the page\n"); // prettier-ignore
  await expect(pc.evaluate((element) => (element as TandemPc).readFile("private", "gone"))).rejects.toThrow("there is nothing of this name"); // prettier-ignore
  const downloading = page.waitForEvent("download");
  await machine.getByRole("button", { name: "Download: private" }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe("private.zip");
  // Nothing is compressed in it.
  const archive = readFileSync(await download.path());
  expect(archive.subarray(0, 4).toString("latin1")).toBe("PK\u0003\u0004");
  for (const part of ["note.txt", text, "Grüße.txt", letters, "sub/", "sub/inner", "deep"])
    expect(archive.includes(part), part.toString()).toBe(true);
});

test("folders that the user shares are offered again after a reload, and come back with one click", async ({
  page,
}) => {
  await stubPicker(page, "one/documents", "two/documents");
  await openWithoutGuests(page, "&memory=8");
  const machine = machines(page);
  await expectAlive(machine);
  await openFolders(machine);
  await machine.getByRole("button", { name: "Share a folder…" }).click();
  await expect(row(machine, "documents")).toContainText("ready");
  expect(await page.evaluate(() => (window as unknown as { pickedWith: unknown }).pickedWith)).toMatchObject({ mode: "readwrite" }); // prettier-ignore
  // Another directory of the same name gets another name in the guest, and may be looked at only.
  await machine.getByLabel("read-only", { exact: true }).first().check();
  await machine.getByRole("button", { name: "Use the private folder" }).click();
  await expect(machine.getByLabel("Read-only: private")).toBeChecked();
  await machine.locator(".actions").getByLabel("read-only").check();
  await machine.getByRole("button", { name: "Share a folder…" }).click();
  await expect(row(machine, "documents-2")).toContainText("ready");
  await machine.getByLabel("Read-only: documents-2").uncheck();
  await expect(machine.getByLabel("Read-only: documents-2")).not.toBeChecked();
  await machine.getByLabel("Read-only: documents", { exact: true }).check();

  await page.reload();
  await expectAlive(machine);
  await openFolders(machine);
  for (const name of ["documents", "documents-2", "private"])
    await expect(row(machine, name)).toContainText("shared at your last visit");
  await machine.getByRole("button", { name: "Reconnect: documents", exact: true }).click();
  await expect(row(machine, "documents")).toContainText("ready");
  await expect(machine.getByLabel("Read-only: documents", { exact: true })).toBeChecked();
  await machine.getByRole("button", { name: "Forget: documents-2" }).click();
  await expect(row(machine, "documents-2")).toHaveCount(0);
  await machine.getByRole("button", { name: "Detach: documents", exact: true }).click();
  await expect(row(machine, "documents")).toHaveCount(0);

  for (const scheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.evaluate(AXE);
    const problems = await page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: { run(): Promise<AxeResults> } };
      const { violations } = await axe.run();
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
    });
    expect(problems).toEqual([]);
  }
  await page.setViewportSize({ width: 360, height: 740 });
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(width).toBeLessThanOrEqual(360);
});

test("an element's own panel shares what its machine expects, by keyboard", async ({ page }) => {
  await stubPicker(page, "of-the-user");
  await openEmbedding(page, `<tandem-pc controls memory="16" folders="work, photos:ro" style="width: 40rem"></tandem-pc>`, true); // prettier-ignore
  const pc = page.locator("tandem-pc");
  await pc.evaluate((element) => {
    const seen: string[] = [];
    Object.assign(window, { seen });
    (element as TandemPc).addEventListener("folder", ({ detail }) => seen.push(`${detail.name} ${detail.state}`)); // prettier-ignore
    return (element as TandemPc).start();
  });
  await pc.getByRole("button", { name: "Folders" }).press("Enter");
  await expect(pc.locator('[data-folder="photos"]')).toContainText("not shared yet");
  await pc.getByRole("button", { name: "Share a folder as this…: photos" }).press("Enter");
  await expect(pc.locator('[data-folder="photos"]')).toContainText("ready");
  await expect(pc.getByLabel("Read-only: photos")).toBeChecked();
  await page.keyboard.press("Escape");
  await expect(pc.getByRole("region", { name: "Folders that the guest shares" })).toBeHidden();

  const failure = (call: string): Promise<unknown> =>
    page.evaluate(`(async () => {
      const pc = document.querySelector("tandem-pc");
      const directory = await (await navigator.storage.getDirectory()).getDirectoryHandle("other", { create: true });
      try {
        return await ${call};
      } catch ({ name, code, message }) {
        return { name, code, message };
      }
    })()`);
  const error = { name: "TandemError", code: "folder" };
  expect(await failure('pc.attachFolder("photos", directory)')).toMatchObject(error);
  expect(await failure('pc.attachFolder("a/b", directory)')).toMatchObject(error);
  expect(await failure('pc.attachFolder("x", 5)')).toMatchObject({ code: "bad-argument" });
  expect(await failure('pc.detachFolder("nobody")')).toMatchObject(error);
  expect(await failure('pc.reconnectFolder("nobody")')).toMatchObject(error);
  // Folders stay with the element when it gets another machine.
  expect(await failure('pc.attachFolder("memory", { kind: "memory", files: { a: new Uint8Array(3) } })')).toBe(undefined); // prettier-ignore
  await pc.evaluate((element) => (element as TandemPc).load());
  const states = () =>
    pc.evaluate((element) => (element as TandemPc).sharedFolders.map(({ name, state }) => `${name} ${state}`)); // prettier-ignore
  expect(await states()).toEqual(["photos ready", "memory ready", "work expected"]);
  await pc.evaluate((element) => (element as TandemPc).detachFolder("photos"));
  expect(await states()).toEqual(["memory ready", "work expected", "photos expected"]);
  await pc.evaluate((element) => (element as TandemPc).unload());
  expect(await states()).toEqual(["memory waiting", "work expected", "photos expected"]);
  expect(await page.evaluate(() => (window as unknown as { seen: string[] }).seen)).toEqual(
    expect.arrayContaining(["photos expected", "photos ready", "photos detached", "memory waiting"]), // prettier-ignore
  );
});

test("lights tell what the guest works together with", async ({ page }) => {
  await page.goto("/?machine=pillion");
  const lights = machines(page).getByRole("list", { name: "What the guest works together with" });
  const pointer = lights.getByRole("listitem").filter({ hasText: "pointer" });
  await expect(pointer).toContainText("works");
  await expect(pointer).toHaveAttribute("title", /without a click/);
  const pc = page.locator("tandem-pc").first();
  expect(await pc.evaluate((element) => (element as TandemPc).integrations)).toContain("pointer");
  await pc.evaluate((element) => (element as TandemPc).powerOff());
  await expect(pointer).toContainText("not in this guest");
});
