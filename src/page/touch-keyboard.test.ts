import { expect, test } from "vitest";
import { change, typedBy } from "./touch-keyboard";

test("a word that grows is typed letter by letter", () => {
  expect(change("", "h")).toBe("h");
  expect(change("hel", "hell")).toBe("l");
  expect(change("hell", "hell")).toBe("");
});

test("a word that the keyboard corrects is deleted back to where it differs", () => {
  expect(change("helo", "hello")).toBe("\blo");
  expect(change("teh", "the")).toBe("\b\bhe");
  expect(change("word", "")).toBe("\b\b\b\b");
});

test("changes that are no letters", () => {
  expect(typedBy("deleteContentBackward", undefined)).toBe("\b");
  expect(typedBy("insertLineBreak", undefined)).toBe("\n");
  expect(typedBy("insertText", "é")).toBe("é");
});
