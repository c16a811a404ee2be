// What the specs do on the page, in the user's words.

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Locator, Page } from "playwright/test";
import { expect } from "playwright/test";

const CACHE = join(import.meta.dirname, "../.cache");

/** An interpreter on a shared machine is slow; what a spec waits for comes when it comes. */
export const GUEST_TIMEOUT = 150_000;

export function hasGuest(): boolean {
  return existsSync(join(CACHE, "guests/vmlinuz-686"));
}

export function hasFirmware(): boolean {
  return existsSync(join(CACHE, "firmware/bios-256k.bin"));
}

/** Without the guests of set-up, and with the program of ours that answers on screen and serial port. */
export async function openWithoutGuests(page: Page, query = ""): Promise<void> {
  await page.route("**/machines/index.json", (route) => route.fulfill({ json: [] }));
  await page.goto(`/?machine=alive${query}`);
}

export function machines(page: Page): Locator {
  return page.locator("section.machine");
}

export function screenText(machine: Locator): Locator {
  return machine.locator('[data-part="screen-text"]');
}

export function serialText(machine: Locator): Locator {
  return machine.locator(".xterm-rows");
}

export function messages(machine: Locator): Locator {
  return machine.getByRole("region", { name: "Messages" });
}

export async function typeIntoSerial(machine: Locator, text: string): Promise<void> {
  await machine.locator(".xterm-helper-textarea").focus();
  await machine.page().keyboard.type(text);
}

export async function expectAlive(machine: Locator): Promise<void> {
  await expect(screenText(machine)).toContainText("Tandem is alive", { timeout: GUEST_TIMEOUT });
}

export interface DroppedFile {
  name: string;
  bytes: Buffer;
}

/** Drops files on the machine as from the desktop. */
export async function drop(machine: Locator, ...files: DroppedFile[]): Promise<void> {
  const plain = files.map(({ name, bytes }) => ({ name, base64: bytes.toString("base64") }));
  const data = await machine.page().evaluateHandle((list) => {
    const transfer = new DataTransfer();
    for (const { name, base64 } of list) {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      transfer.items.add(new File([bytes], name));
    }
    return transfer;
  }, plain);
  await machine.dispatchEvent("drop", { dataTransfer: data });
}

/** A 1440 KiB floppy whose boot sector prints a text with the BIOS and halts. */
export function bootFloppy(text: string): Buffer {
  const floppy = Buffer.alloc(1440 * 1024);
  const code = [
    ...[0x31, 0xc0], // xor ax, ax
    ...[0x8e, 0xd8], // mov ds, ax
    ...[0xbe, 0x14, 0x7c], // mov si, the text, behind this code
    ...[0xfc], // cld
    ...[0xac], // lodsb
    ...[0x84, 0xc0], // test al, al
    ...[0x74, 0x06], // jz to hlt
    ...[0xb4, 0x0e], // mov ah, 0eh: teletype output
    ...[0xcd, 0x10], // int 10h
    ...[0xeb, 0xf5], // jmp to lodsb
    ...[0xf4], // hlt
    ...[0xeb, 0xfd], // jmp to hlt
  ];
  const message = Buffer.concat([Buffer.from(code), Buffer.from(`${text}\0`, "latin1")]);
  message.writeUInt16LE(0x7c00 + code.length, 5);
  message.copy(floppy);
  floppy.writeUInt16LE(0xaa55, 510);
  return floppy;
}

/** A page of somebody else's with the element in it, as it is or isolated like the rest of the project. */
export async function openEmbedding(page: Page, body: string, isolated: boolean): Promise<void> {
  const headers: Record<string, string> = isolated
    ? {
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
      }
    : {};
  await page.route("**/embedding.html", (route) =>
    route.fulfill({
      contentType: "text/html",
      headers,
      body: `<!doctype html><html lang="en"><title>Embedding</title><script type="module" src="/src/element/index.ts"></script>${body}`,
    }),
  );
  await page.goto("/embedding.html");
  await page.evaluate(() => customElements.whenDefined("tandem-pc").then(() => undefined));
}
