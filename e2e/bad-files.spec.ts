// Files and addresses that are no good are told in words, and the page stays usable.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Locator, Page } from "playwright/test";
import { expect, test } from "playwright/test";
import {
  bootFloppy,
  drop,
  expectAlive,
  GUEST_TIMEOUT,
  hasFirmware,
  machines,
  messages,
  openWithoutGuests,
  screenText,
  serialText,
  typeIntoSerial,
} from "./page";

const LARGE = 100 << 20;

/** A server as they are: one that sends no parts, one that fails, and one that forbids other sites. */
let server: Server;
let address = "";

test.beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url !== "/no-cors.img") response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Access-Control-Expose-Headers", "Content-Range, Content-Length");
    response.setHeader("Cross-Origin-Resource-Policy", "cross-origin");
    if (request.url === "/large-no-range.img") {
      response.setHeader("Content-Length", LARGE);
      response.write(Buffer.alloc(512));
    } else if (request.url === "/small-no-range.img") {
      response.end(bootFloppy("Hello from a plain server"));
    } else if (request.url === "/page") {
      response.end("<!doctype html><title>Download</title>");
    } else if (request.url === "/empty.img") {
      response.end();
    } else if (request.url === "/no-cors.img") {
      response.end(bootFloppy("secret"));
    } else {
      response.statusCode = 404;
      response.end("not here");
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

test.afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function openAddress(page: Page, path: string): Promise<void> {
  await page.getByLabel("or address").fill(path.startsWith("http") ? path : address + path);
  await page.getByRole("button", { name: "Start", exact: true }).click();
}

/** The machine that ran before still answers. */
async function expectUsable(machine: Locator): Promise<void> {
  await expect(machine.locator('[data-part="state"]')).toHaveText("Running");
  await typeIntoSerial(machine, "still here;");
  await expect(serialText(machine)).toContainText("still here;", { timeout: GUEST_TIMEOUT });
}

const BAD_FILES = [
  { what: "an empty file", bytes: Buffer.alloc(0), says: "is empty" },
  {
    what: "a floppy that was cut off",
    bytes: bootFloppy("never").subarray(0, 700_001),
    says: "is not complete",
  },
  {
    what: "a file system larger than its file",
    bytes: fatFloppy().subarray(0, 512 * 100),
    says: "is not complete",
  },
  { what: "a CD that was cut off", bytes: shortCd(), says: "is not complete" },
  {
    what: "a picture",
    bytes: Buffer.from("\x89PNG\r\n\x1a\n0000", "latin1"),
    says: "is not an image",
  },
  { what: "a qcow2 disk", bytes: Buffer.from("QFI\xfb0000", "latin1"), says: "qemu-img convert" },
  { what: "a ZIP archive", bytes: Buffer.from("PK\x03\x040000", "latin1"), says: "Unpack" },
  {
    what: "a text of the wrong size",
    bytes: Buffer.from("just words\n".repeat(99)),
    says: "is not an image",
  },
  {
    what: "a kernel that was cut off",
    bytes: Buffer.from("\x7fELF\x01\x01\x01", "latin1"),
    says: "neither a Linux bzImage nor a multiboot image",
  },
];

for (const { what, bytes, says } of BAD_FILES)
  test(`${what} is told in words, and the page stays usable`, async ({ page }) => {
    await openWithoutGuests(page);
    const machine = machines(page);
    await expectAlive(machine);
    await drop(machine, { name: "bad.img", bytes });
    await expect(messages(machine)).toContainText(says);
    await expectUsable(machine);
  });

const BAD_ADDRESSES = [
  { what: "an address that is not there", path: "/missing.img", says: "404" },
  { what: "a large file from a server without ranges", path: "/large-no-range.img", says: "no range requests" }, // prettier-ignore
  { what: "a web page instead of an image", path: "/page", says: "a web page" },
  { what: "an empty file on a server", path: "/empty.img", says: "is an empty file" },
  { what: "a site that forbids others to read", path: "/no-cors.img", says: "could not be fetched" }, // prettier-ignore
  { what: "an address of no server", path: "http://127.0.0.1:9/x.img", says: "could not be fetched" }, // prettier-ignore
  { what: "something that is no web address", path: "http://", says: "is not a web address" },
];

for (const { what, path, says } of BAD_ADDRESSES)
  test(`${what} is told in words, and the page stays usable`, async ({ page }) => {
    await openWithoutGuests(page);
    const machine = machines(page);
    await expectAlive(machine);
    await openAddress(page, path);
    await expect(messages(machine)).toContainText(says);
    await expectUsable(machine);
  });

if (hasFirmware())
  test("a small image from a server without ranges boots", async ({ page }) => {
    await openWithoutGuests(page);
    const machine = machines(page);
    await expectAlive(machine);
    await openAddress(page, "/small-no-range.img");
    await expect(screenText(machine)).toContainText("Hello from a plain server", {
      timeout: GUEST_TIMEOUT,
    });
  });

test("a missing BIOS is told with what to do, and the page stays usable", async ({ page }) => {
  await page.route("**/bios/*", (route) => route.fulfill({ status: 404 }));
  await openWithoutGuests(page);
  const machine = machines(page);
  await expectAlive(machine);
  await drop(machine, { name: "hello.img", bytes: bootFloppy("never") });
  await expect(messages(machine)).toContainText("needs a BIOS");
  await expect(messages(machine)).toContainText("bios-256k.bin");
  await expectUsable(machine);
});

test("a medium of another kind is refused by the drive", async ({ page }) => {
  await openWithoutGuests(page);
  const machine = machines(page);
  await expectAlive(machine);
  await machine.getByText("Drives", { exact: true }).click();
  const chosen = page.waitForEvent("filechooser");
  await machine.getByRole("button", { name: "Insert a medium: CD" }).click();
  const floppy = { name: "floppy.img", mimeType: "", buffer: bootFloppy("never") };
  await (await chosen).setFiles(floppy);
  await expect(messages(machine)).toContainText("put it into the floppy drive");

  const again = page.waitForEvent("filechooser");
  await machine.getByRole("button", { name: "Insert a medium: Floppy" }).click();
  await (await again).setFiles(floppy);
  await expect(machine.locator('[data-drive="floppy"]')).toContainText("floppy.img");
  await machine.getByRole("button", { name: "Eject: Floppy" }).click();
  await expect(machine.locator('[data-drive="floppy"]')).toContainText("empty");
});

/** A floppy with the sizes of a FAT file system in its boot sector. */
function fatFloppy(): Buffer {
  const floppy = bootFloppy("never");
  floppy.writeUInt16LE(512, 11);
  floppy.writeUInt16LE(2880, 19);
  floppy.writeUInt8(0xf0, 21);
  return floppy;
}

/** The volume descriptor of a CD that tells more sectors than there are. */
function shortCd(): Buffer {
  const cd = Buffer.alloc(40 * 2048);
  cd.write("\x01CD001\x01", 16 * 2048, "latin1");
  cd.writeUInt32LE(5000, 16 * 2048 + 80);
  return cd;
}
