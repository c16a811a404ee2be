import { expect, test } from "vitest";
import type { MachineEvent } from "../../shared/api";
import { DisplayCommand, DisplayHint, DisplayModes } from "../../../wasm/protocol/display";
import { Event, RequestStatus } from "../../../wasm/protocol/tandem-port";
import type { Core } from "../core";
import { DisplayService, wishFor } from "./display";

const NOTHING = new Uint8Array(0);

function display() {
  const told: MachineEvent[] = [];
  const events: number[] = [];
  const service = new DisplayService(
    (event) => told.push(event),
    () => {},
  );
  const exports: Partial<Core["exports"]> = { raiseEvent: (kind) => events.push(kind) };
  service.connect({ exports } as Core);
  const hint = (): number[] => {
    const { body = NOTHING } = service.request(DisplayCommand.Hint, NOTHING);
    const view = new DataView(body.buffer);
    return [DisplayHint.Width, DisplayHint.Height, DisplayHint.Scale].map((at) =>
      view.getUint32(at, true),
    );
  };
  const modes = (): [number, number][] => {
    const { body = NOTHING } = service.request(DisplayCommand.Modes, NOTHING);
    const view = new DataView(body.buffer);
    const at = (index: number): number => DisplayModes.MODES + index * 4;
    return Array.from({ length: view.getUint32(0, true) }, (_, index) => [
      view.getUint16(at(index), true),
      view.getUint16(at(index) + 2, true),
    ]);
  };
  const info = (...values: number[]): RequestStatus =>
    service.request(DisplayCommand.Info, new Uint8Array(Uint32Array.from(values).buffer)).status;
  return { service, told, events, hint, modes, info };
}

test("a room becomes a wish, told once", () => {
  const { service, events, hint } = display();
  expect(hint()).toEqual([0, 0, 100]);
  service.setRoom({ width: 801, height: 603, scale: 1 });
  service.setRoom({ width: 801, height: 603, scale: 1 });
  expect(events).toEqual([Event.DisplayHint]);
  expect(hint()).toEqual([801, 603, 100]);
  service.setRoom(undefined);
  expect(events).toEqual([Event.DisplayHint, Event.DisplayHint]);
  expect(hint()).toEqual([0, 0, 100]);
});

test.each([
  [{ width: 1600, height: 900, scale: 1 }, [1600, 900, 100]],
  [{ width: 2000.7, height: 1201.2, scale: 2 }, [2000, 1201, 200]],
  // Each pixel four of the host's.
  [{ width: 3840, height: 2160, scale: 2 }, [1920, 1080, 100]],
  [{ width: 2561, height: 1000, scale: 1.5 }, [1280, 500, 75]],
  [{ width: 300, height: 5000, scale: 1 }, [640, 1250, 25]],
  [{ width: 320, height: 200, scale: 1 }, [640, 480, 100]],
  [{ width: 0, height: 200, scale: 1 }, [0, 0, 100]],
  [{ width: NaN, height: 200, scale: 1 }, [0, 0, 100]],
  [{ width: 700, height: 500, scale: NaN }, [700, 500, 100]],
  [{ width: 1e9, height: 1e9, scale: 1 }, [1600, 1600, 25]],
])("%j is shown as %j", (room, [width, height, scale]) => {
  expect(wishFor(room)).toEqual({ width, height, scale });
});

test("the list of modes begins with the wish", () => {
  const { service, modes } = display();
  const standard = modes();
  expect(standard[0]).toEqual([640, 480]);
  service.setRoom({ width: 1000, height: 700, scale: 1 });
  expect(modes()).toEqual([[1000, 700], ...standard]);
  service.setRoom({ width: 800, height: 600, scale: 1 });
  expect(modes()).toHaveLength(standard.length);
});

test("the page hears of the mode that the guest has set", () => {
  const { told, info } = display();
  expect(info(800, 600, 32)).toBe(RequestStatus.Ok);
  expect(told).toEqual([{ type: "display", width: 800, height: 600, depth: 32 }]);
});

test("modes that cannot be are refused", () => {
  const { service, told, info } = display();
  for (const values of [
    [0, 600, 32],
    [800, 601],
    [2561, 600, 32],
    [800, 1601, 32],
    [800, 600, 33],
    [2 ** 32 - 1, 1, 1],
  ])
    // prettier-ignore
    expect(info(...values)).toBe(RequestStatus.Invalid);
  expect(service.request(0x0404, NOTHING).status).toBe(RequestStatus.NoCommand);
  expect(told).toEqual([]);
});
