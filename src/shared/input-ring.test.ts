import { expect, test } from "vitest";
import { INPUT_RING_BYTES, InputKind, InputRingReader, InputRingWriter } from "./input-ring";

function ring(): { writer: InputRingWriter; reader: InputRingReader; wakes: () => number } {
  const buffer = new SharedArrayBuffer(INPUT_RING_BYTES);
  let wakes = 0;
  return {
    writer: new InputRingWriter(buffer, () => wakes++),
    reader: new InputRingReader(buffer),
    wakes: () => wakes,
  };
}

const record = (id: number) => ({ kind: InputKind.Position, a: id / 7, b: -id, id });

test("records arrive in order, with their exact values, also after the ring has gone round", () => {
  const { writer, reader } = ring();
  let id = 0;
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i < 100; i++) expect(writer.write(record(id + i))).toBe(true);
    for (let i = 0; i < 100; i++) expect(reader.read()).toEqual(record(id + i));
    id += 100;
  }
  expect(reader.read()).toBeUndefined();
  expect(reader.isEmpty).toBe(true);
});

test("a full ring takes nothing more and loses nothing", () => {
  const { writer, reader } = ring();
  let written = 0;
  while (writer.write(record(written))) written++;
  expect(written).toBeGreaterThanOrEqual(1000);
  expect(reader.read()).toEqual(record(0));
  expect(writer.write(record(written))).toBe(true);
  for (let i = 1; i <= written; i++) expect(reader.read()?.id).toBe(i);
  expect(reader.read()).toBeUndefined();
});

test("a sleeping worker is woken once, by the first record", () => {
  const { writer, reader, wakes } = ring();
  writer.write(record(1));
  expect(wakes()).toBe(0);
  expect(reader.prepareToSleep()).toBe(false);
  reader.read();
  expect(reader.prepareToSleep()).toBe(true);
  writer.write(record(2));
  writer.write(record(3));
  expect(wakes()).toBe(1);
});

test("the watched cell changes with each record", () => {
  const { writer, reader } = ring();
  const before = reader.cell[0];
  writer.write(record(1));
  expect(reader.cell[0]).not.toBe(before);
});
