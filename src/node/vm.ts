// `npm run vm`: a machine without a page. Exit codes: 0 found or powered off, 124 time-out, 3 triple fault, 2 bad arguments.

import { createWriteStream, existsSync, readFileSync, writeFileSync } from "node:fs";
import { PNG } from "pngjs";
import type { FirmwareConfig } from "../shared/config";
import { TandemError } from "../shared/errors";
import type { DriveName, MachineEvent, Pixels } from "../shared/api";
import { recogniseKernel } from "../worker/boot/image";
import { openImage as openWebImage } from "../worker/disks/open";
import { OverlaySource } from "../worker/disks/overlay";
import { checkImage, HEAD_BYTES, mediumSize } from "../worker/disks/recognize";
import { type BlockSource, readAll } from "../worker/disks/source";
import type { TranslationFigures } from "../worker/core";
import { Machine, type MachineParts } from "../worker/machine";
import { additionsCd } from "./additions-cd";
import { coreModule } from "./core-module";
import { DirectoryRoot } from "./directory-root";
import { FileReader, unreadable } from "./file-reader";
import { type Arguments, isWebAddress, parseArguments, USAGE } from "./vm/arguments";
import { VmChannels } from "./vm/channels";
import { countedRoot, type HostCalls } from "./vm/counted-root";
import { HostClipboard } from "./vm/host-clipboard";
import { parseScript, type Step } from "./vm/script";
import { Watcher } from "./vm/watcher";

enum Exit {
  Done = 0,
  Crash = 1,
  Bad = 2,
  TripleFault = 3,
  TimeOut = 124,
}

const SYSTEM_FIRMWARE = [".cache/firmware/bios-256k.bin", "/usr/share/seabios/bios-256k.bin"];
const VGA_FIRMWARE = [
  ".cache/firmware/vgabios-stdvga.bin",
  "/usr/share/seabios/vgabios-stdvga.bin",
];
/** In place of a CD's image: ours with drivers and tools for guests. */
const ADDITIONS = "tandem:additions";
const SCREEN_CHECK_INTERVAL = 100;
/** Longer than a PS/2 mouse needs to report. */
const CLICK_MILLISECONDS = 60;
const NO_CURSOR: [number, number] = [0, 0];

async function main(): Promise<number> {
  const args = parseArguments(process.argv.slice(2));
  if (!args) {
    process.stdout.write(`${USAGE}\n`);
    return Exit.Done;
  }
  const steps = args.script === undefined ? [] : parseScript(readText(args.script));
  const parts = await loadParts(args);
  return new Run(args, parts, steps).finished;
}

class Run {
  readonly finished: Promise<number>;
  readonly #args: Arguments;
  readonly #machine: Machine;
  readonly #watcher: Watcher;
  readonly #channels: VmChannels;
  readonly #serialOut: (bytes: Uint8Array) => void;
  readonly #started = performance.now();
  #finish: (code: number) => void = () => {};
  #buttons = 0;
  readonly #hostCalls: HostCalls = {};
  #fuseRequestsTold = 0;
  readonly #clipboard: HostClipboard;
  /** Width and height of the cursor that the host would draw. */
  #cursor: [number, number] = NO_CURSOR;
  /** Of a machine that has switched itself off. */
  #lastPicture: Pixels | undefined;

  constructor(args: Arguments, parts: MachineParts, steps: Step[]) {
    this.#args = args;
    this.#serialOut = openSerial(args.serial, (bytes) => this.#machine.serialInput(bytes));
    this.#machine = new Machine(parts, (event) => this.#event(event));
    this.#clipboard = new HostClipboard(this.#machine.clipboard);
    this.#watcher = new Watcher(() => this.#machine.screenText());
    this.#channels = new VmChannels(this.#machine);
    const timers: NodeJS.Timeout[] = [
      setInterval(() => this.#watcher.checkScreen(), SCREEN_CHECK_INTERVAL),
    ];
    this.finished = new Promise<number>((resolve) => (this.#finish = resolve)).then((code) => {
      timers.forEach(clearTimeout);
      return this.#end(code);
    });
    if (args.timeoutSeconds !== undefined)
      timers.push(setTimeout(() => this.#timeOut(), args.timeoutSeconds * 1000));
    try {
      for (const { path, ...options } of args.folders)
        this.#machine.folders.attach(countedRoot(openDirectory(path), this.#hostCalls), options);
      for (const { name, target } of args.channels) this.#openChannel(name, target);
      this.#machine.start();
    } catch (error) {
      this.#fail(error);
      return;
    }
    void this.#follow(steps);
  }

  #openChannel(name: string, target: string): void {
    const write = openOutput(target);
    const end = this.#channels.open(name, write);
    if (target !== "stdio") return;
    void (async () => {
      for await (const bytes of process.stdin as AsyncIterable<Buffer>) await end.send(bytes);
      end.finish();
    })();
  }

  #timeOut(): void {
    const until = this.#args.until;
    const reason = until === undefined ? "" : `: "${until}" was not seen`;
    process.stderr.write(`Time-out after ${this.#args.timeoutSeconds} s${reason}.\n`);
    this.#finish(Exit.TimeOut);
  }

  #fail(error: unknown): void {
    const { message } = TandemError.from(error);
    process.stderr.write(`${message}\n`);
    this.#finish(Exit.Bad);
  }

  #event(event: MachineEvent): void {
    switch (event.type) {
      case "serial":
        if (event.port !== 0) break;
        this.#serialOut(event.bytes);
        this.#watcher.serial(event.bytes);
        break;
      case "debug":
        if (this.#args.debug) process.stderr.write(`debug: ${event.line}\n`);
        break;
      case "power-off":
        this.#lastPicture = this.#machine.screenshot();
        this.#finish(Exit.Done);
        break;
      case "triple-fault":
        process.stderr.write(`${event.report.reason}\n${event.report.details}\n`);
        this.#finish(Exit.TripleFault);
        break;
      case "error":
        process.stderr.write(`${event.error.message}\n`);
        if (event.error.code === "core-crash") this.#finish(Exit.Crash);
        break;
      case "clipboard-offer":
      case "clipboard-wanted":
        this.#clipboard.event(event);
        break;
      case "cursor-shape":
        this.#cursor = [event.width, event.height];
        break;
      case "cursor-none":
      case "guest-bye":
        this.#cursor = NO_CURSOR;
        break;
      default:
        break; // for a page: frames, lights, pointer
    }
  }

  /** The script first; then --until ends the run, and without it the end of the script does. */
  async #follow(steps: Step[]): Promise<void> {
    const { until } = this.#args;
    const seen = until === undefined ? undefined : this.#watcher.wait(until, "anywhere");
    try {
      for (const step of steps) await this.#step(step);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (seen) await seen;
    else if (steps.length === 0) return;
    this.#finish(Exit.Done);
  }

  async #step(step: Step): Promise<void> {
    const machine = this.#machine;
    switch (step.step) {
      case "wait":
        return this.#watcher.wait(step.text, "anywhere");
      case "wait-serial":
        return this.#watcher.wait(step.text, "serial");
      case "wait-pixel":
        while (!hasColor(machine.screenshot(), step)) await sleep(SCREEN_CHECK_INTERVAL);
        return;
      case "wait-power-off":
        return new Promise(() => {}); // the power-off ends the run
      case "sleep":
        return sleep(step.milliseconds);
      case "type":
        return machine.typeText(step.text);
      case "key":
        return machine.sendKeys(step.chord);
      case "serial":
        return machine.serialInput(Uint8Array.from(step.text, (char) => char.charCodeAt(0)));
      case "move":
        return machine.pointerPosition(step.x, step.y);
      case "rel":
        return machine.pointerMotion(step.dx, step.dy);
      case "down":
        return this.#press(this.#buttons | step.button);
      case "up":
        return this.#press(this.#buttons & ~step.button);
      case "click":
        this.#press(this.#buttons | step.button);
        await sleep(CLICK_MILLISECONDS);
        return this.#press(this.#buttons & ~step.button);
      case "pointer":
        return machine.setPointerMode(step.mode);
      case "copy":
      case "paste":
        return this.#clipboard.copy("text/plain", encode(step.text), step.step === "paste");
      case "copy-file":
        return this.#clipboard.copy(step.format, await readFile(step.file));
      case "wait-copied":
        await this.#clipboard.wait("text/plain", (bytes) => decode(bytes) === step.text);
        return;
      case "save-copied":
        return writeFile(step.file, await this.#clipboard.wait(step.format));
      case "wait-cursor":
        while (this.#cursor.join() !== step.size.join()) await sleep(SCREEN_CHECK_INTERVAL);
        return;
      case "wheel":
        return machine.pointerWheel(step.notches);
      case "screenshot":
        return this.#screenshot(step.file);
      case "detach":
        return machine.folders.detach(step.name);
      case "read-only":
        return machine.folders.setReadOnly(step.name, true);
      case "host-calls":
        return this.#tellHostCalls(step.name);
      case "send":
        return this.#channels.open(step.name).send(Buffer.from(step.text, "utf8"));
      case "send-file":
        return this.#channels.open(step.name).send(await readFile(step.file));
      case "end-channel":
        return this.#channels.open(step.name).finish();
      case "wait-channel":
        return this.#channels.wait(step.name, Buffer.from(step.text, "utf8").toString("latin1"));
      case "eject":
        return machine.eject(step.drive);
      case "insert":
        return machine.insert(step.drive, await openImage(step.drive, step.file));
      case "snapshot":
      case "restore":
        throw new TandemError("not-yet", `"${step.step}": snapshots are not there yet.`);
    }
  }

  /** Of all folders, since the step before; "fuse": what the guest's kernel has asked. */
  #tellHostCalls(name: string): void {
    const { fuseRequests } = this.#machine.folders;
    const calls = { fuse: fuseRequests - this.#fuseRequestsTold, ...this.#hostCalls };
    this.#fuseRequestsTold = fuseRequests;
    process.stderr.write(`HOST-CALLS ${name} ${JSON.stringify(calls)}\n`);
    for (const call of Object.keys(this.#hostCalls)) delete this.#hostCalls[call];
  }

  #press(buttons: number): void {
    this.#buttons = buttons;
    this.#machine.pointerButtons(buttons);
  }

  #screenshot(file: string): void {
    const { width, height, data } = this.#lastPicture ?? this.#machine.screenshot();
    if (width === 0) throw new TandemError("not-running", "There is no picture to save.");
    const png = new PNG({ width, height });
    png.data = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    writeFile(file, PNG.sync.write(png));
  }

  async #end(code: number): Promise<number> {
    const { screenshot, stats } = this.#args;
    let result = code;
    if (stats) process.stderr.write(`${JSON.stringify(this.#stats())}\n`);
    if (screenshot !== undefined) {
      try {
        this.#screenshot(screenshot);
      } catch (error) {
        process.stderr.write(`${TandemError.from(error).message}\n`);
        if (code === Exit.Done) result = Exit.Bad;
      }
    }
    await this.#machine.dispose();
    return result;
  }

  #stats(): Record<string, unknown> {
    const { instructions, irqs } = this.#machine.stats();
    const { made, ended, milliseconds, instructions: translated } = this.#machine.translations ?? NOTHING_TRANSLATED; // prettier-ignore
    const usage = process.resourceUsage();
    return {
      wallMs: Math.round(performance.now() - this.#started),
      cpuMs: Math.round((usage.userCPUTime + usage.systemCPUTime) / 1000),
      coreMs: Math.round(this.#machine.coreMilliseconds),
      instructions,
      interpretedShare: instructions ? 1 - translated / instructions : 1,
      regionsCompiled: made,
      compileMs: Math.round(milliseconds),
      invalidations: ended,
      irqs,
      pointer: this.#machine.pointerStatistics(),
      peakMemoryBytes: usage.maxRSS * 1024,
    };
  }
}

const NOTHING_TRANSLATED: TranslationFigures = {
  made: 0,
  ended: 0,
  bytes: 0,
  instructions: 0,
  milliseconds: 0,
};

/** Pictures of 15 and 16 bits a pixel do not have every color. */
const COLOR_TOLERANCE = 8;

function hasColor(
  picture: Pixels,
  { x, y, color }: { x: number; y: number; color: number },
): boolean {
  const { width, height, data } = picture;
  if (width === 0) return false;
  const column = Math.min(width - 1, Math.floor(x * width));
  const row = Math.min(height - 1, Math.floor(y * height));
  const at = (row * width + column) * 4;
  return [16, 8, 0].every(
    (shift, channel) =>
      Math.abs((data[at + channel] ?? 0) - ((color >> shift) & 0xff)) <= COLOR_TOLERANCE,
  );
}

// ---- files ----

async function loadParts(args: Arguments): Promise<MachineParts> {
  const { config, initrds } = args;
  const drives: MachineParts["drives"] = {};
  for (const drive of ["floppy", "hda", "cdrom"] as const) {
    const image = config[drive];
    if (image) drives[drive] = await openImage(drive, image.url);
  }
  const kernel = config.kernel && (await recogniseKernel(await readFile(config.kernel.url)));
  const files = await Promise.all(
    initrds.map(async ({ path, commandLine }) => ({ bytes: await readFile(path), commandLine })),
  );
  if (kernel?.kind === "linux" && files.length > 1)
    throw new TandemError("bad-argument", "A Linux kernel takes one --initrd.");
  const needsFirmware = !kernel || kernel.needsFirmware;
  const systemRom = await firmware(config.firmware, SYSTEM_FIRMWARE, needsFirmware, "SeaBIOS");
  const vgaRom = await firmware(config.vgaFirmware, VGA_FIRMWARE, needsFirmware, "VGA BIOS");
  if (needsFirmware && !systemRom)
    throw new TandemError("firmware-missing", "What starts here needs a BIOS: give --firmware.");
  return {
    module: coreModule(),
    memory: config.memory,
    drives,
    append: config.append,
    pointer: config,
    hypervisor: config.hypervisor,
    jit: config.jit,
    onTripleFault: "stop",
    modules: files,
    ...(files[0] && { initrd: files[0].bytes }),
    ...(kernel && { kernel }),
    ...(systemRom && { systemRom }),
    ...(vgaRom && { vgaRom }),
    ...(config.boot && { boot: config.boot }),
  };
}

async function firmware(
  config: FirmwareConfig,
  places: string[],
  needed: boolean,
  name: string,
): Promise<Uint8Array | undefined> {
  if (config === "none") return undefined;
  if (config !== "auto") return readFile(config.url);
  if (!needed) return undefined;
  const path = places.find((place) => existsSync(place));
  if (path === undefined)
    throw new TandemError(
      "firmware-missing",
      `${name} is needed to start from a disk and was found at none of ${places.join(", ")}.` +
        " On Debian, install the package seabios.",
    );
  return readFile(path);
}

async function openImage(drive: DriveName, path: string): Promise<BlockSource> {
  if (path === ADDITIONS && drive === "cdrom") return openWebImage(drive, await additionsCd());
  if (isWebAddress(path)) return openWebImage(drive, { url: path });
  const file = new FileReader(path);
  try {
    const head = new Uint8Array(Math.min(HEAD_BYTES, file.size));
    file.read(0, head);
    checkImage(drive, head, file.size);
  } catch (error) {
    file.close();
    const { code, message } = TandemError.from(error);
    throw new TandemError(code, `${path}: ${message}`);
  }
  return new OverlaySource(file, drive === "cdrom", mediumSize(drive, file.size));
}

function openDirectory(path: string): DirectoryRoot {
  try {
    return new DirectoryRoot(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  if (isWebAddress(path)) return readAll(await openWebImage("kernel", { url: path }));
  const source = new FileReader(path);
  try {
    return await readAll(source);
  } finally {
    source.close();
  }
}

function writeFile(path: string, bytes: Uint8Array): void {
  try {
    writeFileSync(path, bytes);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw unreadable(path, error);
  }
}

// ---- serial ports and channels ----

const CONTROL_A = 1;

function openSerial(
  target: string | undefined,
  input: (bytes: Uint8Array) => void,
): (bytes: Uint8Array) => void {
  if (target === undefined) return () => {};
  if (target === "stdio") {
    const { stdin } = process;
    if (stdin.isTTY) stdin.setRawMode(true);
    let commanded = false;
    stdin.on("data", (data: Buffer) => {
      // Ctrl+A, x leaves, since Ctrl+C belongs to the guest.
      if (stdin.isTTY && commanded && data[0] === "x".charCodeAt(0)) process.exit(Exit.Done);
      commanded = data.length === 1 && data[0] === CONTROL_A;
      if (!commanded || !stdin.isTTY) input(data);
    });
  }
  return openOutput(target);
}

/** A file, or the console. */
function openOutput(target: string): (bytes: Uint8Array) => void {
  if (target === "stdio") return (bytes) => process.stdout.write(bytes);
  const stream = createWriteStream(target);
  stream.on("error", (error) => {
    process.stderr.write(`${unreadable(target, error).message}\n`);
    process.exit(Exit.Bad);
  });
  return (bytes) => stream.write(bytes);
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

main().then(
  (code) => {
    // Lets what is still on its way to stdout and to a serial file arrive.
    process.exitCode = code;
    setTimeout(() => process.exit(code), 20);
  },
  (error: unknown) => {
    const known = error instanceof TandemError;
    process.stderr.write(
      `${known ? error.message : String(error instanceof Error ? error.stack : error)}\n`,
    );
    process.exitCode = known ? Exit.Bad : Exit.Crash;
  },
);
