// The runner with tiny guests: a multiboot image of a few bytes is a whole operating system here.

import { readFileSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import type { MachineEvent } from "../shared/api";
import { Machine } from "./machine";

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
