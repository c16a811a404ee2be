// Asking a guest to shut down: by its driver, by the buttons, and when nobody answers.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PowerCommand, PowerWish } from "../../../wasm/protocol/power";
import { Event } from "../../../wasm/protocol/tandem-port";
import type { Core } from "../core";
import { PowerService } from "./power";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** `listens`: the guest's driver wants the event. */
function service(listens: boolean): { power: PowerService; said: string[] } {
  const said: string[] = [];
  const raiseEvent = (kind: number, payload: number): number => {
    if (listens) said.push(`event ${kind}:${payload}`);
    return listens ? 1 : 0;
  };
  const power = new PowerService(
    {
      [PowerWish.ShutDown]: () => void said.push("button"),
      [PowerWish.Restart]: () => void said.push("keys"),
    },
    () => {},
  );
  power.connect({ exports: { raiseEvent } } as unknown as Core);
  return { power, said };
}

test("a driver that begins is left to it; the machine's end is the answer", async () => {
  const { power, said } = service(true);
  const done = power.ask(PowerWish.ShutDown, 60_000);
  power.request(PowerCommand.Begun, Uint8Array.of(PowerWish.ShutDown, 0, 0, 0));
  await vi.advanceTimersByTimeAsync(30_000);
  expect(said).toEqual([`event ${Event.Power}:1`]);
  power.connect(undefined);
  await done;
});

test("a driver that does not begin is helped by the button", async () => {
  const { power, said } = service(true);
  const failed = expect(power.ask(PowerWish.ShutDown, 20_000)).rejects.toMatchObject({
    code: "timeout",
  });
  await vi.advanceTimersByTimeAsync(20_000);
  await failed;
  expect(said).toEqual([`event ${Event.Power}:1`, "button"]);
});

test("without a driver the buttons are pressed at once", async () => {
  const { power, said } = service(false);
  const off = power.ask(PowerWish.ShutDown, 1000);
  power.connect(undefined);
  await off;
  const restarted = power.ask(PowerWish.Restart, 1000);
  power.wasReset();
  await restarted;
  expect(said).toEqual(["button", "keys"]);
});

test("a machine that is switched off meanwhile does not restart", async () => {
  const { power } = service(true);
  const failed = expect(power.ask(PowerWish.Restart, 1000)).rejects.toMatchObject({
    code: "not-running",
  });
  power.connect(undefined);
  await failed;
});
