import { expect, test } from "vitest";
import { Errno } from "./errors";
import { decodeText, problemOfName, splitPath } from "./names";

test("names that lead elsewhere or cannot be said are refused", () => {
  for (const name of ["", ".", "..", "a/b", "a\\b", "a\0b", "a\nb", "\x7f", "\ud800"])
    expect(problemOfName(name, "posix"), JSON.stringify(name)).toBe(Errno.Invalid);
  expect(problemOfName("ü".repeat(128), "posix")).toBe(Errno.NameTooLong);
});

test("other names are taken, in any script", () => {
  for (const name of ["a", "...", "ü☃😀", "a:b", "con", "a ", "x".repeat(255), "ü".repeat(127)])
    expect(problemOfName(name, "posix"), name).toBeUndefined();
});

test("what Windows takes for something else is refused where the host is Windows", () => {
  for (const name of ["con", "NUL.txt", "Com1", "lpt9.tar.gz", "COM¹", "aux .c", "a.", "a ", "a:b"])
    expect(problemOfName(name, "windows"), name).toBe(Errno.Invalid);
  for (const name of ["console", "com10", "null", "a.b", ".git"])
    expect(problemOfName(name, "windows"), name).toBeUndefined();
});

test("paths have no empty parts, and texts are UTF-8", () => {
  expect(splitPath("")).toEqual([]);
  expect(splitPath("a/b")).toEqual(["a", "b"]);
  for (const path of ["/a", "a/", "a//b"]) expect(() => splitPath(path)).toThrow();
  expect(() => decodeText(Uint8Array.of(0xff))).toThrow();
});
