// The guest's picture is as large as the room for it, pixel by pixel.

import type { Page } from "playwright/test";
import { expect, test } from "playwright/test";
import { PNG } from "pngjs";
import { GUEST_TIMEOUT, openEmbedding } from "./page";
import { bootPillion } from "./pillion";

const SIZES = 10;
const TASKBAR = 52;

interface Size {
  width: number;
  height: number;
}

function randomSizes(seed: number): Size[] {
  let state = seed;
  const random = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
  return Array.from({ length: SIZES }, () => ({
    width: Math.round(640 + random() * 560),
    height: Math.round(480 + random() * 320),
  }));
}

function setSize(page: Page, { width, height }: Size): Promise<void> {
  return page.evaluate(
    ([w, h]) => {
      window.pc.style.width = `${w}px`;
      window.pc.style.height = `${h}px`;
    },
    [width, height] as const,
  );
}

async function expectVideo(page: Page, { width, height }: Size): Promise<void> {
  await expect
    .poll(() => page.evaluate(() => [window.pc.videoWidth, window.pc.videoHeight]), {
      timeout: GUEST_TIMEOUT,
    })
    .toEqual([width, height]);
}

/** Where the browser shows the picture. */
function pictureBox(page: Page): Promise<{ x: number; y: number; width: number; height: number }> {
  return page.evaluate(() => {
    const box = window.pc.shadowRoot?.querySelector(".picture")?.getBoundingClientRect();
    if (!box) throw new Error("no picture");
    return { x: box.x, y: box.y, width: box.width, height: box.height };
  });
}

for (const density of [1, 2])
  test.describe(`at devicePixelRatio ${density}`, () => {
    test.use({ deviceScaleFactor: density, viewport: { width: 1280, height: 900 } });

    test("the display follows ten sizes of the element, and the pointer stays exact", async ({
      page,
    }) => {
      await openEmbedding(
        page,
        `<tandem-pc display="follow" append="open=none" style="width: 700px; height: 500px"></tandem-pc>`,
        true,
      );
      await bootPillion(page);
      await expectVideo(page, { width: 700 * density, height: 500 * density });
      for (const size of randomSizes(4711 * density)) {
        const video = { width: size.width * density, height: size.height * density };
        const before = await pictureBox(page);
        const rest = { x: before.x + 300.5, y: before.y + 200.5 };
        await page.mouse.move(rest.x, rest.y);
        await setSize(page, size);
        await expectVideo(page, video);
        const box = await pictureBox(page);
        expect([box.width * density, box.height * density]).toEqual([video.width, video.height]);
        // A hand that rests is at another pixel now.
        const under = await page.evaluate(({ x, y }) => window.pc.guestPixel(x, y), rest);
        await expect.poll(() => page.evaluate(() => window.where())).toMatchObject(under);
        for (const [x, y] of [
          [0, 0],
          [video.width - 1, video.height - 1],
          [video.width >> 1, 17],
        ] as const) {
          const at = { x: box.x + (x + 0.5) / density, y: box.y + (y + 0.5) / density };
          await page.mouse.move(at.x, at.y);
          const place = await page.evaluate((point) => window.where(point), at);
          expect({ x: place.x, y: place.y }).toEqual({ x, y });
        }
      }
      // What the browser shows are the guest's pixels, each as one of the monitor.
      const box = await pictureBox(page);
      const shown = PNG.sync.read(await page.screenshot({ clip: box }));
      const { width, height, base64 } = await page.evaluate(async () => {
        const pixels = await window.pc.pixels();
        let text = "";
        for (let at = 0; at < pixels.data.length; at += 4096)
          text += String.fromCharCode(...pixels.data.subarray(at, at + 4096));
        return { width: pixels.width, height: pixels.height, base64: btoa(text) };
      });
      expect([shown.width, shown.height]).toEqual([width, height]);
      const compared = width * (height - TASKBAR) * 4; // below, there is a clock
      const guest = Buffer.from(base64, "base64");
      expect(shown.data.subarray(0, compared).equals(guest.subarray(0, compared))).toBe(true);
    });
  });

test("a drag of the element's edge makes few changes of the mode", async ({ page }) => {
  await openEmbedding(
    page,
    `<tandem-pc display="follow" append="open=none" style="width: 700px; height: 500px"></tandem-pc>`,
    true,
  );
  await bootPillion(page);
  await expectVideo(page, { width: 700, height: 500 });
  await page.evaluate(async () => {
    const changes: string[] = [];
    (window as unknown as { changes: string[] }).changes = changes;
    window.pc.addEventListener("videomode", ({ detail }) => {
      changes.push(`${detail.width}x${detail.height}`);
    });
    for (let step = 1; step <= 100; step++) {
      window.pc.style.width = `${700 + step}px`;
      await new Promise(requestAnimationFrame);
    }
  });
  await expectVideo(page, { width: 800, height: 500 });
  const changes = await page.evaluate(() => (window as unknown as { changes: string[] }).changes);
  expect(changes.length).toBeLessThan(20);
});

test("an element without a height of its own follows on the full screen only, and keeps its proportions", async ({
  page,
}) => {
  await page.setViewportSize({ width: 1111, height: 777 });
  await openEmbedding(
    page,
    `<tandem-pc append="open=none" style="width: 640px"></tandem-pc>`,
    true,
  );
  await bootPillion(page);
  await expectVideo(page, { width: 1024, height: 768 });
  await page.evaluate(() => window.pc.requestFullscreen());
  await expectVideo(page, { width: 1111, height: 777 });
  await page.evaluate(() => document.exitFullscreen());
  await expectVideo(page, { width: 1024, height: 768 });
  const size = (): Promise<number[]> =>
    page.evaluate(() => [window.pc.offsetWidth, window.pc.offsetHeight]);
  expect(await size()).toEqual([640, 480]);
  await page.evaluate(() => {
    window.pc.style.width = "900px";
    window.pc.display = "follow";
  });
  await expectVideo(page, { width: 900, height: 675 });
  expect(await size()).toEqual([900, 675]);
  await page.evaluate(() => (window.pc.display = "fixed"));
  await expectVideo(page, { width: 1024, height: 768 });
});
