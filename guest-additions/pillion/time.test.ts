// Pillion's clock, set by the host's.

import { afterEach, expect, test } from "vitest";
import { HOST_CLOCK, type HostClock } from "../../src/worker/services/time";
import { PillionMachine } from "./testing";

let pillion: PillionMachine | undefined;
afterEach(() => pillion?.dispose());

/** A clock that goes as the host's does, but may be set. */
function settable(start: string): { clock: HostClock; state: { ahead: number; offset: number } } {
  const state = { ahead: Date.parse(start) - HOST_CLOCK.wall(), offset: 0 };
  const clock = {
    ...HOST_CLOCK,
    wall: () => HOST_CLOCK.wall() + state.ahead,
    offsetMinutes: () => state.offset,
  };
  return { clock, state };
}

/** Local time in milliseconds since 1970, as Pillion has it; the date must agree with the seconds. */
async function guestTime(guest: PillionMachine): Promise<{ time: number; set: number }> {
  const answer = await guest.ask("time", "TIME");
  const [, date = "", seconds, set] = /TIME (\S+) seconds=(\d+\.\d+) set=(\d+)/.exec(answer) ?? [];
  expect(Date.parse(`${date}Z`)).toBe(Math.floor(Number(seconds)) * 1000);
  return { time: Number(seconds) * 1000, set: Number(set) };
}

/** Waits until the guest has asked so often. */
async function asked(guest: PillionMachine, times: number): Promise<number> {
  for (;;) {
    const { time, set } = await guestTime(guest);
    if (set >= times) return time;
  }
}

test.each(["1999-12-31T23:59:58Z", "2024-02-29T12:00:00Z", "2100-03-01T00:00:00Z"])(
  "the guest begins at the host's time: %s",
  async (start) => {
    const { clock } = settable(start);
    const before = clock.wall();
    pillion = await PillionMachine.boot("", { clock });
    const { time, set } = await guestTime(pillion);
    expect(set).toBeGreaterThan(0);
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(clock.wall() + 1);
  },
);

test("after a pause the guest's clock is right again", async () => {
  const { clock, state } = settable("2026-11-26T18:30:00Z");
  pillion = await PillionMachine.boot("", { clock });
  pillion.machine.pause();
  state.ahead += 3_600_000;
  const before = clock.wall();
  pillion.machine.resume();
  const time = await asked(pillion, 2);
  expect(time).toBeGreaterThanOrEqual(before);
  expect(time).toBeLessThanOrEqual(clock.wall() + 1);
});

test("the guest follows a host's clock that is set back, and another time zone", async () => {
  const { clock, state } = settable("2026-11-26T18:30:00Z");
  pillion = await PillionMachine.boot("", { clock });
  state.ahead -= 86_400_000;
  const dayBefore = clock.wall();
  // A guest that is behind asks as of the moment at which it is.
  expect(await asked(pillion, 2)).toBeGreaterThanOrEqual(dayBefore - 1000);
  expect((await guestTime(pillion)).time).toBeLessThanOrEqual(clock.wall() + 1);
  state.offset = 330;
  const local = await asked(pillion, 3);
  expect(local - clock.wall()).toBeGreaterThan(329 * 60_000);
});
