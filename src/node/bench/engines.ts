// What the benchmark runs: an engine, given a guest, yields the lines of its serial port, each with the time it ended.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const GUESTS = ".cache/guests";
const FIRMWARE = ".cache/firmware";
const BOOT_OPTIONS = "console=ttyS0 nokaslr cryptomgr.notests noisapnp quiet";
const WORKLOAD_MEMORY = 32;
const BOOT_MEMORY = 128;

export interface SerialLine {
  text: string;
  /** Milliseconds on the engine's clock; `started` of the same run counts from there. */
  time: number;
}

export interface Run {
  /** When the engine was asked to begin. */
  started: number;
  stop(): Promise<void>;
}

export interface Engine {
  name: string;
  /** Runs the workloads (`image`), or boots Linux. Rejects when the engine cannot begin; `ended` tells when it ends early. */
  start(
    image: string | undefined,
    line: (line: SerialLine) => void,
    ended: (reason: string) => void,
  ): Promise<Run>;
}

/** A process whose stdout is the guest's serial port. */
function processEngine(
  name: string,
  command: (image: string | undefined) => readonly string[],
): Engine {
  return {
    name,
    start(image, line, ended) {
      const started = performance.now();
      const child = spawn(process.execPath, command(image));
      let pending = "";
      let errors = "";
      child.stderr.on("data", (data: Buffer) => {
        errors = (errors + data.toString()).slice(-2000);
      });
      child.stdout.on("data", (data: Buffer) => {
        pending += data.toString("latin1");
        const lines = pending.split("\n");
        pending = lines.pop() ?? "";
        for (const text of lines) line({ text: text.trim(), time: performance.now() });
      });
      child.on("error", (error) => ended(error.message));
      child.on("close", (code) => ended(`ended early, exit code ${code}\n${errors}`));
      const stop = (): Promise<void> => {
        child.kill("SIGKILL");
        return Promise.resolve();
      };
      return Promise.resolve({ started, stop });
    },
  };
}

function tandemCommand(jit: boolean): (image: string | undefined) => string[] {
  return (image) => [...tandemGuest(image), "--jit", jit ? "on" : "off"];
}

function tandemGuest(image: string | undefined): string[] {
  const guest = image
    ? ["--memory", String(WORKLOAD_MEMORY), "--kernel", image, "--until", "BENCH-DONE"]
    : ["--memory", String(BOOT_MEMORY), "--kernel", join(GUESTS, "vmlinuz-686"), "--initrd", join(GUESTS, "initramfs.cpio.gz"), "--append", BOOT_OPTIONS, "--until", "GUEST-READY"]; // prettier-ignore
  return ["--import", "tsx", "src/node/vm.ts", ...guest, "--serial", "stdio", "--timeout", "300"];
}

function v86Command(jit: boolean): (image: string | undefined) => string[] {
  return (image) => {
    const options = image
      ? { jit, memory: WORKLOAD_MEMORY, multiboot: image }
      : {
          jit,
          memory: BOOT_MEMORY,
          bios: join(FIRMWARE, "bios-256k.bin"),
          vgaBios: join(FIRMWARE, "vgabios-stdvga.bin"),
          kernel: join(GUESTS, "vmlinuz-686"),
          initrd: join(GUESTS, "initramfs.cpio.gz"),
          append: BOOT_OPTIONS,
        };
    return [join(HERE, "v86-runner.mjs"), JSON.stringify(options)];
  };
}

/** Names of the engines, the project's own first. */
export const ENGINE_NAMES = ["tandem", "tandem-jit", "v86-nojit", "v86"] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

function isTandem(name: EngineName): boolean {
  return name.startsWith("tandem");
}

export function nodeEngine(name: EngineName): Engine {
  const command = isTandem(name)
    ? tandemCommand(name === "tandem-jit")
    : v86Command(name === "v86");
  return processEngine(name, command);
}

/** The address of the page src/bench that runs a guest. */
export function pageAddress(origin: string, engine: EngineName, image: string | undefined): string {
  const parameters: Record<string, string> = image
    ? { memory: String(WORKLOAD_MEMORY), multiboot: `/${image}` }
    : {
        memory: String(BOOT_MEMORY),
        kernel: "/machines/vmlinuz-686",
        initrd: "/machines/initramfs.cpio.gz",
        append: BOOT_OPTIONS,
      };
  if (!isTandem(engine) && !image) {
    parameters["bios"] = "/bios/bios-256k.bin";
    parameters["vgaBios"] = "/bios/vgabios-stdvga.bin";
  }
  return `${origin}/src/bench/index.html?${new URLSearchParams({ engine, ...parameters })}`;
}
