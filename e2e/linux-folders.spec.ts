// Linux in shared folders of Chromium: much data, the host's changes, permissions that are taken back, directories that are dropped.
//
// One guest for all, in a profile in which the user has let this site change one directory for good: Chromium then asks nobody.

import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, expect, type Locator, type Page, test } from "playwright/test"; // prettier-ignore
import type { TandemPc } from "../src/element/index";
import { GUEST_TIMEOUT, hasGuest, machines, messages, serialText } from "./page";

const MIB = 1 << 20;
const SMALL_FILES = 1000;
const LARGE = 64 * MIB;
/** More than a folder keeps in memory of one file. */
const KEPT = 20 * MIB;
const SEEN_MILLISECONDS = 2000;
/** Of the origin's storage, as the page shares it. */
const PRIVATE = "tandem-shared";

if (hasGuest())
  test.describe(() => {
    test.describe.configure({ mode: "serial", timeout: 400_000 });
    const scratch = mkdtempSync(join(tmpdir(), "tandem-linux-folders-"));
    const dropped = join(scratch, "dropped");
    let context: BrowserContext;
    let page: Page;

    test.beforeAll(async () => {
      mkdirSync(dropped);
      const { baseURL = "", launchOptions = {} } = test.info().project.use;
      const profile = join(scratch, "profile");
      letChange(profile, baseURL, dropped);
      context = await chromium.launchPersistentContext(profile, { ...launchOptions, baseURL });
      page = await context.newPage();
      await page.goto("/?machine=linux&memory=256");
      const machine = machines(page);
      await expect(serialText(machine)).toContainText(/GUEST-READY[^]*# /, {
        timeout: GUEST_TIMEOUT,
      });
      await page
        .locator("tandem-pc")
        .evaluate((pc) => (pc as TandemPc).serialInput("modprobe fuse; modprobe uio_pci_generic; tandemd --exec /host &\n")); // prettier-ignore
      await machine.locator('[data-part="folders-menu"] > summary').click();
      await machine.getByRole("button", { name: "Use the private folder" }).click();
      await expect(row("private")).toContainText("ready");
      await expect
        .poll(() => run("ls /host").catch(() => ""), { timeout: GUEST_TIMEOUT })
        .toBe("private\n");
    });

    test.afterAll(async () => {
      await context?.close();
      rmSync(scratch, { recursive: true });
    });

    /** What the command prints, errors too. */
    function run(command: string): Promise<string> {
      return page.locator("tandem-pc").evaluate(async (element, line) => {
        const { stdout, stderr } = await (element as TandemPc).run(line);
        return `${stdout}${stderr}`;
      }, command);
    }

    function row(name: string): Locator {
      return machines(page).locator(`[data-folder="${name}"]`);
    }

    function textOf(name: string): string {
      return readFileSync(join(dropped, name), "utf8");
    }

    test("the guest reads, writes, renames and deletes in the browser's own storage", async () => {
      await page.evaluate(change, { top: PRIVATE, name: "ünï☃", text: "of the page" });
      expect(await run("cd /host/private; cat ü*; seq 1 20000 > numbers; cp numbers copy; mv copy moved; rm ü*")).toBe("of the page"); // prettier-ignore
      const numbers = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`).join("");
      expect(await page.evaluate(read, { top: PRIVATE, name: "moved" })).toBe(numbers);
      expect(await page.evaluate(read, { top: PRIVATE, name: "ünï☃" })).toBeUndefined();
      await page.getByLabel("Read-only: private").check();
      expect(await run("cd /host/private; wc -l < moved; echo x > new")).toMatch(/^20000\n.*Read-only file system\n$/); // prettier-ignore
      await page.getByLabel("Read-only: private").uncheck();
      expect(await run("rm /host/private/*")).toBe("");
    });

    /** Milliseconds from the change until the guest, which looks all the while, sees it. */
    async function seenAfter(
      directory: string,
      condition: string,
      act: () => Promise<void> | void,
    ): Promise<number> {
      await run(`rm -f /tmp/seen; cd ${directory}; ls -l; { until ${condition}; do usleep 20000; done; touch /tmp/seen; } &`); // prettier-ignore
      await act();
      const begin = performance.now();
      await run("until [ -e /tmp/seen ]; do usleep 20000; done");
      return performance.now() - begin;
    }

    test("a thousand files and 64 MB are copied in and out, byte for byte", async () => {
      await page.evaluate(fill, { top: PRIVATE, files: SMALL_FILES, large: LARGE });
      const times: number[] = [];
      for (const command of ["cp -a in /tmp/in", "cp -a /tmp/in out", "rm -r /tmp/in"]) {
        const begin = performance.now();
        expect(await run(`cd /host/private && ${command}`)).toBe("");
        times.push(performance.now() - begin);
      }
      note("1,000 files and 64 MB in and out", ...times);
      const { differences, files, bytes } = await page.evaluate(compare, PRIVATE);
      expect(differences).toEqual([]);
      expect(files).toBe(SMALL_FILES + 1);
      expect(bytes).toBeGreaterThan(LARGE);
      expect(await run("rm -r /host/private/*")).toBe("");
    });

    test("what the host changes is seen by the guest within two seconds", async () => {
      const times: number[] = [];
      for (const [condition, text] of [
        ["[ -e watched ]", "one"],
        ["grep -q two watched", "two"],
        ["grep -q three watched", "three"],
        ["[ ! -e watched ]", undefined],
        ["[ -e watched ]", "four"],
      ] as const)
        times.push(
          await seenAfter("/host/private", condition, () =>
            page.evaluate(change, { top: PRIVATE, name: "watched", text }),
          ),
        );
      note("changes of the host, seen by the guest after", ...times);
      // A computer that is busy elsewhere for a second may be late, but not most of the time.
      expect(median(times)).toBeLessThan(SEEN_MILLISECONDS);
    });

    test("a directory of the disk that is dropped is read, and after a click changed", async () => {
      writeFileSync(join(dropped, "text"), "of the host\n");
      mkdirSync(join(dropped, "sub"));
      writeFileSync(join(dropped, "sub", "ünï ☃"), "inner\n");
      await drop(page, dropped, machines(page).locator(".folders"));
      await expect(row("dropped")).toContainText("ready");
      await expect(page.getByLabel("Read-only: dropped")).toBeChecked();
      expect(await run("cd /host/dropped && cat text sub/* && find . | sort")).toBe("of the host\ninner\n.\n./sub\n./sub/ünï ☃\n./text\n"); // prettier-ignore
      expect(await run("echo x > /host/dropped/new")).toContain("Read-only file system");
      await page.getByLabel("Read-only: dropped").uncheck();
      await expect(page.getByLabel("Read-only: dropped")).not.toBeChecked();
      const work = "echo new > new && mv text renamed && rm sub/* && rmdir sub && mkdir -p a/b && cp renamed a/b/copy && echo more >> renamed"; // prettier-ignore
      expect(await run(`cd /host/dropped && ${work}`)).toBe("");
      expect(readdirSync(dropped, { recursive: true }).sort()).toEqual(["a", "a/b", "a/b/copy", "new", "renamed"]); // prettier-ignore
      expect(textOf("a/b/copy") + textOf("renamed") + textOf("new")).toBe("of the host\nof the host\nmore\nnew\n"); // prettier-ignore
      const time = await seenAfter("/host/dropped", "grep -q host new", () =>
        writeFileSync(join(dropped, "new"), "of the host"),
      );
      note("a change on the disk, seen by the guest after", time);
    });

    test("a list of files is read, and stays what it was", async () => {
      const list = join(scratch, "list");
      mkdirSync(join(list, "sub"), { recursive: true });
      const bytes = randomBytes(3 * MIB);
      writeFileSync(join(list, "sub", "data"), bytes);
      writeFileSync(join(list, "text"), "listed\n");
      const chooser = page.waitForEvent("filechooser");
      await page.getByRole("button", { name: "Show a folder's files…" }).click();
      await (await chooser).setFiles(list);
      await expect(row("list")).toContainText("ready");
      await expect(page.getByLabel("Read-only: list")).toBeDisabled();
      expect(await run("cd /host/list && cat text && ls sub && sha256sum < sub/data")).toBe(`listed\ndata\n${sha256(bytes)}  -\n`); // prettier-ignore
      expect(await run("cd /host/list; echo x > new; rm text; mv sub other")).toMatch(/^(.*Read-only file system\n){3}$/); // prettier-ignore
      expect(readFileSync(join(list, "text"), "utf8")).toBe("listed\n");
    });

    const kept = randomBytes(KEPT);

    /** A file that the guest is told is written. */
    async function writeKept(directory: string): Promise<void> {
      expect(await run(`rm -f /tmp/go /tmp/half; cp /tmp/kept ${directory}/kept`)).toBe("");
    }

    /** The guest goes on behind its end with more than a folder keeps in memory, and waits. */
    async function beginToAppend(directory: string): Promise<void> {
      const append = "cat /tmp/kept; sync; touch /tmp/half; until [ -e /tmp/go ]; do usleep 20000; done; cat /tmp/kept"; // prettier-ignore
      await run(`{ ${append}; } >> ${directory}/kept 2> /dev/null & until [ -e /tmp/half ]; do usleep 20000; done`); // prettier-ignore
      await run("true"); // the daemon has handed over what sync has given it
    }

    function endToAppend(directory: string): Promise<string> {
      return run(`touch /tmp/go; wait; cd ${directory}; echo more | dd of=kept conv=notrunc,fsync seek=${2 * KEPT} bs=1`); // prettier-ignore
    }

    test("the browser takes a directory away in the middle of a write, and what was acknowledged is there", async () => {
      writeFileSync(join(dropped, "source"), kept);
      expect(await run("cp /host/dropped/source /tmp/kept")).toBe("");
      await writeKept("/host/dropped");
      await beginToAppend("/host/dropped");
      await removeAccess(context, new URL(page.url()).origin);
      expect(await endToAppend("/host/dropped")).toContain("Permission denied");
      expect(await run("echo x > /host/dropped/other")).toContain("Permission denied");
      expect(readFileSync(join(dropped, "kept")).subarray(0, KEPT).equals(kept)).toBe(true);
      await expect(row("dropped")).toContainText("needs your permission");
      await expect(messages(machines(page))).toContainText('no permission for the shared folder "dropped"'); // prettier-ignore
    });

    test("a permission that comes back writes what waited for it", async () => {
      await writeKept("/host/private");
      await run("cd /host/private; echo first > log");
      await setRefusing(page, false);
      await beginToAppend("/host/private");
      await setRefusing(page, true);
      expect(await endToAppend("/host/private")).toContain("Permission denied");
      expect(await run("cd /host/private; { cat log; echo second; } | dd of=log conv=notrunc,fsync")).toContain("Permission denied"); // prettier-ignore
      expect(await page.evaluate(read, { top: PRIVATE, name: "log" })).toBe("first\n");
      expect(await page.evaluate(sumOf, { top: PRIVATE, name: "kept", length: KEPT })).toBe(sha256(kept)); // prettier-ignore
      await expect(row("private")).toContainText("needs your permission");
      await setRefusing(page, false);
      await page.getByRole("button", { name: "Reconnect: private" }).click();
      await expect(row("private")).toContainText("ready");
      expect(await page.evaluate(read, { top: PRIVATE, name: "log" })).toBe("first\nsecond\n");
      expect(await page.evaluate(sumOf, { top: PRIVATE, name: "kept", length: KEPT })).toBe(sha256(kept)); // prettier-ignore
    });

    test("what a guest never closes is written after a while, and before its machine ends", async () => {
      // Each close of it would be told to the host, also one by a program that got it from its shell: here nobody closes it.
      const keepOpen = (name: string): Promise<string> =>
        run(`cd /host/private; { echo of ${name}; sleep 1000; } > ${name} & until [ -s ${name} ]; do usleep 20000; done; sync`); // prettier-ignore
      await keepOpen("while");
      await expect
        .poll(() => page.evaluate(read, { top: PRIVATE, name: "while" }), {
          timeout: GUEST_TIMEOUT,
        })
        .toBe("of while\n");
      await keepOpen("end");
      await run("true"); // the daemon has handed over what sync has given it
      await page.locator("tandem-pc").evaluate((element) => (element as TandemPc).unload());
      expect(await page.evaluate(read, { top: PRIVATE, name: "end" })).toBe("of end\n");
    });
  });

function note(what: string, ...milliseconds: number[]): void {
  const description = `${milliseconds.map(Math.round).join(", ")} ms`;
  test.info().annotations.push({ type: what, description });
  console.log(`${what}: ${description}`);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Chromium's preferences after the user has chosen "Allow on every visit" for a directory. */
function letChange(profile: string, origin: string, directory: string): void {
  const grant = { path: directory, "is-directory": true, readable: true, writable: true };
  const exceptions = {
    file_system_access_chooser_data: { [`${origin},*`]: { setting: { "chosen-objects": [grant] } } }, // prettier-ignore
    file_system_access_extended_permission: { [`${origin},*`]: { setting: 1 } },
  };
  mkdirSync(join(profile, "Default"), { recursive: true });
  writeFileSync(
    join(profile, "Default", "Preferences"),
    JSON.stringify({ profile: { content_settings: { exceptions } } }),
  );
}

/** As the user does in Chromium's settings. */
async function removeAccess(context: BrowserContext, origin: string): Promise<void> {
  const settings = await context.newPage();
  await settings.goto("chrome://settings/content/filesystem");
  await settings.evaluate((site) => {
    const { chrome } = window as unknown as {
      chrome: { send(name: string, list: string[]): void };
    };
    chrome.send("revokeFileSystemGrants", [site]);
  }, `${origin}/`);
  await settings.close();
}

/** The origin's storage never asks and never refuses: here it does, in the machine's worker, as a directory of the disk would. */
async function setRefusing(page: Page, refusing: boolean): Promise<void> {
  await Promise.all(page.workers().map((worker) => worker.evaluate(refuse, refusing)));
}

/** As from the desktop, through the browser. */
async function drop(page: Page, directory: string, target: Locator): Promise<void> {
  const box = await target.boundingBox();
  if (!box) throw new Error("The panel is not to be seen.");
  const place = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [directory], dragOperationsMask: 19 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const)
    await session.send("Input.dispatchDragEvent", { type, ...place, data });
  await session.detach();
}

// ---- in the page, and in its worker ----

interface Place {
  top: string;
  name: string;
}

async function read({ top, name }: Place): Promise<string | undefined> {
  const storage = await navigator.storage.getDirectory();
  const shared = await storage.getDirectoryHandle(top);
  const handle = await shared.getFileHandle(name).catch(() => undefined);
  return (await handle?.getFile())?.text();
}

/** SHA-256 of the file's beginning. */
async function sumOf({ top, name, length }: Place & { length: number }): Promise<string> {
  const storage = await navigator.storage.getDirectory();
  const handle = await (await storage.getDirectoryHandle(top)).getFileHandle(name);
  const bytes = await (await handle.getFile()).slice(0, length).arrayBuffer();
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(sum, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** `text` undefined: the file goes. */
async function change({ top, name, text }: Place & { text: string | undefined }): Promise<void> {
  const storage = await navigator.storage.getDirectory();
  const shared = await storage.getDirectoryHandle(top);
  if (text === undefined) {
    await shared.removeEntry(name);
    return;
  }
  const stream = await (await shared.getFileHandle(name, { create: true })).createWritable();
  await stream.write(text);
  await stream.close();
}

function refuse(refusing: boolean): void {
  const state = globalThis as unknown as { refusing?: boolean };
  const isFirst = state.refusing === undefined;
  state.refusing = refusing;
  if (!isFirst) return;
  const check = (): void => {
    if (state.refusing) throw new DOMException("The request is not allowed.", "NotAllowedError");
  };
  const wrap = (prototype: object, ...names: string[]): void => {
    for (const name of names) {
      const original = Reflect.get(prototype, name) as (...all: unknown[]) => unknown;
      const wrapped =
        name === "entries"
          ? async function* (this: FileSystemDirectoryHandle) {
              check();
              yield* original.call(this) as AsyncIterable<unknown>;
            }
          : async function (this: unknown, ...all: unknown[]) {
              check();
              return original.apply(this, all);
            };
      Reflect.set(prototype, name, wrapped);
    }
  };
  wrap(FileSystemFileHandle.prototype, "getFile", "createWritable", "move");
  wrap(FileSystemDirectoryHandle.prototype, "entries", "getFileHandle", "getDirectoryHandle", "removeEntry"); // prettier-ignore
  wrap(FileSystemWritableFileStream.prototype, "write", "truncate", "close");
}

/** Files of many sizes in directories of directories, and a large one. */
async function fill({
  top,
  files,
  large,
}: {
  top: string;
  files: number;
  large: number;
}): Promise<void> {
  const bytesOf = (length: number, seed: number): Uint8Array<ArrayBuffer> => {
    const words = new Uint32Array((length + 3) >> 2);
    let word = seed + 1;
    for (let at = 0; at < words.length; at++) {
      word ^= word << 13;
      word ^= word >>> 17;
      words[at] = word ^= word << 5;
    }
    return new Uint8Array(words.buffer, 0, length);
  };
  const write = async (
    directory: FileSystemDirectoryHandle,
    name: string,
    bytes: Uint8Array<ArrayBuffer>,
  ) => {
    const stream = await (await directory.getFileHandle(name, { create: true })).createWritable();
    await stream.write(bytes);
    await stream.close();
  };
  const storage = await navigator.storage.getDirectory();
  const into = await (
    await storage.getDirectoryHandle(top)
  ).getDirectoryHandle("in", { create: true });
  await into.getDirectoryHandle("empty", { create: true });
  const names = ["docs", "ünï ☃", "deep"];
  let directory = into;
  for (const [index, name] of names.entries()) {
    directory = await (name === "deep" ? directory : into).getDirectoryHandle(name, {
      create: true,
    });
    const own = Array.from({ length: files }, (_, number) => number).filter(
      (number) => number % names.length === index,
    );
    for (let at = 0; at < own.length; at += 50)
      await Promise.all(
        own
          .slice(at, at + 50)
          .map((number) => write(directory, `file ${number}.bin`, bytesOf(number * 9, number))),
      );
  }
  await write(into, "large", bytesOf(large, 1_000_000));
}

async function compare(
  top: string,
): Promise<{ differences: string[]; files: number; bytes: number }> {
  const storage = await navigator.storage.getDirectory();
  const shared = await storage.getDirectoryHandle(top);
  const differences: string[] = [];
  let files = 0;
  let bytes = 0;
  const kinds = async (directory: FileSystemDirectoryHandle) => {
    const found: string[] = [];
    for await (const [name, { kind }] of directory.entries()) found.push(`${kind} ${name}`);
    return found.sort();
  };
  const isSame = (one: ArrayBuffer, other: ArrayBuffer): boolean => {
    const [a, b] = [new Uint8Array(one), new Uint8Array(other)];
    return a.length === b.length && a.every((byte, at) => byte === b[at]);
  };
  const walk = async (
    one: FileSystemDirectoryHandle,
    other: FileSystemDirectoryHandle,
    path: string,
  ) => {
    const [wanted, seen] = [await kinds(one), await kinds(other)];
    if (wanted.join("\n") !== seen.join("\n"))
      differences.push(`${path}: ${seen.join()} instead of ${wanted.join()}`);
    for await (const [name, handle] of one.entries()) {
      if (handle.kind === "directory") {
        await walk(
          handle as FileSystemDirectoryHandle,
          await other.getDirectoryHandle(name),
          `${path}/${name}`,
        );
        continue;
      }
      const [first, second] = await Promise.all(
        [one, other].map(async (directory) =>
          (await (await directory.getFileHandle(name)).getFile()).arrayBuffer(),
        ),
      );
      if (!first || !second || !isSame(first, second)) differences.push(`${path}/${name}`);
      files++;
      bytes += first?.byteLength ?? 0;
    }
  };
  await walk(await shared.getDirectoryHandle("in"), await shared.getDirectoryHandle("out"), "");
  return { differences, files, bytes };
}
