// The three ways of the pointer into a guest, each with its promise: where the cursor stands, how often the guest hears of the hand,
// and that no click is lost.

import { afterEach, describe, expect, test, vi } from "vitest";
import { FrameCopy, SpriteFinder } from "../../src/demo/measure/sprite";
import { asymmetric, type Trace } from "../../src/demo/measure/trace";
import { TEST_CURSOR } from "../../src/demo/pillion";
import type { PointerStatistics, PointerUse } from "../../src/shared/api";
import type { UsbInterval } from "../../src/shared/config";
import { PillionMachine, type Place } from "./testing";

const WIDTH = 1024;
const HEIGHT = 768;
const SOURCES = { relative: "usb-mouse", absolute: "usb-tablet", integrated: "tandem" } as const;
const STATISTICS: Readonly<Record<PointerUse, keyof PointerStatistics>> = {
  relative: "usbMouse",
  absolute: "usbTablet",
  integrated: "tandem",
};

let pillion: PillionMachine | undefined;
afterEach(() => pillion?.dispose());

async function boot(
  mode: PointerUse,
  options = "",
  usbInterval: UsbInterval = 10,
): Promise<PillionMachine> {
  const parts = { pointer: { pointer: mode, usbInterval } };
  const append = `pointer=${SOURCES[mode]} cursor=test draw=guest ${options}`;
  pillion = await PillionMachine.boot(append, parts);
  const guest = pillion;
  // A USB device is found some time after the desktop is there: until then the hand moves in vain.
  const { machine } = guest;
  let step = 1;
  await until(() => {
    step = -step;
    if (mode === "relative") machine.pointerMotion(step, 0);
    else machine.pointerPosition(0.5 + step / WIDTH, 0.5);
    return machine.pointerStatistics()[STATISTICS[mode]].reports > 0;
  });
  return guest;
}

function pause(milliseconds = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Fails when it does not come true for long; what has ended must not go on waiting. */
function until(condition: () => boolean | Promise<boolean>): Promise<unknown> {
  return vi.waitUntil(condition, { timeout: 20_000, interval: 1 });
}

/** Where the cursor's pixels are. */
function look({ machine }: PillionMachine): Place | undefined {
  const picture = machine.screenshot();
  const copy = new FrameCopy();
  copy.setSize(picture.width, picture.height);
  copy.draw(0, 0, picture);
  return new SpriteFinder(TEST_CURSOR).find(copy);
}

/** Corners, middles of edges, and places all over the screen. */
function positions(count: number): Place[] {
  const [right, bottom] = [WIDTH - 1, HEIGHT - 1];
  const places = [0, right >> 1, right].flatMap((x) =>
    [0, bottom >> 1, bottom].map((y) => ({ x, y })),
  );
  for (let index = places.length; index < count; index++)
    places.push({ x: (index * 7919) % WIDTH, y: (index * 104729) % HEIGHT });
  return places;
}

/** The largest distance between hand and cursor in the picture, each seen when the guest has moved its cursor. */
async function worstDistance(guest: PillionMachine, tolerance: number): Promise<number> {
  let worst = 0;
  for (const { x, y } of positions(500)) {
    guest.machine.pointerPosition((x + 0.5) / WIDTH, (y + 0.5) / HEIGHT);
    for (let tries = 0; tries < 60; tries++) {
      const told = await guest.where();
      if (Math.abs(told.x - x) <= tolerance && Math.abs(told.y - y) <= tolerance) break;
    }
    const seen = look(guest);
    worst = Math.max(worst, seen ? Math.hypot(seen.x - x, seen.y - y) : Infinity);
  }
  return worst;
}

describe("over 500 positions, corners and edges among them,", () => {
  test("the integrated cursor is where the hand is", async () => {
    expect(await worstDistance(await boot("integrated"), 0)).toBe(0);
  });

  test("the tablet's is at most one pixel away", async () => {
    expect(await worstDistance(await boot("absolute", "", 1), 1)).toBeLessThanOrEqual(1);
  });
});

/** Gives the trace's counts one by one, each when the guest has taken the one before; the distance at the end. */
async function drift(machine: PillionMachine, { samples }: Trace): Promise<number> {
  await machine.ask("home corner", "WHERE");
  const host = { x: 0, y: 0 };
  const move = async (x: number, y: number): Promise<void> => {
    const before = machine.machine.pointerStatistics().usbMouse.reports;
    machine.machine.pointerMotion(x - host.x, y - host.y);
    Object.assign(host, { x, y });
    await until(() => machine.machine.pointerStatistics().usbMouse.reports > before);
  };
  const [start] = samples;
  // In steps that no guest accelerates.
  for (let x = 0, y = 0; start && (x < start.x || y < start.y);) {
    x = Math.min(start.x, x + 4);
    y = Math.min(start.y, y + 4);
    await move(x, y);
  }
  for (const { x, y } of samples) if (x !== host.x || y !== host.y) await move(x, y);
  await machine.where();
  await pause(30);
  const seen = look(machine);
  return seen ? Math.hypot(seen.x - host.x, seen.y - host.y) : Infinity;
}

describe("out fast and back slowly, a relative mouse", () => {
  test("ends elsewhere when the guest accelerates", async () => {
    expect(await drift(await boot("relative", "accel=on", 1), asymmetric())).toBeGreaterThan(100);
  });

  test("comes back to where it was when it does not", async () => {
    expect(await drift(await boot("relative", "accel=off", 1), asymmetric())).toBeLessThanOrEqual(
      1,
    );
  });
});

/** A hand that moves each millisecond of guest time, or as often as this machine gets there; counts per second of guest time. */
async function rates(
  mode: PointerUse,
  usbInterval: UsbInterval,
): Promise<{ injected: number; reports: number }> {
  const { machine } = await boot(mode, "accel=off", usbInterval);
  const begin = machine.stats().uptime;
  const before = machine.pointerStatistics()[STATISTICS[mode]].reports;
  let injected = 0;
  let last = begin;
  while (last - begin < RATE_MS && machine.state === "running") {
    injected++;
    if (mode === "relative") machine.pointerMotion(injected % 2 ? 1 : -1, 0);
    else machine.pointerPosition((100.5 + (injected % 200)) / WIDTH, 0.5);
    const next = last + 1;
    while ((last = machine.stats().uptime) < next) await new Promise(setImmediate);
  }
  const reports = machine.pointerStatistics()[STATISTICS[mode]].reports - before;
  const seconds = (last - begin) / 1000;
  return { injected: injected / seconds, reports: reports / seconds };
}
const RATE_MS = 2000;

describe("of events a millisecond apart", () => {
  for (const mode of ["relative", "absolute"] as const) {
    test(`the ${SOURCES[mode]} reports 125 a second at most when it is polled as real ones are`, async () => {
      const { injected, reports } = await rates(mode, 10);
      expect(injected).toBeGreaterThan(100);
      expect(reports).toBeGreaterThan(0.6 * Math.min(injected, 125));
      expect(reports).toBeLessThan(127);
    });

    test(`the ${SOURCES[mode]} reports nearly each when it is polled each millisecond`, async () => {
      const { injected, reports } = await rates(mode, 1);
      expect(reports).toBeGreaterThan(0.8 * injected);
      expect(reports).toBeLessThanOrEqual(1.01 * injected);
    });
  }

  test("the Tandem port reports each", async () => {
    const { injected, reports } = await rates("integrated", 10);
    expect(reports).toBeGreaterThan(0.98 * injected);
    expect(reports).toBeLessThanOrEqual(1.01 * injected);
  });
});

/** Random movements with a change of the buttons after each few; the states that the guest has seen. */
async function clicks(mode: PointerUse): Promise<{ sent: number[]; seen: number[] }> {
  const guest = await boot(mode, "accel=off log=pointer open=none", 1);
  const { machine } = guest;
  const sent: number[] = [];
  const seen: number[] = [];
  let random = 12345;
  const next = (below: number): number => {
    random = (Math.imul(random, 1103515245) + 12345) >>> 0;
    return (random >>> 8) % below;
  };
  let buttons = 0;
  const listen = async (): Promise<void> => {
    while (seen.length < sent.length) {
      const state = parseInt((await guest.line("P ")).split(" ")[4] ?? "", 16);
      if (state !== (seen.at(-1) ?? 0)) seen.push(state);
    }
  };
  while (sent.length < CHANGES) {
    for (let burst = next(BURST_MAXIMUM) + 1; burst > 0 && sent.length < CHANGES; burst--) {
      for (let moves = next(4); moves > 0; moves--)
        if (mode === "relative") machine.pointerMotion(next(9) - 4, next(9) - 4);
        else machine.pointerPosition(next(1000) / 1000, next(1000) / 1000);
      buttons ^= 1 << next(3);
      machine.pointerButtons(buttons);
      sent.push(buttons);
      if (next(8) === 0) await pause();
    }
    await listen();
  }
  return { sent, seen };
}
const CHANGES = 10_000;
const BURST_MAXIMUM = 120;
const CLICKS_TIMEOUT = 240_000;

describe("of 10,000 random clicks among movements none is lost, and their order is kept:", () => {
  for (const mode of ["relative", "absolute", "integrated"] as const)
    test(SOURCES[mode], { timeout: CLICKS_TIMEOUT }, async () => {
      const { sent, seen } = await clicks(mode);
      expect(seen.length).toBe(CHANGES);
      expect(seen).toEqual(sent);
    });
});
