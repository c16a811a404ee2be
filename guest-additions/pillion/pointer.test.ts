// The three ways of a pointer into our guest, measured where the guest says its cursor is and where its pixels are.

import { afterEach, describe, expect, test } from "vitest";
import { findTestCursor, type Place, PillionMachine, pixel } from "./testing";

const WIDTH = 1024;
const HEIGHT = 768;

let pillion: PillionMachine | undefined;
afterEach(() => pillion?.dispose());

async function boot(
  ...parameters: Parameters<typeof PillionMachine.boot>
): Promise<PillionMachine> {
  pillion = await PillionMachine.boot(...parameters);
  return pillion;
}

/** Corners and edges, then places all over the picture, always the same. */
function places(count: number): Place[] {
  const fixed = [0, WIDTH - 1].flatMap((x) => [0, HEIGHT - 1].map((y) => ({ x, y })));
  const edges = [1, 2, 511, 1021, 1022].map((x) => ({ x, y: (x * 7) % HEIGHT }));
  const list = [...fixed, ...edges];
  let random = 1;
  while (list.length < count) {
    random = (Math.imul(random, 1103515245) + 12345) >>> 0;
    list.push({ x: (random >>> 8) % WIDTH, y: (random >>> 18) % HEIGHT });
  }
  return list;
}

/** The middle of a pixel. */
function point(guest: PillionMachine, { x, y }: Place): void {
  guest.machine.pointerPosition((x + 0.5) / WIDTH, (y + 0.5) / HEIGHT);
}

async function untilDriver(guest: PillionMachine, driver: string): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) if ((await guest.where()).driver === driver) return;
  throw new Error(`the guest does not use ${driver}`);
}

/** USB devices take a moment to be set up, and the host hears of them when they are polled. */
async function usbReady(guest: PillionMachine): Promise<string> {
  const line = await guest.line("USB ");
  await hostUses(guest, "usb-");
  return line;
}

async function hostUses(guest: PillionMachine, device: string): Promise<void> {
  while (!guest.last("pointer")?.device.startsWith(device))
    await new Promise((resolve) => setTimeout(resolve, 2));
}

describe("integrated", () => {
  test("the cursor is exactly where the host's is, at 500 places", async () => {
    const guest = await boot("pointer=tandem");
    for (const place of places(500)) {
      point(guest, place);
      expect(await guest.arrives(place.x, place.y)).toEqual(place);
    }
  });

  test("the port is found and polled where there is no PCI", async () => {
    const guest = await boot("tandem=isa");
    for (const place of places(20)) {
      point(guest, place);
      expect(await guest.arrives(place.x, place.y)).toEqual(place);
    }
  });

  test("the host draws the cursor: it gets the shape, and another one over a text and a button", async () => {
    const guest = await boot("open=notes");
    point(guest, { x: 5, y: 300 });
    await guest.arrives(5, 300);
    const arrow = guest.last("cursor-shape");
    expect(arrow).toMatchObject({ width: 13, height: 19, hotX: 1, hotY: 1, inverts: false });
    expect(guest.last("cursor-visible")).toEqual({ type: "cursor-visible", visible: true });
    const { x, y } = await guest.window("notes");
    point(guest, { x: x + 60, y: y + 100 });
    await guest.arrives(x + 60, y + 100);
    const text = guest.last("cursor-shape");
    expect(text).toMatchObject({ width: 9, height: 18, hotX: 4, hotY: 9, inverts: true });
    expect([...(text?.mask ?? [])].filter(Boolean)).toHaveLength(16 + 16);
    expect(text?.pixels.data.every((value) => value === 0)).toBe(true);
    point(guest, { x: 300, y: 745 });
    await guest.arrives(300, 745);
    expect(guest.last("cursor-shape")).toMatchObject({ width: 17, height: 19 });
  });

  test("it tells where it has its cursor", async () => {
    const guest = await boot();
    point(guest, { x: 700, y: 100 });
    await guest.arrives(700, 100);
    await guest.where();
    expect(guest.last("cursor-position")).toMatchObject({ x: 700, y: 100 });
  });

  test("motion of a captured pointer is taken too, and Pillion draws the cursor then", async () => {
    const guest = await boot("accel=off");
    point(guest, { x: 100, y: 100 });
    await guest.arrives(100, 100);
    guest.machine.pointerMotion(40, -30);
    expect(await guest.arrives(140, 70)).toEqual({ x: 140, y: 70 });
    expect(guest.last("cursor-visible")).toEqual({ type: "cursor-visible", visible: false });
    point(guest, { x: 300, y: 300 });
    await guest.arrives(300, 300);
    expect(guest.last("cursor-visible")).toEqual({ type: "cursor-visible", visible: true });
  });

  test("drawn by the guest, the test cursor is where it should be", async () => {
    const guest = await boot("cursor=test draw=guest");
    for (const place of places(40)) {
      point(guest, place);
      await guest.arrives(place.x, place.y);
      await guest.where();
      expect(findTestCursor(guest.screenshot())).toEqual(place);
    }
  });

  test("the order of clicks and places is kept: 200 clicks paint 200 dots", async () => {
    const guest = await boot("log=pointer open=none");
    const seen: string[] = [];
    const expected: string[] = [];
    for (let click = 0; click < 200; click++) {
      const place = { x: (click * 37) % WIDTH, y: (click * 53) % HEIGHT };
      point(guest, place);
      guest.machine.pointerButtons(1);
      guest.machine.pointerButtons(0);
      expected.push(`${place.x} ${place.y} 1`, `${place.x} ${place.y} 0`);
      for (let change = 0; change < 2;) {
        const [, , x, y, buttons] = (await guest.line("P ")).split(" ");
        const text = `${x} ${y} ${buttons}`;
        if (text === expected[seen.length]) {
          seen.push(text);
          change++;
        }
      }
    }
    expect(seen).toEqual(expected);
  });
});

describe("USB tablet", () => {
  test("the cursor is at most a pixel away, at 500 places", async () => {
    const guest = await boot("pointer=usb-tablet", {
      pointer: { pointer: "absolute", usb: ["tablet"], usbInterval: 1 },
    });
    await usbReady(guest);
    for (const place of places(500)) {
      point(guest, place);
      const found = await guest.arrives(place.x, place.y);
      expect(Math.abs(found.x - place.x)).toBeLessThanOrEqual(1);
      expect(Math.abs(found.y - place.y)).toBeLessThanOrEqual(1);
    }
  });

  test("it is polled every 8 ms for a bInterval of 10, every 1 ms for 1", async () => {
    for (const [usbInterval, poll] of [
      [10, 8],
      [1, 1],
    ] as const) {
      // prettier-ignore
      const guest = await boot("pointer=usb-tablet", {
        pointer: { pointer: "absolute", usb: ["tablet"], usbInterval },
      });
      expect(await usbReady(guest)).toBe(`USB tablet at port 1, every ${poll} ms`);
      guest.dispose();
    }
  });

  test("Pillion draws the cursor, and tells the truth through the port", async () => {
    const guest = await boot("pointer=usb-tablet cursor=test", {
      pointer: { pointer: "absolute", usb: ["tablet"], usbInterval: 10 },
    });
    await usbReady(guest);
    point(guest, { x: 640, y: 200 });
    await guest.arrives(640, 200);
    await guest.where();
    expect(findTestCursor(guest.screenshot())).toEqual({ x: 640, y: 200 });
    expect(guest.last("cursor-position")).toMatchObject({ x: 640, y: 200 });
    expect(guest.last("pointer")).toMatchObject({ mode: "absolute", device: "usb-tablet" });
  });
});

describe("USB mouse", () => {
  const mouse = { pointer: { pointer: "relative", usb: ["mouse"], usbInterval: 10 } } as const;

  /** 600 counts to the right in 0.4 s, then back in 4 s, as a hand does it; 125 reports a second. */
  async function outAndBack(guest: PillionMachine): Promise<number> {
    const { machine } = guest;
    for (const [total, steps] of [
      [600, 50],
      [-600, 300],
    ] as const) {
      // prettier-ignore
      let sent = 0;
      for (let step = 1; step <= steps; step++) {
        const t = step / steps;
        const wanted = Math.round(total * t * t * t * (10 - 15 * t + 6 * t * t));
        const delta = wanted - sent;
        sent = wanted;
        // Each step is a report of its own: the one before has been taken.
        const taken = machine.pointerStatistics().usbMouse.reports;
        machine.pointerMotion(delta, 0);
        if (delta === 0) continue;
        while (machine.pointerStatistics().usbMouse.reports === taken)
          await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    return (await guest.where()).x;
  }

  test("without acceleration a count is a pixel", async () => {
    const guest = await boot("pointer=usb-mouse accel=off", mouse);
    await usbReady(guest);
    await guest.ask("home corner", "WHERE");
    guest.machine.pointerMotion(1000, 700);
    expect(await guest.arrives(1000, 700)).toEqual({ x: 1000, y: 700 });
    guest.machine.pointerMotion(-333, -77);
    expect(await guest.arrives(667, 623)).toEqual({ x: 667, y: 623 });
  });

  test("with acceleration an asymmetric trace leaves the cursor more than 100 pixels away", async () => {
    const guest = await boot("pointer=usb-mouse accel=on", mouse);
    await usbReady(guest);
    await guest.ask("home corner", "WHERE");
    expect(await outAndBack(guest)).toBeGreaterThan(100);
  });

  test("while running: a tablet that is plugged in takes over, then the Tandem port", async () => {
    const guest = await boot("", {
      pointer: { pointer: "relative", usbInterval: 10 },
    });
    await usbReady(guest);
    guest.machine.pointerMotion(3, 3);
    await untilDriver(guest, "usb-mouse");
    guest.machine.setPointerMode("absolute");
    await guest.line("USB tablet");
    await hostUses(guest, "usb-tablet");
    point(guest, { x: 900, y: 50 });
    await untilDriver(guest, "usb-tablet");
    expect(await guest.arrives(900, 50)).toEqual({ x: 900, y: 50 });
    guest.machine.setPointerMode("integrated");
    point(guest, { x: 20, y: 30 });
    await untilDriver(guest, "tandem");
    expect(await guest.arrives(20, 30)).toEqual({ x: 20, y: 30 });
  });
});

describe("no change of buttons is lost among random motion", () => {
  const ways = [
    ["tandem", "integrated", 10000],
    ["usb-tablet", "absolute", 1000],
    ["usb-mouse", "relative", 1000],
    ["ps2", "relative", 300],
  ] as const;
  test.each(ways)("%s", async (driver, pointer, changes) => {
    const guest = await boot(`pointer=${driver} log=pointer open=none`, {
      pointer: { pointer, usbInterval: 1, ...(driver === "ps2" && { usb: [] }) },
    });
    if (driver.startsWith("usb")) await usbReady(guest);
    let random = 7;
    const next = (bound: number): number => {
      random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
      return (random >>> 12) % bound;
    };
    const sent: number[] = [];
    let buttons = 0;
    for (let change = 0; change < changes; change++) {
      for (let move = next(3); move > 0; move--)
        if (pointer === "relative") guest.machine.pointerMotion(next(41) - 20, next(41) - 20);
        else point(guest, { x: next(WIDTH), y: next(HEIGHT) });
      buttons ^= 1 << next(3);
      sent.push(buttons);
      guest.machine.pointerButtons(buttons);
      if (change % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const seen: number[] = [];
    let last = 0;
    while (seen.length < sent.length) {
      const now = parseInt((await guest.line("P ")).split(" ")[4] ?? "", 16);
      if (now !== last) seen.push(now);
      last = now;
    }
    expect(seen).toEqual(sent);
  });
});

test("a USB keyboard types into the notes, and its keys repeat while they are held", async () => {
  const guest = await boot("open=notes", {
    pointer: { pointer: "integrated", usb: ["keyboard"], usbInterval: 10 },
  });
  await guest.line("USB keyboard");
  await guest.machine.typeText("Tandem 7!");
  expect(await guest.ask("text", "TEXT")).toBe("TEXT Type here. Tandem 7!");
  guest.machine.key("KeyZ", true);
  await new Promise((resolve) => setTimeout(resolve, 800));
  guest.machine.key("KeyZ", false);
  expect(await guest.ask("text", "TEXT")).toMatch(/7!zzz+$/);
});

describe("the pointer elsewhere", () => {
  test.each([
    ["relative", "usb-mouse", 1],
    ["absolute", "usb-tablet", 0],
  ] as const)(
    "a host whose mode is %s: Pillion names the device and draws its cursor before the first report",
    async (pointer, device, relative) => {
      const guest = await boot("draw=host cursor=test", {
        pointer: { pointer, usbInterval: 10 },
      });
      await hostUses(guest, device);
      await untilDriver(guest, device);
      const status = await guest.ask("status", "STATUS");
      expect(status).toContain(`driver=${device} relative=${relative} hostdraws=0`);
      expect(findTestCursor(guest.screenshot())).toEqual({ x: WIDTH / 2, y: HEIGHT / 2 });
    },
  );

  test("the view that grabs the pointer turns by motion, with the cursor out of sight, and gives it back where it was", async () => {
    const guest = await boot("open=look cursor=test");
    point(guest, { x: 800, y: 600 });
    await guest.arrives(800, 600);
    await guest.ask("look start", "LOOK 0 0 grabbed");
    expect(guest.last("pointer-grab")).toMatchObject({ wanted: true });
    expect(guest.last("pointer")).toMatchObject({ mode: "relative", device: "tandem" });
    expect(guest.last("cursor-visible")).toMatchObject({ visible: false });
    guest.machine.pointerMotion(300, -20);
    guest.machine.pointerButtons(1);
    guest.machine.pointerButtons(0);
    expect(await guest.line("LOOK")).toBe("LOOK 300 20 ended");
    expect(await guest.where()).toMatchObject({ x: 800, y: 600 });
    expect(guest.last("pointer-grab")).toMatchObject({ wanted: false });
    expect(guest.last("pointer")).toMatchObject({ mode: "integrated", device: "tandem" });
    expect(guest.last("cursor-visible")).toMatchObject({ visible: true });
    expect(guest.last("cursor-warp")).toMatchObject({ x: 800, y: 600 });
  });

  test("the text cursor inverts what is under it, when Pillion draws it, too", async () => {
    const guest = await boot("open=notes draw=guest");
    const { x, y } = await guest.window("notes");
    const at = { x: x + 160, y: y + 100 };
    point(guest, { x: 5, y: 300 });
    await guest.arrives(5, 300);
    const before = pixel(guest.screenshot(), at.x, at.y);
    point(guest, at);
    await guest.arrives(at.x, at.y);
    await guest.where();
    expect(pixel(guest.screenshot(), at.x, at.y)).toBe(before ^ 0xffffff);
  });
});
