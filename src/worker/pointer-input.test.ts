import { expect, test } from "vitest";
import { INPUT_RING_BYTES, InputKind, InputRingWriter } from "../shared/input-ring";
import type { Core } from "./core";
import { PointerInput, type PointerSetting } from "./pointer-input";

/** A core that writes down what it is given, and has room for so much more. */
function fakeCore(): { core: Core; log: string[]; state: { room: number } } {
  const log: string[] = [];
  const state = { room: Infinity };
  const take = (line: string): number => {
    if (state.room <= 0) return 0;
    state.room--;
    log.push(line);
    return 1;
  };
  const exports: Partial<Core["exports"]> = {
    pointerMotion: (dx, dy, id) => take(`motion ${dx} ${dy} #${id}`),
    pointerPosition: (x, y, id) => take(`position ${x} ${y} #${id}`),
    pointerWheel: (v, h, id) => take(`wheel ${v} ${h} #${id}`),
    pointerButtons: (buttons, id) => take(`buttons ${buttons} #${id}`),
    pointerRoute: (mode) => void log.push(`route ${mode}`),
    usbPlug: (device, on) => log.push(`usb ${device} ${on}`),
    usbSetInterval: (ms) => void log.push(`interval ${ms}`),
  };
  return { core: { exports } as Core, log, state };
}

function connected(setting: Partial<PointerSetting> = {}) {
  const input = new PointerInput({ pointer: "auto", usbInterval: 10, ...setting });
  const fake = fakeCore();
  input.connect(fake.core);
  const setup = fake.log.splice(0);
  return { input, setup, ...fake };
}

const motion = (a: number, b: number, id = 0) => ({ kind: InputKind.Motion, a, b, id });
const position = (a: number, b: number, id = 0) => ({ kind: InputKind.Position, a, b, id });
const buttons = (a: number, id = 0) => ({ kind: InputKind.Buttons, a, b: 0, id });

test("input goes to the core between two of its calls, one motion each, and buttons with it", () => {
  const { input, log } = connected();
  input.add(motion(1, 2, 7));
  input.add(buttons(1, 8));
  input.add(motion(3, 4, 9));
  expect(log).toEqual([]);
  input.pump();
  expect(log.splice(0)).toEqual(["motion 1 2 #7"]);
  expect(input.hasMore).toBe(true);
  input.pump();
  expect(log).toEqual(["buttons 1 #8", "motion 3 4 #9"]);
  expect(input.hasMore).toBe(false);
});

test("a guest that is slow does not fall behind: motion that came too late is merged", () => {
  const { input, log } = connected();
  for (let i = 1; i <= 100; i++) input.add(motion(1, -1, i));
  let calls = 0;
  for (; input.hasMore; calls++) input.pump();
  expect(calls).toBeLessThanOrEqual(10);
  const sum = log.reduce((total, line) => total + Number(line.split(" ")[1]), 0);
  expect(sum).toBe(100);
  expect(log.at(-1)).toContain("#100");
});

test("what waits for a full device keeps its order; only motion is merged", () => {
  const { input, log, state } = connected();
  state.room = 0;
  input.add(buttons(1, 1));
  input.pump();
  expect(input.hasMore).toBe(false); // not before the device has room
  input.add(motion(1, 0, 2));
  input.add(motion(2, 5, 3));
  input.add(position(0.1, 0.2, 4));
  input.add(position(0.3, 0.4));
  input.add(buttons(0, 5));
  input.add(buttons(1, 6));
  input.pump();
  expect(log).toEqual([]);
  state.room = 4;
  for (let i = 0; i < 3; i++) input.pump();
  expect(log).toEqual(["buttons 1 #1", "motion 3 5 #3", "position 0.3 0.4 #4", "buttons 0 #5"]);
  state.room = 1;
  input.pump();
  expect(log.at(-1)).toBe("buttons 1 #6");
  expect(input.buttons).toBe(1);
});

test("the ring is read before a message that came later", () => {
  const { input, log } = connected();
  const buffer = new SharedArrayBuffer(INPUT_RING_BYTES);
  const writer = new InputRingWriter(buffer, () => {});
  input.share(buffer);
  writer.write(buttons(3, 1));
  input.add(buttons(0));
  input.pump();
  expect(log).toEqual(["buttons 3 #1", "buttons 0 #0"]);
  expect(input.pump()).toBe(false);
  writer.write(position(0.5, 0.5, 2));
  expect(input.pump()).toBe(true);
  expect(log.at(-1)).toBe("position 0.5 0.5 #2");
});

test("a new start of the machine forgets the input of the one before", () => {
  const { input, state } = connected();
  state.room = 0;
  input.add(buttons(1));
  const next = fakeCore();
  input.connect(next.core);
  next.log.splice(0);
  input.pump();
  expect(next.log).toEqual([]);
  expect(input.buttons).toBe(0);
});

test("the mode decides what is plugged in, unless the configuration does", () => {
  const { input, setup, log } = connected();
  expect(setup).toEqual(["interval 10", "usb 0 0", "usb 2 0", "usb 1 1", "route 0"]);
  input.setMode("relative");
  expect(log).toEqual(["usb 1 0", "usb 2 0", "usb 0 1", "route 1"]);

  const chosen = connected({ usb: ["mouse", "keyboard"], usbInterval: 1 });
  expect(chosen.setup).toEqual(["interval 1", "usb 1 0", "usb 0 1", "usb 2 1", "route 0"]);
  chosen.input.setMode("integrated");
  expect(chosen.log).toEqual(["usb 1 0", "usb 0 1", "usb 2 1", "route 3"]);
});

test("a queue that nobody empties stays bounded, and ends with the last buttons", () => {
  const { input, log, state } = connected();
  state.room = 0;
  for (let i = 0; i < 100_000; i++) input.add(buttons(i & 1 ? 1 : 2));
  input.add(buttons(0));
  state.room = Infinity;
  input.pump();
  expect(log.length).toBeLessThan(100_000);
  expect(log.at(-1)).toBe("buttons 0 #0");
});

test("when an input was given to its device is known until the guest has taken it", () => {
  const { input, state } = connected();
  state.room = 0;
  input.add(motion(1, 1, 5));
  input.pump();
  expect(input.latchedAt(5)).toBeUndefined();
  state.room = 2;
  input.add(buttons(1, 6));
  input.pump();
  input.pump();
  const latched = input.latchedAt(6);
  expect(latched).toBeGreaterThan(1e12); // milliseconds since 1970
  expect(input.latchedAt(5)).toBeUndefined();
  expect(input.latchedAt(6)).toBeUndefined();
});

test("a device that begins to listen to positions learns where the hand is", () => {
  const { input, log } = connected();
  input.repeatPosition();
  expect(input.hasMore).toBe(false);
  input.add(position(0.25, 0.75, 9));
  input.pump();
  log.splice(0);
  input.repeatPosition();
  input.pump();
  expect(log).toEqual(["position 0.25 0.75 #0"]);
});
