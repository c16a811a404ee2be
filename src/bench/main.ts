// The page that `npm run bench -- --browser` opens: one engine, one guest, its serial port line by line with the time.
//
// Address: ?engine=tandem|tandem-jit|v86|v86-nojit&memory=MiB and either &multiboot=URL or &kernel=URL&initrd=URL&append=S&bios=URL&vgaBios=URL.

import { V86 } from "v86";
import v86Wasm from "v86/build/v86.wasm?url";
import { MachineClient } from "../page/machine-client";

declare global {
  interface Window {
    /** Given by the benchmark: a line of the guest's serial port and when its end arrived, in milliseconds. */
    serialLine(line: string, time: number): void;
  }
}

const parameters = new URLSearchParams(location.search);
const engine = parameters.get("engine") ?? "tandem";
const memory = Number(parameters.get("memory") ?? 32);
let line = "";

function take(byte: number): void {
  if (byte === 10) {
    window.serialLine(line, performance.now());
    line = "";
  } else if (byte !== 13) {
    line += String.fromCharCode(byte);
  }
}

function address(name: string): { url: string } | undefined {
  const value = parameters.get(name);
  return value === null ? undefined : { url: new URL(value, location.href).href };
}

async function runTandem(): Promise<void> {
  const machine = new MachineClient();
  machine.listen((event) => {
    if (event.type === "serial") for (const byte of event.bytes) take(byte);
    else if (event.type === "error") throw new Error(event.error.message);
  });
  await machine.ready();
  await machine.api.create({
    memory,
    kernel: address("multiboot") ?? address("kernel"),
    initrd: address("initrd"),
    append: parameters.get("append") ?? "",
    jit: engine === "tandem-jit",
  });
  await machine.api.start();
}

function runV86(): void {
  const emulator = new V86({
    wasm_path: v86Wasm,
    memory_size: memory << 20,
    vga_memory_size: 8 << 20,
    screen_container: document.querySelector("#screen"),
    autostart: true,
    disable_jit: engine === "v86-nojit",
    disable_speaker: true,
    net_device: { type: "none" },
    bios: address("bios"),
    vga_bios: address("vgaBios"),
    multiboot: address("multiboot"),
    bzimage: address("kernel"),
    initrd: address("initrd"),
    cmdline: parameters.get("append") ?? "",
  } as unknown as ConstructorParameters<typeof V86>[0]);
  emulator.add_listener("serial0-output-byte", take);
}

if (engine.startsWith("tandem")) await runTandem();
else runV86();
