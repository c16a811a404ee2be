// What a guest does with the pointer beyond following it: asks for it, moves its own cursor, inverts what is under it.

import type { Page } from "playwright/test";
import { expect, test } from "playwright/test";
import { PNG } from "pngjs";
import { openEmbedding } from "./page";
import { ask, bootPillion, hover } from "./pillion";

test.use({ viewport: { width: 1100, height: 900 } });

/** Of the size of its picture: a pixel of the page is a pixel of the guest. */
const BODY = `<style>body { margin: 0 } tandem-pc { width: 1024px; height: 768px; --tandem-focus-ring: none }</style><tandem-pc></tandem-pc>`;

function message(page: Page) {
  return page.locator("tandem-pc [part=message]");
}

async function expectCaptured(page: Page, captured: boolean): Promise<void> {
  await expect.poll(() => page.evaluate(() => window.pc.pointerUse.captured)).toBe(captured);
}

/** A window's place, or a button's in it. */
async function placeOf(page: Page, window: string): Promise<{ x: number; y: number }> {
  const answer = await ask(page, "windows", /OK/);
  const [, x, y] = new RegExp(`WINDOW ${window} (\\d+) (\\d+)`).exec(answer) ?? [];
  return { x: Number(x), y: Number(y) };
}

async function yaw(page: Page): Promise<number> {
  const [, turned] = /LOOK (-?\d+)/.exec(await ask(page, "look", /LOOK .*\n/)) ?? [];
  return Number(turned);
}

test("a guest that asks for the mouse gets it at the next click, or at once after a click; it gives it back itself", async ({
  page,
}, { project }) => {
  await openEmbedding(page, BODY, project.name === "isolated");
  await bootPillion(page);
  await hover(page, 900, 300);
  await ask(page, "look start", /grabbed/);
  // Nobody has clicked anything yet: the browser would refuse.
  await expect(message(page)).toHaveText(
    "The guest asks for the mouse. Click the screen to give it.",
  );
  await page.mouse.down();
  await page.mouse.up();
  await expectCaptured(page, true);
  expect(await yaw(page)).toBe(0); // that click was the page's
  for (let step = 1; step <= 20; step++) await page.mouse.move(900 + 10 * step, 300);
  await expect.poll(() => yaw(page)).toBe(200);
  await page.evaluate(() => window.pc.release()); // as Esc does
  await expectCaptured(page, false);
  await expect(message(page)).toContainText("The guest asks for the mouse.");
  await ask(page, "look stop", /free/);
  await expect(message(page)).toBeHidden();
  await expect.poll(() => page.evaluate(() => window.pc.pointerUse.mode)).toBe("integrated");

  // Its button was clicked: no other click is needed.
  const look = await placeOf(page, "look");
  await hover(page, look.x + 80, look.y + 66);
  await page.mouse.down();
  await page.mouse.up();
  await expectCaptured(page, true);
  await page.mouse.down(); // the guest's way to end it
  await page.mouse.up();
  await expectCaptured(page, false);
  await expect.poll(() => page.evaluate(() => window.pc.pointerUse.mode)).toBe("integrated");
});

test("a cursor that the guest has moved is shown there until the hand moves; one over a text inverts it", async ({
  page,
}, { project }) => {
  await openEmbedding(page, BODY, project.name === "isolated");
  await bootPillion(page);
  await ask(page, "open notes", /OK/);
  const layer = page.locator("tandem-pc [part=cursor]");
  const css = () => page.evaluate(() => window.pc.shadowRoot?.querySelector<HTMLElement>("canvas.screen")?.style.cursor); // prettier-ignore
  await hover(page, 20, 300);
  await expect.poll(css).toMatch(/^image-set/);
  await expect(layer).toBeHidden();
  await ask(page, "home centre", /WHERE 512 384/);
  await expect(layer).toBeVisible();
  expect(await css()).toBe("none");
  expect(await layer.boundingBox()).toMatchObject({ x: 511, y: 383 }); // hot spot (1, 1)
  await hover(page, 25, 300);
  await expect.poll(css).toMatch(/^image-set/);
  await expect(layer).toBeHidden();

  const notes = await placeOf(page, "notes");
  const at = { x: notes.x + 160, y: notes.y + 100 };
  await hover(page, at.x, at.y);
  await expect(layer).toBeVisible();
  const box = await layer.boundingBox();
  expect([box?.x, box?.y, box?.width, box?.height].map((value = 0) => Math.round(value))).toEqual([at.x - 4, at.y - 9, 9, 18]); // prettier-ignore
  expect(await css()).toBe("none");
  const guest = await page.evaluate(async ({ x, y }) => {
    const { width, data } = await window.pc.pixels();
    return [...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 3)];
  }, at);
  const seen = PNG.sync.read(await page.screenshot({ clip: { ...at, width: 1, height: 1 } }));
  expect([...seen.data.subarray(0, 3)]).toEqual(guest.map((value) => 255 - value));
});
