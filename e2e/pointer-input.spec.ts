// What a hand does with the pointer: capture, buttons, drags, wheel, fingers; and what the host draws of the guest's cursor.

import type { CDPSession, Page } from "playwright/test";
import { expect, test } from "playwright/test";
import { openEmbedding } from "./page";
import { ask, bootPillion, hover, usePointer } from "./pillion";

const ELEMENT = `<tandem-pc style="width: 800px"></tandem-pc>`;

async function open(page: Page, project: { name: string }, html = ELEMENT): Promise<void> {
  await openEmbedding(page, html, project.name.startsWith("isolated"));
  await bootPillion(page);
}

/** A point of the page over a pixel of the guest. */
function over(page: Page, x: number, y: number): Promise<{ x: number; y: number }> {
  return page.evaluate(
    ([px = 0, py = 0]) => {
      const box = window.pc.shadowRoot?.querySelector("canvas.screen")?.getBoundingClientRect();
      if (!box) throw new Error("no screen");
      return {
        x: box.left + ((px + 0.5) / window.pc.videoWidth) * box.width,
        y: box.top + ((py + 0.5) / window.pc.videoHeight) * box.height,
      };
    },
    [x, y],
  );
}

async function moveTo(page: Page, x: number, y: number): Promise<void> {
  const at = await over(page, x, y);
  await hover(page, at.x, at.y);
}

/** The changes of the buttons that the guest has seen, one after the other. */
async function buttonsSeen(page: Page): Promise<string[]> {
  await page.evaluate(() => window.where());
  const text = await page.evaluate(() => window.log);
  const all = [...text.matchAll(/^P \d+ \d+ \d+ (\w+) /gm)].map(([, buttons = ""]) => buttons);
  return all.filter((buttons, index) => buttons !== (all[index - 1] ?? "0"));
}

declare global {
  interface Window {
    /** All that the guest has said. */
    log: string;
  }
}

async function keepLog(page: Page): Promise<void> {
  await page.evaluate(() => {
    window.log = "";
    window.pc.addEventListener("serial", ({ detail }) => (window.log += new TextDecoder().decode(detail.bytes))); // prettier-ignore
  });
  await ask(page, "log pointer", /OK/);
}

test("a click gives the mouse to the guest, motion arrives count by count, Esc is explained", async ({
  page,
}, { project }) => {
  // prettier-ignore
  await open(page, project);
  await usePointer(page, "relative", "usb-mouse");
  await ask(page, "accel off", /off/);
  await moveTo(page, 300, 300);
  await expect(page.locator("tandem-pc [part=message]")).toHaveText("Click to give the mouse to the guest."); // prettier-ignore
  await page.mouse.down();
  await page.mouse.up();
  await expect.poll(() => page.evaluate(() => window.pc.pointerUse.captured)).toBe(true);
  await expect(page.locator("tandem-pc [part=message]")).toContainText("Esc gives it back");
  await ask(page, "home corner", /WHERE 0 0/);

  const scale = await page.evaluate(() => window.pc.videoWidth / 800);
  const start = await over(page, 300, 300);
  let sum = 0;
  for (const step of [3, 7, 1, 1, 2, 40, 5, 5, 11, 25]) {
    sum += step;
    await page.mouse.move(start.x + sum, start.y + sum / 2);
  }
  const within = async (): Promise<boolean> => {
    const { x, y } = await page.evaluate(() => window.where());
    return Math.abs(x - sum * scale) <= 1 && Math.abs(y - (sum / 2) * scale) <= 1;
  };
  await expect.poll(within).toBe(true);

  await page.evaluate(() => window.pc.release());
  await expect.poll(() => page.evaluate(() => window.pc.pointerUse.captured)).toBe(false);
});

test("a mouse with acceleration drifts away from the hand, and one without does not", async ({
  page,
}, { project }) => {
  // prettier-ignore
  await open(page, project);
  await usePointer(page, "relative", "usb-mouse");
  const trace = async (): Promise<number> => {
    await ask(page, "home centre", /WHERE/);
    const before = await page.evaluate(() => window.where());
    // Out in a few fast moves, back in many slow ones: the hand ends where it began.
    await page.evaluate(async () => {
      for (let step = 0; step < 10; step++) {
        window.pc.pointerMotion(-15, 0);
        await new Promise((resolve) => setTimeout(resolve, 12));
      }
      for (let step = 0; step < 75; step++) {
        window.pc.pointerMotion(2, 0);
        await new Promise((resolve) => setTimeout(resolve, 12));
      }
    });
    const after = await page.evaluate(() => window.where());
    return Math.abs(after.x - before.x);
  };
  await ask(page, "accel off", /off/);
  expect(await trace()).toBeLessThanOrEqual(1);
  await ask(page, "accel on", /on/);
  expect(await trace()).toBeGreaterThan(100);
});

for (const [mode, device] of [
  ["integrated", "tandem"],
  ["absolute", "usb-tablet"],
] as const)
  // prettier-ignore
  test(`no change of the buttons is lost in a storm of clicks, ${mode}`, async ({ page }, { project }) => { // prettier-ignore
    await open(page, project);
    await usePointer(page, mode, device);
    await moveTo(page, 500, 380); // between the windows
    await keepLog(page);
    const wanted = await page.evaluate(() => {
      let seed = 99;
      const random = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647;
      const wanted: string[] = [];
      let buttons = 0;
      for (let turn = 0; turn < 300; turn++) {
        if (random() < 0.5) window.pc.pointerPosition(0.49 + random() * 0.02, 0.49 + random() * 0.02); // prettier-ignore
        const next = Math.floor(random() * 8);
        if (next !== buttons) wanted.push(next.toString(16));
        window.pc.pointerButtons((buttons = next));
      }
      if (buttons !== 0) wanted.push("0");
      window.pc.pointerButtons(0);
      return wanted;
    });
    await expect.poll(() => buttonsSeen(page), { timeout: 60_000 }).toEqual(wanted);
  });

test("a drag may leave the screen: the guest's cursor stays at the edge and the button comes up", async ({
  page,
}, { project }) => {
  // prettier-ignore
  await open(page, project, `<div style="padding: 40px">${ELEMENT}</div>`);
  await usePointer(page, "integrated", "tandem");
  await moveTo(page, 200, 700);
  await page.mouse.down();
  const corner = await over(page, 0, 0);
  await hover(page, corner.x - 30, corner.y + 90);
  const outside = await page.evaluate(() => window.where());
  expect(outside).toMatchObject({ x: 0, buttons: 1 });
  await page.mouse.up();
  expect(await page.evaluate(() => window.where())).toMatchObject({ buttons: 0 });
});

test("a button that is held is released when the page loses the focus", async ({ page }, {
  project,
}) => {
  // prettier-ignore
  await open(page, project, `${ELEMENT}<input id="other" aria-label="other">`);
  await usePointer(page, "integrated", "tandem");
  await moveTo(page, 500, 380);
  await page.mouse.down();
  expect((await page.evaluate(() => window.where())).buttons).toBe(1);
  await page.locator("#other").evaluate((input) => (input as HTMLInputElement).focus());
  await expect.poll(async () => (await page.evaluate(() => window.where())).buttons).toBe(0);
  // The hand still holds it; moving on does not press it again.
  await moveTo(page, 510, 385);
  expect((await page.evaluate(() => window.where())).buttons).toBe(0);
});

test("the wheel is the page's until the screen has the focus", async ({ page }, { project }) => {
  await open(page, project, `${ELEMENT}<div style="height: 3000px"></div>`);
  await usePointer(page, "integrated", "tandem");
  await keepLog(page);
  await moveTo(page, 500, 380);
  await page.mouse.wheel(0, 200);
  await expect.poll(() => page.evaluate(() => scrollY)).toBe(200);
  await page.evaluate(() => scrollTo(0, 0));
  await page.evaluate(() => window.pc.focus({ preventScroll: true }));
  await moveTo(page, 505, 380);
  await page.mouse.wheel(0, 200);
  const wheel = /^P \d+ \d+ \d+ \w+ (-?[1-9]\d*) /m;
  await expect.poll(() => page.evaluate(() => window.log)).toMatch(wheel);
  expect(await page.evaluate(() => scrollY)).toBe(0);
});

function cssCursor(page: Page): Promise<string> {
  return page.evaluate(() => window.pc.shadowRoot?.querySelector<HTMLElement>("canvas.screen")?.style.cursor ?? ""); // prettier-ignore
}

test("the browser draws the guest's cursor, in the size of the picture, and hides its own where the guest draws", async ({
  page,
}, { project }) => {
  // prettier-ignore
  await open(page, project);
  await usePointer(page, "integrated", "tandem");
  await moveTo(page, 500, 380);
  const arrow = await cssCursor(page);
  expect(arrow).toMatch(/^image-set\(url\("data:image\/png/);
  await expect(page.locator("tandem-pc [part=cursor]")).toBeHidden();
  const size = await page.evaluate(async () => {
    const style = window.pc.shadowRoot?.querySelector<HTMLElement>("canvas.screen")?.style.cursor;
    const image = new Image();
    image.src = /url\("([^"]+)"/.exec(style ?? "")?.[1] ?? "";
    await image.decode();
    return image.naturalWidth;
  });
  expect(size).toBeLessThanOrEqual(32);
  // The same guest in a larger picture has a larger cursor, up to what browsers draw; then a layer does it.
  await page.evaluate(() => (window.pc.style.width = "1200px"));
  await moveTo(page, 505, 385);
  await expect.poll(() => cssCursor(page)).not.toBe(arrow);
  await page.evaluate(() => (window.pc.style.width = "4000px"));
  const picture = page.locator("tandem-pc canvas.screen");
  await expect.poll(async () => (await picture.boundingBox())?.width).toBeGreaterThan(3000);
  await moveTo(page, 100, 100);
  await expect.poll(() => cssCursor(page)).toBe("none");
  await expect(page.locator("tandem-pc [part=cursor]")).toBeVisible();
  await page.evaluate(() => (window.pc.style.width = "800px"));
  await usePointer(page, "absolute", "usb-tablet");
  await moveTo(page, 500, 380);
  expect(await cssCursor(page)).toBe("none");
  await expect(page.locator("tandem-pc [part=cursor]")).toBeHidden();
});

test("in a picture that is turned, the guest's cursor lies on the picture", async ({ page }, {
  project,
}) => {
  // prettier-ignore
  await open(page, project, `<div style="padding: 150px"><tandem-pc style="width: 500px; transform: rotate(30deg)"></tandem-pc></div>`); // prettier-ignore
  await usePointer(page, "integrated", "tandem");
  const middle = await page.locator("tandem-pc").boundingBox();
  if (!middle) throw new Error("not shown");
  await page.mouse.move(middle.x + middle.width / 2, middle.y + middle.height / 2);
  const layer = page.locator("tandem-pc [part=cursor]");
  await expect(layer).toBeVisible();
  const box = await layer.boundingBox();
  expect(Math.abs((box?.x ?? 0) + (box?.width ?? 0) / 2 - middle.x - middle.width / 2)).toBeLessThan(20); // prettier-ignore
  expect(Math.abs((box?.y ?? 0) + (box?.height ?? 0) / 2 - middle.y - middle.height / 2)).toBeLessThan(20); // prettier-ignore
});

test("a pointer that a program moves is shown, too", async ({ page }, { project }) => {
  await open(page, project);
  await usePointer(page, "integrated", "tandem");
  await page.evaluate(() => window.pc.pointerPosition(0.25, 0.5));
  expect(await page.evaluate(() => window.where())).toMatchObject({ x: 256, y: 384 });
  await expect(page.locator("tandem-pc [part=cursor]")).toBeVisible();
});

test("a page that may not capture the mouse says so", async ({ page }, { project }) => {
  await open(page, project);
  await usePointer(page, "relative", "usb-mouse");
  await page.evaluate(() => {
    HTMLElement.prototype.requestPointerLock = () =>
      Promise.reject(new DOMException("The element is in a sandboxed frame", "SecurityError"));
  });
  await moveTo(page, 300, 300);
  await page.mouse.down();
  await expect(page.locator("tandem-pc [part=message]")).toContainText("not allowed to capture the mouse"); // prettier-ignore
  await page.mouse.up();
});

/** Fingers on the glass, as the browser gets them from the system. */
async function touch(
  client: CDPSession,
  type: "touchStart" | "touchMove" | "touchEnd",
  ...points: { x: number; y: number }[]
): Promise<void> {
  // prettier-ignore
  await client.send("Input.dispatchTouchEvent", { type, touchPoints: points.map((point, id) => ({ ...point, id })) }); // prettier-ignore
}

test("fingers: a tap clicks, a long press is the right button, two fingers turn the wheel; for a mouse they are on a track pad", async ({
  browser,
}, { project }) => {
  // prettier-ignore
  const context = await browser.newContext({ hasTouch: true, baseURL: project.use.baseURL ?? "" });
  const page = await context.newPage();
  await open(page, project);
  await usePointer(page, "integrated", "tandem");
  await page.evaluate(() => window.pc.focus({ preventScroll: true }));
  await keepLog(page);
  const client = await context.newCDPSession(page);
  const at = await over(page, 500, 380);

  await touch(client, "touchStart", at);
  await touch(client, "touchEnd");
  await expect.poll(() => buttonsSeen(page)).toEqual(["1", "0"]);
  expect(await page.evaluate(() => window.where())).toMatchObject({ x: 500, y: 380 });

  await touch(client, "touchStart", at);
  await expect.poll(() => buttonsSeen(page)).toEqual(["1", "0", "2"]);
  await touch(client, "touchEnd");
  await expect.poll(() => buttonsSeen(page)).toEqual(["1", "0", "2", "0"]);

  const second = { x: at.x + 60, y: at.y };
  await touch(client, "touchStart", at, second);
  for (let way = 10; way <= 100; way += 10)
    await touch(
      client,
      "touchMove",
      { x: at.x, y: at.y - way },
      { x: second.x, y: second.y - way },
    );
  await touch(client, "touchEnd");
  await expect.poll(() => page.evaluate(() => window.log)).toMatch(/^P \d+ \d+ \d+ \w+ [1-9]\d* /m);
  expect(await buttonsSeen(page)).toEqual(["1", "0", "2", "0"]);

  // A guest that has a mouse only: the glass is a track pad.
  await usePointer(page, "relative", "usb-mouse");
  await ask(page, "accel off", /off/);
  await ask(page, "home centre", /WHERE/);
  await page.evaluate(() => (window.log = ""));
  const scale = await page.evaluate(() => window.pc.videoWidth / 800);
  await touch(client, "touchStart", at);
  for (let way = 5; way <= 60; way += 5)
    await touch(client, "touchMove", { x: at.x + way, y: at.y - way / 2 });
  await touch(client, "touchEnd");
  const near = async (): Promise<number> => {
    const { x, y } = await page.evaluate(() => window.where());
    return Math.hypot(x - 512 - 60 * scale, y - 384 + 30 * scale);
  };
  await expect.poll(near).toBeLessThan(12); // less what a finger may tremble without moving anything
  expect(await buttonsSeen(page)).toEqual([]);
  await touch(client, "touchStart", at);
  await touch(client, "touchEnd");
  await expect.poll(() => buttonsSeen(page)).toEqual(["1", "0"]);
  await context.close();
});

test("a phone's keyboard types into the guest", async ({ page }, { project }) => {
  await open(page, project, `<tandem-pc controls style="width: 800px"></tandem-pc>`);
  const keys = async (): Promise<number> => Number(/keys=(\d+)/.exec(await ask(page, "status", /DEVICE tandem/))?.[1]); // prettier-ignore
  const before = await keys();
  await page.getByRole("button", { name: "Keyboard" }).click();
  // As a phone does it: no keys, only a text that changes.
  await page.keyboard.insertText("abc");
  await expect.poll(keys).toBe(before + 3);
});
