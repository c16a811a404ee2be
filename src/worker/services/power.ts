// Worker side of clean shutting down: the guest's driver is asked, and where there is none the guest's system, by the buttons of a PC.

import { TandemError } from "../../shared/errors";
import { PowerCommand, PowerWish } from "../../../wasm/protocol/power";
import { Event } from "../../../wasm/protocol/tandem-port";
import type { Core } from "../core";
import { INVALID, NO_COMMAND, OK, type Reply, type Service } from "./service";

/** A driver that has not begun after so many milliseconds is not going to: its guest hangs, or waits for somebody. */
const BEGIN_WITHIN = 5000;

/** The buttons of the case, and what is as good. */
export interface PowerButtons {
  [PowerWish.ShutDown](): void;
  [PowerWish.Restart](): void;
}

interface Waiting {
  wish: PowerWish;
  done(): void;
  failed(error: TandemError): void;
}

export class PowerService implements Service {
  readonly range = 0x06;
  readonly #buttons: PowerButtons;
  readonly #wake: () => void;
  #core: Core | undefined;
  #waiting = new Set<Waiting>();
  #fallBack: ReturnType<typeof setTimeout> | undefined;

  constructor(buttons: PowerButtons, wake: () => void) {
    this.#buttons = buttons;
    this.#wake = wake;
  }

  /** Resolves when the machine is off, or has been reset. `timeout` in milliseconds. @throws TandemError timeout */
  ask(wish: PowerWish, timeout: number): Promise<void> {
    if (this.#core?.exports.raiseEvent(Event.Power, wish)) {
      clearTimeout(this.#fallBack);
      this.#fallBack = setTimeout(() => this.#buttons[wish](), BEGIN_WITHIN);
    } else {
      this.#buttons[wish]();
    }
    this.#wake();
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(waiting);
        settle();
      };
      const waiting: Waiting = {
        wish,
        done: () => end(resolve),
        failed: (error) => end(() => reject(error)),
      };
      const what = wish === PowerWish.Restart ? "restarted" : "shut down";
      const late = new TandemError("timeout", `The guest has not ${what} in ${timeout / 1000} s.`);
      const timer = setTimeout(() => waiting.failed(late), timeout);
      this.#waiting.add(waiting);
    });
  }

  /** The machine was reset. */
  wasReset(): void {
    this.#happened(PowerWish.Restart);
  }

  connect(core: Core | undefined): void {
    this.#core = core;
    clearTimeout(this.#fallBack);
    if (!core) this.#happened(PowerWish.ShutDown);
  }

  request(command: number, body: Uint8Array<ArrayBuffer>): Reply {
    if (command !== (PowerCommand.Begun as number)) return NO_COMMAND;
    if (body.length < 4) return INVALID;
    clearTimeout(this.#fallBack);
    return OK;
  }

  endSession(): void {}

  flush(): void {}

  #happened(wish: PowerWish): void {
    clearTimeout(this.#fallBack);
    for (const waiting of this.#waiting) {
      if (waiting.wish === wish) waiting.done();
      else if (wish === PowerWish.ShutDown)
        waiting.failed(new TandemError("not-running", "The machine was switched off."));
    }
  }
}
