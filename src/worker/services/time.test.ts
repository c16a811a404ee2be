import { expect, test } from "vitest";
import { Event, RequestStatus } from "../../../wasm/protocol/tandem-port";
import { TimeCommand, TimeReply } from "../../../wasm/protocol/time";
import type { Core } from "../core";
import { TimeService } from "./time";

/** 2026-11-26 18:30 UTC. */
const START = Date.UTC(2026, 10, 26, 18, 30);

/** Clocks that stand still until the test moves them, and a core that wants all events. */
function clocks() {
  const state = { wall: START, monotonic: 5000, offset: 60, zone: "Europe/Vienna", lag: 0 };
  const events: number[] = [];
  let wakes = 0;
  const service = new TimeService(() => wakes++, {
    wall: () => Math.floor(state.wall),
    monotonic: () => state.monotonic,
    offsetMinutes: () => state.offset,
    zone: () => state.zone,
  });
  const exports: Partial<Core["exports"]> = {
    raiseEvent: (kind) => events.push(kind),
    clockLag: () => state.lag,
  };
  service.connect({ exports } as Core);
  /** Lets time go by in slices, as a running machine does. */
  const run = (milliseconds: number, slice = 8): void => {
    for (let passed = 0; passed < milliseconds; passed += slice) {
      state.wall += slice;
      state.monotonic += slice;
      service.flush();
    }
  };
  const ask = (): { nanoseconds: bigint; offset: number } => {
    const { status, body = new Uint8Array(0) } = service.request(TimeCommand.Get);
    expect(status).toBe(RequestStatus.Ok);
    expect(body.length).toBe(TimeReply.SIZE);
    const view = new DataView(body.buffer);
    return {
      nanoseconds: view.getBigUint64(TimeReply.Nanoseconds, true),
      offset: view.getInt32(TimeReply.OffsetMinutes, true),
    };
  };
  return { state, service, events, run, ask, wakes: () => wakes };
}

test("the time is UTC in nanoseconds, with the zone's offset beside it", () => {
  const { ask, state } = clocks();
  expect(ask()).toEqual({ nanoseconds: BigInt(START) * 1_000_000n, offset: 60 });
  state.offset = -210;
  expect(ask().offset).toBe(-210);
});

test("between two milliseconds of the wall clock the time goes on, and never back", () => {
  const { ask, state } = clocks();
  let last = ask().nanoseconds;
  for (let step = 0; step < 1000; step++) {
    state.wall += 0.125;
    state.monotonic += 0.125;
    const { nanoseconds } = ask();
    expect(nanoseconds - last).toBeGreaterThanOrEqual(124_000n);
    expect(nanoseconds - last).toBeLessThanOrEqual(126_000n);
    last = nanoseconds;
  }
});

test("a guest whose own clock will still catch up is told the time that makes it right then", () => {
  const { ask, state } = clocks();
  state.lag = 40;
  expect(ask().nanoseconds).toBe(BigInt(START - 40) * 1_000_000n);
});

test("the zone's name is told, and an absurd one is not", () => {
  const { service, state } = clocks();
  const name = (): string => new TextDecoder().decode(service.request(TimeCommand.Zone).body);
  expect(name()).toBe("Europe/Vienna");
  state.zone = "x".repeat(65);
  expect(name()).toBe("");
});

test("a machine that runs or sleeps as it should is told nothing", () => {
  const { run, events } = clocks();
  run(10_000);
  run(10_000, 100);
  expect(events).toEqual([]);
});

test("a pause is told, and wakes a guest that sleeps", () => {
  const { service, events, wakes } = clocks();
  service.stepped();
  expect(events).toEqual([Event.TimeStepped]);
  expect(wakes()).toBe(1);
});

test("a page that was frozen is told once", () => {
  const { state, service, run, events } = clocks();
  run(1000);
  state.wall += 60_000;
  state.monotonic += 60_000;
  service.flush();
  run(1000);
  expect(events).toEqual([Event.TimeStepped]);
});

test("a computer that slept is told, though its monotonic clock stood still", () => {
  const { state, run, ask, events } = clocks();
  run(1000);
  state.wall += 3_600_000;
  run(1000);
  expect(events).toEqual([Event.TimeStepped]);
  expect(ask().nanoseconds).toBe(BigInt(START + 3_602_000) * 1_000_000n);
});

test("a host's clock that was set back is followed", () => {
  const { state, run, ask, events } = clocks();
  state.wall -= 30_000;
  run(1000);
  expect(events).toEqual([Event.TimeStepped]);
  // Within the millisecond that the wall clock does not tell.
  expect(Number(ask().nanoseconds / 1_000_000n) - (START - 29_000)).toBeLessThanOrEqual(1);
});

test("small corrections add up until they matter", () => {
  const { state, run, events } = clocks();
  for (let correction = 0; correction < 9; correction++) {
    state.wall += 10;
    run(1000);
  }
  expect(events).toEqual([]);
  state.wall += 10;
  run(1000);
  expect(events).toEqual([Event.TimeStepped]);
});

test("a guest that has just asked is not told of what it knows", () => {
  const { state, run, ask, events } = clocks();
  state.wall += 5000;
  ask();
  run(1000);
  expect(events).toEqual([]);
});

test("another time zone is told within a second or two", () => {
  const { state, run, events } = clocks();
  state.offset = 120;
  run(2000);
  expect(events).toEqual([Event.TimeStepped]);
});

test("other commands are refused", () => {
  expect(clocks().service.request(0x0503).status).toBe(RequestStatus.NoCommand);
});
