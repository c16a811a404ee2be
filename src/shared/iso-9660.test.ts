// CD images, read back by a reader of other people's making where there is one (xorriso).

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type CdFile, writeIso } from "./iso-9660";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const many = Array.from({ length: 60 }, (_, index): CdFile => ({
  path: `many/a file with a long name, number ${index}.text`,
  bytes: text(`${index}`),
}));
const FILES: CdFile[] = [
  { path: "install", bytes: text("#!/bin/sh\n"), executable: true },
  { path: "README.txt", bytes: text("read\n") },
  { path: "linux/tandemd", bytes: Uint8Array.from({ length: 5000 }, (_, at) => at * 7), executable: true },
  { path: "linux/deep/ünï.conf", bytes: text("x") },
  { path: "linux/empty", bytes: new Uint8Array(0) },
  ...many,
]; // prettier-ignore

let folder: string | undefined;
afterEach(() => {
  if (folder) rmSync(folder, { recursive: true, force: true });
});

test("the same files give the same bytes", () => {
  const image = writeIso("Tandem", FILES);
  expect(Buffer.compare(image, writeIso("Tandem", FILES))).toBe(0);
  expect(image.length % 2048).toBe(0);
  expect(createHash("sha256").update(image).digest("hex")).toMatchSnapshot();
});

test("names that a CD cannot have are refused", () => {
  for (const path of ["a/../b", "", "a//b", "x".repeat(65), "a:b"])
    expect(() => writeIso("T", [{ path, bytes: text("") }])).toThrow(RangeError);
  expect(() => writeIso("T", [FILES[0]!, FILES[0]!])).toThrow(RangeError);
});

const hasXorriso = spawnSync("xorriso", ["-version"]).status === 0;

test.skipIf(!hasXorriso)("another program reads every file, with its name and mode", () => {
  folder = mkdtempSync(join(tmpdir(), "tandem-iso-"));
  writeFileSync(join(folder, "cd.iso"), writeIso("Tandem", FILES));
  const target = join(folder, "out");
  const { status, stderr } = spawnSync("xorriso", ["-osirrox", "on", "-indev", join(folder, "cd.iso"), "-extract", "/", target], { encoding: "utf8" }); // prettier-ignore
  expect(status, stderr).toBe(0);
  for (const { path, bytes, executable } of FILES) {
    expect(Buffer.compare(readFileSync(join(target, path)), bytes), path).toBe(0);
    expect(statSync(join(target, path)).mode & 0o777, path).toBe(executable ? 0o555 : 0o444);
  }
});
