// The three ways of the pointer into a guest: how often the guest hears of the hand, and that no click is lost. Where the cursor
// stands is tested in pointer.test.ts.

import { afterEach, describe, expect, test, vi } from "vitest";
import type { PointerStatistics, PointerUse } from "../../src/shared/api";
import type { UsbInterval } from "../../src/shared/config";
import { PillionMachine } from "./testing";

const WIDTH = 1024;
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
  const append = `pointer=${SOURCES[mode]} draw=guest ${options}`;
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
      expect(reports).toBeGreaterThan(0.25 * Math.min(injected, 125));
      expect(reports).toBeLessThan(127);
    });

    test(`the ${SOURCES[mode]} reports nearly each when it is polled each millisecond`, async () => {
      const { injected, reports } = await rates(mode, 1);
      expect(reports).toBeGreaterThan(0.6 * injected);
      expect(reports).toBeLessThanOrEqual(1.01 * injected);
    });
  }

  test("the Tandem port reports each", async () => {
    const { injected, reports } = await rates("integrated", 10);
    expect(reports).toBeGreaterThan(0.9 * injected);
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
  // The Tandem port: pointer.test.ts.
  for (const mode of ["relative", "absolute"] as const)
    test(SOURCES[mode], { timeout: CLICKS_TIMEOUT }, async () => {
      const { sent, seen } = await clicks(mode);
      expect(seen.length).toBe(CHANGES);
      expect(seen).toEqual(sent);
    });
});
