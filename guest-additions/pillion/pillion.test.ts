// Our own guest from outside: what it draws, where its cursor goes, and what a hand at its devices brings about.

import { afterEach, expect, test } from "vitest";
import { findTestCursor, pixel, PillionMachine } from "./testing";

let pillion: PillionMachine | undefined;
afterEach(() => pillion?.dispose());

async function boot(
  ...parameters: Parameters<typeof PillionMachine.boot>
): Promise<PillionMachine> {
  pillion = await PillionMachine.boot(...parameters);
  return pillion;
}

test("the desktop is there after less than 10 million instructions", async () => {
  const { machine } = await boot();
  expect(machine.stats().instructions).toBeLessThan(10e6);
  const picture = machine.screenshot();
  expect([picture.width, picture.height]).toEqual([1024, 768]);
  const colours = new Set<number>();
  for (let y = 0; y < picture.height; y += 4)
    for (let x = 0; x < picture.width; x += 4) colours.add(pixel(picture, x, y));
  expect(colours.size).toBeGreaterThan(200);
});

test("a PS/2 mouse moves the cursor by one pixel a count without acceleration", async () => {
  const { machine } = await boot("pointer=ps2 accel=off");
  const pointer = pillion as PillionMachine;
  expect(await pointer.ask("home corner", "WHERE")).toContain("WHERE 0 0");
  machine.pointerMotion(300, 200);
  expect(await pointer.arrives(300, 200)).toEqual({ x: 300, y: 200 });
  machine.pointerMotion(-17, -9);
  expect(await pointer.arrives(283, 191)).toEqual({ x: 283, y: 191 });
});

test("with acceleration a hand that goes out fast and back slowly does not come back to the start", async () => {
  const { machine } = await boot("pointer=ps2 accel=on");
  const pointer = pillion as PillionMachine;
  await pointer.ask("home corner", "WHERE");
  machine.pointerMotion(150, 0);
  expect((await pointer.arrives(450, 0)).x).toBe(450);
  for (let step = 0; step < 30; step++) {
    machine.pointerMotion(-5, 0);
    await pointer.arrives(450 - (step + 1) * 5, 0);
  }
  expect((await pointer.where()).x).toBe(300);
});

test("a window is moved by its title bar, and comes to the front", async () => {
  const { machine } = await boot("pointer=ps2 accel=off");
  const pointer = pillion as PillionMachine;
  const before = await pointer.window("paint");
  await pointer.ask("home corner", "WHERE");
  machine.pointerMotion(before.x + 200, before.y + 20);
  await pointer.arrives(before.x + 200, before.y + 20);
  machine.pointerButtons(1);
  machine.pointerMotion(-120, 90);
  machine.pointerButtons(0);
  await pointer.arrives(before.x + 80, before.y + 110);
  const after = await pointer.window("paint");
  expect([after.x, after.y]).toEqual([before.x - 120, before.y + 90]);
  expect(after.level).toBe(2);
});

test("a click reaches a button: Welcome opens the targets", async () => {
  const { machine } = await boot("pointer=ps2 accel=off ui=log");
  const pointer = pillion as PillionMachine;
  const { x, y } = await pointer.control("welcome", "Hit targets");
  await pointer.ask("home corner", "WHERE");
  machine.pointerMotion(x + 30, y + 10);
  machine.pointerButtons(1);
  machine.pointerButtons(0);
  expect(await pointer.line("UI button")).toContain("Hit targets");
  expect((await pointer.window("targets")).level).toBe(3);
});

test("the targets can be hit, and the throughput is told", async () => {
  const { machine } = await boot("open=targets ui=log");
  const pointer = pillion as PillionMachine;
  const frame = await pointer.window("targets");
  const start = await pointer.control("targets", "Start");
  const click = (x: number, y: number): void => {
    machine.pointerPosition((x + 0.5) / 1024, (y + 0.5) / 768);
    machine.pointerButtons(1);
    machine.pointerButtons(0);
  };
  click(start.x + 20, start.y + 10);
  for (let target = 0; target < 12; target++) {
    const [x = 0, y = 0] = (await pointer.line("UI target")).split(" ").slice(2).map(Number);
    if (target === 3) click(frame.x + 21, frame.y + 88); // beside them all
    click(x, y);
  }
  const [, errors, throughput] =
    /time=\d+ errors=(\d+) throughput=(\d+\.\d)/.exec(await pointer.line("TARGETS")) ?? [];
  expect(Number(errors)).toBe(1);
  expect(Number(throughput)).toBeGreaterThan(1);
});

test("what is typed appears in the notes", async () => {
  const { machine } = await boot("open=notes");
  const notes = pillion as PillionMachine;
  await machine.typeText("Hello, World! 3x?");
  for (let i = 0; i < 3; i++) await machine.sendKeys("backspace");
  expect(await notes.ask("text", "TEXT")).toBe("TEXT Type here. Hello, World! ");
});

test("the test cursor stands in the picture where the guest says, at the edges too", async () => {
  const { machine } = await boot("pointer=ps2 accel=off cursor=test");
  const pointer = pillion as PillionMachine;
  const places = [[0, 0], [1023, 767], [0, 767], [1023, 0], [5, 400], [512, 384], [1019, 3]]; // prettier-ignore
  for (const [x = 0, y = 0] of places) {
    const from = await pointer.where();
    machine.pointerMotion(x - from.x, y - from.y);
    await pointer.arrives(x, y);
    expect(findTestCursor(pointer.screenshot())).toEqual({ x, y });
  }
});

test("an idle desktop takes a few interrupts a second and next to no instructions", async () => {
  const { machine } = await boot("open=none");
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const before = machine.stats();
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const after = machine.stats();
  expect(after.irqs - before.irqs).toBeLessThan(12 * 2);
  expect(after.instructions - before.instructions).toBeLessThan(1e6);
});

test("random input of all kinds does not upset it", async () => {
  const { machine } = await boot("pointer=auto");
  const desktop = pillion as PillionMachine;
  let random = 99;
  const next = (bound: number): number => {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    return (random >>> 10) % bound;
  };
  const keys = ["KeyA", "Enter", "Backspace", "ArrowUp", "ArrowLeft", "Delete", "ShiftLeft", "End"];
  const commands = ["open system", "open notes", "open targets", "close paint", "open paint", "home centre", "accel off", "accel on", "pointer ps2", "pointer auto", "pointer usb-tablet", "cursor test", "cursor normal", "draw guest", "draw host", "nonsense", "log pointer", "log off"]; // prettier-ignore
  for (let step = 0; step < 3000; step++) {
    const kind = next(10);
    if (kind < 4) machine.pointerPosition(next(1000) / 999, next(1000) / 999);
    else if (kind < 5) machine.pointerMotion(next(400) - 200, next(400) - 200);
    else if (kind < 7) machine.pointerButtons(next(4) === 0 ? next(32) : next(2));
    else if (kind < 8) machine.pointerWheel(next(5) - 2);
    else if (kind < 9) machine.key(keys[next(keys.length)] ?? "", next(2) === 0);
    else if (next(10) === 0)
      machine.serialInput(new TextEncoder().encode(`${commands[next(commands.length)]}\n`));
    if (step % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  machine.releaseAll();
  expect(await desktop.ask("where", "WHERE")).toMatch(/^WHERE \d+ \d+ /);
  expect(machine.state).toBe("running");
});

test("quit switches the machine off", async () => {
  const { machine } = await boot();
  expect(await (pillion as PillionMachine).ask("quit", "BYE")).toBe("BYE");
  while (machine.state !== "off") await new Promise((resolve) => setTimeout(resolve, 5));
  expect(machine.state).toBe("off");
});

test("so does the power button", async () => {
  const { machine } = await boot();
  machine.powerButton();
  await (pillion as PillionMachine).line("BYE");
  while (machine.state !== "off") await new Promise((resolve) => setTimeout(resolve, 5));
  expect(machine.state).toBe("off");
});

test("an exception is told on the serial port and on the screen", async () => {
  const { machine } = await boot();
  expect(await (pillion as PillionMachine).ask("panic exception", "PANIC")).toBe(
    "PANIC Invalid instruction",
  );
  await (pillion as PillionMachine).line("PANIC EFLAGS");
  while (pixel(machine.screenshot(), 5, 700) !== 0x23304f)
    await new Promise((resolve) => setTimeout(resolve, 5));
  expect(pixel(machine.screenshot(), 5, 5)).toBe(0x23304f);
});

test("16 MiB are enough for all windows", async () => {
  await boot("", { memory: 16 });
  const desktop = pillion as PillionMachine;
  for (const name of ["system", "targets", "notes"])
    expect(await desktop.ask(`open ${name}`, "")).toBe("OK");
  expect((await desktop.window("notes")).level).toBe(5);
});

test("with too little memory it says how much it needs", async () => {
  pillion = new PillionMachine("", { memory: 8 });
  expect(await pillion.line("PANIC")).toBe("PANIC Pillion needs 16 MiB of memory.");
});
