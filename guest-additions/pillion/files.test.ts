// The Files window on folders in memory: what is done there with the hand and the keys reaches the host, and the other way round.

import { PNG } from "pngjs";
import { afterEach, expect, test } from "vitest";
import { openRoot } from "../../src/worker/services/shared-folders/open-root";
import { type Box, PillionMachine } from "./testing";

let pillion: PillionMachine;
afterEach(() => pillion.dispose());

interface Row {
  x: number;
  y: number;
  kind: string;
  size: number;
}

interface Shown {
  path: string;
  rows: Map<string, Row>;
  readOnly: boolean;
  busy: boolean;
  says: string;
}

const text = (words: string): Uint8Array => new TextEncoder().encode(words);

async function boot(
  folders: Record<string, { files: Record<string, Uint8Array>; readOnly?: boolean }>,
): Promise<void> {
  pillion = await PillionMachine.boot("open=files ui=log");
  for (const [name, { files, readOnly = false }] of Object.entries(folders))
    pillion.machine.folders.attach(openRoot({ kind: "memory", files }), { name, readOnly });
}

async function shown(): Promise<Shown> {
  const head = await pillion.ask("files", "FILES /");
  const [, path = "", readOnly, busy] =
    /^FILES \/(.*) count=\d+ readonly=(\d) busy=(\d)/.exec(head) ?? [];
  const rows = new Map<string, Row>();
  for (;;) {
    const line = await pillion.line("");
    const [, x, y, kind = "", size, name = ""] =
      /^FILE (-?\d+) (-?\d+) (\w+) (\d+) (.*)$/.exec(line) ?? [];
    if (kind) rows.set(name, { x: Number(x), y: Number(y), kind, size: Number(size) });
    if (!line.startsWith("SAYS ")) continue;
    return { path, rows, readOnly: readOnly === "1", busy: busy === "1", says: line.slice(5) };
  }
}

/** Asks again and again, for some seconds. */
async function until(condition: (state: Shown) => boolean): Promise<Shown> {
  let state = await shown();
  for (let tries = 0; tries < 1500 && !condition(state); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 4));
    state = await shown();
  }
  expect(state).toSatisfy(condition);
  return state;
}

function click(x: number, y: number): void {
  const { machine } = pillion;
  machine.pointerPosition((x + 0.5) / 1024, (y + 0.5) / 768);
  machine.pointerButtons(1);
  machine.pointerButtons(0);
}

async function press(label: string, window = "files"): Promise<void> {
  let place: Box | undefined;
  for (let tries = 0; !place; tries++)
    place = await pillion.control(window, label).catch((error: unknown) => {
      if (tries > 200) throw error;
      return undefined;
    });
  click(place.x + 10, place.y + 10);
  await pillion.line(`UI button ${window}`);
}

async function choose(name: string): Promise<void> {
  const row = (await until(({ rows }) => rows.has(name))).rows.get(name) as Row;
  click(row.x, row.y);
}

async function openRow(name: string): Promise<void> {
  await choose(name);
  await press("Open");
}

const read = async (folder: string, path: string): Promise<string> => {
  const target = pillion.machine.folders.folder(folder);
  await target.run(() => target.flushAll());
  const bytes = await target.run(function* () {
    const node = yield* target.resolve(path.split("/"));
    yield* target.open(node, false);
    const content = yield* target.read(node, 0, 1 << 20);
    yield* target.release(node);
    return content.slice();
  });
  return new TextDecoder().decode(bytes);
};

test("folders are listed, browsed and sorted, and what the host changes appears by itself", async () => {
  await boot({
    share: {
      files: { "b.txt": text("b"), "Ünï.txt": text("ü"), "sub/inner": text("12345"), "A.txt": text("aaa") },
    },
    fixed: { files: { x: text("x") }, readOnly: true },
  }); // prettier-ignore
  await openRow("share");
  const { rows, path, readOnly } = await until((state) => state.rows.has("b.txt"));
  expect(path).toBe("share");
  expect(readOnly).toBe(false);
  expect([...rows.keys()]).toEqual(["sub", "A.txt", "b.txt", "Ünï.txt"]);
  expect(rows.get("A.txt")?.size).toBe(3);
  const folder = pillion.machine.folders.folder("share");
  await folder.run(function* () {
    yield* folder.createDirectory(yield* folder.resolve([]), "new one");
    return undefined;
  });
  await until((state) => state.rows.has("new one"));
  await openRow("sub");
  await until((state) => state.path === "share/sub" && state.rows.has("inner"));
  await press("Up");
  await press("Up");
  await openRow("fixed");
  expect((await until((state) => state.rows.has("x"))).readOnly).toBe(true);
  await expect(pillion.control("files", "New folder")).rejects.toThrow("no button");
});

test("a text is opened, edited and saved; new, rename, copy and delete do what they say", async () => {
  await boot({ share: { files: { "note.txt": text("Grüße\n"), "dir/deep/file": text("deep") } } });
  const { machine } = pillion;
  await openRow("share");
  await openRow("note.txt");
  while ((await pillion.ask("text", "TEXT")) !== "TEXT Grüße");
  await machine.typeText("Hi ");
  await press("Save", "notes");
  await until(({ says }) => says === '"note.txt" was saved.');
  expect(await read("share", "note.txt")).toBe("Hi Grüße\n");

  await pillion.ask("open files", "OK");
  await choose("note.txt");
  await press("Rename");
  await machine.typeText("renamed.txt\n");
  await until(({ rows }) => rows.has("renamed.txt") && !rows.has("note.txt"));
  await press("New folder");
  await press("OK");
  await until(({ rows }) => rows.get("New folder")?.kind === "directory");
  await choose("dir");
  await press("Copy");
  await openRow("New folder");
  await until(({ path }) => path === "share/New folder");
  await press("Paste");
  await until(({ rows, busy }) => rows.has("dir") && !busy);
  expect(await read("share", "New folder/dir/deep/file")).toBe("deep");
  await press("Up");
  await choose("New folder");
  await press("Delete");
  await press("Delete");
  await until(({ rows, says }) => !rows.has("New folder") && says === "1 file deleted.");
  expect(await read("share", "dir/deep/file")).toBe("deep");
  await choose("dir");
  await press("Rename");
  await machine.typeText("renamed.txt\n");
  await until(({ says }) => says.endsWith("there is one of this name already."));
});

test("a file waits until the changes of the note before it are saved or given up", async () => {
  await boot({ share: { files: { "one.txt": text("one"), "two.txt": text("two") } } });
  const { machine } = pillion;
  const shown = async (wanted: string): Promise<void> => {
    while ((await pillion.ask("text", "TEXT")) !== `TEXT ${wanted}`);
  };
  const openFile = async (name: string): Promise<void> => {
    await pillion.ask("open files", "OK");
    await openRow(name);
  };
  await openRow("share");
  await openFile("one.txt");
  await shown("one");
  await machine.typeText("1 ");
  await openFile("two.txt");
  await press("Keep", "notes");
  await shown("1 one");
  await openFile("two.txt");
  await press("Save", "notes");
  await shown("two");
  expect(await read("share", "one.txt")).toBe("1 one");
  await machine.typeText("2 ");
  await openFile("one.txt");
  await press("Discard", "notes");
  await shown("1 one");
  expect(await read("share", "two.txt")).toBe("two");
});

test("a picture is shown as it is", async () => {
  const png = new PNG({ width: 30, height: 20 });
  for (let at = 0; at < png.data.length; at++) png.data[at] = at % 4 === 3 ? 255 : (at * 7) % 251;
  const bytes = PNG.sync.write(png);
  await boot({ share: { files: { "p.png": new Uint8Array(bytes) } } });
  await openRow("share");
  await openRow("p.png");
  let sum = 0;
  for (let at = 0; at < png.data.length; at += 4) {
    const [red = 0, green = 0, blue = 0] = png.data.subarray(at, at + 3);
    sum = Math.imul(sum ^ (0xff000000 | (red << 16) | (green << 8) | blue), 0x01000193) >>> 0;
  }
  const wanted = `PICTURE 30 20 ${sum.toString(16).padStart(8, "0")}`;
  while ((await pillion.ask("picture", "PICTURE")) !== wanted);
});

test("files that are dropped are copied to where the pointer is, and a file can be given to the host", async () => {
  const large = new Uint8Array(3_000_000).map((_, index) => (index * 31) >> 3);
  await boot({ share: { files: { "dir/x": text("x"), a: text("a") } } });
  const { machine } = pillion;
  await openRow("share");
  const { rows } = await until((state) => state.rows.has("dir"));
  const directory = rows.get("dir") as Row;
  machine.drops.drop(directory.x, directory.y, [new File(["in"], "in dir")]);
  await until(({ says }) => says.startsWith("1 file copied"));
  expect(await read("share", "dir/in dir")).toBe("in");
  machine.drops.drop(directory.x, directory.y + 150, [
    new File([large], "large.bin"),
    new File(["second"], "a"),
  ]);
  await until((state) => state.rows.has("large.bin") && state.says.startsWith("2 files copied"));
  expect(await read("share", "a 2")).toBe("second");
  expect(pillion.last("drop-done")).toMatchObject({ taken: true });
  await choose("large.bin");
  await press("Save to host");
  await until(({ says }) => says.startsWith("1 file given to the host"));
  const saved = pillion.last("file-saved");
  expect(saved?.name).toBe("large.bin");
  const bytes = new Uint8Array((await saved?.file.arrayBuffer()) ?? new ArrayBuffer(0));
  expect(Buffer.compare(bytes, large)).toBe(0);
  machine.drops.drop(1000, 10, [new File(["shown at once"], "words.txt")]);
  while ((await pillion.ask("text", "TEXT")) !== "TEXT shown at once");
});

test("Measure writes, reads and says how fast, and leaves nothing behind", async () => {
  await boot({ share: { files: {} } });
  await openRow("share");
  await until(({ path }) => path === "share");
  await press("Measure");
  const { says, rows } = await until((state) => state.says.startsWith("8 MB: written at"));
  expect(says).toMatch(/written at \d+\.\d MB\/s, read at \d+\.\d MB\/s. Small files: \d+ made/);
  expect(rows.size).toBe(0);
});
