// Pillion's channels: what an embedder's page can say to it.

import { afterEach, expect, test, vi } from "vitest";
import { CHANNEL_BUFFER } from "../../wasm/protocol/channels";
import { ISA_BASE, Register } from "../../wasm/protocol/tandem-port";
import { ChannelEnd } from "../../src/node/channel-end";
import { PillionMachine } from "./testing";

vi.setConfig({ testTimeout: 60_000 });

let pillion: PillionMachine;
afterEach(() => pillion.dispose());

for (const append of ["", "tandem=isa"])
  test(`the echo gives back every byte, however often it is asked (${append || "PCI"})`, async () => {
    pillion = await PillionMachine.boot(append);
    for (const size of [3 << 20, 5, 0, 4096]) {
      const bytes = Uint8Array.from({ length: size }, (_, index) => (index * 11) ^ (index >> 8));
      const page = new ChannelEnd(pillion.machine, "echo");
      await page.send(bytes);
      page.finish();
      const back = await page.end();
      expect(back.length).toBe(size);
      expect(back.equals(bytes)).toBe(true);
      await page.until(() => page.kinds.includes("closed"));
      expect(page.error).toBeUndefined();
    }
  });

test("a page that does not read stops the echo, and gets everything when it does", async () => {
  pillion = await PillionMachine.boot();
  const page = new ChannelEnd(pillion.machine, "echo", 0);
  const bytes = new Uint8Array(1 << 20).map((_, index) => index >> 6);
  const sent = page.send(bytes);
  // Both of the host's buffers are full, and the guest holds a piece.
  await page.until(() => page.kinds.includes("opened"));
  let held = 0;
  while (held < 2 * CHANNEL_BUFFER - 65536) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const answers = await pillion.ask("time", "TIME");
    expect(answers).toContain("TIME"); // the desktop goes on
    held = page.sent;
  }
  expect(page.received).toBe(0);
  page.want(Infinity);
  await sent;
  page.finish();
  expect((await page.end()).equals(bytes)).toBe(true);
});

test("what a page writes is typed into the notes, and the whole note comes back at its end", async () => {
  pillion = await PillionMachine.boot("open=none");
  const page = new ChannelEnd(pillion.machine, "notes");
  const text = "Grüße vom Wirt 👋🏽\nsecond line";
  // A character may be spread over two pieces.
  const bytes = Buffer.from(text);
  await page.send(bytes.subarray(0, 3));
  await page.send(bytes.subarray(3));
  page.finish();
  expect((await page.end()).toString()).toBe(`Type here. ${text}`);
  expect((await pillion.window("notes")).level).toBe(0);
  expect(await pillion.ask("text", "TEXT")).toBe("TEXT Type here. Grüße vom Wirt 👋🏽");

  const large = new ChannelEnd(pillion.machine, "notes");
  await large.send(Buffer.alloc(700_000, "x"));
  large.finish();
  expect((await large.end()).length).toBe(700_000 + Buffer.byteLength(`Type here. ${text}`));
});

test("a note that is full ends the channel with words", async () => {
  pillion = await PillionMachine.boot("open=none");
  const page = new ChannelEnd(pillion.machine, "notes");
  void page.send(Buffer.alloc(1_100_000, "x"));
  await page.until(() => page.kinds.includes("closed"));
  expect(page.error).toEqual({ code: "channel", message: "There is no room for it." });
  const next = new ChannelEnd(pillion.machine, "notes");
  next.finish();
  expect((await next.end()).length).toBeGreaterThan(900_000);
});

test("a request that the host never answers is taken back, and its answer then reaches nobody", async () => {
  pillion = await PillionMachine.boot("open=none");
  const { machine } = pillion;
  const pending = (): number => machine.core.exports.readPort(ISA_BASE + Register.Pending, 2);
  let request = 0;
  pillion.onEvent = (event) => {
    if (event.type === "clipboard-wanted") request = event.request;
  };
  machine.clipboard.offer(["text/plain"]);
  const answered = pillion.ask("clip fetch", "");
  while (!request) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(pending()).toBe(1);
  await answered; // given up
  expect(pending()).toBe(0);
  machine.clipboard.supply(request, new TextEncoder().encode("late"));
  pillion.onEvent = (event) => {
    if (event.type === "clipboard-wanted")
      machine.clipboard.supply(event.request, new TextEncoder().encode("in time"));
  };
  machine.clipboard.offer(["text/plain"]);
  expect(await pillion.ask("clip fetch", "CLIP")).toContain("CLIP 1 7 ");
});
