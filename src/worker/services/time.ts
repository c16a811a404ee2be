// Worker side of the time: tells it, and says when the guest should ask again.
//
// The guest's own clock is right as long as the machine runs. It stands still while the machine is paused. When the host gave
// the machine no time for long (a page in the background, a computer that slept), guest time jumps, and a guest that counts
// ticks or reads a short counter has lost some of it. And somebody may set the host's clock.

import type { Core } from "../core";
import { RequestStatus, Event } from "../../../wasm/protocol/tandem-port";
import { TIME_ZONE_MAX, TimeCommand, TimeReply } from "../../../wasm/protocol/time";
import { NO_COMMAND, type Reply, type Service } from "./service";

/** The host's clocks. */
export interface HostClock {
  /** Milliseconds since 1970, UTC: may be set, and goes on while the computer sleeps. */
  wall(): number;
  /** Milliseconds since some moment; never set. */
  monotonic(): number;
  /** Local time is UTC and so many minutes. */
  offsetMinutes(): number;
  /** Its name in the IANA database. */
  zone(): string;
}

export const HOST_CLOCK: HostClock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  offsetMinutes: () => -new Date().getTimezoneOffset(),
  zone: () => Intl.DateTimeFormat().resolvedOptions().timeZone,
};

/** No slice and no sleep takes as long; guest time jumps when it is as far behind (wasm/bus/clock.ts). */
const GAP = 500;
/** The host's clock is set in small steps all the time; guests that need it better ask of themselves. */
const STEP = 100;
/** Between two looks at the zone, which costs more than the clock. */
const ZONE_INTERVAL = 1000;
const NANOSECONDS_PER_MICROSECOND = 1000n;

export class TimeService implements Service {
  readonly range = 0x05;
  readonly #clock: HostClock;
  readonly #wake: () => void;
  #core: Core | undefined;
  /** Wall clock at monotonic time 0, with fractions of a millisecond. */
  #base: number;
  /** The same when the guest last heard of it. */
  #toldBase: number;
  #toldOffset: number;
  #lastLook: number;
  #lastZoneLook: number;

  /** `wake`: the guest may sleep, and there is an event for it. */
  constructor(wake: () => void, clock: HostClock = HOST_CLOCK) {
    this.#clock = clock;
    this.#wake = wake;
    this.#lastLook = clock.monotonic();
    this.#lastZoneLook = this.#lastLook;
    this.#base = clock.wall() - this.#lastLook;
    this.#toldBase = this.#base;
    this.#toldOffset = clock.offsetMinutes();
  }

  request(command: number): Reply {
    switch (command as TimeCommand) {
      case TimeCommand.Get:
        return { status: RequestStatus.Ok, body: this.#time() };
      case TimeCommand.Zone:
        return { status: RequestStatus.Ok, body: zoneName(this.#clock.zone()) };
      default:
        return NO_COMMAND;
    }
  }

  connect(core: Core | undefined): void {
    this.#core = core;
  }

  endSession(): void {}

  /** After each slice, and after each sleep of a guest that has nothing to do: at most a tenth of a second apart. */
  flush(): void {
    const now = this.#clock.monotonic();
    const passed = now - this.#lastLook;
    this.#lastLook = now;
    this.#follow(now);
    if (passed >= GAP || Math.abs(this.#base - this.#toldBase) >= STEP || this.#hasZoneChanged(now))
      this.stepped();
  }

  /** The guest's clock stood still. */
  stepped(): void {
    this.#lastLook = this.#clock.monotonic();
    this.#follow(this.#lastLook);
    this.#toldBase = this.#base;
    this.#toldOffset = this.#clock.offsetMinutes();
    this.#core?.exports.raiseEvent(Event.TimeStepped, 0);
    this.#wake();
  }

  /** The wall clock has whole milliseconds: it lies between two bounds, and only a step leaves them. */
  #follow(now: number): void {
    const low = this.#clock.wall() - now;
    this.#base = Math.min(Math.max(this.#base, low), low + 1);
  }

  #hasZoneChanged(now: number): boolean {
    if (now - this.#lastZoneLook < ZONE_INTERVAL) return false;
    this.#lastZoneLook = now;
    return this.#clock.offsetMinutes() !== this.#toldOffset;
  }

  #time(): Uint8Array {
    const now = this.#clock.monotonic();
    this.#follow(now);
    this.#toldBase = this.#base;
    this.#toldOffset = this.#clock.offsetMinutes();
    const body = new Uint8Array(TimeReply.SIZE);
    const view = new DataView(body.buffer);
    // Guest time that lags goes faster until it has caught up: the guest's clock would be ahead then.
    const lag = this.#core?.exports.clockLag() ?? 0;
    const microseconds = Math.max(0, Math.floor((this.#base + now - lag) * 1000));
    view.setBigUint64(
      TimeReply.Nanoseconds,
      BigInt(microseconds) * NANOSECONDS_PER_MICROSECOND,
      true,
    );
    view.setInt32(TimeReply.OffsetMinutes, this.#toldOffset, true);
    return body;
  }
}

function zoneName(name: string): Uint8Array {
  const bytes = new TextEncoder().encode(name);
  return bytes.length > TIME_ZONE_MAX ? new Uint8Array(0) : bytes;
}
