// Pillion in the specs: our guest tells over its serial port where it has its cursor and what its drivers have taken.

import type { Page } from "playwright/test";
import { expect } from "playwright/test";
import type { TandemPc } from "../src/element/index";
import { GUEST_TIMEOUT } from "./page";

/** What the specs know of a guest. */
interface Watch {
  /** The last input that was sent, and the last that the guest has taken. */
  sent: number;
  taken: number;
  text: string;
  /** Where the browser has told that the pointer is. */
  x: number;
  y: number;
}

declare global {
  interface Window {
    pc: TandemPc;
    watch: Watch;
    /** Where the guest has its cursor, when it has taken all that was sent; `at`: when the pointer has come there. */
    where(at?: { x: number; y: number }): Promise<{ x: number; y: number; buttons: number }>;
  }
}

/** Boots Pillion in the page's element (window.pc, or the first); the text is all it has said since it was last asked. */
export async function bootPillion(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const pc = (window.pc ??= document.querySelector("tandem-pc") as TandemPc);
    const watch: Watch = { sent: 0, taken: 0, text: "", x: -1, y: -1 };
    window.watch = watch;
    window.addEventListener("pointermove", ({ clientX, clientY }) => {
      watch.x = clientX;
      watch.y = clientY;
    });
    pc.addEventListener("pointerinput", ({ detail }) => (watch.sent = detail.id));
    pc.addEventListener("inputtaken", ({ detail }) => (watch.taken = detail.id));
    pc.addEventListener("serial", ({ detail }) => (watch.text += new TextDecoder().decode(detail.bytes))); // prettier-ignore
    const until = async (condition: () => boolean): Promise<void> => {
      const end = performance.now() + 20_000;
      while (!condition()) {
        if (performance.now() > end) throw new Error(`waited in vain; the guest said: ${watch.text}`); // prettier-ignore
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    };
    window.where = async (at) => {
      // The browser tells of a motion when it draws its next picture.
      if (at) await until(() => Math.hypot(watch.x - at.x, watch.y - at.y) < 0.01);
      await until(() => watch.taken >= watch.sent);
      watch.text = "";
      await pc.serialInput("where\n");
      await until(() => /WHERE .*\n/.test(watch.text));
      const [, x = "", y = "", buttons = ""] = /WHERE (\d+) (\d+) buttons=(\w+)/.exec(watch.text) ?? []; // prettier-ignore
      return { x: Number(x), y: Number(y), buttons: Number.parseInt(buttons, 16) };
    };
    await pc.start();
    await until(() => watch.text.includes("PILLION-READY"));
  });
}

export async function usePointer(
  page: Page,
  mode: "relative" | "absolute" | "integrated",
  device: string,
): Promise<void> {
  // prettier-ignore
  await page.evaluate((wanted) => window.pc.setPointerMode(wanted), mode);
  await expect
    .poll(() => page.evaluate(() => window.pc.pointerUse.device), { timeout: GUEST_TIMEOUT })
    .toBe(device);
}

/** A command on the serial port, and the lines of its answer up to one that matches. */
export async function ask(page: Page, command: string, until: RegExp): Promise<string> {
  await page.evaluate((line) => {
    window.watch.text = "";
    return window.pc.serialInput(`${line}\n`);
  }, command);
  await expect
    .poll(() => page.evaluate(() => window.watch.text), { timeout: GUEST_TIMEOUT })
    .toMatch(until);
  return page.evaluate(() => window.watch.text);
}

/** Moves the mouse, and waits until the page has been told. */
export async function hover(page: Page, x: number, y: number): Promise<void> {
  await page.mouse.move(x, y);
  await expect
    .poll(() =>
      page.evaluate(
        ([atX = 0, atY = 0]) => Math.hypot(window.watch.x - atX, window.watch.y - atY) < 0.01,
        [x, y],
      ),
    ) // prettier-ignore
    .toBe(true);
}
