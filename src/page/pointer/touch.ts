// Fingers as a mouse. On the picture itself: a tap clicks where it lands, a drag holds the left button, a long press is the
// right button. As a track pad: a swipe moves, a tap clicks, a tap of two fingers is the right button, a tap and a swipe drag.
// Two fingers turn the wheel in both.

import type { PointerButtons } from "../../shared/api";
import { Wheel } from "./wheel";

const LEFT: PointerButtons = 1;
const RIGHT: PointerButtons = 2;
/** CSS pixels that a finger may tremble. */
const TREMBLE = 10;
const LONG_PRESS_MS = 500;
/** A finger that comes down again within this time drags. */
const SECOND_TAP_MS = 250;
/** How long a tap holds the button: guests that poll their mouse must see it. */
const TAP_MS = 60;
/** Fingers move a page by their own way; a wheel's notch is a good part of it. */
const WHEEL_SPEED = 3;
const MODE_PIXELS = 0;

/** What is needed of a PointerEvent. */
export interface Finger {
  pointerId: number;
  clientX: number;
  clientY: number;
  timeStamp: number;
}

interface Buttons {
  press(buttons: PointerButtons): void;
  wheel(vertical: number, horizontal: number): void;
}

export interface TouchPointerTarget extends Buttons {
  moveTo(clientX: number, clientY: number, timeStamp: number): void;
}

export interface TrackPadTarget extends Buttons {
  moveBy(dx: number, dy: number, timeStamp: number): void;
}

/** The fingers on the glass. */
class Fingers {
  readonly #at = new Map<number, Finger>();

  get count(): number {
    return this.#at.size;
  }

  set(finger: Finger): void {
    this.#at.set(finger.pointerId, finger);
  }

  /** How far this finger has come since it was last seen. */
  motion(finger: Finger): { dx: number; dy: number } {
    const before = this.#at.get(finger.pointerId);
    this.#at.set(finger.pointerId, finger);
    return before
      ? { dx: finger.clientX - before.clientX, dy: finger.clientY - before.clientY }
      : { dx: 0, dy: 0 };
  }

  remove(finger: Finger): void {
    this.#at.delete(finger.pointerId);
  }

  clear(): void {
    this.#at.clear();
  }
}

export class TouchPointer {
  readonly #target: TouchPointerTarget;
  readonly #fingers = new Fingers();
  readonly #wheel = new Wheel();
  #state: "none" | "tap" | "drag" | "right" | "wheel" = "none";
  #start: Finger | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(target: TouchPointerTarget) {
    this.#target = target;
  }

  down(finger: Finger): void {
    this.#fingers.set(finger);
    clearTimeout(this.#timer);
    if (this.#fingers.count > 1) {
      if (this.#state === "drag" || this.#state === "right") this.#target.press(0);
      this.#state = "wheel";
      return;
    }
    this.#target.press(0); // of a tap that has just been
    this.#start = finger;
    this.#state = "tap";
    this.#target.moveTo(finger.clientX, finger.clientY, finger.timeStamp);
    this.#timer = setTimeout(() => {
      this.#state = "right";
      this.#target.press(RIGHT);
    }, LONG_PRESS_MS);
  }

  move(finger: Finger): void {
    const { dx, dy } = this.#fingers.motion(finger);
    const start = this.#start;
    if (this.#state === "wheel") {
      scroll(this.#wheel, this.#target, dx, dy);
      return;
    }
    if (!start || this.#state === "none") return;
    if (this.#state === "tap") {
      if (distance(start, finger) < TREMBLE) return;
      clearTimeout(this.#timer);
      this.#state = "drag";
      this.#target.press(LEFT); // where the finger came down
    }
    this.#target.moveTo(finger.clientX, finger.clientY, finger.timeStamp);
  }

  up(finger: Finger): void {
    this.#fingers.remove(finger);
    clearTimeout(this.#timer);
    if (this.#state === "tap") {
      this.#target.press(LEFT);
      this.#timer = setTimeout(() => this.#target.press(0), TAP_MS);
    } else if (this.#state !== "wheel") {
      this.#target.press(0);
    }
    if (this.#fingers.count === 0 || this.#state !== "wheel") this.#state = "none";
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#fingers.clear();
    if (this.#state !== "none") this.#target.press(0);
    this.#state = "none";
  }
}

export class TrackPad {
  readonly #target: TrackPadTarget;
  readonly #fingers = new Fingers();
  readonly #wheel = new Wheel();
  #state: "none" | "tap" | "move" | "drag" | "right" | "wheel" = "none";
  #start: Finger | undefined;
  #lastTap = -Infinity;
  /** Two fingers that have not moved: a tap of them. */
  #twoTap = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(target: TrackPadTarget) {
    this.#target = target;
  }

  down(finger: Finger): void {
    this.#fingers.set(finger);
    clearTimeout(this.#timer);
    if (this.#fingers.count > 1) {
      this.#twoTap = this.#state === "tap";
      this.#target.press(0);
      this.#state = "wheel";
      return;
    }
    this.#start = finger;
    if (finger.timeStamp - this.#lastTap < SECOND_TAP_MS) {
      this.#state = "drag";
      this.#target.press(LEFT);
      return;
    }
    this.#target.press(0);
    this.#state = "tap";
    this.#timer = setTimeout(() => {
      this.#state = "right";
      this.#target.press(RIGHT);
    }, LONG_PRESS_MS);
  }

  move(finger: Finger): void {
    const { dx, dy } = this.#fingers.motion(finger);
    if (this.#state === "none") return;
    if (this.#state === "wheel") {
      if (Math.hypot(dx, dy) > 1) this.#twoTap = false;
      scroll(this.#wheel, this.#target, dx, dy);
      return;
    }
    if (this.#state === "tap") {
      if (!this.#start || distance(this.#start, finger) < TREMBLE) return;
      clearTimeout(this.#timer);
      this.#state = "move";
    }
    this.#target.moveBy(dx, dy, finger.timeStamp);
  }

  up(finger: Finger): void {
    this.#fingers.remove(finger);
    clearTimeout(this.#timer);
    if (this.#state === "tap") {
      this.#lastTap = finger.timeStamp;
      this.#click(LEFT);
    } else if (this.#state === "wheel" && this.#twoTap) {
      this.#twoTap = false;
      this.#click(RIGHT);
    } else if (this.#state !== "wheel") {
      this.#target.press(0);
    }
    if (this.#fingers.count === 0) this.#state = "none";
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#fingers.clear();
    if (this.#state !== "none") this.#target.press(0);
    this.#state = "none";
  }

  #click(buttons: PointerButtons): void {
    this.#target.press(buttons);
    this.#timer = setTimeout(() => this.#target.press(0), TAP_MS);
  }
}

function distance(one: Finger, other: Finger): number {
  return Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
}

/** The content follows the fingers, as on phones: a wheel turns the other way. Each of two fingers tells its own motion. */
function scroll(wheel: Wheel, target: Buttons, dx: number, dy: number): void {
  const { vertical, horizontal } = wheel.notches({
    deltaX: (-dx * WHEEL_SPEED) / 2,
    deltaY: (-dy * WHEEL_SPEED) / 2,
    deltaMode: MODE_PIXELS,
  });
  if (vertical !== 0 || horizontal !== 0) target.wheel(vertical, horizontal);
}
