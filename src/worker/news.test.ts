import { expect, test } from "vitest";
import type { MachineEvent } from "../shared/api";
import { News } from "./news";

function news(): { news: News; told: MachineEvent[] } {
  const told: MachineEvent[] = [];
  return { news: new News((event) => told.push(event)), told };
}

test("the newest of each kind is told, once", () => {
  const { news: queue, told } = news();
  for (let width = 1; width <= 1000; width++) queue.add({ type: "video-mode", width, height: 1 });
  queue.add({ type: "disk-activity", drive: "hda", write: true });
  queue.add({ type: "disk-activity", drive: "hda", write: false });
  queue.add({ type: "disk-activity", drive: "floppy", write: false });
  queue.add({ type: "disk-activity", drive: "hda", write: true });
  expect(told).toEqual([]);
  queue.flush();
  expect(told).toEqual([
    { type: "video-mode", width: 1000, height: 1 },
    { type: "disk-activity", drive: "hda", write: false },
    { type: "disk-activity", drive: "floppy", write: false },
    { type: "disk-activity", drive: "hda", write: true },
  ]);
  queue.flush();
  expect(told).toHaveLength(4);
});

test("what happened last is told last: a driver that came and went, or went and came", () => {
  const { news: queue, told } = news();
  const hello: MachineEvent = {
    type: "guest-hello",
    system: "dos",
    features: 1,
    integrations: ["pointer"],
  };
  queue.add(hello);
  queue.add({ type: "guest-bye" });
  queue.flush();
  queue.add({ type: "guest-bye" });
  queue.add(hello);
  queue.flush();
  const types = told.map(({ type }) => type);
  expect(types).toEqual(["guest-hello", "guest-bye", "guest-bye", "guest-hello"]);
});

test("lines of the debug console all count, as long as somebody could read them", () => {
  const { news: queue, told } = news();
  const line = (text: string): MachineEvent => ({ type: "debug", line: text });
  for (let i = 0; i < 10; i++) queue.add(line(`${i}`));
  queue.flush();
  expect(told).toEqual(Array.from({ length: 10 }, (_, i) => line(`${i}`)));
  told.length = 0;
  for (let i = 0; i < 100_000; i++) queue.add(line(`${i}`));
  queue.flush();
  expect(told.length).toBeLessThan(1000);
  expect(told.at(-2)).toEqual(line("99999"));
  expect(told.at(-1)).toEqual(line("(99500 lines were left out)"));
});
