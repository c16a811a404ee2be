// The comparison page: three machines follow one hand, and what is measured can be seen, replayed and taken away.

import { readFileSync } from "node:fs";
import type { Download, Page } from "playwright/test";
import { expect, test } from "playwright/test";
import axe from "axe-core";
import type { Measurement } from "../src/demo/measure/export";
import { GUEST_TIMEOUT } from "./page";

const PAGE = "/src/demo/index.html";
const MODES = ["relative", "absolute", "integrated"] as const;

/** Until all three guests show a desktop. */
async function open(page: Page, query = ""): Promise<void> {
  await page.goto(`${PAGE}${query}`);
  for (const mode of MODES)
    await expect(page.locator(`.station[data-mode="${mode}"] [data-part="waiting"]`)).toBeHidden({
      timeout: GUEST_TIMEOUT,
    });
}

async function replay(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: `Replay: ${name}` }).click();
  await expect(page.locator("#status")).toContainText("done", { timeout: GUEST_TIMEOUT });
}

async function exported(page: Page, button: string): Promise<string> {
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: button }).click();
  return textOf(await download);
}

async function textOf(download: Download): Promise<string> {
  return readFileSync(await download.path(), "utf8");
}

async function measurement(page: Page): Promise<Measurement> {
  return JSON.parse(await exported(page, "Export JSON")) as Measurement;
}

test("the three machines follow a replayed hand, and the table and the files have the figures", async ({
  page,
}) => {
  await open(page, "?cursor=guest&acceleration=off");
  await replay(page, "circles");
  const cells = (mode: string) => page.locator(`#results tr[data-mode="${mode}"] td`);
  for (const mode of MODES) await expect(cells(mode).nth(3)).toHaveText(/^\d/);

  const { modes, conditions } = await measurement(page);
  expect(modes.map(({ mode }) => mode)).toEqual(MODES);
  for (const { mode, frames, events, lags, summary } of modes) {
    expect(frames.length, mode).toBeGreaterThan(50);
    expect(events.length, mode).toBeGreaterThan(0);
    expect(summary.lag?.count ?? 0, mode).toBe(lags.length);
    for (const { lag, gain, misfit } of lags) {
      expect(lag).toBeGreaterThanOrEqual(0);
      expect(gain).toBeGreaterThan(0);
      expect(misfit).toBeLessThan(1);
    }
    for (const stage of ["handler", "stored", "latched", "taken", "published", "shown"] as const)
      expect(summary.path.steps[stage]?.median, `${mode}: ${stage}`).toBeGreaterThanOrEqual(0);
  }
  expect(conditions).toMatchObject({ usbIntervalMs: 10, acceleration: false });
  expect(conditions.browser).toContain("Chrome");

  // A machine that does too much else shows movements that fit no lag; not all three at once.
  expect(modes.some(({ lags }) => lags.length > 0)).toBe(true);

  const csv = await exported(page, "Export CSV: frames");
  const rows = csv.split("\r\n").filter((line) => line !== "" && !line.startsWith("#"));
  expect(rows[0]).toBe("mode,time_ms,host_x,host_y,guest_x,guest_y,distance_px,phase");
  for (const row of rows.slice(1))
    expect(row).toMatch(
      /^(relative|absolute|integrated),[\d.]+,\d+,\d+,\d+,\d+,[\d.]+,(static|dynamic|settling)$/,
    );
  const events = await exported(page, "Export CSV: events");
  expect(events).toContain("mode,event_ms,handler_ms");
});

test("the hand over the pad or over any screen moves all three", async ({ page }) => {
  await open(page, "?cursor=guest&acceleration=off");
  const distances = () => page.locator(".station [data-part='distance']").allTextContents();
  for (const surface of ["#pad", ".station[data-mode='absolute'] .screen"]) {
    const target = page.locator(surface);
    await target.scrollIntoViewIfNeeded();
    const box = await target.boundingBox();
    if (!box) throw new Error(`${surface} is not shown`);
    for (let step = 0; step <= 40; step++)
      await page.mouse.move(box.x + box.width * (0.3 + step * 0.01), box.y + box.height * 0.5);
    await expect.poll(distances, { timeout: GUEST_TIMEOUT }).toEqual(["0", expect.stringMatching(/^[01]$/), "0"]); // prettier-ignore
  }
  const { modes } = await measurement(page);
  const [mouse, tablet, port] = modes.map(({ frames }) => frames.at(-1)?.guest);
  expect(mouse?.x).toBeGreaterThan(512); // from the middle, to the right
  expect(tablet?.x).toBeGreaterThan(600);
  expect(port?.x).toBeGreaterThan(600);
});

test("where the host draws the cursor, what the guest knows is told beside it", async ({
  page,
}) => {
  await open(page);
  await replay(page, "circles");
  const rows = page.locator('#results tr[data-mode="integrated"] th');
  await expect(rows).toHaveText([
    "Tandem port: what is seen (by construction)",
    "Tandem port: what the guest knows",
  ]);
  await expect(page.locator(".station[data-mode='integrated'] .cursor")).toBeVisible();
});

test("settings take effect while the machines run", async ({ page }) => {
  await open(page);
  await page.getByLabel("Integrated cursor drawn by").selectOption("guest");
  await expect(page.locator('#results tr[data-mode="integrated"]')).toHaveCount(1);
  await page.getByLabel("Acceleration in the guest").selectOption("off");
  await page.getByLabel("The hand moves").selectOption("absolute");
  await expect(page.locator("#conditions")).toContainText("acceleration off");
});

test("a hand can be recorded, saved, loaded and replayed; a wrong file is refused in words", async ({
  page,
}) => {
  await open(page);
  await page.getByRole("button", { name: "Record my hand" }).click();
  const box = await page.locator("#pad").boundingBox();
  if (!box) throw new Error("the pad is not shown");
  for (let step = 0; step <= 20; step++)
    await page.mouse.move(box.x + 40 + step * 2, box.y + 40 + step);
  await page.getByRole("button", { name: "Stop recording" }).click();
  await expect(page.getByRole("button", { name: "Replay: my hand" })).toBeVisible();
  const text = await exported(page, "Save recording");
  expect(JSON.parse(text)).toMatchObject({ format: "tandem-hand-1", width: 1024, height: 768 });

  const load = async (name: string, content: string): Promise<void> => {
    const chosen = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Load recording" }).click();
    await (await chosen).setFiles({ name, mimeType: "", buffer: Buffer.from(content) });
  };
  await load("hand.json", text.replace("my hand", "another hand"));
  await replay(page, "another hand");
  await load("wrong.json", '{"format":"other"}');
  await expect(page.getByRole("region", { name: "Messages" })).toContainText("not a recording");
});

test("the pad can be used with the keyboard alone", async ({ page }) => {
  await open(page, "?cursor=guest&acceleration=off");
  await page.locator("#pad").focus();
  for (let press = 0; press < 10; press++) await page.keyboard.press("Shift+ArrowLeft");
  const hand = async (): Promise<number | undefined> =>
    (await measurement(page)).modes[1]?.frames.at(-1)?.guest.x;
  await expect.poll(hand, { timeout: GUEST_TIMEOUT }).toBeLessThan(200);
});

test("a page that nobody sees runs nothing", async ({ page }) => {
  await open(page);
  const setHidden = (hidden: boolean): Promise<void> =>
    page.evaluate((value) => {
      Object.defineProperty(document, "hidden", { value, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  await page.getByRole("button", { name: "Replay: circles" }).click();
  await setHidden(true);
  const before = (await measurement(page)).modes.map(({ events }) => events.length);
  await page.waitForTimeout(500);
  expect((await measurement(page)).modes.map(({ events }) => events.length)).toEqual(before);
  await setHidden(false);
  await expect(page.locator("#status")).toContainText("done", { timeout: GUEST_TIMEOUT });
});

for (const scheme of ["light", "dark"] as const)
  test(`axe finds nothing to complain about, ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await open(page);
    await page.evaluate(axe.source);
    const found = await page.evaluate(async () => {
      const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
    });
    expect(found).toEqual([]);
  });

test("on a phone everything fits into the width", async ({ browser }, { project }) => {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
    baseURL: project.use.baseURL ?? "",
  });
  const page = await context.newPage();
  await open(page);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await page.locator("#pad").tap({ position: { x: 300, y: 40 } });
  const left = () => page.locator("#pad-hand").evaluate((dot) => parseFloat(dot.style.left));
  await expect.poll(left).toBeGreaterThan(70);
  await context.close();
});
