// The clipboard between a user of Chromium and Pillion.

import { expect, type Page, test } from "playwright/test";
import { PNG } from "pngjs";
import { ask, bootPillion } from "./pillion";
import { GUEST_TIMEOUT, openEmbedding } from "./page";

const ELEMENT = `<tandem-pc controls memory="64" append="open=notes" style="width: 800px"></tandem-pc>`;
const TEXT = "Grüße aus Köln 👋🏽 завтра 明日";

declare global {
  interface Window {
    clipboardNews: string[];
  }
}

async function boot(page: Page): Promise<void> {
  await openEmbedding(page, ELEMENT, true);
  await bootPillion(page);
  await page.evaluate(() => {
    window.clipboardNews = [];
    window.pc.addEventListener("clipboard", ({ detail }) => window.clipboardNews.push(detail.what));
  });
  await page.locator("tandem-pc").focus();
}

const news = (page: Page) => page.evaluate(() => window.clipboardNews);

async function hears(page: Page, what: string): Promise<void> {
  await expect.poll(() => news(page), { timeout: GUEST_TIMEOUT }).toContain(what);
  await page.evaluate(() => (window.clipboardNews = []));
}

const note = async (page: Page) => /TEXT (.*)\n/.exec(await ask(page, "text", /TEXT .*\n/))?.[1];

test("text, HTML and a picture go from the user's clipboard into the machine and back", async ({
  page,
  context,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await boot(page);

  // Text with the keys.
  await page.evaluate((text) => navigator.clipboard.writeText(text), TEXT);
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Control+v");
  await expect.poll(() => note(page), { timeout: GUEST_TIMEOUT }).toBe(TEXT);
  await page.keyboard.type("x");
  await page.keyboard.press("Control+a");
  await page.evaluate(() => (window.clipboardNews = []));
  await page.keyboard.press("Control+c");
  await hears(page, "written");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(`${TEXT}x`);

  // No echo: neither side takes it for news, whoever looks.
  const before = await ask(page, "clip", /CLIPBOARD .*\n/);
  expect(before).toContain("own=1");
  await page.evaluate(() => window.pc.release());
  await page.locator("tandem-pc").focus();
  await page.keyboard.press("End");
  await page.keyboard.press("Control+v");
  await expect.poll(() => note(page), { timeout: GUEST_TIMEOUT }).toBe(`${TEXT}x${TEXT}x`);
  expect(await ask(page, "clip", /CLIPBOARD .*\n/)).toBe(before);

  // A megabyte of HTML, byte for byte through the guest, and on the user's clipboard as data.
  const html = await page.evaluate(async () => {
    const rows = Array.from({ length: 20_000 }, (_, row) => `<li class="x${row}">żółć ✓ &lt;${row}&gt; 🎉</li>`); // prettier-ignore
    const source = `<p>First</p><img src=x onerror="window.hurt=true"><ul>${rows.join("")}</ul>`;
    await window.pc.writeClipboard({ "text/html": source });
    return source;
  });
  expect(Buffer.byteLength(html)).toBeGreaterThan(1 << 20);
  await ask(page, "clip fetch", /CLIP 2 \d+ \w+\n/);
  await page.evaluate(() => (window.clipboardNews = []));
  await ask(page, "clip offer", /CLIPBOARD .*\n/);
  await hears(page, "written");
  const back = await page.evaluate(async () => {
    const own = await (await window.pc.readClipboard())["text/html"]?.text();
    const [item] = await navigator.clipboard.read();
    const users = await (await item?.getType("text/html"))?.text();
    return { own, users, words: await navigator.clipboard.readText(), hurt: "hurt" in window };
  });
  expect(back.own === html).toBe(true);
  expect(back.users).toContain("żółć ✓ &lt;19999&gt; 🎉");
  expect(back.words.split("\n").slice(0, 2)).toEqual(["First", "żółć ✓ <0> 🎉"]);
  expect(back.hurt).toBe(false);

  // A picture, by the button of the toolbar; the viewer gives it back with the same pixels.
  await ask(page, "close notes", /OK/);
  const base64 = picture(61, 40).toString("base64");
  await page.evaluate(async (data) => {
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    const type = "image/png";
    await navigator.clipboard.write([new ClipboardItem({ [type]: new Blob([bytes], { type }) })]);
  }, base64);
  await page.getByRole("button", { name: "Paste", exact: true }).click();
  await expect.poll(() => ask(page, "picture", /PICTURE .*\n/), { timeout: GUEST_TIMEOUT }).toContain("PICTURE 61 40 "); // prettier-ignore
  await page.evaluate(() => (window.clipboardNews = []));
  await page.keyboard.press("Control+c");
  await hears(page, "written");
  const copied = await page.evaluate(async () => {
    const [item] = await navigator.clipboard.read();
    const bytes = new Uint8Array(await ((await item?.getType("image/png")) ?? new Blob()).arrayBuffer()); // prettier-ignore
    return [...bytes];
  });
  const pixels = PNG.sync.read(Buffer.from(copied));
  expect([pixels.width, pixels.height]).toEqual([61, 40]);
  expect(pixels.data.equals(PNG.sync.read(picture(61, 40)).data)).toBe(true);

  // Switched off, the machine gives and gets nothing.
  await page.evaluate(() => {
    window.pc.clipboard = "off";
    return navigator.clipboard.writeText("secret");
  });
  await expect.poll(() => ask(page, "clip", /CLIPBOARD .*\n/)).toContain("directions=0");
  await page.keyboard.press("Control+v");
  expect(await ask(page, "clip", /CLIPBOARD .*\n/)).toContain("own=1");
  expect(await page.evaluate(() => window.pc.clipboard)).toBe("off");
});

test("where the browser wants a click for all that touches the clipboard, a click does it", async ({
  page,
}) => {
  // As Firefox: no permission to be had, NotAllowedError outside of a click.
  await page.addInitScript(() => {
    let isClick = false;
    let board: ClipboardItem[] = [new ClipboardItem({ "text/plain": "the user's" })];
    window.addEventListener("click", () => {
      isClick = true;
      queueMicrotask(() => setTimeout(() => (isClick = false)));
    }, true); // prettier-ignore
    const allow = (): void => {
      if (!isClick) throw new DOMException("Clipboard access was blocked.", "NotAllowedError");
    };
    const clipboard = {
      async read() {
        allow();
        return board;
      },
      async readText() {
        allow();
        return (await board[0]?.getType("text/plain"))?.text();
      },
      async write(items: ClipboardItem[]) {
        allow();
        board = items;
      },
      async writeText(text: string) {
        allow();
        board = [new ClipboardItem({ "text/plain": text })];
      },
      addEventListener() {},
    };
    Object.defineProperty(navigator, "clipboard", { value: clipboard });
    Object.defineProperty(window, "board", {
      get: async () => (await board[0]?.getType("text/plain"))?.text(),
    });
    const query = navigator.permissions.query.bind(navigator.permissions);
    navigator.permissions.query = async (wanted) => {
      if (String(wanted.name).startsWith("clipboard")) throw new TypeError("no such permission");
      return query(wanted);
    };
  });
  await boot(page);
  const copied = page.getByRole("button", { name: "Copied in the machine" });
  await expect(copied).toBeHidden();
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Control+x");
  await expect(copied).toBeVisible({ timeout: GUEST_TIMEOUT });
  const board = () => page.evaluate(() => (window as unknown as { board: Promise<string> }).board);
  expect(await board()).toBe("the user's");
  await copied.click();
  await expect(copied).toBeHidden();
  expect(await board()).toBe("Type here. ");

  await page
    .evaluate(() => window.pc.pasteClipboard())
    .then(
      () => expect(false, "a paste without a click is refused").toBe(true),
      (error: Error) => expect(error.message).toContain("did not hand over the clipboard"),
    );
  await page.getByRole("button", { name: "Paste", exact: true }).click();
  await expect.poll(() => note(page), { timeout: GUEST_TIMEOUT }).toBe("Type here. ");
});

test("a page without encryption shares texts by the keys", async ({ page }) => {
  await page.addInitScript(() =>
    Object.defineProperty(navigator, "clipboard", { value: undefined }),
  );
  await boot(page);
  await page.evaluate((text) => {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
  }, TEXT);
  const field = page.locator("body > textarea");
  await field.press("Control+c");
  await page.locator("tandem-pc").focus();
  await page.keyboard.press("Control+v");
  await expect.poll(() => note(page), { timeout: GUEST_TIMEOUT }).toBe(`Type here. ${TEXT}`);
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Control+c");
  await hears(page, "written"); // by the old "copy" event, which the key allows
  await field.fill("");
  await field.press("Control+v");
  await expect(field).toHaveValue(`Type here. ${TEXT}`);
});

function picture(width: number, height: number): Buffer {
  const png = new PNG({ width, height });
  for (let at = 0; at < png.data.length; at += 4)
    png.data.writeUInt32LE((Math.imul(at + 1, 2654435761) | 0xff00_0000) >>> 0, at);
  return PNG.sync.write(png);
}
