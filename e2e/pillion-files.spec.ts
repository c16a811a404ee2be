// Pillion's Files window on a directory of the browser, by the hand and the keys, and files that come from the desktop.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PNG } from "pngjs";
import { expect, type Page, test } from "playwright/test";
import type { TandemPc } from "../src/element/index";
import { bootFloppy, GUEST_TIMEOUT, hasFirmware, machines, messages } from "./page";
import { ask } from "./pillion";

const WIDTH = 1024;

test("a directory is listed, read, written and renamed in Pillion, files are dropped on it and given back", async ({
  page,
}) => {
  const scratch = mkdtempSync(join(tmpdir(), "tandem-files-"));
  try {
    await start(page);
    await write(page, "hello.txt", "Grüße aus OPFS");
    await write(page, "picture.png", picture());
    await attach(page);

    await doubleClick(page, "share");
    await doubleClick(page, "hello.txt");
    await expect
      .poll(() => ask(page, "text", /TEXT .*\n/), { timeout: GUEST_TIMEOUT })
      .toContain("TEXT Grüße aus OPFS");
    await page.keyboard.type("well, ");
    await page.keyboard.press("Control+s");
    await expect.poll(() => read(page, "hello.txt")).toBe("well, Grüße aus OPFS");

    await ask(page, "open files", /OK/);
    await click(page, "hello.txt");
    await page.keyboard.press("F2");
    await page.keyboard.type("renamed.txt\n");
    await expect.poll(() => read(page, "renamed.txt")).toBe("well, Grüße aus OPFS");
    await write(page, "of the host", "1");
    await row(page, "of the host");
    await click(page, "of the host");
    await page.keyboard.press("Delete");
    await page.keyboard.press("Enter");
    await expect.poll(() => read(page, "of the host")).toBeUndefined();
    await doubleClick(page, "picture.png");
    await expect
      .poll(() => ask(page, "picture", /PICTURE .*\n/), { timeout: GUEST_TIMEOUT })
      .toContain("PICTURE 200 120");
    await ask(page, "open files", /OK/);

    const file = join(scratch, "dropped ☃.txt");
    writeFileSync(file, "dropped".repeat(1000));
    const place = await row(page, "renamed.txt");
    // Drags are told in whole pixels of the page.
    const under = await page.evaluate(
      ({ x, y }) => window.pc.guestPixel(Math.floor(x), Math.floor(y)),
      place,
    );
    await drop(page, [file], place);
    await expect.poll(() => read(page, "dropped ☃.txt")).toBe("dropped".repeat(1000));
    await expect(messages(machines(page))).toContainText("1 file copied");
    const where = await ask(page, "where", /WHERE .*\n/);
    expect(where).toContain(`WHERE ${under.x} ${under.y} `);

    await click(page, "dropped ☃.txt");
    await button(page, "Save to host");
    const link = messages(machines(page)).getByRole("link", { name: "Save dropped ☃.txt" });
    const download = page.waitForEvent("download");
    await link.click();
    expect(readFileSync(await (await download).path(), "utf8")).toBe("dropped".repeat(1000));

    if (!hasFirmware()) return;
    const floppy = join(scratch, "floppy.img");
    writeFileSync(floppy, bootFloppy("A floppy"));
    await drop(page, [floppy], await onPage(page, 500, 300));
    await expect(messages(machines(page))).toContainText("something to start a PC from");
  } finally {
    rmSync(scratch, { recursive: true });
  }
});

function picture(): Buffer {
  const png = new PNG({ width: 200, height: 120 });
  for (let y = 0; y < png.height; y++)
    for (let x = 0; x < png.width; x++)
      png.data.set([x, y * 2, 255 - x, 255], (y * png.width + x) * 4);
  return PNG.sync.write(png);
}

/** Pillion on the front page, with its Files window. */
async function start(page: Page): Promise<void> {
  await page.route("**/machines/index.json", (route) => route.fulfill({ json: [] }));
  await page.goto(`/?append=${encodeURIComponent("open=files ui=log")}`);
  await page.evaluate(async () => {
    const pc = document.querySelector("tandem-pc") as TandemPc;
    window.pc = pc;
    window.watch = { sent: 0, taken: 0, text: "", x: -1, y: -1 };
    pc.addEventListener("serial", ({ detail }) => (window.watch.text += new TextDecoder().decode(detail.bytes))); // prettier-ignore
    while (!pc.takesFiles) await new Promise((resolve) => setTimeout(resolve, 5));
  });
}

async function attach(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const url = "/src/page/machine-client.ts";
    const { MachineClient } = (await import(/* @vite-ignore */ url)) as { MachineClient: Client };
    // The element's own machine: the next call tells which it is.
    const { call } = MachineClient.prototype;
    const client = await new Promise<InstanceType<Client>>((resolve) => {
      MachineClient.prototype.call = function (work: (api: Api) => Promise<void>) {
        MachineClient.prototype.call = call;
        resolve(this);
        return this.call(work);
      };
      void window.pc.stats();
    });
    const storage = await navigator.storage.getDirectory();
    const handle = await storage.getDirectoryHandle("files", { create: true });
    await client.call((api) =>
      api.attachFolder("share", { kind: "handle", handle, where: "opfs" }),
    );
  });
}

interface Api {
  attachFolder(name: string, source: unknown): Promise<void>;
}

type Client = new () => { call(work: (api: Api) => Promise<void>): Promise<void> };

async function write(page: Page, name: string, content: string | Buffer): Promise<void> {
  const base64 = Buffer.from(content).toString("base64");
  await page.evaluate(
    async ([file, text]) => {
      const storage = await navigator.storage.getDirectory();
      const top = await storage.getDirectoryHandle("files", { create: true });
      const stream = await (await top.getFileHandle(file, { create: true })).createWritable();
      await stream.write(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)));
      await stream.close();
    },
    [name, base64] as const,
  );
}

/** Undefined when there is no such file. */
function read(page: Page, name: string): Promise<string | undefined> {
  return page.evaluate(async (file) => {
    const storage = await navigator.storage.getDirectory();
    const top = await storage.getDirectoryHandle("files");
    const handle = await top.getFileHandle(file).catch(() => undefined);
    const opened = await handle?.getFile();
    // It may be written meanwhile.
    return opened?.text().catch(() => undefined);
  }, name);
}

interface Spot {
  x: number;
  y: number;
}

/** A pixel of the guest on the page, when the picture stands still: a message above it moves it and makes it smaller. */
async function onPage(page: Page, guestX: number, guestY: number): Promise<Spot> {
  const canvas = page.locator("tandem-pc canvas").first();
  for (let before = ""; ;) {
    const box = await canvas.boundingBox();
    if (!box) throw new Error("The picture is not to be seen.");
    const scale = box.width / WIDTH;
    if (before === JSON.stringify(box))
      return { x: box.x + (guestX + 0.5) * scale, y: box.y + (guestY + 0.5) * scale };
    before = JSON.stringify(box);
    await page.evaluate(
      () =>
        new Promise((resolve) =>
          requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve))),
        ),
    );
  }
}

/** Waits until the window shows a name. */
async function row(page: Page, name: string): Promise<Spot> {
  let found: RegExpExecArray | null = null;
  const pattern = new RegExp(`^FILE (\\d+) (\\d+) \\w+ \\d+ ${name}\\r?$`, "m");
  await expect
    .poll(
      async () => {
        found = pattern.exec(await ask(page, "files", /SAYS .*\n/));
        return found !== null;
      },
      { timeout: GUEST_TIMEOUT },
    )
    .toBe(true);
  const [, x = "", y = ""] = found ?? [];
  return onPage(page, Number(x), Number(y));
}

async function click(page: Page, name: string): Promise<void> {
  const { x, y } = await row(page, name);
  await page.mouse.click(x, y);
}

async function doubleClick(page: Page, name: string): Promise<void> {
  const { x, y } = await row(page, name);
  await page.mouse.dblclick(x, y);
}

async function button(page: Page, label: string): Promise<void> {
  const frame = /WINDOW files (\d+) (\d+)/.exec(await ask(page, "windows", /OK/));
  const pattern = new RegExp(`^CONTROL \\d+ (\\d+) (\\d+) .*${label}`, "m");
  const control = pattern.exec(await ask(page, "controls files", /OK/));
  if (!frame || !control) throw new Error(`There is no button ${label}.`);
  const { x, y } = await onPage(page, Number(frame[1]) + Number(control[1]) + 8, Number(frame[2]) + Number(control[2]) + 8); // prettier-ignore
  await page.mouse.click(x, y);
}

/** As from the desktop, through the browser. */
async function drop(
  page: Page,
  files: string[],
  { x, y }: { x: number; y: number },
): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files, dragOperationsMask: 19 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const)
    await session.send("Input.dispatchDragEvent", { type, x, y, data });
  await session.detach();
}
