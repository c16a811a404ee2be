import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TouchPointer, TrackPad } from "./touch";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function finger(x: number, y: number, pointerId = 1) {
  return { pointerId, clientX: x, clientY: y, timeStamp: Date.now() };
}

function recorder() {
  const log: string[] = [];
  return {
    log,
    moveTo: (x: number, y: number) => log.push(`to ${x},${y}`),
    moveBy: (x: number, y: number) => log.push(`by ${x},${y}`),
    press: (buttons: number) => log.push(`buttons ${buttons}`),
    wheel: (vertical: number, horizontal: number) => log.push(`wheel ${vertical},${horizontal}`),
  };
}

test("a tap clicks where it lands", () => {
  const target = recorder();
  const touch = new TouchPointer(target);
  touch.down(finger(10, 20));
  touch.move(finger(11, 20));
  touch.up(finger(11, 20));
  vi.advanceTimersByTime(1000);
  expect(target.log).toEqual(["buttons 0", "to 10,20", "buttons 1", "buttons 0"]);
});

test("a long press is the right button, held until the finger goes", () => {
  const target = recorder();
  const touch = new TouchPointer(target);
  touch.down(finger(10, 20));
  vi.advanceTimersByTime(600);
  expect(target.log.at(-1)).toBe("buttons 2");
  touch.up(finger(10, 20));
  expect(target.log.at(-1)).toBe("buttons 0");
});

test("a drag begins where the finger came down", () => {
  const target = recorder();
  const touch = new TouchPointer(target);
  touch.down(finger(10, 20));
  touch.move(finger(40, 20));
  touch.up(finger(40, 20));
  expect(target.log).toEqual(["buttons 0", "to 10,20", "buttons 1", "to 40,20", "buttons 0"]);
});

test("two fingers turn the wheel and press nothing", () => {
  const target = recorder();
  const touch = new TouchPointer(target);
  touch.down(finger(10, 300));
  touch.down(finger(60, 300, 2));
  for (let y = 290; y >= 200; y -= 10) {
    touch.move(finger(10, y));
    touch.move(finger(60, y, 2));
  }
  touch.up(finger(10, 200));
  touch.up(finger(60, 200, 2));
  vi.advanceTimersByTime(1000);
  const turns = target.log.filter((line) => line.startsWith("wheel"));
  expect(turns).toEqual(["wheel 1,0", "wheel 1,0", "wheel 1,0"]);
  expect(target.log.filter((line) => line === "buttons 1")).toEqual([]);
  // And one finger after them is a finger again.
  touch.down(finger(5, 5));
  touch.up(finger(5, 5));
  expect(target.log.at(-1)).toBe("buttons 1");
});

test("a swipe on the track pad moves by its way, a tap clicks where the pointer is", () => {
  const target = recorder();
  const pad = new TrackPad(target);
  pad.down(finger(100, 100));
  pad.move(finger(120, 100));
  pad.move(finger(125, 110));
  pad.up(finger(125, 110));
  expect(target.log).toEqual(["buttons 0", "by 20,0", "by 5,10", "buttons 0"]);
  vi.advanceTimersByTime(1000);
  pad.down(finger(50, 50));
  pad.up(finger(50, 50));
  vi.advanceTimersByTime(1000);
  expect(target.log.slice(4)).toEqual(["buttons 0", "buttons 1", "buttons 0"]);
});

test("a tap and a swipe drag", () => {
  const target = recorder();
  const pad = new TrackPad(target);
  pad.down(finger(50, 50));
  pad.up(finger(50, 50));
  vi.advanceTimersByTime(100);
  pad.down(finger(50, 50));
  pad.move(finger(70, 50));
  pad.up(finger(70, 50));
  expect(target.log.slice(-3)).toEqual(["buttons 1", "by 20,0", "buttons 0"]);
});

test("a tap of two fingers on the track pad is the right button", () => {
  const target = recorder();
  const pad = new TrackPad(target);
  pad.down(finger(50, 50));
  pad.down(finger(90, 50, 2));
  pad.up(finger(50, 50));
  pad.up(finger(90, 50, 2));
  vi.advanceTimersByTime(1000);
  expect(target.log.filter((line) => line !== "buttons 0")).toEqual(["buttons 2"]);
});
