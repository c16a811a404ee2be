// The front page: what a visitor sees first, the gallery, links that name a machine, the snippet, and that all can use it.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "playwright/test";
import type { AxeResults } from "axe-core";
import type { TandemPc } from "../src/element/index";
import { bootFloppy, drop, expectAlive, GUEST_TIMEOUT, hasFirmware, machines, messages, openWithoutGuests, screenText } from "./page"; // prettier-ignore

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

test("a visitor sees the desktop at once and moves its pointer without any click", async ({
  page,
}) => {
  // prettier-ignore
  await page.goto("/");
  await expect(page.locator("#pointer-now")).toHaveAttribute("data-mode", "integrated", { timeout: GUEST_TIMEOUT }); // prettier-ignore
  const pc = page.locator("tandem-pc");
  const box = await pc.locator("canvas.screen").boundingBox();
  if (!box) throw new Error("the screen is not shown");
  // All of the screen is in sight without scrolling.
  expect(box.y + box.height).toBeLessThan(720);
  const place = pc.evaluate(
    (element) =>
      new Promise((resolve) => {
        element.addEventListener("pointerinput", () => undefined);
        (element as TandemPc).addEventListener("serial", ({ detail }) => {
          const text = new TextDecoder().decode(detail.bytes);
          if (text.includes("WHERE")) resolve(/WHERE (\d+ \d+)/.exec(text)?.[1]);
        });
      }),
  );
  await page.mouse.move(box.x + box.width / 4, box.y + box.height / 2);
  await page.mouse.move(box.x + box.width / 2 + 0.5, box.y + box.height / 2 + 0.5);
  await pc.evaluate((element) => (element as TandemPc).serialInput("where\n"));
  const { x, y } = await pc.evaluate((element, at) => (element as TandemPc).guestPixel(at.x, at.y), { x: box.x + box.width / 2 + 0.5, y: box.y + box.height / 2 + 0.5 }); // prettier-ignore
  expect(await place).toBe(`${x} ${y}`);
});

test("each machine of the gallery has one button that runs it", async ({ page }) => {
  await openWithoutGuests(page, "&memory=8");
  await expectAlive(machines(page));
  await page.getByRole("button", { name: "Run Pillion" }).click();
  await expect(machines(page).locator('[data-part="name"]')).toHaveText("Pillion");
  await page.getByRole("button", { name: "Run A program that shows" }).click();
  await expectAlive(machines(page));
});

if (hasFirmware())
  test("an address describes a machine, with all its images", async ({ page }) => {
    await page.route(
      (url) => url.pathname === "/hello.img",
      (route) =>
      route.fulfill({ body: bootFloppy("Hello from a link"), contentType: "application/octet-stream" }), // prettier-ignore
    );
    await page.goto("/?floppy=/hello.img&memory=16&boot=floppy");
    await expect(screenText(machines(page))).toContainText("Hello from a link", { timeout: GUEST_TIMEOUT }); // prettier-ignore
    await page.goto("/?image=/hello.img");
    await expect(screenText(machines(page))).toContainText("Hello from a link", { timeout: GUEST_TIMEOUT }); // prettier-ignore
  });

for (const [query, says] of [
  ["?machine=hal9000", 'no machine "hal9000"'],
  ["?colour=red", '"colour", which is not known'],
  ["?memory=plenty", '"memory" must be a number'],
  ["?hda=file:///etc/passwd", "is not a web address"],
  ["?kernel=/missing.bin", "404"],
] as const)
  test(`an address that is no good is told in words: ${query}`, async ({ page }) => {
    await page.goto(`/${query}`);
    await expect(messages(machines(page))).toContainText(says);
    // And the page stays usable.
    await page.getByRole("button", { name: "Run A program that shows" }).click();
    await expectAlive(machines(page));
  });

test("the snippet and the link follow the machine and the options", async ({ page }) => {
  await page.goto("/?machine=pillion");
  const html = page.locator("#embed-html");
  await expect(html).toContainText('<tandem-pc autostart style="width: 100%"></tandem-pc>');
  await page.getByLabel("with a toolbar").check();
  await page.locator("#embed-pointer").selectOption("absolute");
  await expect(html).toContainText('pointer="absolute"');
  await expect(html).toContainText("controls");
  await expect(page.locator("#embed-link")).toHaveAttribute("href", "/?machine=pillion&pointer=absolute"); // prettier-ignore
  await page.locator("#embed-link").click();
  await expect(page.getByRole("radio", { name: /Tablet/ })).toBeChecked({ timeout: GUEST_TIMEOUT });
});

test("an image that was picked with the browser's dialog runs", async ({ page }) => {
  await openWithoutGuests(page);
  await expectAlive(machines(page));
  const chosen = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Open image…" }).click();
  await (await chosen).setFiles({ name: "picture.png", mimeType: "", buffer: Buffer.from("\x89PNG\r\n\x1a\n0000", "latin1") }); // prettier-ignore
  await expect(messages(machines(page))).toContainText("picture.png is not an image");
});

if (hasFirmware())
  test("a disk is saved with the guest's changes", async ({ page }) => {
    await openWithoutGuests(page);
    const machine = machines(page);
    await expectAlive(machine);
    const bytes = bootFloppy("Hello from a floppy to be saved");
    await drop(machine, { name: "save-me.img", bytes });
    await expect(screenText(machine)).toContainText("Hello from", { timeout: GUEST_TIMEOUT });
    await machine.getByText("Drives", { exact: true }).click();
    const download = page.waitForEvent("download");
    await machine.getByRole("button", { name: "Save with the guest's changes: Floppy" }).click();
    const saved = await download;
    expect(saved.suggestedFilename()).toBe("save-me.img");
    expect(readFileSync(await saved.path()).equals(bytes)).toBe(true);
  });

test("keys that the browser keeps for itself are in a menu", async ({ page }) => {
  await page.goto("/?machine=pillion");
  await expect(page.locator("#pointer-now")).not.toHaveAttribute("data-mode", "none", { timeout: GUEST_TIMEOUT }); // prettier-ignore
  const pc = page.locator("tandem-pc");
  const keys = () =>
    pc.evaluate(
      (element) =>
        new Promise<number>((resolve) => {
          const listener = ({ detail }: CustomEvent<{ bytes: Uint8Array }>): void => {
            const found = /keys=(\d+)/.exec(new TextDecoder().decode(detail.bytes));
            if (!found) return;
            element.removeEventListener("serial", listener as EventListener);
            resolve(Number(found[1]));
          };
          element.addEventListener("serial", listener as EventListener);
          void (element as TandemPc).serialInput("status\n");
        }),
    );
  const before = await keys();
  await machines(page).getByText("Keys", { exact: true }).click();
  await machines(page).getByRole("button", { name: "Alt+Tab" }).click();
  await expect.poll(keys).toBeGreaterThan(before);
});

test("the machine fills the screen and comes back", async ({ page }) => {
  await openWithoutGuests(page);
  const machine = machines(page);
  await expectAlive(machine);
  await machine.getByRole("button", { name: "Full screen" }).click();
  await expect.poll(() => page.evaluate(() => document.fullscreenElement?.localName)).toBe("tandem-pc"); // prettier-ignore
  const { width, height } = await page.locator("tandem-pc").evaluate((element) => element.getBoundingClientRect().toJSON() as DOMRect); // prettier-ignore
  expect({ width, height }).toEqual(await page.evaluate(() => ({ width: innerWidth, height: innerHeight }))); // prettier-ignore
  await page.evaluate(() => document.exitFullscreen());
  await expect.poll(() => page.evaluate(() => document.fullscreenElement)).toBeNull();
});

for (const colorScheme of ["light", "dark"] as const)
  test(`no serious fault of accessibility is found, ${colorScheme}`, async ({ browser }, {
    project,
  }) => {
    // prettier-ignore
    const context = await browser.newContext({ colorScheme, baseURL: project.use.baseURL ?? "" });
    const page = await context.newPage();
    await page.goto("/");
    await expect(page.locator(".card")).not.toHaveCount(0);
    await page.locator("details.serial summary").click();
    await page.evaluate(AXE);
    const found = await page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: { run(): Promise<AxeResults> } };
      const { violations } = await axe.run();
      return violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
    });
    expect(found).toEqual([]);
    await context.close();
  });

test("the page is usable by keyboard alone", async ({ page }) => {
  await page.goto("/?machine=pillion");
  await expect(page.locator("#pointer-now")).toHaveAttribute("data-mode", "integrated", { timeout: GUEST_TIMEOUT }); // prettier-ignore
  await page.locator(".brand").focus();
  const focused = () =>
    page.evaluate(() => {
      const element = document.activeElement;
      return element?.localName === "tandem-pc" ? "screen" : (element?.textContent ?? "").trim();
    });
  const seen: string[] = [];
  for (let presses = 0; presses < 30 && seen.at(-1) !== "screen"; presses++) {
    await page.keyboard.press("Tab");
    seen.push(await focused());
  }
  expect(seen).toContain("screen");
  // Ctrl+Alt leaves the screen, and the next Tab goes on behind it.
  await page.keyboard.press("Tab");
  expect(await focused()).toBe("screen");
  await page.keyboard.down("Control");
  await page.keyboard.down("Alt");
  await page.keyboard.up("Alt");
  await page.keyboard.up("Control");
  await page.keyboard.press("Tab");
  expect(await focused()).toBe("Pause");
});

test("on a phone nothing is wider than the screen", async ({ browser }, { project }) => {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, baseURL: project.use.baseURL ?? "" }); // prettier-ignore
  const page = await context.newPage();
  await page.goto("/");
  await expect(page.locator(".card")).not.toHaveCount(0);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  await context.close();
});
