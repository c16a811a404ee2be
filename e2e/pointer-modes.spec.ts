// What the comparison page says is so: measured in the browser, by the pixels that the guests have drawn.

import { readFileSync } from "node:fs";
import type { Page } from "playwright/test";
import { expect, test } from "playwright/test";
import type { Measurement } from "../src/demo/measure/export";
import type { PointerStatistics } from "../src/shared/api";
import { bootPillion } from "./pillion";
import { GUEST_TIMEOUT, openEmbedding } from "./page";

const MODES = ["relative", "absolute", "integrated"] as const;

/** The distance at the end of a movement, each mode at rest. */
async function distancesAfter(page: Page, movement: string, query: string): Promise<number[]> {
  await page.goto(`/src/demo/index.html?cursor=guest&${query}`);
  for (const words of await page.locator('.station [data-part="waiting"]').all())
    await expect(words).toBeHidden({ timeout: GUEST_TIMEOUT });
  const inspected = page.locator(".station [data-part='distance']");
  await page.getByRole("button", { name: `Replay: ${movement}` }).click();
  await expect(page.locator("#status")).toContainText("done", { timeout: GUEST_TIMEOUT });
  await expect(inspected).toHaveText([/\d/, /\d/, /\d/]);
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export JSON" }).click();
  const text = readFileSync(await (await download).path(), "utf8");
  const { modes } = JSON.parse(text) as Measurement;
  expect(modes.map(({ mode }) => mode)).toEqual(MODES);
  return modes.map(
    ({ frames }) => frames.findLast(({ phase }) => phase === "static")?.distance ?? NaN,
  );
}

test("out fast and back slowly: the accelerated mouse has drifted, the tablet and the Tandem port have not", async ({
  page,
}) => {
  const [mouse, tablet, port] = await distancesAfter(page, "out fast, back slowly", "");
  expect(mouse).toBeGreaterThan(100);
  expect(tablet).toBeLessThanOrEqual(1);
  expect(port).toBe(0);
});

test("along edges and corners nobody drifts whose guest does not accelerate", async ({ page }) => {
  const [mouse, tablet, port] = await distancesAfter(page, "edges and corners", "acceleration=off");
  expect(mouse).toBeLessThanOrEqual(1);
  expect(tablet).toBeLessThanOrEqual(1);
  expect(port).toBe(0);
});

interface Counted {
  given: number;
  reports: number;
  irqs: number;
  /** Of guest time. */
  seconds: number;
}

/** A page that gives 1000 events a second for a second and a half, without a pause; what the guest took meanwhile. */
async function giveThousand(
  page: Page,
  mode: (typeof MODES)[number],
  device: keyof PointerStatistics,
): Promise<Counted> {
  return page.evaluate(
    async ({ mode, device }) => {
      const { pc } = window;
      const give = (event: number): void => {
        if (mode === "relative") pc.pointerMotion(event % 2 ? 1 : -1, 0);
        else pc.pointerPosition(0.3 + (event % 200) / 1024, 0.5);
      };
      // A USB device is there some time after the desktop.
      for (let tries = 0; (await pc.pointerStatistics())[device].reports === 0; tries++) {
        if (tries > 1000) throw new Error(`the guest takes nothing from ${device}`);
        give(tries);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      const before = (await pc.pointerStatistics())[device];
      const { uptime } = await pc.stats();
      const begin = performance.now();
      let given = 0;
      while (performance.now() - begin < 1500)
        if (performance.now() - begin >= given) give(given++);
      const after = (await pc.pointerStatistics())[device];
      const seconds = ((await pc.stats()).uptime - uptime) / 1000;
      return {
        given,
        reports: after.reports - before.reports,
        irqs: after.irqs - before.irqs,
        seconds,
      };
    },
    { mode, device },
  );
}

for (const [mode, device, append, interval] of [
  ["relative", "usbMouse", "usb-mouse", 10],
  ["relative", "usbMouse", "usb-mouse", 1],
  ["absolute", "usbTablet", "usb-tablet", 10],
  ["absolute", "usbTablet", "usb-tablet", 1],
  ["integrated", "tandem", "tandem", 10],
] as const)
  test(`of 1000 events a second the guest takes what ${device} can carry, bInterval ${interval}`, async ({
    page,
  }, { project }) => {
    const attributes = `pointer="${mode}" usb-interval="${interval}" append="pointer=${append} accel=off open=none"`;
    await openEmbedding(
      page,
      `<tandem-pc ${attributes}></tandem-pc>`,
      project.name.startsWith("isolated"),
    );
    await bootPillion(page);
    const { given, reports, irqs, seconds } = await giveThousand(page, mode, device);
    expect(given).toBeGreaterThan(1400);
    expect(irqs).toBeGreaterThanOrEqual(reports - 1);
    if (mode !== "integrated" && interval === 10) {
      expect(reports / seconds).toBeGreaterThan(40);
      expect(reports / seconds).toBeLessThan(128);
    } else {
      // A computer that is busy elsewhere holds the worker up now and then, and several events go into one report.
      expect(reports / seconds).toBeGreaterThan(135);
      expect(reports).toBeLessThanOrEqual(given + 1);
    }
  });
