// The page boots and the guest can be used.

import { expect, test } from "playwright/test";
import {
  bootFloppy,
  drop,
  expectAlive,
  GUEST_TIMEOUT,
  hasFirmware,
  hasGuest,
  machines,
  openWithoutGuests,
  screenText,
  serialText,
  typeIntoSerial,
} from "./page";

test("the page is cross-origin isolated when it is served so, and only then", async ({ page }, {
  project,
}) => {
  await openWithoutGuests(page);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(project.name.startsWith("isolated"));
});

if (hasGuest())
  test("the page boots Linux to a prompt; text arrives on keyboard and serial console, and positions without a click", async ({
    page,
  }) => {
    await page.goto("/?machine=linux&hypervisor=vmware");
    const machine = machines(page);
    await expect(serialText(machine)).toContainText("GUEST-READY", { timeout: GUEST_TIMEOUT });
    await typeIntoSerial(machine, "echo serial-$((6*7))\r");
    await expect(serialText(machine)).toContainText("serial-42", { timeout: GUEST_TIMEOUT });

    await expect(screenText(machine)).toContainText("#", { timeout: GUEST_TIMEOUT });
    const screen = machine.locator('[data-part="screen"]');
    await screen.focus();
    await page.keyboard.press("Enter");
    // The quotes vanish in the shell: what it answers is not what was typed.
    await page.keyboard.type("echo key''board", { delay: 30 });
    await page.keyboard.press("Enter");
    await expect(screenText(machine)).toContainText("keyboard", { timeout: GUEST_TIMEOUT });

    // The kernel has found VMware's pointer by itself: it hears of one position, as two numbers and their end.
    await expect(page.locator("#pointer-now")).toContainText("listens to VMware's pointer. Move in and out"); // prettier-ignore
    const positions = "$(grep -l 3 /sys/class/input/event*/device/capabilities/abs | cut -d/ -f5)";
    await typeIntoSerial(machine, `modprobe evdev; d=/dev/input/${positions}\r`);
    await typeIntoSerial(machine, 'head -c48 $d | hexdump -C & sleep 1; echo list""ening\r');
    await expect(serialText(machine)).toContainText("listening", { timeout: GUEST_TIMEOUT });
    await screen.scrollIntoViewIfNeeded();
    const box = await screen.boundingBox();
    if (!box) throw new Error("no screen");
    const [x, y] = [Math.round(box.x + box.width / 4), Math.round(box.y + box.height / 3)];
    await page.mouse.move(x, y);
    const middle = (place: number, size: number): string => {
      const position = Math.floor((2 * Math.floor(place * size) + 1) * (0x8000 / size));
      return [position & 0xff, position >> 8, 0, 0].map((byte) => byte.toString(16).padStart(2, "0")).join(" "); // prettier-ignore
    };
    await expect(serialText(machine)).toContainText(`03 00 00 00 ${middle((x - box.x) / box.width, 720)}`, { timeout: GUEST_TIMEOUT }); // prettier-ignore
    await expect(serialText(machine)).toContainText(`03 00 01 00 ${middle((y - box.y) / box.height, 400)}`, { timeout: GUEST_TIMEOUT }); // prettier-ignore
  });

test("without guests a program of ours runs at once, and its serial port answers", async ({
  page,
}) => {
  await openWithoutGuests(page);
  const machine = machines(page);
  await expectAlive(machine);
  await typeIntoSerial(machine, "hello there");
  await expect(serialText(machine)).toContainText("hello there", { timeout: GUEST_TIMEOUT });
});

if (hasFirmware())
  test("a dropped image boots", async ({ page }) => {
    await openWithoutGuests(page);
    const machine = machines(page);
    await expectAlive(machine);
    await drop(machine, { name: "hello.img", bytes: bootFloppy("Hello from a dropped floppy") });
    await expect(screenText(machine)).toContainText("Hello from a dropped floppy", {
      timeout: GUEST_TIMEOUT,
    });
    await expect(machine.locator('[data-part="name"]')).toHaveText("hello.img");
  });

test("a machine can be paused, reset, switched off and on", async ({ page }) => {
  await openWithoutGuests(page);
  const machine = machines(page);
  await expectAlive(machine);
  const state = machine.locator('[data-part="state"]');
  await machine.getByRole("button", { name: "Pause" }).click();
  await expect(state).toHaveText("Paused");
  await machine.getByRole("button", { name: "Continue" }).click();
  await expect(state).toHaveText("Running");
  await machine.getByRole("button", { name: "Reset" }).click();
  await expectAlive(machine);
  await machine.getByRole("button", { name: "Switch off" }).click();
  await expect(state).toHaveText("Off");
  await machine.getByRole("button", { name: "Switch on" }).click();
  await expect(state).toHaveText("Running");
  await expectAlive(machine);
});

test("two machines on one page do not disturb each other", async ({ page }) => {
  await openWithoutGuests(page, "&machines=2");
  const [first, second] = [machines(page).first(), machines(page).last()];
  await expectAlive(first);
  await expectAlive(second);
  await typeIntoSerial(first, "one");
  await expect(serialText(first)).toContainText("one", { timeout: GUEST_TIMEOUT });
  await typeIntoSerial(second, "two");
  await expect(serialText(second)).toContainText("two", { timeout: GUEST_TIMEOUT });
  await expect(serialText(first)).not.toContainText("two");
  await first.getByRole("button", { name: "Switch off" }).click();
  await expect(first.locator('[data-part="state"]')).toHaveText("Off");
  await typeIntoSerial(second, " still");
  await expect(serialText(second)).toContainText("two still", { timeout: GUEST_TIMEOUT });
});

test("keys that are held are released when the screen loses the focus", async ({ page }) => {
  await openWithoutGuests(page);
  const machine = machines(page);
  await expectAlive(machine);
  const screen = machine.locator('[data-part="screen"]');
  await screen.focus();
  await expect(screen).toBeFocused();
  // Ctrl+Alt alone gives the keyboard back to the page.
  await page.keyboard.down("Control");
  await page.keyboard.down("Alt");
  await page.keyboard.up("Alt");
  await page.keyboard.up("Control");
  await expect(screen).not.toBeFocused();
});

test("the picture keeps its aspect at every zoom", async ({ browser }, { project }) => {
  for (const deviceScaleFactor of [1, 1.25, 2, 3]) {
    const context = await browser.newContext({ deviceScaleFactor, baseURL: project.use.baseURL ?? "" }); // prettier-ignore
    const page = await context.newPage();
    await openWithoutGuests(page);
    const machine = machines(page);
    await expectAlive(machine);
    const shape = await machine.locator("canvas[data-part='screen']").evaluate((canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      const box = canvas.getBoundingClientRect();
      return { wanted: width / height, shown: box.width / box.height, scale: box.width / width };
    });
    expect(Math.abs(shape.shown / shape.wanted - 1)).toBeLessThan(0.01);
    await context.close();
  }
});
