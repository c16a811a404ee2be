// Streams between an embedder's page and Pillion, in Chromium.

import { expect, type Page, test } from "playwright/test";
import type { TandemPc } from "../src/element/index";
import { ask, bootPillion } from "./pillion";
import { openEmbedding } from "./page";

const ELEMENT = `<tandem-pc controls memory="64" append="open=none" style="width: 800px"></tandem-pc>`;

async function boot(page: Page): Promise<void> {
  await openEmbedding(page, ELEMENT, true);
  await bootPillion(page);
}

test("a page and the machine give each other bytes over the platform's streams", async ({
  page,
}) => {
  await openEmbedding(page, ELEMENT, true);
  const results = await page.evaluate(async () => {
    const pc = document.querySelector("tandem-pc") as TandemPc;
    const wanted: string[] = [];
    pc.addEventListener("channelwanted", ({ detail }) => {
      if (detail.wanted) wanted.push(detail.name);
    });
    // Before there is a machine: it waits.
    const early = pc.channel("echo");
    await pc.start();
    await early.opened;
    const writer = early.writable.getWriter();
    await writer.write(new TextEncoder().encode("Grüße "));
    await writer.write(new TextEncoder().encode("👋🏽").buffer);
    await writer.close();
    const text = await new Response(early.readable).text();
    await early.closed;

    // Two megabytes, through the same name again.
    const echo = pc.channel("echo");
    const bytes = new Uint8Array(2 << 20).map((_, index) => (index * 7) ^ (index >> 8));
    const sending = new Blob([bytes]).stream().pipeTo(echo.writable);
    const back = new Uint8Array(await new Response(echo.readable).arrayBuffer());
    await sending;
    await echo.closed;
    const same = back.length === bytes.length && back.every((byte, at) => byte === bytes[at]);

    // Into a buffer of the reader's.
    const piece = pc.channel("echo");
    const reader = piece.readable.getReader({ mode: "byob" });
    const reading = reader.read(new Uint8Array(100));
    const pieces = piece.writable.getWriter();
    await pieces.write(Uint8Array.of(1, 2, 3));
    const { value } = await reading;
    const last = reader.read(new Uint8Array(100));
    await pieces.close();
    const { done, value: rest } = await last;
    await piece.closed;
    return { wanted, text, same, value: [...(value ?? [])], room: value?.buffer.byteLength, done, rest: rest?.length }; // prettier-ignore
  });
  expect(results).toEqual({
    wanted: expect.arrayContaining(["notes"]) as string[],
    text: "Grüße 👋🏽",
    same: true,
    value: [1, 2, 3],
    room: 100,
    done: true,
    rest: 0,
  });
  const lights = page.getByRole("list", { name: "What the guest works together with" });
  await expect(lights.getByRole("listitem").filter({ hasText: "channels" })).toHaveText("channels: works"); // prettier-ignore
});

test("what a page writes appears in the notes, and the page gets the note", async ({ page }) => {
  await boot(page);
  const note = await page.evaluate(async () => {
    const channel = window.pc.channel("notes");
    const text = new Blob(["from the page ✓"]).stream();
    await text.pipeTo(channel.writable);
    return new Response(channel.readable).text();
  });
  expect(note).toBe("Type here. from the page ✓");
  expect(await ask(page, "text", /TEXT .*\n/)).toContain("TEXT Type here. from the page ✓");
  await expect.poll(() => page.evaluate(() => window.pc.wantedChannels)).toContain("notes");
});

test("a page that writes faster than anybody reads waits for ready, and goes on when somebody does", async ({
  page,
}) => {
  await boot(page);
  const counts = await page.evaluate(async () => {
    const total = 3 << 20;
    const channel = window.pc.channel("echo");
    const writer = channel.writable.getWriter();
    await channel.opened;
    let sent = 0;
    const pump = (async () => {
      for (; sent < total; sent += 16384) {
        await writer.ready;
        void writer.write(new Uint8Array(16384).fill(sent >> 14));
      }
      await writer.close();
    })();
    // All that keeps something is full, and nothing has moved for seconds of the machine's.
    let before = -1;
    while (before !== sent) {
      before = sent;
      for (let seconds = 0; seconds < 2; seconds++)
        await new Promise((resolve) =>
          window.pc.addEventListener("stats", resolve, { once: true }),
        );
    }
    const stopped = { sent, desiredSize: writer.desiredSize };
    const back = new Uint8Array(await new Response(channel.readable).arrayBuffer());
    await pump;
    const wrong = back.findIndex((byte, at) => byte !== ((at >> 14) & 0xff));
    return { ...stopped, total, back: back.length, wrong };
  });
  expect(counts.sent).toBeGreaterThan(512 << 10); // the worker's buffers
  expect(counts.sent).toBeLessThan(1 << 20);
  expect(counts.desiredSize).toBeLessThanOrEqual(0);
  expect(counts.back).toBe(counts.total);
  expect(counts.wrong).toBe(-1);
});

test("a channel ends with the machine, by the page, by a signal, and says how", async ({
  page,
}) => {
  await boot(page);
  const codes = await page.evaluate(async () => {
    const { pc } = window;
    const codeOf = (promise: Promise<unknown>): Promise<string> =>
      promise.then(
        () => "well",
        (error: { code: string }) => error.code,
      );
    const gone = pc.channel("echo");
    await gone.opened;
    const reading = gone.readable.getReader().read();
    const double = pc.channel("echo");
    const taken = await codeOf(double.opened);
    await pc.reset();
    const reset = [await codeOf(reading), await codeOf(gone.closed)];

    const closed = pc.channel("echo");
    await closed.opened;
    const writer = closed.writable.getWriter();
    void writer.write(new Uint8Array(100));
    const close = [await codeOf(closed.close()), await codeOf(writer.write(new Uint8Array(1)))];

    const aborted = pc.channel("echo");
    await aborted.opened;
    await aborted.writable.abort("enough");
    const abort = [await codeOf(aborted.closed), await codeOf(aborted.readable.getReader().read())];

    const controller = new AbortController();
    const signalled = pc.channel("nobody", { signal: controller.signal });
    controller.abort();
    const never = pc.channel("echo", { signal: AbortSignal.abort("before") });
    // What was given up is free at once.
    for (let count = 0; count < 20; count++) {
      const again = pc.channel("echo");
      await again.opened;
      again.abort();
    }
    const signal = [await codeOf(signalled.opened), await codeOf(never.closed)];
    const wrong = await codeOf(pc.channel("").opened);
    const text = pc.channel("echo");
    await text.opened;
    const bytesOnly = await codeOf(text.writable.getWriter().write("text" as unknown as Uint8Array<ArrayBuffer>)); // prettier-ignore

    const last = pc.channel("echo");
    await last.opened;
    await pc.unload();
    const unloaded = await codeOf(last.closed);
    return { taken, reset, close, abort, signal, wrong, bytesOnly, unloaded };
  });
  expect(codes).toEqual({
    taken: "channel",
    reset: ["session-ended", "session-ended"],
    close: ["well", "channel"],
    abort: ["aborted", "aborted"],
    signal: ["aborted", "aborted"],
    wrong: "bad-argument",
    bytesOnly: "bad-argument",
    unloaded: "session-ended",
  });
});

test("channels of several machines do not meet", async ({ page }) => {
  await openEmbedding(page, ELEMENT + ELEMENT, true);
  const texts = await page.evaluate(async () => {
    const machines = [...document.querySelectorAll("tandem-pc")];
    await Promise.all(machines.map((pc) => pc.start()));
    return Promise.all(
      machines.map(async (pc, index) => {
        const { readable, writable } = pc.channel("echo");
        await new Blob([`for ${index}`]).stream().pipeTo(writable);
        return new Response(readable).text();
      }),
    );
  });
  expect(texts).toEqual(["for 0", "for 1"]);
});
