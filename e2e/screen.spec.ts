// What is seen on the page is what the guest has drawn, whoever put it there: the worker, or the page where browsers need that.

import type { Page } from "playwright/test";
import { expect, test } from "playwright/test";
import { PNG } from "pngjs";
import type { TandemPc } from "../src/element/index";
import { openEmbedding } from "./page";
import { ask, bootPillion } from "./pillion";

const PLACE = 'style="width: 1024px; height: 768px"';
const BODY = `<style>body { margin: 0 } tandem-pc { --tandem-focus-ring: none }</style><div id="one"><tandem-pc memory="16" ${PLACE}></tandem-pc></div><div id="two"></div>`;

test.use({ viewport: { width: 1100, height: 900 } });

/** Pixels of the page that differ from the guest's picture; the machine stands still for the comparison. */
async function differences(page: Page): Promise<number> {
  await page.evaluate(() => window.pc.pause());
  const screenshot = await page.locator("tandem-pc").screenshot();
  return page.evaluate(async (base64) => {
    const guest = await window.pc.pixels();
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob()); // prettier-ignore
    const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
    context?.drawImage(image, 0, 0);
    const { data } = context?.getImageData(0, 0, guest.width, guest.height) ?? guest;
    const [one, other] = [new Uint32Array(guest.data.buffer), new Uint32Array(data.buffer)];
    await window.pc.resume();
    return one.filter((pixel, index) => pixel !== other[index]).length;
  }, screenshot.toString("base64"));
}

async function expectSame(page: Page): Promise<void> {
  await expect.poll(() => differences(page), { timeout: 20_000 }).toBe(0);
}

/** Pixels that are not black. */
async function lit(page: Page): Promise<number> {
  const { data } = PNG.sync.read(await page.locator("tandem-pc").screenshot());
  return data.filter((value, index) => index % 4 < 3 && value > 8).length;
}

/** Something new to see: Pillion's cursor, which it draws itself, somewhere else. */
async function changePicture(page: Page, x: number): Promise<void> {
  await page.evaluate((at) => window.pc.pointerPosition(at, 0.5), x);
  await ask(page, "where", /WHERE .*\n/);
}

for (const drawnBy of ["worker", "page"] as const)
  test(`the page shows what the guest draws, by the ${drawnBy}: moved, hidden, of another size, switched off, built anew`, async ({
    page,
  }, { project }) => {
    if (drawnBy === "page")
      await page.addInitScript(() => {
        delete (HTMLCanvasElement.prototype as Partial<HTMLCanvasElement>).transferControlToOffscreen; // prettier-ignore
      });
    await openEmbedding(page, BODY, project.name.startsWith("isolated"));
    await page.evaluate(() => {
      const pc = document.querySelector("tandem-pc") as TandemPc;
      pc.commandLine = "draw=guest";
    });
    await bootPillion(page);
    await expectSame(page);
    expect(await lit(page)).toBeGreaterThan(100_000);

    await page.evaluate(() => document.querySelector("#two")?.append(window.pc));
    await changePicture(page, 0.25);
    await expectSame(page);

    await page.evaluate(() => (window.pc.style.display = "none"));
    await changePicture(page, 0.75);
    await page.evaluate(() => (window.pc.style.display = ""));
    await expectSame(page);

    await page.evaluate(() => window.pc.powerOff());
    await expect.poll(() => lit(page)).toBeLessThan(20_000); // words and a button

    await page.evaluate(() => window.pc.start());
    await expectSame(page);
    // A canvas that a worker has had does not come back: another machine has another.
    await page.evaluate(async () => {
      window.pc.shadowRoot?.querySelector<HTMLElement>("canvas.screen")?.focus();
      await window.pc.load({ config: { append: "draw=guest", memory: 17 } });
      window.watch.text = "";
      await window.pc.start();
    });
    await expect.poll(() => page.evaluate(() => window.watch.text)).toContain("PILLION-READY");
    await expectSame(page);
    expect(await page.evaluate(() => window.pc.shadowRoot?.activeElement?.className)).toContain("screen"); // prettier-ignore
  });
