import { expect, test } from "vitest";
import { Watcher } from "./watcher";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function isSettled(promise: Promise<void>): Promise<boolean> {
  let settled = false;
  void promise.then(() => (settled = true));
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

test("a text on the serial port is found across pieces, once", async () => {
  const watcher = new Watcher(() => []);
  const first = watcher.wait("login:", "serial");
  watcher.serial(bytes("\r\nlog"));
  expect(await isSettled(first)).toBe(false);
  watcher.serial(bytes("in: "));
  expect(await isSettled(first)).toBe(true);
  expect(await isSettled(watcher.wait("login:", "serial"))).toBe(false);
});

test("a text on the screen is found, also where a line wraps", async () => {
  let lines: string[] = [];
  const watcher = new Watcher(() => lines);
  const wait = watcher.wait("GNU GRUB", "anywhere");
  const serialOnly = watcher.wait("GRUB", "serial");
  lines = ["  GNU", " GRUB  version 2.06"];
  watcher.checkScreen();
  expect(await isSettled(wait)).toBe(true);
  expect(await isSettled(serialOnly)).toBe(false);
});
