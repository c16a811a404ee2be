// Pillion's screen follows the room that the host has for it.

import { afterEach, expect, test } from "vitest";
import { pixel, PillionMachine } from "./testing";

let pillion: PillionMachine | undefined;
afterEach(() => pillion?.dispose());

const SIZES = [
  [640, 480],
  [801, 603],
  [1333, 487],
  [642, 1599],
  [1920, 1080],
  [2560, 1600],
  [1024, 768],
  [719, 401],
] as const;

/** Sets the room and waits until the guest has its size. */
async function resize(guest: PillionMachine, width: number, height: number): Promise<string> {
  guest.machine.setDisplayRoom({ width, height, scale: 1 });
  return guest.line("DISPLAY");
}

test("the desktop takes any size, with all of its windows on the screen", async () => {
  const guest = await PillionMachine.boot("accel=off", { memory: 64 });
  pillion = guest;
  for (const name of ["system", "targets", "notes"]) await guest.ask(`open ${name}`, "OK");
  for (const [width, wantedHeight] of SIZES) {
    const height = Math.max(wantedHeight, 480);
    expect(await resize(guest, width, wantedHeight)).toBe(`DISPLAY ${width}x${height}`);
    const picture = guest.screenshot();
    expect([picture.width, picture.height]).toEqual([width, height]);
    for (const name of ["welcome", "paint", "inspector", "system", "targets", "notes"]) {
      const frame = await guest.window(name);
      expect(frame.x).toBeGreaterThanOrEqual(0);
      expect(frame.y).toBeGreaterThanOrEqual(0);
      expect(frame.x + Math.min(frame.width, width)).toBeLessThanOrEqual(width);
      if (frame.height <= height - 52)
        expect(frame.y + frame.height).toBeLessThanOrEqual(height - 52);
    }
  }
});

test("windows go back to where the user has put them", async () => {
  pillion = await PillionMachine.boot();
  const before = await pillion.window("paint");
  await resize(pillion, 640, 480);
  expect(await pillion.window("paint")).not.toEqual(before);
  await resize(pillion, 1200, 900);
  expect(await pillion.window("paint")).toEqual(before);
});

test("each size has its dunes, down to the task bar", async () => {
  pillion = await PillionMachine.boot("open=none");
  for (const [width, height] of [
    [640, 480],
    [1501, 1001],
    [900, 1600],
  ] as const) {
    // prettier-ignore
    await resize(pillion, width, height);
    const picture = pillion.screenshot();
    // From the top down each column is sky, then three dunes that grow darker.
    for (const x of [0, width >> 1, width - 1]) {
      const colours = new Set<number>();
      for (let y = 0; y < height - 52; y++) colours.add(pixel(picture, x, y));
      expect(colours.size).toBeGreaterThan(height / 8);
      const sky = pixel(picture, x, 2) >> 16;
      const dune = pixel(picture, x, height - 60) >> 16;
      expect(dune).toBeGreaterThan(0);
      expect(dune).toBeLessThan(0x4b);
      expect(sky).toBeLessThan(0x40);
    }
  }
});

test.each(["tandem", "usb-tablet", "ps2"])(
  "the pointer is right after a change: %s",
  async (driver) => {
    const absolute = driver !== "ps2";
    const guest = await PillionMachine.boot(`pointer=${driver} accel=off`, {
      pointer: {
        pointer: absolute ? "auto" : "relative",
        usbInterval: 1,
        usb: absolute ? ["tablet"] : [],
      },
    });
    pillion = guest;
    for (const [width, height] of [
      [700, 500],
      [1401, 803],
    ] as const) {
      // prettier-ignore
      await resize(guest, width, height);
      if (absolute) {
        for (const [x, y] of [
          [0, 0],
          [width - 1, height - 1],
          [333, 222],
        ] as const) {
          // prettier-ignore
          guest.machine.pointerPosition((x + 0.5) / width, (y + 0.5) / height);
          expect(await guest.arrives(x, y)).toEqual({ x, y });
        }
      } else {
        await guest.ask("home corner", "WHERE");
        guest.machine.pointerMotion(width + 50, height + 50);
        expect(await guest.arrives(width - 1, height - 1)).toEqual({ x: width - 1, y: height - 1 });
        guest.machine.pointerMotion(-10, -20);
        expect(await guest.arrives(width - 11, height - 21)).toEqual({ x: width - 11, y: height - 21 }); // prettier-ignore
      }
    }
  },
);

test("a wish from before the start is taken at the start, and its end brings the standard size", async () => {
  const guest = await PillionMachine.boot();
  pillion = guest;
  await resize(guest, 900, 650);
  guest.machine.reset();
  await guest.line("PILLION-READY");
  expect(guest.screenshot()).toMatchObject({ width: 900, height: 650 });
  guest.machine.setDisplayRoom(undefined);
  expect(await guest.line("DISPLAY")).toBe("DISPLAY 1024x768");
  expect(guest.last("display")).toEqual({ type: "display", width: 1024, height: 768, depth: 32 });
});

test("with little memory Pillion keeps the size it has", async () => {
  const guest = await PillionMachine.boot("", { memory: 20 });
  pillion = guest;
  expect(await resize(guest, 2560, 1600)).toBe("DISPLAY 1024x768");
  expect(await resize(guest, 800, 600)).toBe("DISPLAY 800x600");
});
