// Drag and drop as a driver speaks it, without a machine: the pages of a real guest are in guest-additions/pillion/files.test.ts.

import { expect, test } from "vitest";
import type { MachineEvent } from "../../shared/api";
import { DropCommand, SaveCommand } from "../../../wasm/protocol/drag-and-drop";
import { RequestStatus } from "../../../wasm/protocol/tandem-port";
import { DragAndDropService } from "./drag-and-drop";
import type { Reply } from "./service";

const IN_BLOCK = 0;

function words(...values: number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Uint32Array(values).buffer);
}

function join(...parts: (Uint8Array | string)[]): Uint8Array<ArrayBuffer> {
  const bytes = parts.map((part) =>
    typeof part === "string" ? new TextEncoder().encode(part) : part,
  );
  return new Uint8Array(bytes.flatMap((part) => [...part]));
}

function setUp() {
  const events: MachineEvent[] = [];
  const announced: number[] = [];
  const service = new DragAndDropService(
    (event) => event.type !== "takes-files" && events.push(event),
    (waiting) => announced.push(waiting),
  );
  const send = async (command: number, body = words()): Promise<Reply> =>
    service.request(command, body, { aborted: false });
  return { service, events, announced, send };
}

function numbers({ body }: Reply): number[] {
  return [...new Uint32Array((body ?? new Uint8Array(0)).slice().buffer)];
}

test("nothing can be dropped on a guest that takes no files", () => {
  const { service } = setUp();
  expect(() => service.drop(1, 2, [new File([], "x")])).toThrow("does not take files");
});

test("a drop is announced, taken once, read in parts, and finished in the guest's words", async () => {
  const { service, events, announced, send } = setUp();
  service.accepts(true);
  service.drop(10.5, 20, [new File(["0123456789"], "ü.txt", { lastModified: 5 })]);
  expect(announced).toEqual([1]);
  const taken = await send(DropCommand.Take);
  expect(numbers(taken)).toEqual([1, 1, 10, 20]);
  expect((await send(DropCommand.Take)).status).toBe(RequestStatus.NoEntry);
  const item = (await send(DropCommand.Item, words(1, 0))).body ?? new Uint8Array(0);
  expect([item[0], item[8], new TextDecoder().decode(item.subarray(20))]).toEqual([10, 5, "ü.txt"]);
  const part = (await send(DropCommand.Read, words(1, 0, 4, 0, 3, IN_BLOCK))).body;
  expect(new TextDecoder().decode(part?.subarray(4))).toBe("456");
  expect((await send(DropCommand.Read, words(1, 1, 0, 0, 3, IN_BLOCK))).status).toBe(
    RequestStatus.NoEntry,
  );
  await send(DropCommand.Finish, join(words(1, 1), "copied\0rest"));
  expect(events).toEqual([{ type: "drop-done", taken: true, words: "copied" }]);
  expect((await send(DropCommand.Item, words(1, 0))).status).toBe(RequestStatus.NoEntry);
});

test("what a driver leaves behind is told as not taken", () => {
  const { service, events } = setUp();
  service.accepts(true);
  service.drop(0, 0, [new File([], "x")]);
  service.endSession();
  expect(events).toMatchObject([{ type: "drop-done", taken: false }]);
  expect(() => service.drop(0, 0, [new File([], "x")])).toThrow("does not take files");
});

test("a file is saved under a name that is only a name, and others can be forgotten", async () => {
  const { events, send } = setUp();
  const [save = 0] = numbers(await send(SaveCommand.Begin, join("../e:vil\u202egnp\0")));
  await send(SaveCommand.Write, join(words(save, 3, IN_BLOCK), "abc"));
  await send(SaveCommand.Write, join(words(save, 2, IN_BLOCK), "de"));
  const [other = 0] = numbers(await send(SaveCommand.Begin, join("other")));
  await send(SaveCommand.End, words(other, 0));
  await send(SaveCommand.End, words(save, 1));
  expect(events).toMatchObject([{ type: "file-saved", name: "_e_vil_gnp" }]);
  const [event] = events;
  expect(event?.type === "file-saved" && (await event.file.text())).toBe("abcde");
  expect((await send(SaveCommand.Write, join(words(save, 1, IN_BLOCK), "x"))).status).toBe(-9);
});

test("a guest cannot save without end, and nonsense is refused", async () => {
  const { send } = setUp();
  for (let count = 0; count < 4; count++)
    expect((await send(SaveCommand.Begin, join("x"))).status).toBe(RequestStatus.Ok);
  expect((await send(SaveCommand.Begin, join("x"))).status).toBe(-23);
  expect((await send(SaveCommand.Write, words(1, 1 << 21, IN_BLOCK))).status).toBe(
    RequestStatus.Invalid,
  );
  for (let command = 0x0800; command < 0x0820; command++)
    for (const body of [words(), words(7), words(9, 9, 9, 9, 9, 9, 9)])
      expect((await send(command, body)).status).toBeLessThanOrEqual(0);
});
