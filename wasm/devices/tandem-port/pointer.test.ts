import { expect, test } from "vitest";
import { type Latched, tandemMachine, words } from "../../testing/tandem";
import { MachineEvent } from "../../protocol/events";
import { PointerDevice, PointerMode as HubMode, PointerRoute } from "../../protocol/input";
import { PointerCommand, PointerMode, PointerState } from "../../protocol/pointer";
import {
  Command,
  Event,
  Feature,
  IrqCause,
  Register,
  RequestStatus,
  Status,
} from "../../protocol/tandem-port";

function listening(mode?: PointerMode) {
  const tandem = tandemMachine();
  tandem.driver.hello(Feature.Pointer);
  if (mode !== undefined)
    expect(tandem.driver.request(PointerCommand.Mode, words(mode)).status).toBe(RequestStatus.Ok);
  const { exports } = tandem.machine.core;
  return { ...tandem, exports };
}

const only = (latched: Latched, ...keys: (keyof Latched)[]) =>
  Object.fromEntries(keys.map((key) => [key, latched[key]]));

test("a position is in pixels and at the middle of the pixel", () => {
  const { driver, exports } = listening();
  exports.pointerPosition(1, 1, 0);
  const last = driver.latch();
  const [width, height] = [last.pixelX + 1, last.pixelY + 1];
  expect(width).toBeGreaterThanOrEqual(640);
  for (const [px, py] of [
    [0, 0],
    [1, 1],
    [width - 1, height - 1],
    [width >> 1, 3],
  ] as const) {
    exports.pointerPosition((px + 0.99) / width, (py + 0.01) / height, 0);
    expect(only(driver.latch(), "pixelX", "pixelY", "x", "y", "bits")).toEqual({
      pixelX: px,
      pixelY: py,
      x: Math.floor(((px + 0.5) * 65536) / width),
      y: Math.floor(((py + 0.5) * 65536) / height),
      bits: PointerState.Absolute,
    });
  }
});

test("nothing is latched without a session, nor after BYE", () => {
  const { driver, machine } = tandemMachine();
  const { exports } = machine.core;
  exports.pointerPosition(0.5, 0.5, 0);
  exports.pointerButtons(1, 0);
  expect(driver.latch().bits).toBe(0);
  driver.hello();
  exports.pointerPosition(0.5, 0.5, 0);
  const { Absolute, Left, More } = PointerState;
  expect(driver.latch().bits).toBe(Left | More); // held from before, nobody knows where
  expect(driver.latch().bits).toBe(Absolute | Left);
  driver.request(Command.Bye);
  expect(driver.latch()).toMatchObject({ bits: 0, x: 0, pixelX: 0 });
});

test("the registers keep one moment until the next latch, whatever comes meanwhile", () => {
  const { driver, exports } = listening();
  exports.pointerPosition(0.25, 0.25, 0);
  const first = driver.latch();
  exports.pointerPosition(0.75, 0.75, 0);
  expect(driver.read(Register.PointerX)).toBe(first.x);
  expect(driver.read(Register.PointerPixelY)).toBe(first.pixelY);
  expect(driver.latch().x).toBeGreaterThan(first.x);
});

test("one 32-bit read latches and brings the sequence and X together", () => {
  const { driver, exports } = listening();
  exports.pointerPosition(0.25, 0.5, 0);
  const both = driver.read(Register.PointerSequence, 4);
  expect(both >>> 16).toBe(driver.read(Register.PointerX));
  expect(both & 0xffff).not.toBe(0);
  const again = driver.read(Register.PointerSequence, 1);
  expect(again).toBe(both & 0xff); // nothing has changed
});

test("a relative driver gets counts; they are added up, and saturate", () => {
  const { driver, exports, events } = listening(PointerMode.Relative);
  expect(events.at(-1)).toEqual([MachineEvent.Pointer, HubMode.Relative, PointerDevice.Tandem]);
  exports.pointerMotion(3, -4, 0);
  exports.pointerMotion(2, -1, 0);
  expect(driver.latch()).toMatchObject({ deltaX: 5, deltaY: -5, bits: PointerState.Relative });
  expect(driver.latch()).toMatchObject({ deltaX: 0, deltaY: 0 });
  for (let i = 0; i < 5; i++) exports.pointerMotion(0x4000, -0x4000, 0);
  expect(driver.latch()).toMatchObject({ deltaX: 0x7fff, deltaY: -0x7fff });
  exports.pointerMotion(0x7fff_ffff, -0x8000_0000, 0);
  expect(driver.latch()).toMatchObject({ deltaX: 0x7fff, deltaY: -0x7fff });
});

test("both wheels", () => {
  const { driver, exports } = listening();
  exports.pointerWheel(1, 0, 0);
  exports.pointerWheel(1, -3, 0);
  expect(driver.latch()).toMatchObject({ wheel: 2, horizontal: -3 });
  exports.pointerWheel(-1000, 1000, 0);
  expect(driver.latch()).toMatchObject({ wheel: -127, horizontal: 127 });
  expect(driver.latch()).toMatchObject({ wheel: 0, horizontal: 0 });
});

test("a click keeps its position, and More says that there is something after it", () => {
  const { driver, exports } = listening();
  const give = (x: number): number => exports.pointerPosition(x, 0.5, 0);
  const places = [0.1, 0.4, 0.8].map((x) => {
    give(x);
    return driver.latch().pixelX;
  });
  give(0.1);
  exports.pointerButtons(1, 0);
  give(0.4);
  exports.pointerButtons(0, 0);
  give(0.8);
  const { Absolute, Left, More } = PointerState;
  const seen = [driver.latch(), driver.latch(), driver.latch()];
  expect(seen.map(({ bits }) => bits)).toEqual([Absolute | Left | More, Absolute | More, Absolute]);
  expect(seen.map(({ pixelX }) => pixelX)).toEqual(places);
});

test("motion before a click is told with it, motion after it later", () => {
  const { driver, exports } = listening(PointerMode.Relative);
  exports.pointerMotion(5, 0, 0);
  exports.pointerButtons(2, 0);
  exports.pointerMotion(7, 0, 0);
  const { Relative, Right, More } = PointerState;
  expect(driver.latch()).toMatchObject({ deltaX: 5, bits: Relative | Right | More });
  expect(driver.latch()).toMatchObject({ deltaX: 7, bits: Relative | Right });
});

test("a full queue turns a click away until the guest has looked", () => {
  const { driver, exports } = listening();
  let taken = 0;
  while (exports.pointerButtons(taken & 1 ? 0 : 1, 0) !== 0) taken++;
  expect(taken).toBeGreaterThanOrEqual(256);
  expect(exports.pointerPosition(0.5, 0.5, 0)).toBe(1);
  driver.latch();
  expect(exports.pointerButtons(taken & 1 ? 0 : 1, 0)).toBe(1);
});

test("10,000 random clicks and moves: no change of buttons is lost, whenever the guest looks", () => {
  let seed = 12345;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const { driver, exports } = listening();
  const sent: string[] = [];
  const seen: string[] = [];
  let buttons = 0;
  let last = 0;
  let x = 0;
  const look = (): void => {
    for (let more = true; more;) {
      const latched = driver.latch();
      more = (latched.bits & PointerState.More) !== 0;
      const held = latched.bits & 0x1f;
      if (held !== last) seen.push(`${held}@${latched.pixelX}`);
      last = held;
    }
  };
  exports.pointerPosition(1, 0, 0);
  const width = driver.latch().pixelX + 1;
  exports.pointerPosition(0, 0, 0);
  driver.latch();
  const pixelOf = (position: number): number => Math.min(width - 1, Math.floor(position * width));
  for (let i = 0; i < 10_000; i++) {
    switch (random(4)) {
      case 0:
        x = random(10_000) / 10_000;
        exports.pointerPosition(x, 0.5, 0);
        break;
      case 1:
        exports.pointerWheel(1, 0, 0);
        break;
      default: {
        const next = buttons ^ (1 << random(5));
        if (exports.pointerButtons(next, 0) === 0) {
          look();
          expect(exports.pointerButtons(next, 0)).toBe(1);
        }
        buttons = next;
        sent.push(`${buttons}@${pixelOf(x)}`);
      }
    }
    if (random(40) === 0) look();
  }
  look();
  expect(seen.length).toBeGreaterThan(4000);
  expect(seen).toEqual(sent);
});

test("at most one interrupt is raised until the guest has latched", () => {
  const { driver, exports } = listening();
  driver.write(Register.IrqMask, IrqCause.Pointer);
  for (let i = 0; i < 10; i++) exports.pointerPosition(i / 10, 0, 0);
  expect(exports.pointerInterrupts(PointerDevice.Tandem)).toBe(1);
  expect(driver.read(Register.Status) & Status.Pointer).toBe(Status.Pointer);
  // Acknowledged but not latched: silence.
  driver.write(Register.IrqCause, IrqCause.Pointer);
  exports.pointerPosition(0.5, 0, 0);
  expect(driver.read(Register.IrqCause)).toBe(0);
  driver.latch();
  expect(driver.read(Register.Status) & Status.Pointer).toBe(0);
  exports.pointerPosition(0.6, 0, 0);
  expect(driver.read(Register.IrqCause)).toBe(IrqCause.Pointer);
  // A latch that leaves nothing also clears the cause.
  driver.latch();
  expect(driver.read(Register.IrqCause)).toBe(0);
  expect(exports.pointerInterrupts(PointerDevice.Tandem)).toBe(2);
  expect(exports.pointerReports(PointerDevice.Tandem)).toBe(2);
});

test("while changes of buttons wait, the cause stays", () => {
  const { driver, exports } = listening();
  exports.pointerButtons(1, 0);
  exports.pointerButtons(0, 0);
  driver.latch();
  expect(driver.read(Register.IrqCause)).toBe(IrqCause.Pointer);
  driver.latch();
  expect(driver.read(Register.IrqCause)).toBe(0);
});

test("the position that is there already raises nothing", () => {
  const { driver, exports } = listening();
  exports.pointerPosition(0.5, 0.5, 0);
  driver.latch();
  exports.pointerPosition(0.5, 0.5, 0);
  expect(driver.read(Register.Status) & Status.Pointer).toBe(0);
});

test("an automatic driver gets what comes, and hears when that changes", () => {
  const { driver, exports, events } = listening();
  expect(events.at(-1)).toEqual([MachineEvent.Pointer, HubMode.Integrated, PointerDevice.Tandem]);
  driver.request(Command.EventMask, words(1 << Event.PointerMode));
  exports.pointerPosition(0.5, 0.5, 0);
  expect(driver.read(Register.IrqCause) & IrqCause.Event).toBe(IrqCause.Event);
  expect(driver.read(Register.Event, 4)).toBe((Event.PointerMode << 24) | PointerMode.Absolute);
  expect(driver.read(Register.Event, 4)).toBe(0);
  exports.pointerMotion(4, 5, 0);
  expect(driver.read(Register.Event, 4)).toBe((Event.PointerMode << 24) | PointerMode.Relative);
  expect(driver.latch()).toMatchObject({ deltaX: 4, deltaY: 5, bits: PointerState.Relative });
  exports.pointerRoute(PointerRoute.Relative);
  expect(events.at(-1)).toEqual([MachineEvent.Pointer, HubMode.Relative, PointerDevice.Tandem]);
});

test("an event can be taken a byte at a time; a kind raised twice is one event", () => {
  const { driver, exports } = listening();
  driver.request(Command.EventMask, words(1 << Event.PointerMode));
  exports.pointerPosition(0.5, 0.5, 0);
  exports.pointerMotion(1, 1, 0);
  expect([0, 1, 2, 3].map((i) => driver.read(Register.Event + i, 1))).toEqual([
    PointerMode.Relative,
    0,
    0,
    Event.PointerMode,
  ]);
  expect(driver.read(Register.Event, 1)).toBe(0);
  driver.request(Command.EventMask, words(0));
  exports.pointerPosition(0.5, 0.5, 0);
  expect(driver.read(Register.Status) & Status.Event).toBe(0);
});

test("the host hears which of its inputs the guest has taken", () => {
  const { driver, exports, events } = listening();
  events.length = 0;
  exports.pointerPosition(0.1, 0.1, 11);
  exports.pointerPosition(0.2, 0.1, 12);
  driver.latch();
  exports.pointerButtons(1, 13);
  exports.pointerPosition(0.3, 0.1, 14);
  driver.latch();
  driver.latch();
  driver.latch();
  const taken = events.filter(([kind]) => kind === MachineEvent.InputTaken);
  expect(taken.map(([, device, id]) => [device, id])).toEqual([
    [PointerDevice.Tandem, 12],
    [PointerDevice.Tandem, 13],
    [PointerDevice.Tandem, 14],
  ]);
});

test("a reset gives the pointer back", () => {
  const { driver, machine, exports, events } = listening();
  exports.pointerPosition(0.1, 0.1, 0);
  machine.reset();
  expect(driver.latch().bits).toBe(0);
  expect(events).toContainEqual([MachineEvent.Pointer, HubMode.Relative, PointerDevice.None]);
  exports.pointerPosition(0.2, 0.1, 0);
  expect(driver.latch().pixelX).toBe(0);
});

test("a driver that asks for it hears whether the host gives the pointer to it, and when that changes", () => {
  const { driver, exports } = listening();
  const told = (): number => {
    const event = driver.read(Register.Event, 4);
    expect(event >>> 24).toBe(Event.PointerMode);
    return event & 0xffffff;
  };
  driver.request(Command.EventMask, words(1 << Event.PointerMode));
  expect(told()).toBe(PointerMode.Absolute);
  exports.pointerRoute(PointerRoute.Relative); // and no other device: motion comes here
  expect(told()).toBe(PointerMode.Relative);
  driver.request(PointerCommand.Mode, words(PointerMode.Absolute)); // this driver does not want motion
  expect(told()).toBe(PointerMode.Elsewhere);
  exports.pointerRoute(PointerRoute.Auto);
  expect(told()).toBe(PointerMode.Absolute);
  driver.request(PointerCommand.Mode, words(PointerMode.Relative));
  expect(told()).toBe(PointerMode.Relative);
});
