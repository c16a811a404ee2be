// The clipboard of Pillion and of its host: the notes, the picture viewer, and what goes between.

import { PNG } from "pngjs";
import { afterEach, expect, test } from "vitest";
import type { ClipboardFormat, MachineEvent } from "../../src/shared/api";
import { PillionMachine } from "./testing";

let pillion: PillionMachine;
afterEach(() => pillion.dispose());

const utf8 = (text: string) => new TextEncoder().encode(text);
const TEXT = "Grüße aus Köln 👋🏽\nзавтра 明日 🎉";

/** A host whose user has copied this. */
async function boot(append: string, data: Partial<Record<ClipboardFormat, Uint8Array>> = {}) {
  pillion = await PillionMachine.boot(append);
  const { clipboard } = pillion.machine;
  const taken: ClipboardFormat[] = [];
  const offers: ClipboardFormat[][] = [];
  let heard: (formats: ClipboardFormat[]) => void = () => {};
  const copied = new Promise<ClipboardFormat[]>((resolve) => (heard = resolve));
  pillion.onEvent = (event: MachineEvent) => {
    if (event.type === "clipboard-offer") {
      offers.push(event.formats);
      heard(event.formats);
    }
    if (event.type !== "clipboard-wanted") return;
    taken.push(event.format);
    setTimeout(() => clipboard.supply(event.request, data[event.format]));
  };
  return { machine: pillion.machine, clipboard, taken, offers, copied };
}

/** As Pillion's `clip fetch` tells of a datum. */
function told(format: number, bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return `CLIP ${format} ${bytes.length} ${hash.toString(16).padStart(8, "0")}`;
}

function picture(width: number, height: number): Buffer {
  const png = new PNG({ width, height });
  for (let at = 0; at < png.data.length; at += 4) {
    png.data.writeUInt32LE((Math.imul(at, 2654435761) | 0xff00_0000) >>> 0, at);
    if (at % 12 === 0) png.data[at + 3] = at & 0xff;
  }
  return PNG.sync.write(png);
}

test("text with emoji goes from the host into the notes, and back with the keys", async () => {
  const { machine, clipboard, taken, offers, copied } = await boot("open=notes", {
    "text/plain": utf8(TEXT),
  });
  clipboard.offer(["text/plain"]);
  await machine.sendKeys("ctrl-a");
  await machine.sendKeys("ctrl-v");
  expect(await pillion.ask("text", "TEXT")).toBe("TEXT Grüße aus Köln 👋🏽");
  expect(await pillion.line("")).toBe("завтра 明日 🎉");
  expect(offers).toEqual([]);
  await machine.sendKeys("ctrl-a");
  await machine.sendKeys("ctrl-x");
  expect(await copied).toEqual(["text/plain"]);
  expect(new TextDecoder().decode(await clipboard.read("text/plain"))).toBe(TEXT);
  expect(await pillion.ask("text", "TEXT")).toBe("TEXT ");
  // What was cut here is pasted from here.
  await machine.sendKeys("ctrl-v");
  expect(await pillion.ask("text", "TEXT")).toBe("TEXT Grüße aus Köln 👋🏽");
  expect(taken).toEqual(["text/plain"]);
});

test("a megabyte of HTML is fetched and given back byte for byte; the notes get its words", async () => {
  const rows = Array.from({ length: 16_000 }, (_, row) => `<tr><td>${row}</td><td title="&quot;">żółć ✓ &lt;${row}&gt;</td></tr>`).join("\n"); // prettier-ignore
  const html = `<style>p { color: red }</style><p>First <b>line</b></p><!-- no <p> --><table>${rows}</table>`;
  const bytes = utf8(html);
  expect(bytes.length).toBeGreaterThan(1 << 20);
  const { machine, clipboard, copied } = await boot("open=notes", { "text/html": bytes });
  clipboard.offer(["text/html"]);
  expect(await pillion.ask("clip fetch", "CLIP 2")).toBe(told(2, bytes));
  await machine.sendKeys("ctrl-a");
  await machine.sendKeys("ctrl-v");
  expect(await pillion.ask("text", "TEXT")).toBe("TEXT First line");
  expect(await pillion.line("")).toBe("0żółć ✓ <0>");
  await pillion.ask("clip offer", "CLIPBOARD");
  expect(await copied).toEqual(["text/html"]);
  expect(Buffer.from(await clipboard.read("text/html")).equals(bytes)).toBe(true);
});

test("a picture is pasted into the viewer, and copied out of it with all its pixels", async () => {
  const file = picture(37, 23);
  const { machine, clipboard, copied } = await boot("open=none", { "image/png": file });
  // The user wants it pasted: without a window in front, the viewer takes it.
  clipboard.offer(["image/png"], true);
  await expect.poll(() => pillion.ask("picture", "PICTURE")).toContain("PICTURE 37 23 ");
  await machine.sendKeys("ctrl-c");
  expect(await copied).toEqual(["image/png"]);
  const back = PNG.sync.read(Buffer.from(await clipboard.read("image/png")));
  expect([back.width, back.height]).toEqual([37, 23]);
  expect(back.data.equals(PNG.sync.read(file).data)).toBe(true);
});

test("what was fetched from the host is not offered back, and the newest copy wins on both sides", async () => {
  const { machine, clipboard, offers, copied } = await boot("open=notes", {
    "text/plain": utf8("host"),
  });
  clipboard.offer(["text/plain"]);
  await machine.sendKeys("ctrl-v");
  expect(await pillion.ask("clip", "CLIPBOARD")).toBe("CLIPBOARD serial=1 formats=1 own=0 directions=3"); // prettier-ignore
  expect([offers, clipboard.serial]).toEqual([[], 1]);
  await machine.sendKeys("ctrl-a");
  await machine.sendKeys("ctrl-c");
  expect(await copied).toEqual(["text/plain"]);
  expect(await pillion.ask("clip", "CLIPBOARD")).toContain("serial=2 formats=1 own=1");
  expect(new TextDecoder().decode(await clipboard.read("text/plain"))).toBe("Type here. host");
  expect([offers.length, clipboard.serial]).toEqual([1, 2]);
  clipboard.offer(["text/plain"]);
  expect(await pillion.ask("clip", "CLIPBOARD")).toContain("serial=3 formats=1 own=0");
});

test("with the clipboard switched off the guest pastes and copies for itself", async () => {
  const { machine, clipboard, taken, offers } = await boot("open=notes", {
    "text/plain": utf8("secret"),
  });
  clipboard.set("off");
  clipboard.offer(["text/plain"], true);
  await machine.sendKeys("ctrl-v");
  expect(await pillion.ask("text", "TEXT")).toBe("TEXT Type here. ");
  await machine.sendKeys("ctrl-a");
  await machine.sendKeys("ctrl-c");
  await machine.sendKeys("end");
  await machine.sendKeys("ctrl-v");
  expect(await pillion.ask("text", "TEXT")).toBe("TEXT Type here. Type here. ");
  expect([taken, offers]).toEqual([[], []]);
  expect(await pillion.ask("clip", "CLIPBOARD")).toContain("own=1 directions=0");
});

test("a host that hands over nothing, or too much, is told in words, and Pillion goes on", async () => {
  const data: Partial<Record<ClipboardFormat, Uint8Array>> = {};
  const { machine, clipboard } = await boot("open=notes", data);
  clipboard.offer(["text/plain"]);
  await machine.sendKeys("ctrl-v");
  data["text/plain"] = new Uint8Array((16 << 20) + 1);
  await machine.sendKeys("ctrl-v");
  expect(await pillion.ask("text", "TEXT")).toBe("TEXT Type here. ");
  expect(pillion.last("error")?.error).toMatchObject({ code: "clipboard" });
  data["text/plain"] = utf8("now");
  clipboard.offer(["text/plain"]);
  await machine.sendKeys("ctrl-v");
  expect(await pillion.ask("text", "TEXT")).toBe("TEXT Type here. now");
});
