import { afterEach, expect, test, vi } from "vitest";
import type { ClipboardFormat, MachineEvent } from "../../shared/api";
import {
  CLIPBOARD_SIZE_MAX,
  CLIPBOARD_TRANSFER_MAX,
  ClipboardCommand,
  ClipboardFormat as Bit,
} from "../../../wasm/protocol/clipboard";
import { RequestStatus } from "../../../wasm/protocol/tandem-port";
import { words } from "../../../wasm/testing/tandem";
import type { Core } from "../core";
import { ClipboardService } from "./clipboard";
import type { Reply } from "./service";

const RAM = 8 << 20;
const CANNOT = 0xffff_ffff;
const utf8 = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 1, 2, 3);

function setUp(hostData: Partial<Record<ClipboardFormat, Uint8Array>> = {}) {
  const ram = new Uint8Array(RAM);
  const exports: Partial<Core["exports"]> = {
    guestRange: (address, size) => (address + size <= RAM ? address + RAM : 0),
  };
  const core = {
    exports,
    bytes: (at: number, length: number) => ram.subarray(at - RAM, at - RAM + length),
  } as Core;
  const events: MachineEvent[] = [];
  const raised: number[] = [];
  const service = new ClipboardService(
    (event) => {
      events.push(event);
      if (event.type === "clipboard-wanted")
        queueMicrotask(() => service.supply(event.request, hostData[event.format]));
    },
    (serial) => raised.push(serial),
  );
  service.connect(core);
  const signal = { aborted: false };
  const ask = async (command: number, ...parts: Uint8Array[]): Promise<Reply> => {
    const body = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
    let at = 0;
    for (const part of parts) {
      body.set(part, at);
      at += part.length;
    }
    return service.request(command, body, signal);
  };
  const state = async () => {
    const { body = new Uint8Array(24) } = await ask(ClipboardCommand.State);
    const view = new DataView(body.buffer);
    const [serial = 0, formats = 0, directions = 0, paste = 0, wanted = 0, wantedFormat = 0] =
      [0, 4, 8, 12, 16, 20].map((at) => view.getUint32(at, true)); // prettier-ignore
    return { serial, formats, directions, paste, wanted, wantedFormat };
  };
  const fetch = async (format: number, offset = 0, length = 0xffff_ffff) => {
    const { serial } = await state();
    return ask(ClipboardCommand.Fetch, words(serial, format, offset, length, 0));
  };
  const offer = async (formats: number) =>
    ask(ClipboardCommand.Offer, words(formats, (await state()).serial));
  /** As a driver that is asked for data. */
  const supply = async (data: Uint8Array, piece = 1000) => {
    const { wanted } = await state();
    for (let at = 0; at < data.length; at += piece) {
      const part = data.subarray(at, at + piece);
      const reply = await ask(ClipboardCommand.Supply, words(wanted, data.length, at, part.length, 0), part); // prettier-ignore
      expect(reply.status).toBe(RequestStatus.Ok);
    }
  };
  return { service, events, raised, ram, signal, ask, state, fetch, offer, supply };
}

afterEach(() => vi.useRealTimers());

test("the guest fetches in pieces what the host offers, and the host is asked once", async () => {
  const text = "Grüße 👋🏽 ".repeat(9000);
  const { service, events, raised, fetch, state } = setUp({ "text/plain": utf8(text) });
  service.offer(["text/plain"]);
  expect(raised).toEqual([1]);
  expect(await state()).toMatchObject({ serial: 1, formats: Bit.Text, paste: 0, directions: 3 });
  const all: number[] = [];
  for (;;) {
    const { status, body = new Uint8Array(0) } = await fetch(Bit.Text, all.length, 50_000);
    expect(status).toBe(RequestStatus.Ok);
    const view = new DataView(body.buffer);
    expect(view.getUint32(0, true)).toBe(utf8(text).length);
    const length = view.getUint32(4, true);
    if (length === 0) break;
    all.push(...body.subarray(8, 8 + length));
  }
  expect(textOf(Uint8Array.from(all))).toBe(text);
  expect(events.filter(({ type }) => type === "clipboard-wanted")).toHaveLength(1);
});

test("a page list brings the data straight into the guest's memory", async () => {
  const html = utf8("<p>x</p>".repeat(200_000));
  const { service, ram, signal, ask } = setUp({ "text/html": html });
  service.offer(["text/html"]);
  const first = await ask(ClipboardCommand.Fetch, words(1, Bit.Html, 0, CLIPBOARD_TRANSFER_MAX, 2, 4096, 4096, 0x10000, CLIPBOARD_TRANSFER_MAX)); // prettier-ignore
  expect(first).toEqual({ status: 0, body: words(html.length, CLIPBOARD_TRANSFER_MAX) });
  const inRam = (at: number, from: number, to: number): boolean =>
    Buffer.from(ram.subarray(at, at + to - from)).equals(html.subarray(from, to));
  expect(inRam(4096, 0, 4096)).toBe(true);
  expect(inRam(0x10000, 4096, CLIPBOARD_TRANSFER_MAX)).toBe(true);
  // Not all of it is RAM, too short, or the driver is gone: nothing is written.
  const list = async (...entries: number[]) =>
    (await ask(ClipboardCommand.Fetch, words(1, Bit.Html, 0, 5000, 1, ...entries))).status;
  expect(await list(RAM - 100, 5000)).toBe(RequestStatus.Invalid);
  expect(await list(0, 4999)).toBe(RequestStatus.Invalid);
  signal.aborted = true;
  expect(await list(0, 5000)).toBe(RequestStatus.Invalid);
});

test("what the guest has copied is fetched in pieces, inline and from its memory", async () => {
  const { service, events, ram, ask, offer, state, supply } = setUp();
  expect(await offer(Bit.Text | Bit.Png)).toEqual({ status: 0, body: words(1) });
  expect(events).toEqual([
    { type: "clipboard-offer", serial: 1, formats: ["text/plain", "image/png"] },
  ]);
  const text = service.read("text/plain");
  const again = service.read("text/plain");
  const picture = service.read("image/png");
  await supply(utf8("Ünïcödé 🎉".repeat(500)));
  expect(textOf(await text)).toBe("Ünïcödé 🎉".repeat(500));
  expect(await again).toEqual(await text);
  const { wanted, wantedFormat } = await state();
  expect(wantedFormat).toBe(Bit.Png);
  ram.set(PNG, 5000);
  const reply = await ask(ClipboardCommand.Supply, words(wanted, PNG.length, 0, PNG.length, 1, 5000, PNG.length)); // prettier-ignore
  expect(reply.status).toBe(RequestStatus.Ok);
  expect(await picture).toEqual(PNG);
  expect((await state()).wanted).toBe(0);
});

test("a paste that the user wants is told once", async () => {
  const { service, state } = setUp();
  service.offer(["text/plain"], true);
  expect((await state()).paste).toBe(1);
  expect((await state()).paste).toBe(0);
});

test("each offer takes the place of the one before, and ends what waited for it", async () => {
  const { service, ask, offer, state } = setUp({ "text/plain": utf8("host") });
  await offer(Bit.Text);
  const gone = service.read("text/plain");
  service.offer(["text/plain"]);
  await expect(gone).rejects.toMatchObject({ code: "clipboard" });
  await expect(service.read("text/plain")).rejects.toMatchObject({ code: "clipboard" });
  const stale = await ask(ClipboardCommand.Fetch, words(1, Bit.Text, 0, 100, 0));
  expect(stale.status).toBe(RequestStatus.NoEntry);
  // A guest that has not heard of the host's offer yet does not take its place.
  const late = await ask(ClipboardCommand.Offer, words(Bit.Text, 1));
  expect(late.status).toBe(RequestStatus.Again);
  expect(await state()).toMatchObject({ serial: 2, formats: Bit.Text });
  await offer(Bit.Html);
  expect(await state()).toMatchObject({ serial: 3, formats: 0 });
});

test("a direction that is switched off gives and gets nothing", async () => {
  const { service, events, ask, offer, fetch, state } = setUp({ "text/plain": utf8("secret") });
  service.set("to-host");
  service.offer(["text/plain"]);
  expect(await state()).toMatchObject({ formats: 0, directions: 2 });
  expect((await fetch(Bit.Text)).status).toBe(RequestStatus.Access);
  service.set("to-guest");
  expect((await offer(Bit.Text)).status).toBe(RequestStatus.Access);
  expect((await ask(ClipboardCommand.Supply, words(1, 1, 0, 1, 0, 65))).status).toBe(RequestStatus.Access); // prettier-ignore
  expect(events).toEqual([]);
  // What was offered before goes as well.
  service.offer(["text/plain"]);
  service.set("off");
  expect(await state()).toMatchObject({ formats: 0, directions: 0 });
  service.set("both");
  expect((await fetch(Bit.Text)).status).toBe(RequestStatus.NoEntry);
  await offer(Bit.Text);
  service.set("off");
  expect(events.at(-1)).toMatchObject({ type: "clipboard-offer", formats: [] });
  await expect(service.read("text/plain")).rejects.toMatchObject({ code: "clipboard" });
});

test("more than 16 MiB are refused on both sides, and told in words", async () => {
  const large = new Uint8Array(CLIPBOARD_SIZE_MAX + 1);
  const { service, events, ask, fetch, offer, state } = setUp({ "text/plain": large });
  service.offer(["text/plain"]);
  expect((await fetch(Bit.Text)).status).toBe(RequestStatus.TooBig);
  expect(events.at(-1)).toEqual({
    type: "error",
    error: {
      code: "clipboard",
      message: "Your clipboard holds 16.0 MiB; the shared clipboard carries up to 16 MiB.",
    },
  });
  await offer(Bit.Text);
  const read = service.read("text/plain");
  const { wanted } = await state();
  const reply = await ask(ClipboardCommand.Supply, words(wanted, 40 << 20, 0, 0, 0));
  expect(reply.status).toBe(RequestStatus.TooBig);
  await expect(read).rejects.toThrow("The guest has copied 40.0 MiB; the shared clipboard carries up to 16 MiB."); // prettier-ignore
});

test("a browser that refuses is told to the guest, and asked again the next time", async () => {
  const data: Partial<Record<ClipboardFormat, Uint8Array>> = {};
  const { service, fetch } = setUp(data);
  service.offer(["text/plain"]);
  expect((await fetch(Bit.Text)).status).toBe(RequestStatus.Access);
  data["text/plain"] = utf8("allowed now");
  const { status, body } = await fetch(Bit.Text);
  expect([status, textOf(body?.subarray(8))]).toEqual([0, "allowed now"]);
});

test("a guest that cannot, gives nonsense, falls silent or goes ends the wait with words", async () => {
  vi.useFakeTimers();
  const { service, ask, offer, state, supply } = setUp();
  const refused = async (act: () => Promise<unknown>): Promise<string> => {
    await offer(Bit.Text | Bit.Png);
    const read = service.read("image/png").then(String, (error: Error) => error.message);
    await act();
    return read;
  };
  const cannot = async () => ask(ClipboardCommand.Supply, words((await state()).wanted, CANNOT, 0, 0, 0)); // prettier-ignore
  expect(await refused(cannot)).toContain("cannot hand over");
  expect(await refused(() => supply(utf8("no picture at all")))).toContain("is none (PNG)");
  expect(await refused(async () => vi.advanceTimersByTime(60_000))).toContain("does not hand over");
  expect(await refused(async () => service.endSession())).toContain("changed");
  expect((await ask(ClipboardCommand.Supply, words(0, 1, 0, 1, 0, 65))).status).toBe(RequestStatus.NoEntry); // prettier-ignore
});

test("another front end offers with the data in its hand", async () => {
  const { service, events } = setUp({ "text/plain": utf8("from the host") });
  expect(service.guestCopied(new Map([["text/plain", utf8("by backdoor")]]))).toBe(true);
  expect(events.at(-1)).toMatchObject({ type: "clipboard-offer", formats: ["text/plain"] });
  expect(textOf(await service.read("text/plain"))).toBe("by backdoor");
  service.offer(["text/plain"]);
  expect(service.hostFormats).toEqual(["text/plain"]);
  expect(textOf(await service.hostData("text/plain"))).toBe("from the host");
});

test("100,000 requests of a hostile guest: each is answered, none costs memory or tells more than it may", async () => {
  const secret = utf8("secret");
  const { service, events, ask } = setUp({ "text/plain": secret, "text/html": secret });
  let random = 7;
  const next = (bound: number): number => {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    return (random >>> 8) % bound;
  };
  const interesting = [0, 1, 2, 3, 4, 5, 7, 8, 20, 64, 1000, 65_512, 1 << 20, 1 << 24, (1 << 24) + 1, 0x7fff_ffff, 0x8000_0000, CANNOT]; // prettier-ignore
  const value = (): number => interesting[next(interesting.length)] ?? 0;
  const reads: Promise<unknown>[] = [];
  const settings = ["both", "to-guest", "to-host", "off"] as const;
  const known = new Set<number>(Object.values(RequestStatus).filter((each) => typeof each === "number")); // prettier-ignore
  for (let step = 0; step < 100_000; step++) {
    const kind = next(200);
    if (kind === 0) service.offer(["text/plain", "text/html"], next(2) === 0);
    else if (kind === 1) service.set(settings[next(4)] ?? "off");
    else if (kind === 2) reads.push(service.read("text/plain").catch(() => undefined));
    else if (kind === 3) service.endSession();
    const command = next(20) === 0 ? next(0x10000) : ClipboardCommand.State + next(4);
    const body = words(...Array.from({ length: next(9) }, value));
    const { status, body: reply } = await ask(command, body.subarray(0, body.length - next(2)));
    expect(known.has(status)).toBe(true);
    expect(reply?.length ?? 0).toBeLessThanOrEqual(24 + secret.length);
  }
  service.set("off");
  expect((await ask(ClipboardCommand.Fetch, words(service.serial, Bit.Text, 0, 10, 0))).status).toBe(RequestStatus.Access); // prettier-ignore
  await Promise.all(reads);
  expect(events.some(({ type }) => type === "clipboard-offer")).toBe(true);
});
