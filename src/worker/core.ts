// Loads core.wasm and gives it its imports. The same in a worker and in Node.

import { DiskStatus } from "../../wasm/protocol/disk";

/** What the core calls; see wasm/host.ts for meanings and units. */
export interface CoreHost {
  now(): number;
  wallClock(): number;
  zoneWest(): number;
  debugCharacter(port: number, character: number): void;
  serialOutput(port: number, byte: number): void;
  /** Answers with `complete`, now or later. */
  diskRequest(
    drive: number,
    operation: number,
    position: number,
    length: number,
    pointer: number,
  ): void;
  event(kind: number, a: number, b: number): void;
  random(): number;
  /** A request on the Tandem port; answers with `completeRequest`, now or later. */
  request(token: number, command: number, body: number, length: number): void;
  cancelRequest(token: number): void;
  /** A virtio device's; answers with `completeVirtio`, now or later. Its segments hold until this returns. */
  virtioRequest(
    place: number,
    token: number,
    segments: number,
    readable: number,
    writable: number,
  ): void;
  virtioReset(place: number): void;
}

type Address = WebAssembly.Global;

/** The core's exports (wasm/index.ts). */
export interface CoreExports {
  memory: WebAssembly.Memory;
  initialize(ramBytes: number): void;
  reset(): void;
  /** Resets the CPU alone. */
  initializeProcessor(): void;
  raiseNmi(): void;
  /** Runs about `budget` instructions; returns a RunResult (wasm/cpu/run.ts). */
  run(budget: number): number;
  handleFault(): void;
  /** One instruction, a repeated one to its end. */
  step(): number;
  /** Takes away all devices but memory. */
  makeBare(): void;
  /** Of the instructions given to the last `run`, after a fault left it. */
  budgetLeft(): number;
  // Figures since power-on.
  instructionsExecuted(): number;
  interruptsDelivered(): number;
  guestMilliseconds(): number;
  readPort(port: number, size: number): number;
  writePort(port: number, size: number, value: number): void;
  readPhysical(address: number, size: number): number;
  writePhysical(address: number, size: number, value: number): void;
  millisecondsToNextTimer(limit: number): number;
  runTimers(): void;
  pauseClock(): void;
  resumeClock(): void;
  /** Milliseconds by which guest time is behind where it will have caught up. */
  clockLag(): number;
  /** A byte of CMOS RAM: floppy types, boot order. Before power-on. */
  setCmos(index: number, value: number): void;
  /** A fw_cfg file; name and data are copied. 0: no room. */
  addFirmwareFile(name: number, nameLength: number, data: number, length: number): number;
  /** After the ROM's bytes were copied to SYSTEM_ROM. */
  setSystemRom(length: number): void;
  pressPowerButton(): void;
  /** Text over VMware's port: where the host puts it and finds it, and how much there is for the guest. */
  vmwareTextToGuest(): number;
  vmwareTextToHost(): number;
  offerVmwareText(length: number): void;
  /** A Hypervisor of protocol/vmport.ts that CPUID tells of. Before power-on. */
  setHypervisor(hypervisor: number): void;
  /** A key by its set-1 code, +E000h for extended ones, E11Dh for Pause. 0: no room now. */
  keyboardKey(key: number, pressed: number): number;
  /**
   * The pointer, wasm/bus/pointer.ts: given to the device that the guest listens to, of those that the route (PointerRoute of
   * protocol/input.ts) allows. 0: no room, give the same again later. `id` comes back in MachineEvent.InputTaken; 0 for none.
   */
  pointerMotion(dx: number, dy: number, id: number): number;
  /** Fractions of the picture, 0 to 1. */
  pointerPosition(x: number, y: number, id: number): number;
  pointerButtons(buttons: number, id: number): number;
  pointerWheel(vertical: number, horizontal: number, id: number): number;
  pointerRoute(route: number): void;
  /** Of a PointerDevice: reports that the guest took, interrupts that it raised. */
  pointerReports(device: number): number;
  pointerInterrupts(device: number): number;
  // The Tandem port.
  setDetached(detached: number): void;
  /** Where the body of an answer goes, 64 KB; 0 when nobody waits for it any more. */
  requestBuffer(token: number): number;
  /** status: a RequestStatus. 0: nobody waits for it any more. */
  completeRequest(token: number, status: number, length: number): number;
  /** Core address of guest RAM, 0 when it is not RAM; `writing`: the caller writes there at once. */
  guestRange(address: number, size: number, writing: number): number;
  /** A file system that the guest mounts by the name in `length` bytes at `tag`; before power-on. Its place, or -1: no room. */
  addVirtioFs(tag: number, length: number): number;
  /** 0: nobody waits for it any more. */
  completeVirtio(token: number, written: number): number;
  /** An Event of protocol/tandem-port.ts for the guest's driver, if it wants that kind. */
  raiseEvent(kind: number, payload: number): number;
  /** Plugs a UsbDevice of protocol/input.ts in or pulls it out; a third one brings a hub with it. */
  usbPlug(device: number, on: number): number;
  /** bInterval of the devices in milliseconds, from their next configuration on. */
  usbSetInterval(milliseconds: number): void;
  /** A byte for serial port 0 or 1; 0: no room now. */
  serialInput(port: number, byte: number): number;
  serialRoom(port: number): number;
  ramAddress(): number;
  ramBytes(): number;
  // The CPU's registers: wasm/cpu/inspect.ts.
  clearHalted(): void;
  getControlRegister(number: number): number;
  getCpl(): number;
  getDebugRegister(number: number): number;
  getDescriptorTableBase(which: number): number;
  getDescriptorTableLimit(which: number): number;
  getEflags(): number;
  getEip(): number;
  getFaultCode(): number;
  getFaultEip(): number;
  getFaultHasCode(): number;
  getFaultVector(): number;
  getHalted(): number;
  getInhibit(): number;
  probeFetch(): void;
  getRegister(index: number): number;
  getSegmentAttributes(index: number): number;
  getSegmentBase(index: number): number;
  getSegmentLimit(index: number): number;
  getSegmentSelector(index: number): number;
  getShutdown(): number;
  setControlRegister(number: number, value: number): void;
  setDebugRegister(number: number, value: number): void;
  setDescriptorTable(which: number, base: number, limit: number): void;
  setEflags(value: number): void;
  setEip(value: number): void;
  setHarness(bits: number): void;
  setRegister(index: number, value: number): void;
  setSegment(
    index: number,
    selector: number,
    base: number,
    limit: number,
    attributes: number,
  ): void;
  setStepping(on: number): void;
  /** Whether hot code is translated (wasm/jit). */
  setJit(on: number): void;
  jitFigure(index: number): number;
  readonly table: WebAssembly.Table;
  jitRead8(): number;
  jitRead16(): number;
  jitRead32(): number;
  jitWrite8(): number;
  jitWrite16(): number;
  jitWrite32(): number;
  jitProbe(): number;
  jitSegmented(): number;
  jitFallback(): number;
  jitCondition(): number;
  readonly FPU_STATE: Address;
  readonly XMM_STATE: Address;
  readonly MSR_STATE: Address;
  /** Brings FRAMEBUFFER up to date; 1 when a pixel changed, and then the dirty rectangle says where. */
  renderFrame(): number;
  frameWidth(): number;
  frameHeight(): number;
  /** Width to height as a monitor shows the picture. */
  frameAspect(): number;
  dirtyX(): number;
  dirtyY(): number;
  dirtyWidth(): number;
  dirtyHeight(): number;
  /** The text screen as CP437 bytes to a core address; columns << 16 | rows, or 0 in a graphics mode. */
  textScreen(pointer: number): number;
  /** So many bytes at VGA_ROM are the VGA BIOS; before the reset that is to find it. */
  setVgaRom(length: number): void;
  /** Drives, wasm/devices/disks.ts. kind: 0 disk, 1 CD-ROM. */
  attachDisk(drive: number, kind: number, sizeBytes: number): void;
  detachDisk(drive: number): void;
  insertMedium(drive: number, sizeBytes: number, readOnly: number): void;
  /** 0: the guest has locked the tray; it has been asked to open it. */
  ejectMedium(drive: number, force: number): number;
  setMedium(drive: number, sizeBytes: number, readOnly: number): void;
  diskComplete(drive: number, status: number): void;
  readonly DEVICE_TABLE: Address;
  readonly CPU_STATE: Address;
  readonly FRAMEBUFFER: Address;
  readonly HOST_BUFFERS: Address;
  readonly RAM: Address;
  readonly SYSTEM_ROM: Address;
  readonly VGA_ROM: Address;
}

/** In the order of Helper in wasm/jit/code.ts. */
const HELPERS = [
  "jitRead8",
  "jitRead16",
  "jitRead32",
  "jitWrite8",
  "jitWrite16",
  "jitWrite32",
  "jitProbe",
  "jitSegmented",
  "jitFallback",
  "jitCondition",
] as const;

/** Thrown by the core's `unwind` import and caught in `Core.run`; not an Error, so that throwing it is cheap. */
const UNWIND = Symbol("unwind");

/** RunResult.Budget of wasm/cpu/run.ts. */
const RUN_BUDGET = 0;
const PAGE = 65536;
/** wasm/layout.ts: RAM. */
const RAM_OFFSET = 0x0800_0000;

/** A host that ignores everything and has no disks; tests and tools override what they look at. */
export function defaultHost(): CoreHost {
  return {
    now: () => performance.now(),
    wallClock: () => Date.now() - new Date().getTimezoneOffset() * 60_000,
    zoneWest: () => new Date().getTimezoneOffset(),
    debugCharacter: () => {},
    serialOutput: () => {},
    diskRequest: () => {},
    event: () => {},
    random: () => Math.floor(Math.random() * 2 ** 32),
    request: () => {},
    cancelRequest: () => {},
    virtioRequest: () => {},
    virtioReset: () => {},
  };
}

/** What has been translated, and what it has cost: jitFigure of wasm/jit/cache.ts, and the browser's part. */
export interface TranslationFigures {
  made: number;
  ended: number;
  /** Of WebAssembly. */
  bytes: number;
  /** Instructions that were executed in translated code. */
  instructions: number;
  /** Of compiling, without translating. */
  milliseconds: number;
}

/** The functions that the core has translated guest code to, in its table. */
class Translations {
  readonly #memory: WebAssembly.Memory;
  readonly #exports: CoreExports;
  readonly #imports: WebAssembly.Imports;
  readonly #free: number[] = [];
  milliseconds = 0;

  constructor(memory: WebAssembly.Memory, exports: CoreExports) {
    this.#memory = memory;
    this.#exports = exports;
    const named = HELPERS.map((name, index) => [String.fromCodePoint(0x61 + index), exports[name]]);
    this.#imports = { m: { ...Object.fromEntries(named), m: memory } };
  }

  /** The table's index, 0 when the browser refuses: it has run out of something, and the interpreter goes on. */
  compile(address: number, length: number, index: number): number {
    const begin = performance.now();
    try {
      const module = new WebAssembly.Module(new Uint8Array(this.#memory.buffer, address, length));
      const instance = new WebAssembly.Instance(module, this.#imports);
      const { table } = this.#exports;
      const place = index || (this.#free.pop() ?? table.grow(1));
      table.set(place, instance.exports["f"]);
      return place;
    } catch (error) {
      // A module that is wrong would be a bug of ours.
      if (error instanceof WebAssembly.CompileError) throw error;
      return 0;
    } finally {
      this.milliseconds += performance.now() - begin;
    }
  }

  release(index: number): void {
    this.#exports.table.set(index, null);
    this.#free.push(index);
  }
}

/** One machine's core: an instance of core.wasm. */
export class Core {
  readonly exports: CoreExports;
  readonly memory: WebAssembly.Memory;
  readonly #translations: Translations;

  private constructor(
    exports: CoreExports,
    memory: WebAssembly.Memory,
    translations: Translations,
  ) {
    this.exports = exports;
    this.memory = memory;
    this.#translations = translations;
  }

  get translations(): TranslationFigures {
    const [made = 0, ended = 0, bytes = 0, instructions = 0] = [0, 1, 2, 5].map((index) =>
      this.exports.jitFigure(index),
    );
    return { made, ended, bytes, instructions, milliseconds: this.#translations.milliseconds };
  }

  /** @param ramBytes a multiple of 1 MiB */
  static create(module: WebAssembly.Module, ramBytes: number, host: CoreHost): Core {
    const pages = (RAM_OFFSET + ramBytes) / PAGE;
    const memory = new WebAssembly.Memory({ initial: pages, maximum: 65536 });
    const instance = new WebAssembly.Instance(module, {
      env: { memory },
      host: {
        hostNow: () => host.now(),
        hostWallClock: () => host.wallClock(),
        hostZoneWest: () => host.zoneWest(),
        hostDebugCharacter: (port: number, character: number) =>
          host.debugCharacter(port, character),
        hostSerialOutput: (port: number, byte: number) => host.serialOutput(port, byte),
        hostDiskRequest: (
          drive: number,
          operation: number,
          position: number,
          length: number,
          pointer: number,
        ) => host.diskRequest(drive, operation, position, length, pointer),
        hostRandom: () => host.random(),
        hostRequest: (token: number, command: number, body: number, length: number) =>
          host.request(token, command, body, length),
        hostCancel: (token: number) => host.cancelRequest(token),
        hostVirtioRequest: (
          place: number,
          token: number,
          segments: number,
          readable: number,
          writable: number,
        ) => host.virtioRequest(place, token, segments, readable, writable),
        hostVirtioReset: (place: number) => host.virtioReset(place),
        hostCompile: (address: number, length: number, index: number) =>
          translations.compile(address, length, index),
        hostRelease: (index: number) => translations.release(index),
        hostEvent: (kind: number, a: number, b: number) => host.event(kind, a, b),
        hostUnwind: () => {
          // oxlint-disable-next-line no-throw-literal
          throw UNWIND;
        },
      },
    });
    const exports = instance.exports as unknown as CoreExports;
    const translations = new Translations(memory, exports);
    const core = new Core(exports, memory, translations);
    exports.initialize(ramBytes);
    exports.reset();
    return core;
  }

  /** Runs about `budget` instructions; exceptions of the guest are delivered on the way. */
  run(budget: number): number {
    let left = budget;
    let faulted = false;
    for (;;) {
      try {
        if (faulted) {
          faulted = false;
          this.exports.handleFault();
          // A guest that only faults must not keep the host waiting.
          left = this.exports.budgetLeft();
          if (left <= 0) return RUN_BUDGET;
        }
        return this.exports.run(left);
      } catch (error) {
        if (error !== UNWIND) throw error;
        faulted = true;
      }
    }
  }

  /** Runs one instruction. `fault`: it raised an exception, which is not delivered yet. */
  stepOnce(): { fault: boolean } {
    return this.#catchFault(() => this.exports.step());
  }

  /** Delivers the exception of `stepOnce`; `fault`: that raised another. */
  deliverFault(): { fault: boolean } {
    return this.#catchFault(() => this.exports.handleFault());
  }

  /** Fetches the next instruction without running it; `fault` as in `stepOnce`. */
  fetchNext(): { fault: boolean } {
    return this.#catchFault(() => this.exports.probeFetch());
  }

  #catchFault(act: () => unknown): { fault: boolean } {
    try {
      act();
      return { fault: false };
    } catch (error) {
      if (error !== UNWIND) throw error;
      return { fault: true };
    }
  }

  /** Views are made anew each time: memory never grows, but a view is cheap and this is safe. */
  bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, address, length);
  }

  /** A one-line name of a disk status, for messages. */
  static diskStatusName(status: number): string {
    return DiskStatus[status] ?? `status ${status}`;
  }
}
