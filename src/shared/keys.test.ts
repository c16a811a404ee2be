import { expect, test } from "vitest";
import {
  EXTENDED,
  keyEventsOfChord,
  keyEventsOfText,
  keyOfCode,
  keysOfChord,
  strokeOfCharacter,
} from "./keys";

test.each([
  ["Escape", 0x01],
  ["Digit0", 0x0b],
  ["KeyA", 0x1e],
  ["Enter", 0x1c],
  ["Backquote", 0x29],
  ["Backslash", 0x2b],
  ["ShiftRight", 0x36],
  ["Space", 0x39],
  ["F1", 0x3b],
  ["F10", 0x44],
  ["NumLock", 0x45],
  ["Numpad7", 0x47],
  ["NumpadDecimal", 0x53],
  ["IntlBackslash", 0x56],
  ["F12", 0x58],
  ["IntlRo", 0x73],
  ["ArrowUp", EXTENDED | 0x48],
  ["ControlRight", EXTENDED | 0x1d],
  ["Delete", EXTENDED | 0x53],
  ["MetaLeft", EXTENDED | 0x5b],
])("%s is key %i", (code, key) => {
  expect(keyOfCode(code)).toBe(key);
});

test("keys that a PC keyboard does not have are unknown", () => {
  expect(keyOfCode("Fn")).toBeUndefined();
});

test("every printable ASCII character is on the US layout", () => {
  for (let code = 32; code < 127; code++)
    expect(strokeOfCharacter(String.fromCharCode(code)), String.fromCharCode(code)).toBeDefined();
});

test("Shift goes down once for a run of capitals and is up at the end", () => {
  const names = keyEventsOfText("aB:\n").map(
    ({ key, pressed }) => key.toString(16) + (pressed ? "+" : "-"),
  );
  expect(names).toEqual([
    ..."1e+ 1e-".split(" "),
    ..."2a+ 30+ 30- 27+ 27-".split(" "),
    ..."2a- 1c+ 1c-".split(" "),
  ]);
});

test("a chord goes down in order and up in reverse", () => {
  const keys = keysOfChord("ctrl-alt-delete");
  expect(keys).toEqual([0x1d, 0x38, EXTENDED | 0x53]);
  expect(keyEventsOfChord(keys ?? []).map(({ pressed }) => pressed)).toEqual([
    ...[true, true, true],
    ...[false, false, false],
  ]);
  expect(keysOfChord("alt-F4")).toEqual([0x38, 0x3e]);
  expect(keysOfChord("c")).toEqual([0x2e]);
  expect(keysOfChord("ctrl-nonsense")).toBeUndefined();
});
