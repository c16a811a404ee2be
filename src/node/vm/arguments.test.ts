import { resolve } from "node:path";
import { expect, test } from "vitest";
import { parseArguments } from "./arguments";

function foldersOf(...folders: string[]): unknown {
  const args = folders.flatMap((folder) => ["--folder", folder]);
  return parseArguments(["--kernel", "kernel.elf", ...args])?.folders;
}

test("--folder takes a directory, the name it has for the guest, and ro", () => {
  expect(foldersOf("docs:share", "/a:b/c:other:ro")).toEqual([
    { path: resolve("docs"), name: "share", readOnly: false },
    { path: "/a:b/c", name: "other", readOnly: true },
  ]);
});

test("--folder takes a quota in MiB", () => {
  expect(foldersOf("/a:small:quota=3", "/a:b:c:ro:quota=1")).toEqual([
    { path: "/a", name: "small", readOnly: false, quota: 3 << 20 },
    { path: "/a:b", name: "c", readOnly: true, quota: 1 << 20 },
  ]);
});

test("--folder takes what the guest may keep of files", () => {
  expect(foldersOf("/a:b:cache=never", "/a:c:ro:quota=1:cache=auto")).toEqual([
    { path: "/a", name: "b", readOnly: false, cache: "never" },
    { path: "/a", name: "c", readOnly: true, quota: 1 << 20, cache: "auto" },
  ]);
});

test("--folder without a name is explained", () => {
  for (const value of ["docs", "docs:", ":share", "docs:ro"])
    expect(() => foldersOf(value), value).toThrow(/DIR:NAME/);
});

test("--channel takes a name and a file or the console, which is only one's", () => {
  const channelsOf = (...args: string[]): unknown => parseArguments(["--kernel", "k", ...args])?.channels; // prettier-ignore
  expect(channelsOf("--channel", "log:out:1.txt", "--channel", "talk:stdio")).toEqual([
    { name: "log", target: "out:1.txt" },
    { name: "talk", target: "stdio" },
  ]);
  expect(channelsOf()).toEqual([]);
  for (const value of ["talk", "talk:", ":stdio"])
    expect(() => channelsOf("--channel", value), value).toThrow(/NAME:FILE/);
  expect(() => channelsOf("--channel", "a:stdio", "--serial", "stdio")).toThrow(/Only one/);
});

test("images are files, file: URLs or web addresses", () => {
  const kernelOf = (place: string): string | undefined =>
    parseArguments(["--kernel", place])?.config.kernel?.url;
  expect(kernelOf("a/kernel.elf")).toBe(resolve("a/kernel.elf"));
  expect(kernelOf("file:///a/kernel.elf")).toBe("/a/kernel.elf");
  expect(kernelOf("https://example.org/kernel.elf")).toBe("https://example.org/kernel.elf");
  const args = parseArguments(["--kernel", "k", "--initrd", "http://example.org/m console=1"]);
  expect(args?.initrds).toEqual([
    { path: "http://example.org/m", commandLine: "http://example.org/m console=1" },
  ]);
});
