// Systems of others in the page, as `scripts/boot-guests.mjs` boots them without one: each comes up from its link.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, type Locator, test } from "playwright/test";
import { hasFirmware, machines, screenText } from "./page";

const GUESTS = join(import.meta.dirname, "../.cache/guests");
const there = new Set(existsSync(GUESTS) ? readdirSync(GUESTS) : []);
/** The slowest unpack a system of 40 MB and start a graphical desktop. */
const SLOW_GUEST_TIMEOUT = 600_000;

test.setTimeout(SLOW_GUEST_TIMEOUT + 30_000);

/** Machine of the gallery, the file of set-up that it needs, the text that shows that it is up. */
const TEXT_GUESTS = [
  ["grub-floppy", "grub-rescue-floppy.img", "GNU GRUB  version"],
  ["grub-cd", "grub-rescue-cdrom.iso", "GNU GRUB  version"],
  ["memtest", "memtest86+ia32.bin", "Memtest86+ v6.10"],
  ["memtest-cd", "memtest86+.iso", "Memtest86+ v6.10"],
  ["ipxe", "ipxe.iso", "Open Source Network Boot Firmware"],
  ["hdt", "hdt.iso", "Hardware Detection Tool"],
  ["mach", "gnumach", "No bootstrap code loaded"],
  ["linux-disk", "linux-disk.img", "GUEST-READY"],
] as const;

if (hasFirmware())
  for (const [machine, file, text] of TEXT_GUESTS)
    if (there.has(file))
      test(`the machine "${machine}" comes up from its link`, async ({ page }) => {
        await page.goto(`/?machine=${machine}`);
        await expect(screenText(machines(page))).toContainText(text, {
          timeout: SLOW_GUEST_TIMEOUT,
        });
      });

/** Machine, its file, and the places (fractions of the picture) whose colours show that it is up. */
const PICTURE_GUESTS = [
  // The main menu on blue, with a line chosen.
  ["installer", "di-text-initrd.gz", [[0.1, 0.1, "0000aa"], [0.604, 0.407, "aa0000"]]],
  // The banner, the chosen language, the list.
  ["installer-gtk", "di-gtk-initrd.gz", [[0.059, 0.0268, "05475c"], [0.8796, 0.5736, "29847d"], [0.684, 0.6517, "ffffff"]]],
] as const; // prettier-ignore

interface Machine extends HTMLElement {
  state: string;
  pixels(): Promise<ImageData>;
}

/** The colour at a place of the machine's picture; "" while there is none. */
function colorAt(machine: Locator, x: number, y: number): Promise<string> {
  return machine.locator("tandem-pc").evaluate(
    async (element, [left, top]) => {
      const pc = element as Machine;
      if (pc.state !== "running") return "";
      const { width, height, data } = await pc.pixels();
      const at = 4 * (Math.floor(top * height) * width + Math.floor(left * width));
      return [...data.subarray(at, at + 3)]
        .map((part) => part.toString(16).padStart(2, "0"))
        .join("");
    },
    [x, y] as const,
  );
}

for (const [machine, file, places] of PICTURE_GUESTS)
  if (there.has(file))
    test(`the machine "${machine}" shows its first menu`, async ({ page }) => {
      await page.goto(`/?machine=${machine}`);
      for (const [x, y, color] of places)
        await expect
          .poll(() => colorAt(machines(page), x, y), {
            timeout: SLOW_GUEST_TIMEOUT,
            intervals: [2000],
          })
          .toBe(color);
    });
