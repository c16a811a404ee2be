// Pillion in a machine of its own, for tests: boots the committed binary and speaks with it over the serial port.

import { readFileSync } from "node:fs";
import type { MachineEvent, Pixels } from "../../src/shared/api";
import { Machine, type MachineParts } from "../../src/worker/machine";

const module = new WebAssembly.Module(
  readFileSync(process.env["TANDEM_CORE"] ?? "build/core.wasm"),
);
const image = new Uint8Array(readFileSync("guest-additions/pillion/pillion.elf"));

export interface Place {
  x: number;
  y: number;
}

export interface Box extends Place {
  width: number;
  height: number;
}

export class PillionMachine {
  readonly machine: Machine;
  /** What the worker would tell its page, but for frames and serial output. */
  readonly events: MachineEvent[] = [];
  /** As they come. */
  onEvent: (event: MachineEvent) => void = () => {};
  /** Lines that nobody has waited for yet. */
  #lines: string[] = [];
  #partial = "";
  #wake: () => void = () => {};

  /** Powers on; the command line is Pillion's. */
  constructor(append = "", parts: Partial<MachineParts> = {}) {
    this.machine = new Machine(
      {
        module,
        memory: 64,
        drives: {},
        append,
        onTripleFault: "stop",
        kernel: { kind: "multiboot", bytes: image, needsFirmware: false },
        ...parts,
      },
      (event) => {
        if (event.type === "serial") this.#take(event.bytes);
        else if (event.type !== "frame" && event.type !== "stats") {
          this.events.push(event);
          this.onEvent(event);
        }
      },
    );
    this.machine.start();
  }

  /** Boots to the desktop. */
  static async boot(append = "", parts: Partial<MachineParts> = {}): Promise<PillionMachine> {
    const pillion = new PillionMachine(append, parts);
    await pillion.line("PILLION-READY");
    return pillion;
  }

  #take(bytes: Uint8Array): void {
    const lines = (this.#partial + new TextDecoder().decode(bytes)).split("\n");
    this.#partial = lines.pop() ?? "";
    this.#lines.push(...lines);
    this.#wake();
  }

  /** The next line that begins so; those before it are dropped. */
  async line(start: string): Promise<string> {
    for (;;) {
      while (this.#lines.length > 0) {
        const line = this.#lines.shift() ?? "";
        if (line.startsWith(start)) return line;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Sends a command and returns the first line of its answer that begins so. */
  ask(command: string, start: string): Promise<string> {
    this.#lines = [];
    this.machine.serialInput(new TextEncoder().encode(`${command}\n`));
    return this.line(start);
  }

  async where(): Promise<Place & { driver: string; buttons: number }> {
    const answer = await this.ask("where", "WHERE");
    const [, x, y, buttons, driver] =
      /WHERE (-?\d+) (-?\d+) buttons=(\w+) driver=(\S+)/.exec(answer) ?? [];
    return {
      x: Number(x),
      y: Number(y),
      buttons: parseInt(buttons ?? "", 16),
      driver: driver ?? "",
    };
  }

  /** Waits until the cursor is there, for some seconds; then says where it is. */
  async arrives(x: number, y: number): Promise<Place> {
    let place = await this.where();
    for (let tries = 0; tries < 3000 && (place.x !== x || place.y !== y); tries++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      place = await this.where();
    }
    return { x: place.x, y: place.y };
  }

  /** The last event of a kind. */
  last<T extends MachineEvent["type"]>(type: T): Extract<MachineEvent, { type: T }> | undefined {
    return this.events.findLast(
      (event): event is Extract<MachineEvent, { type: T }> => event.type === type,
    );
  }

  async window(name: string): Promise<Box & { level: number }> {
    const answer = await this.ask("windows", `WINDOW ${name} `);
    const [x = 0, y = 0, width = 0, height = 0] = answer.split(" ").slice(2).map(Number);
    return { x, y, width, height, level: Number(answer.split("level=")[1]) };
  }

  /** A button by its label, on the screen. */
  async control(window: string, label: string): Promise<Box & { checked: boolean }> {
    const frame = await this.window(window);
    const answer = await this.ask(`controls ${window}`, "CONTROL");
    const lines = [answer, ...this.#lines];
    for (const line of lines) {
      const words = line.split(" ");
      if (words.slice(7).join(" ") !== label) continue;
      const [x = 0, y = 0, width = 0, height = 0, checked = 0] = words.slice(2, 7).map(Number);
      return { x: frame.x + x, y: frame.y + y, width, height, checked: checked === 1 };
    }
    throw new Error(`${window} has no button ${label}: ${lines.join(", ")}`);
  }

  screenshot(): Pixels {
    return this.machine.screenshot();
  }

  dispose(): void {
    void this.machine.dispose();
  }
}

/** Red, green and blue of a pixel as one number. */
export function pixel({ width, data }: Pixels, x: number, y: number): number {
  const at = (y * width + x) * 4;
  return ((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0);
}

const TEST_COLOURS = [0xff00ff, 0x00ff00];
const TEST_HOT = 6;

/** Where the test cursor points (desktop/cursor.h says how it looks), or undefined when it is not to be seen. */
export function findTestCursor(picture: Pixels): Place | undefined {
  let [left, top, right, bottom] = [Infinity, Infinity, -1, -1];
  for (let y = 0; y < picture.height; y++)
    for (let x = 0; x < picture.width; x++) {
      if (!TEST_COLOURS.includes(pixel(picture, x, y))) continue;
      left = Math.min(left, x);
      top = Math.min(top, y);
      right = Math.max(right, x);
      bottom = Math.max(bottom, y);
    }
  if (right < 0) return undefined;
  return {
    x: left > 0 ? left + TEST_HOT : right - TEST_HOT + 1,
    y: top > 0 ? top + TEST_HOT : bottom - TEST_HOT + 1,
  };
}
