// The runner with tiny guests: a multiboot image of a few bytes is a whole operating system here.

import { readFileSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import type { MachineEvent } from "../shared/api";
import { INPUT_RING_BYTES, InputKind, InputRingWriter } from "../shared/input-ring";
import { type CoreFrame, Machine, type Viewer } from "./machine";

const module = new WebAssembly.Module(
  readFileSync(process.env["TANDEM_CORE"] ?? "build/core.wasm"),
);

let machine: Machine | undefined;
afterEach(() => machine?.dispose());

/** Boots code at 200030h; resolves with the first event that `until` accepts. */
function boot(
  code: number[],
  until: (event: MachineEvent) => boolean,
  onTripleFault: "reset" | "stop" = "stop",
  viewer?: Viewer,
): { events: MachineEvent[]; found: Promise<MachineEvent> } {
  const image = new Uint8Array(0x30 + code.length);
  const view = new DataView(image.buffer);
  const [magic, flags] = [0x1badb002, 1 << 16];
  [magic, flags, -(magic + flags), 0x20_0010, 0x20_0000, 0, 0, 0x20_0030].forEach((value, index) =>
    view.setUint32(16 + index * 4, value, true),
  );
  image.set(code, 0x30);
  const events: MachineEvent[] = [];
  const found = new Promise<MachineEvent>((resolve) => {
    machine = new Machine(
      {
        module,
        memory: 4,
        drives: {},
        append: "",
        onTripleFault,
        kernel: { kind: "multiboot", bytes: image, needsFirmware: false },
      },
      (event) => {
        events.push(event);
        if (until(event)) resolve(event);
      },
      viewer,
    );
    machine.start();
  });
  return { events, found };
}

const HALT = [0xf4, 0xeb, 0xfd];
/** mov dx, 3F8h; mov al, 'A'; out dx, al */
const SEND_A = [0x66, 0xba, 0xf8, 0x03, 0xb0, 0x41, 0xee];

test("what the guest sends on COM1 arrives", async () => {
  const { found } = boot([...SEND_A, ...HALT], (event) => event.type === "serial");
  expect(await found).toEqual({ type: "serial", port: 0, bytes: Uint8Array.of(0x41) });
});

test("a triple fault is reported with where it happened", async () => {
  const { found } = boot([0x0f, 0x0b], (event) => event.type === "triple-fault");
  const event = await found;
  expect(event.type === "triple-fault" && event.report.details).toContain("CS=0010");
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(machine?.state).toBe("crashed");
});

test("a triple fault resets where it should, and the kernel starts again", async () => {
  let resets = 0;
  const { events, found } = boot(
    [...SEND_A, 0x0f, 0x0b],
    (event) => event.type === "reset" && ++resets === 2,
    "reset",
  );
  await found;
  expect(events.filter(({ type }) => type === "serial").length).toBeGreaterThanOrEqual(2);
});

test("a reset by port 64h starts the kernel again", async () => {
  // mov al, FEh; out 64h, al
  const { found } = boot([0xb0, 0xfe, 0xe6, 0x64, ...HALT], (event) => event.type === "reset");
  expect((await found).type).toBe("reset");
});

test("ACPI soft-off switches the machine off", async () => {
  // mov dx, 604h; mov ax, 2000h; out dx, ax
  const code = [0x66, 0xba, 0x04, 0x06, 0x66, 0xb8, 0x00, 0x20, 0x66, 0xef, ...HALT];
  const { found } = boot(code, (event) => event.type === "state" && event.state === "off");
  await found;
  expect(machine?.stats().instructions).toBeGreaterThan(0);
});

test("a paused guest's time stands still", async () => {
  const { found } = boot([0xeb, 0xfe], (event) => event.type === "state");
  await found;
  await new Promise((resolve) => setTimeout(resolve, 30));
  machine?.pause();
  const before = machine?.stats();
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(machine?.stats()).toEqual(before);
  machine?.resume();
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(machine?.stats().uptime).toBeGreaterThan(before?.uptime ?? 0);
});

test("a viewer that has not presented a frame gets no other, then the newest; its size is told before", async () => {
  const frames: CoreFrame[] = [];
  const order: string[] = [];
  const viewer = {
    isReady: true,
    show(frame: CoreFrame) {
      frames.push(frame);
      order.push("frame");
      this.isReady = false;
    },
  };
  // again: inc byte [B8000h]; jmp again
  const { found } = boot(
    [0xfe, 0x05, ...word(0xb8000), 0xeb, 0xf8],
    (event) => {
      if (event.type === "video-mode") order.push(event.type);
      return event.type === "stats";
    },
    "stop",
    viewer,
  );
  await found;
  expect(order).toEqual(["video-mode", "frame"]);
  const [first] = frames;
  expect(first?.picture.data.length).toBe((first?.picture.width ?? 0) * (first?.picture.height ?? 0) * 4); // prettier-ignore
  viewer.isReady = true;
  machine?.refresh();
  expect(frames).toHaveLength(2);
  expect(frames[1]?.picture).toBe(first?.picture);
  expect(frames[1]?.width).toBeLessThan(10); // the one character
});

// --- The Tandem port ---

/** mov eax, block; mov dx, doorbell; out dx, eax */
function ring(block: number): number[] {
  return [0xb8, ...word(block), 0x66, 0xba, 0x48, 0x5a, 0xef];
}

function word(value: number): number[] {
  return [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
}

/** A request block. */
function request(command: number, body: number[]): number[] {
  const size = 24 + Math.max(body.length, 20);
  const header = [size, command, 0, 0, 0, 0].flatMap(word);
  return [...header, ...body, ...Array.from({ length: size - 24 - body.length }, () => 0)];
}

const CODE_AT = 0x20_0030;
const BLOCKS_AT = 0x80;
const HELLO = request(1, [1, 0x100, 1].flatMap(word));
/** Says HELLO, then for ever: WAIT, latch. */
const POINTER_DRIVER = [
  ...ring(CODE_AT + BLOCKS_AT),
  ...[0x66, 0xba, 0x50, 0x5a, 0xed], // mov dx, WAIT; in eax, dx
  ...[0x66, 0xba, 0x70, 0x5a, 0xed], // mov dx, sequence; in eax, dx
  ...[0xeb, 0xf4],
];

/** Code, then blocks at BLOCKS_AT behind it. */
function withBlocks(code: number[], ...blocks: number[][]): number[] {
  return [
    ...code,
    ...Array.from({ length: BLOCKS_AT - code.length }, () => 0xf4),
    ...blocks.flat(),
  ];
}

test("a driver's HELLO, its log and its end are told", async () => {
  const text = [..."one line"].map((char) => char.charCodeAt(0));
  const code = [...ring(CODE_AT + BLOCKS_AT), ...ring(CODE_AT + BLOCKS_AT + HELLO.length), ...HALT];
  const { events, found } = boot(
    withBlocks(code, HELLO, request(6, text)),
    (event) => event.type === "debug" && event.line === "one line",
  );
  await found;
  expect(events).toContainEqual(
    expect.objectContaining({ type: "guest-hello", system: "pillion", integrations: ["pointer"] }),
  );
  expect(events).toContainEqual({ type: "pointer", mode: "integrated", device: "tandem" });
  machine?.powerOff();
  expect(events).toContainEqual({ type: "guest-bye" });
});

test("input wakes a guest that waits, through a message or the ring, and each report is its own", async () => {
  let taken: (id: number) => void = () => {};
  const { events, found } = boot(withBlocks(POINTER_DRIVER, HELLO), (event) => {
    if (event.type === "input-taken") taken(event.id);
    return event.type === "pointer" && event.device === "tandem";
  });
  await found;
  const waitFor = (id: number): Promise<void> =>
    new Promise((resolve) => (taken = (seen) => seen === id && resolve()));

  const first = waitFor(5);
  for (let id = 1; id <= 5; id++) machine?.pointerPosition(id / 10, 0.5, id);
  await first;
  const seen = events.flatMap((event) => (event.type === "input-taken" ? [event.id] : []));
  expect(seen).toEqual([1, 2, 3, 4, 5]);
  expect(machine?.pointerStatistics().tandem.reports).toBe(5);

  const buffer = new SharedArrayBuffer(INPUT_RING_BYTES);
  machine?.shareInput(buffer);
  const writer = new InputRingWriter(buffer, () => machine?.wake());
  for (const id of [6, 7]) {
    const next = waitFor(id);
    await new Promise((resolve) => setTimeout(resolve, 30)); // the guest sleeps
    writer.write({ kind: InputKind.Position, a: 0.9, b: id / 10, id });
    await next;
  }
  // All this while it stood still in WAIT.
  expect(machine?.stats().instructions).toBeLessThan(10_000);
});

test("the cursor comes once a slice, the newest of each kind", async () => {
  const session = 1;
  const show = (visible: number): number[] => {
    const block = request(0x0103, word(visible));
    block.splice(16, 4, ...word(session));
    return block;
  };
  const [hide, unhide] = [show(0), show(1)];
  const at = CODE_AT + BLOCKS_AT + HELLO.length;
  const code = [...ring(CODE_AT + BLOCKS_AT), ...ring(at), ...ring(at + hide.length), ...HALT];
  const { events, found } = boot(
    withBlocks(code, HELLO, hide, unhide),
    (event) => event.type === "cursor-visible",
  );
  expect(await found).toEqual({ type: "cursor-visible", visible: true });
  expect(events.filter(({ type }) => type === "cursor-visible")).toHaveLength(1);
});

test("a guest that talks without end does not flood the page", async () => {
  // again: HELLO; LOG; jmp again
  const text = [..."x"].map((char) => char.charCodeAt(0));
  const code = [...ring(CODE_AT + BLOCKS_AT), ...ring(CODE_AT + BLOCKS_AT + HELLO.length)];
  const { events, found } = boot(
    withBlocks([...code, 0xeb, 256 - code.length - 2], HELLO, request(6, text)),
    (event) => event.type === "debug" && event.line.includes("left out"),
  );
  await found;
  machine?.pause();
  const hellos = events.filter(({ type }) => type === "guest-hello").length;
  const lines = events.filter(({ type }) => type === "debug").length;
  expect(hellos).toBeGreaterThan(0);
  expect(hellos).toBeLessThan(lines);
});

/** Counts the changes of buttons that it latches, at COUNT. */
const COUNT = 0x600;
const BUTTON_COUNTER = [
  ...ring(CODE_AT + BLOCKS_AT),
  ...[0x31, 0xdb], // xor ebx, ebx
  ...[0x66, 0xba, 0x50, 0x5a, 0xed], // wait: mov dx, WAIT; in eax, dx
  ...[0x66, 0xba, 0x70, 0x5a, 0xed], // again: mov dx, sequence; in eax, dx
  ...[0x66, 0xba, 0x7a, 0x5a, 0x66, 0xed], // mov dx, buttons; in ax, dx
  ...[0x89, 0xc1, 0x83, 0xe1, 0x1f], // mov ecx, eax; and ecx, 1Fh
  ...[0x39, 0xd9, 0x74, 0x08], // cmp ecx, ebx; je same
  ...[0x89, 0xcb, 0xff, 0x05, ...word(COUNT)], // mov ebx, ecx; inc dword [COUNT]
  ...[0xf6, 0xc4, 0x80, 0x75, 0xdf], // same: test ah, 80h (More); jnz again
  ...[0xeb, 0xd8], // jmp wait
];

test("of 10,000 clicks and moves through the ring, the guest sees every change of buttons", async () => {
  let taken: (id: number) => void = () => {};
  const { found } = boot(withBlocks(BUTTON_COUNTER, HELLO), (event) => {
    if (event.type === "input-taken") taken(event.id);
    return event.type === "pointer" && event.device === "tandem";
  });
  await found;
  const buffer = new SharedArrayBuffer(INPUT_RING_BYTES);
  machine?.shareInput(buffer);
  const writer = new InputRingWriter(buffer, () => machine?.wake());
  let seed = 99;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  let buttons = 0;
  let changes = 0;
  for (let i = 0; i < 10_000; i++) {
    const isClick = random(3) > 0;
    if (isClick) {
      buttons ^= 1 << random(5);
      changes++;
    }
    const record = isClick
      ? { kind: InputKind.Buttons, a: buttons, b: 0, id: 0 }
      : { kind: InputKind.Position, a: random(1000) / 1000, b: random(1000) / 1000, id: 0 };
    while (!writer.write(record)) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const last = new Promise<void>((resolve) => (taken = () => resolve()));
  const end = { kind: InputKind.Wheel, a: 1, b: 0, id: 1 };
  while (!writer.write(end)) await new Promise((resolve) => setTimeout(resolve, 1));
  await last;
  expect(changes).toBeGreaterThan(6000);
  expect(machine?.core.exports.readPhysical(COUNT, 4)).toBe(changes);
});
