import { beforeEach, expect, test } from "vitest";
import type { ChannelNews, MachineEvent } from "../../shared/api";
import {
  CHANNEL_BUFFER,
  CHANNEL_READ_MAX,
  ChannelCommand,
  ChannelFlag,
  ChannelPhase,
  CHANNELS_MAX,
} from "../../../wasm/protocol/channels";
import { RequestStatus } from "../../../wasm/protocol/tandem-port";
import { words } from "../../../wasm/testing/tandem";
import { ChannelsService, type HostChannel } from "./channels";
import type { Reply } from "./service";

const utf8 = (text: string) => new TextEncoder().encode(text);
const { Ok, Again, Pipe, Reset, NoEntry, Exists, Invalid, NoMemory, Busy, Canceled } = RequestStatus; // prettier-ignore

let service: ChannelsService;
let events: MachineEvent[];
let raised: number[];

beforeEach(() => {
  events = [];
  raised = [];
  service = new ChannelsService(
    (event) => events.push(event),
    (number) => raised.push(number),
  );
});

/** As a page's end: keeps what it hears, and asks for as much as it is told to. */
class Page {
  readonly news: ChannelNews[] = [];
  readonly channel: HostChannel;
  /** Bytes. */
  received = 0;
  room = 0;

  constructor(name: string, wanted = Infinity) {
    this.channel = service.open(name, (news) => {
      this.news.push(news);
      if (news.type === "data") this.received += news.bytes.length;
      if (news.type === "room") this.room += news.bytes;
    });
    if (wanted) this.want(wanted);
  }

  want(bytes: number): void {
    this.channel.take({ type: "room", bytes });
  }

  say(text: string | Uint8Array<ArrayBuffer>): void {
    this.channel.take({ type: "data", bytes: typeof text === "string" ? utf8(text) : text });
  }

  end(): void {
    this.channel.take({ type: "end" });
  }

  get text(): string {
    return new TextDecoder().decode(this.bytes);
  }

  get bytes(): Uint8Array {
    return Buffer.concat(this.news.flatMap((news) => (news.type === "data" ? [news.bytes] : [])));
  }

  get kinds(): string[] {
    return this.news.map(({ type }) => type).filter((type) => type !== "room" && type !== "data");
  }

  get error(): { code: string; message: string } | undefined {
    const last = this.news.at(-1);
    return last?.type === "closed" ? last.error : undefined;
  }
}

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts));
}

/** As a driver in the guest. */
function request(command: number, body: Uint8Array, signal = new AbortController().signal) {
  return service.request(command, joined(body), signal);
}
const now = (reply: Reply | Promise<Reply>): Reply => {
  expect(reply).not.toBeInstanceOf(Promise);
  return reply as Reply;
};
const number = ({ body = new Uint8Array(4) }: Reply): number =>
  new DataView(body.buffer, body.byteOffset).getUint32(0, true);
const text = ({ body }: Reply): string => new TextDecoder().decode(body);

const open = (name: string | Uint8Array, flags = 0) =>
  now(request(ChannelCommand.Open, joined(words(flags), typeof name === "string" ? utf8(name) : name))); // prettier-ignore
const opened = (name: string): number => number(open(name));
const read = (channel: number, maximum = CHANNEL_READ_MAX, flags = 0, signal?: AbortSignal) =>
  request(ChannelCommand.Read, words(channel, flags, maximum), signal);
const write = (channel: number, data: string | Uint8Array, flags = 0, signal?: AbortSignal) => {
  const bytes = typeof data === "string" ? utf8(data) : data;
  return request(ChannelCommand.Write, joined(words(channel, flags, bytes.length), bytes), signal);
};
const end = (channel: number) => now(request(ChannelCommand.End, words(channel)));
const close = (channel: number, failed = 0, why = "") =>
  now(request(ChannelCommand.Close, joined(words(channel, failed), utf8(why))));
const state = (channel: number): number[] => {
  const { status, body = new Uint8Array(12) } = now(request(ChannelCommand.State, words(channel)));
  if (status !== Ok) return [status];
  const view = new DataView(body.buffer);
  return [0, 4, 8].map((at) => view.getUint32(at, true));
};
/** "pending" as long as there is no answer. */
const settled = async (reply: Reply | Promise<Reply>): Promise<Reply | "pending"> =>
  Promise.race([reply, new Promise<"pending">((resolve) => setImmediate(resolve, "pending"))]);

test("two ways between a page that was first and a program", () => {
  const page = new Page("talk");
  expect(raised).toEqual([0]);
  expect(text(now(request(ChannelCommand.List, new Uint8Array(0))))).toBe("talk\0");
  expect(page.kinds).toEqual([]);
  const channel = opened("talk");
  expect(page.kinds).toEqual(["opened"]);
  expect(page.room).toBe(CHANNEL_BUFFER);
  expect(text(now(request(ChannelCommand.List, new Uint8Array(0))))).toBe("");
  page.say("from the page");
  expect(text(now(read(channel)))).toBe("from the page");
  expect(number(now(write(channel, "from the guest")))).toBe(14);
  service.flush();
  expect(page.text).toBe("from the guest");
});

test("a program that was first is told to the page, and waits", async () => {
  const channel = opened("früh");
  service.flush();
  expect(events).toEqual([{ type: "channel-wanted", name: "früh", wanted: true }]);
  expect(state(channel)).toEqual([ChannelPhase.Waiting, 0, 0]);
  expect(now(write(channel, "x", ChannelFlag.NoWait)).status).toBe(Again);
  expect(now(read(channel, 1, ChannelFlag.NoWait)).status).toBe(Again);
  const writing = write(channel, "early");
  const reading = read(channel);
  expect(await settled(writing)).toBe("pending");
  const page = new Page("früh");
  expect(number((await writing) as Reply)).toBe(5);
  expect(raised).toEqual([channel]);
  service.flush();
  expect(events.at(-1)).toEqual({ type: "channel-wanted", name: "früh", wanted: false });
  expect(page.text).toBe("early");
  page.say("answer");
  expect(text(await reading)).toBe("answer");
  expect(state(channel)).toEqual([ChannelPhase.Open, 0, CHANNEL_BUFFER]);
});

test("a read takes what there is, up to its maximum, and a second one at the same time is refused", async () => {
  const page = new Page("a");
  const channel = opened("a");
  page.say("0123456789");
  expect(text(now(read(channel, 4)))).toBe("0123");
  expect(text(now(read(channel, 400)))).toBe("456789");
  expect(now(read(channel, 0)).status).toBe(Invalid);
  const reading = read(channel, 3);
  expect(now(read(channel)).status).toBe(Busy);
  page.say("abcdef");
  expect(text(await reading)).toBe("abc");
  expect(state(channel)[1]).toBe(3);
});

test("a page that does not read stops the program, and loses nothing", async () => {
  const page = new Page("slow", 0);
  const channel = opened("slow");
  const piece = new Uint8Array(60_000);
  let written = 0;
  const fill = (): number => {
    for (;;) {
      for (let at = 0; at < piece.length; at++) piece[at] = ((written + at) * 7) >> 3;
      const reply = now(write(channel, piece, ChannelFlag.NoWait));
      if (reply.status === Again) return written;
      written += number(reply);
    }
  };
  expect(fill()).toBe(CHANNEL_BUFFER);
  service.flush();
  expect(page.bytes.length).toBe(0);
  raised = [];
  page.want(1000);
  expect(page.bytes.length).toBe(1000);
  expect(raised).toEqual([channel]); // there is room
  expect(fill()).toBe(CHANNEL_BUFFER + 1000);
  const writing = write(channel, "!");
  expect(await settled(writing)).toBe("pending");
  page.want(Infinity);
  expect(number((await writing) as Reply)).toBe(1);
  service.flush();
  const { bytes } = page;
  expect(bytes.length).toBe(written + 1);
  expect(bytes.findIndex((byte, at) => at < written && byte !== (((at * 7) >> 3) & 0xff))).toBe(-1);
});

test("a program that does not read stops the page", () => {
  const page = new Page("slow");
  const channel = opened("slow");
  for (let sent = 0; sent < CHANNEL_BUFFER; sent += 4096) page.say(new Uint8Array(4096).fill(sent >> 12)); // prettier-ignore
  expect(page.room).toBe(CHANNEL_BUFFER);
  for (let count = 0; count < 15; count++) now(read(channel, 4096));
  expect(page.room).toBe(CHANNEL_BUFFER);
  expect(now(read(channel, 4096)).body).toEqual(new Uint8Array(4096).fill(15));
  expect(page.room).toBe(CHANNEL_BUFFER + 16 * 4096);
  page.say(new Uint8Array(16 * 4096));
  page.say("more than there is room for");
  expect(page.error?.code).toBe("bad-argument");
});

test("each way ends by itself, behind its last byte", async () => {
  const page = new Page("half", 0);
  const channel = opened("half");
  page.say("last");
  page.end();
  expect(text(now(read(channel)))).toBe("last");
  expect(now(read(channel))).toEqual({ status: Ok });
  expect(now(read(channel))).toEqual({ status: Ok });
  now(write(channel, "the program goes on"));
  expect(end(channel).status).toBe(Ok);
  expect(now(write(channel, "x")).status).toBe(Invalid);
  service.flush();
  expect(page.kinds).toEqual(["opened"]);
  page.want(100);
  expect(page.text).toBe("the program goes on");
  expect(page.kinds).toEqual(["opened", "end", "closed"]);
  expect(page.error).toBeUndefined();
  expect(state(channel)).toEqual([ChannelPhase.Over, 0, 0]);
  expect(close(channel).status).toBe(Ok);
  expect(state(channel)).toEqual([NoEntry]);

  const again = new Page("half");
  const reading = read(opened("half"));
  again.end();
  expect(await reading).toEqual({ status: Ok });
  expect(again.kinds).toEqual(["opened"]);
});

test("a reader that wants no more is a broken pipe for the writer", async () => {
  const page = new Page("pipe", 0);
  const channel = opened("pipe");
  const writing = write(channel, new Uint8Array(CHANNEL_BUFFER));
  expect(number(now(writing))).toBe(CHANNEL_BUFFER);
  const more = write(channel, "more");
  page.channel.take({ type: "cancel" });
  expect((await more).status).toBe(Pipe);
  expect(now(write(channel, "x")).status).toBe(Pipe);
  page.say("the other way still works");
  expect(text(now(read(channel)))).toBe("the other way still works");
});

test("a program that closes is the end for the page, which still gets what was written", () => {
  const page = new Page("done", 4);
  const channel = opened("done");
  now(write(channel, "last words"));
  expect(close(channel).status).toBe(Ok);
  service.flush();
  expect(page.kinds).toEqual(["opened", "cancel"]);
  expect(page.text).toBe("last");
  service.endSession(); // what is closed is no longer the driver's
  page.want(100);
  expect(page.text).toBe("last words");
  expect(page.kinds).toEqual(["opened", "cancel", "end", "closed"]);
  expect(page.error).toBeUndefined();
});

test("who gives up says why", async () => {
  const page = new Page("a");
  const channel = opened("a");
  const reading = read(channel);
  page.channel.take({ type: "abort", reason: `${"ü".repeat(200)}!` });
  const { status, body } = await reading;
  expect([status, new TextDecoder().decode(body)]).toEqual([Reset, "ü".repeat(128)]);
  for (const reply of [read(channel), write(channel, "x"), end(channel)])
    expect(now(reply).status).toBe(Reset);
  expect(state(channel)).toEqual([ChannelPhase.Failed, 0, 0]);
  expect(page.kinds).toEqual(["opened"]); // it knows

  const other = new Page("a");
  const next = opened("a");
  now(write(next, "lost"));
  expect(close(next, 1, "disk full\0 what lay behind it").status).toBe(Ok);
  expect(other.error).toEqual({ code: "channel", message: "disk full" });
  expect(other.text).toBe("");
});

test("the end of the session ends channels with an error; who waits for a program goes on waiting", async () => {
  const busy = new Page("busy");
  const idle = new Page("idle");
  const channel = opened("busy");
  opened("unheard");
  const reading = read(channel);
  service.flush();
  expect(events).toEqual([{ type: "channel-wanted", name: "unheard", wanted: true }]);
  service.endSession();
  expect((await reading).status).toBe(Canceled);
  expect(busy.error?.code).toBe("session-ended");
  expect(idle.news).toEqual([]);
  expect(events.at(-1)).toEqual({ type: "channel-wanted", name: "unheard", wanted: false });
  expect(state(channel)).toEqual([NoEntry]);
  const next = new Page("busy");
  expect(opened("busy")).not.toBe(channel);
  expect(next.kinds).toEqual(["opened"]);
  opened("idle");
  expect(idle.kinds).toEqual(["opened"]);
});

test("channels do not disturb each other, and a name is one channel's at a time", () => {
  const pages = ["a", "b", "c"].map((name) => new Page(name));
  const [a = 0, b = 0, c = 0] = ["a", "b", "c"].map(opened);
  expect(open("a").status).toBe(Exists);
  expect(() => new Page("a")).toThrow(expect.objectContaining({ code: "channel" }));
  for (const [index, page] of pages.entries()) page.say(`for ${index}`);
  expect([c, a, b].map((channel) => text(now(read(channel))))).toEqual(["for 2", "for 0", "for 1"]);
  for (const channel of [b, c, a]) now(write(channel, `from ${channel}`));
  service.flush();
  expect(pages.map((page) => page.text)).toEqual([a, b, c].map((channel) => `from ${channel}`));
  close(b);
  service.flush();
  pages[1]?.end();
  expect(pages.map(({ kinds }) => kinds.at(-1))).toEqual(["opened", "closed", "opened"]);
});

test("names, numbers and lengths are checked", () => {
  for (const name of ["", "a\nb", "a\x7f", "x".repeat(65)]) {
    expect(open(name).status).toBe(Invalid);
    expect(() => new Page(name)).toThrow(expect.objectContaining({ code: "bad-argument" }));
  }
  expect(open(Uint8Array.of(0xc3, 0x28)).status).toBe(Invalid);
  expect(open("x".repeat(64)).status).toBe(Ok);
  expect(open("name\0garbage").status).toBe(Ok);
  expect(open("name").status).toBe(Exists);
  expect(open("nobody", ChannelFlag.NoWait).status).toBe(NoEntry);
  for (const command of [2, 3, 4, 5, 6].map((low) => 0x0700 | low)) {
    expect(now(request(command, new Uint8Array(3))).status).toBe(Invalid);
    expect(now(request(command, words(99, 0, 1, 0))).status).toBe(NoEntry);
  }
  const channel = opened("short");
  expect(now(request(ChannelCommand.Read, words(channel, 0))).status).toBe(Invalid);
  expect(now(request(ChannelCommand.Write, words(channel, 0, 100, 1))).status).toBe(Invalid);
  expect(now(request(ChannelCommand.Close, words(channel))).status).toBe(Invalid);
  expect(now(request(0x0708, words(channel))).status).toBe(RequestStatus.NoCommand);
});

test("there are so many channels and no more, on each side", () => {
  const channels = Array.from({ length: CHANNELS_MAX }, (_, index) => opened(`guest ${index}`));
  expect(open("one more").status).toBe(NoMemory);
  close(channels[3] ?? 0);
  expect(open("one more").status).toBe(Ok);
  for (let index = 0; index < CHANNELS_MAX; index++) new Page(`page ${index}`);
  expect(() => new Page("one more")).toThrow(expect.objectContaining({ code: "channel" }));
});

test("a request that nobody waits for any more takes nothing", async () => {
  const page = new Page("a", 0);
  const channel = opened("a");
  const controllers = [new AbortController(), new AbortController()];
  const reading = read(channel, 10, 0, controllers[0]?.signal);
  now(write(channel, new Uint8Array(CHANNEL_BUFFER)));
  const writing = write(channel, "more", 0, controllers[1]?.signal);
  for (const controller of controllers) controller.abort();
  expect((await reading).status).toBe(Canceled);
  expect((await writing).status).toBe(Canceled);
  page.say("kept");
  page.want(Infinity);
  expect(text(now(read(channel)))).toBe("kept");
  expect(page.bytes.length).toBe(CHANNEL_BUFFER);
});

test("a page that takes back what it has opened leaves nothing", () => {
  const page = new Page("a");
  page.end();
  page.channel.take({ type: "cancel" });
  expect(page.kinds).toEqual(["closed"]);
  new Page("a").channel.take({ type: "abort", reason: "" });
  expect(open("a", ChannelFlag.NoWait).status).toBe(NoEntry);
  const waiting = opened("b");
  expect(close(waiting).status).toBe(Ok);
  expect(new Page("b").kinds).toEqual([]);
});

function randomNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

test("random pieces and credits: every byte arrives, in order, on each of several channels", () => {
  const below = randomNumbers(0x1234_5678);
  const byteAt = (at: number, salt: number): number => ((at * 31 + salt) ^ (at >> 9)) & 0xff;
  const lanes = Array.from({ length: 5 }, (_, salt) => {
    const page = new Page(`lane ${salt}`, 0);
    return { salt, page, channel: opened(`lane ${salt}`), sent: 0, got: 0, written: 0, granted: 0 };
  });
  const some = (at: number, salt: number, length: number) =>
    Uint8Array.from({ length }, (_, index) => byteAt(at + index, salt));
  const isRight = (bytes: Uint8Array, at: number, salt: number) =>
    bytes.every((byte, index) => byte === byteAt(at + index, salt));
  for (let round = 0; round < 6000; round++) {
    const lane = lanes[below(lanes.length)];
    if (!lane) continue;
    const { page, channel, salt } = lane;
    const size = 1 + below(below(3) ? 300 : 40_000);
    switch (below(5)) {
      case 0: {
        const room = Math.min(size, page.room - lane.sent);
        page.say(some(lane.sent, salt, room));
        lane.sent += room;
        break;
      }
      case 1: {
        const { status, body = new Uint8Array(0) } = now(read(channel, size, ChannelFlag.NoWait));
        expect([Ok, Again]).toContain(status);
        expect(isRight(body, lane.got, salt)).toBe(true);
        lane.got += body.length;
        break;
      }
      case 2: {
        const reply = now(write(channel, some(lane.written, ~salt, size), ChannelFlag.NoWait));
        if (reply.status === Ok) lane.written += number(reply);
        break;
      }
      case 3:
        page.want(size);
        lane.granted += size;
        break;
      default:
        service.flush();
    }
    expect(lane.written - page.received).toBeLessThanOrEqual(CHANNEL_BUFFER);
    expect(page.received).toBeLessThanOrEqual(lane.granted);
  }
  for (const { page, channel, salt, sent, got, written } of lanes) {
    page.want(Infinity);
    service.flush();
    expect(page.bytes.length).toBe(written);
    expect(isRight(page.bytes, 0, ~salt)).toBe(true);
    expect(state(channel)[1]).toBe(sent - got);
  }
});

test("a guest that asks for anything breaks nothing but its own channels", () => {
  const below = randomNumbers(0x0bad_cafe);
  const waiting = new Page("waiting");
  for (let round = 0; round < 40_000; round++) {
    if (below(8) === 0 && below(2)) service.flush();
    if (below(50) === 0)
      try {
        const page = new Page(`n${below(6)}`, below(100_000));
        if (below(2)) page.say(new Uint8Array(below(3000)));
        if (below(3) === 0) page.end();
        if (below(3) === 0) page.channel.take({ type: "cancel" });
      } catch (error) {
        expect(error).toMatchObject({ code: "channel" });
      }
    if (below(900) === 0) service.endSession();
    const body = new Uint8Array(below(2) ? 12 + below(40) : below(12));
    const view = new DataView(body.buffer);
    for (let at = 0; at + 4 <= body.length; at += 4)
      view.setUint32(at, below(4) ? below(60) : below(0x1_0000_0000), true);
    const command = 0x0700 + below(9);
    if (command === (ChannelCommand.Open as number) && body.length > 7)
      body.set(utf8(`n${below(6)}\0`), 4);
    const controller = new AbortController();
    void service.request(command, body, controller.signal);
    if (below(3) === 0) controller.abort();
  }
  service.endSession();
  expect(waiting.news).toEqual([]);
  expect(opened("waiting")).toBeGreaterThan(0);
  expect(waiting.kinds).toEqual(["opened"]);
});
