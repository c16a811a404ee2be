// One machine, running: the same in a worker and in Node. Owns the core, gives it time, and carries data in and out.

import type { BootChoice, ClipboardSetting, HypervisorName, PointerMode } from "../shared/config";
import { TandemError } from "../shared/errors";
import { InputKind, type InputRingReader } from "../shared/input-ring";
import {
  type KeyEvent,
  keyEventsOfChord,
  keyEventsOfText,
  keyOfCode,
  keysOfChord,
} from "../shared/keys";
import type {
  CrashReport,
  DisplayRoom,
  DriveName,
  MachineEvent,
  MachineState,
  MachineStats,
  Pixels,
  PointerButtons,
  PointerStatistics,
} from "../shared/api";
import { DiskOperation, DiskStatus, Drive } from "../../wasm/protocol/disk";
import { MachineEvent as CoreEvent } from "../../wasm/protocol/events";
import { Hypervisor } from "../../wasm/protocol/vmport";
import { PowerWish } from "../../wasm/protocol/power";
import { setGraphicsMode, setUpBoard } from "./boot/board";
import { describeCrash } from "./crash-report";
import { addFirmwareFile, installFirmware } from "./boot/firmware";
import { BOOT_ORDER, BOOT_ROM_FILE, loadLinuxRealMode } from "./boot/linux-real-mode";
import type { KernelImage } from "./boot/image";
import { loadLinux } from "./boot/linux";
import { type BootModule, loadMultiboot } from "./boot/multiboot";
import type { VideoModeSetter } from "./boot/video-mode";
import { Core, type CoreHost, defaultHost, type TranslationFigures } from "./core";
import type { BlockSource } from "./disks/source";
import { News } from "./news";
import {
  pointerDevice,
  PointerInput,
  type PointerSetting,
  commonTime,
  pointerStatistics,
  pointerUse,
} from "./pointer-input";
import type { ChannelsService } from "./services/channels";
import type { ExecService } from "./services/exec";
import { IntegrationHub } from "./services/integration-hub";
import type { ClipboardService } from "./services/clipboard";
import type { DragAndDropService } from "./services/drag-and-drop";
import type { SharedFoldersService } from "./services/shared-folders";
import type { HostClock } from "./services/time";
import { Sleeper, yieldToEvents } from "./scheduler";
import { readTextScreen } from "./text-screen";

/** Everything a machine is made of, loaded and checked. */
export interface MachineParts {
  module: WebAssembly.Module;
  /** MiB. */
  memory: number;
  systemRom?: Uint8Array;
  vgaRom?: Uint8Array;
  boot?: BootChoice;
  drives: Partial<Record<DriveName, BlockSource>>;
  kernel?: KernelImage;
  initrd?: Uint8Array;
  /** Multiboot modules. */
  modules?: BootModule[];
  append: string;
  /** Without it: "auto". */
  pointer?: PointerSetting;
  /** For tests: what the guest is told of the time. */
  clock?: HostClock;
  /** Without it: "both". */
  clipboard?: ClipboardSetting;
  /** Names of folders that may be shared later, beside those that are by then: the guest's hardware tells of them. */
  folders?: readonly string[];
  /** Without it: "none". */
  hypervisor?: HypervisorName;
  /** Hot code of the guest is translated to WebAssembly; without it the interpreter runs everything. */
  jit?: boolean;
  /** What a triple fault does: as on hardware, or the machine stops for a look at it. */
  onTripleFault: "reset" | "stop";
}

/** A rectangle of the picture that has changed. */
export interface CoreFrame {
  x: number;
  y: number;
  width: number;
  height: number;
  /** As commonTime(). */
  time: number;
  /** The whole picture, in the core's own memory: what comes next changes it. The same object as long as it has the same size. */
  picture: Pixels;
  /** The rectangle's pixels, to be kept. */
  copy(): Uint8ClampedArray<ArrayBuffer>;
}

/** Who looks at the picture. */
export interface Viewer {
  /** Whether there is room for another frame. `refresh` of the machine tells it that there is again. */
  readonly isReady: boolean;
  show(frame: CoreFrame): void;
}

/** RunResult of wasm/cpu/run.ts. */
enum RunResult {
  Budget = 0,
  Halted = 1,
  Shutdown = 2,
  Stopped = 3,
}

const DRIVE_NUMBERS: Readonly<Record<DriveName, Drive>> = {
  hda: Drive.PrimaryMaster,
  cdrom: Drive.SecondaryMaster,
  floppy: Drive.FloppyA,
};

const HYPERVISOR_NUMBERS: Readonly<Record<HypervisorName, Hypervisor>> = {
  none: Hypervisor.None,
  vmware: Hypervisor.Vmware,
};

/** Milliseconds of one slice: as long as nobody waits for an answer, and while input arrives. */
const SLICE = 8;
const SLICE_ACTIVE = 3;
/** While a disk or the Tandem port waits for the host: its answer comes through the event loop. */
const SLICE_WAITING = 1;
const ACTIVE_FOR = 500;
/** A call of the core should take about this long, so that timers and slices keep their times. */
const CALL = 0.5;
const BUDGET_MINIMUM = 2_000;
const BUDGET_MAXIMUM = 1_000_000;
/** Where nothing else is said. */
const POINTER: PointerSetting = { pointer: "auto", usbInterval: 10 };
/** The longest sleep of a halted guest. */
const SLEEP_MAXIMUM = 100;
const FRAME_INTERVAL = 1000 / 60;
/** A frame may come so much too soon, or every second one of a monitor with 60 Hz would be left out. */
const FRAME_EARLY = FRAME_INTERVAL / 4;
const BYTES_PER_PIXEL = 4;
const STATS_INTERVAL = 1000;
/** Between two key events of typed text; a PS/2 keyboard types at most 30 a second, but guests take more. */
const KEY_INTERVAL = 12;
/** A chord is held as long as a hand does, for games that look at the keys now and then. */
const CHORD_INTERVAL = 60;
const SERIAL_CHUNK = 16;
const DEBUG_LINE_MAXIMUM = 4096;
const CMOS_SHUTDOWN_CODE = 0x0f;

export class Machine {
  readonly #parts: MachineParts;
  readonly #listener: (event: MachineEvent) => void;
  readonly #news: News;
  readonly #viewer: Viewer | undefined;
  readonly #sleeper = new Sleeper();
  readonly #drives: Partial<Record<DriveName, BlockSource>>;
  #core: Core | undefined;
  #state: MachineState = "off";
  /** Counts the loops, so that one that was stopped does not run on after a restart. */
  #loop = 0;
  #budget = 20_000;
  #lastInput = -Infinity;
  /** Requests that a source has not answered yet. */
  #diskRequests = 0;
  #poweredOff = false;
  /** The guest has reset the machine; the core has done its part. */
  #wasReset = false;
  #serialOut: number[][] = [[], []];
  #serialIn: number[][] = [[], []];
  #debugLine = "";
  #lastFrame = 0;
  #picture: Pixels | undefined;
  /** Milliseconds until a frame is due that came too soon after the last. */
  #untilFrame = Infinity;
  #typing: Promise<void> = Promise.resolve();
  #heldKeys = new Set<number>();
  readonly #pointer: PointerInput;
  readonly #hub: IntegrationHub;
  #ring: InputRingReader | undefined;
  #detached = false;
  #statsAt = 0;
  #instructionsAtStats = 0;
  #busy = 0;
  #lastStats: MachineStats = { uptime: 0, instructions: 0, mips: 0, load: 0, irqs: 0, slice: 0 };
  #mips = 0;
  #load = 0;
  /** Milliseconds spent in the core, for statistics. */
  #coreMilliseconds = 0;

  /** Without a viewer nothing is drawn but screenshots. */
  constructor(parts: MachineParts, listener: (event: MachineEvent) => void, viewer?: Viewer) {
    this.#parts = parts;
    this.#listener = listener;
    this.#news = new News(listener);
    this.#viewer = viewer;
    this.#pointer = new PointerInput(parts.pointer ?? POINTER);
    this.#hub = new IntegrationHub(
      (event) => this.#report(event),
      () => this.#sleeper.wake(),
      undefined,
      parts.clock,
      {
        [PowerWish.ShutDown]: () => this.powerButton(),
        [PowerWish.Restart]: () => void this.sendKeys("ctrl-alt-delete"),
      },
    );
    if (parts.clipboard) this.#hub.clipboard.set(parts.clipboard);
    this.#drives = { ...parts.drives };
  }

  get state(): MachineState {
    return this.#state;
  }

  /** The core of a machine that is on. */
  get core(): Core {
    if (!this.#core) throw new TandemError("not-running", "The machine is off.");
    return this.#core;
  }

  /** Undefined while the machine is off. */
  get translations(): TranslationFigures | undefined {
    return this.#core?.translations;
  }

  get coreMilliseconds(): number {
    return this.#coreMilliseconds;
  }

  /** Powers on, or goes on after pause(). */
  start(): void {
    if (this.#state === "paused") this.resume();
    if (this.#state === "running") return;
    this.#powerOn();
    this.#run();
  }

  pause(): void {
    if (this.#state !== "running") return;
    this.core.exports.pauseClock();
    this.#loop++;
    this.#setState("paused");
    this.#sleeper.wake();
  }

  resume(): void {
    if (this.#state !== "paused") return;
    this.core.exports.resumeClock();
    this.#hub.time.stepped();
    this.#run();
  }

  /** The reset button; also brings a crashed machine back. */
  reset(): void {
    if (this.#state === "off") return;
    if (this.#state === "crashed") {
      this.#powerOn();
      this.#run();
    } else {
      this.core.exports.reset();
      this.#afterReset();
    }
  }

  /** Without firmware nobody would bring the devices back to where a kernel expects them: everything starts anew. */
  #afterReset(): void {
    if (this.#parts.kernel) this.#powerOn();
    this.#hub.power.wasReset();
    this.#listener({ type: "reset" });
    this.#sleeper.wake();
  }

  powerButton(): void {
    this.#core?.exports.pressPowerButton();
    this.#sleeper.wake();
  }

  /** Resolves when the guest has switched the machine off. @throws TandemError */
  async shutDown(timeout: number): Promise<void> {
    if (this.#state === "off") return;
    await this.#askGuest(PowerWish.ShutDown, timeout);
  }

  /** Resolves when the guest has reset the machine. @throws TandemError */
  async restart(timeout: number): Promise<void> {
    await this.#askGuest(PowerWish.Restart, timeout);
  }

  async #askGuest(wish: PowerWish, timeout: number): Promise<void> {
    if (this.#state !== "running")
      throw new TandemError("not-running", "A machine that does not run cannot be asked.");
    await this.#hub.power.ask(wish, timeout);
  }

  powerOff(): void {
    if (this.#state === "off") return;
    this.#flush();
    this.#lastStats = this.stats();
    this.#loop++;
    this.#core = undefined;
    this.#pointer.disconnect();
    this.#hub.connect(undefined);
    this.#news.flush();
    this.#setState("off");
    this.#sleeper.wake();
  }

  // ---- input ----

  /** Types after what is being typed already. Resolves when the last key is up. */
  typeText(text: string): Promise<void> {
    return this.#type(keyEventsOfText(text));
  }

  /** @throws TandemError bad-argument for an unknown name */
  sendKeys(chord: string): Promise<void> {
    const keys = keysOfChord(chord);
    if (!keys) throw new TandemError("bad-argument", `There is no key chord "${chord}".`);
    return this.#type(keyEventsOfChord(keys), CHORD_INTERVAL);
  }

  key(code: string, pressed: boolean): void {
    const key = keyOfCode(code);
    if (key !== undefined) this.#key({ key, pressed });
  }

  releaseAll(): void {
    for (const key of this.#heldKeys) this.#key({ key, pressed: false });
    if (this.#pointer.buttons) this.pointerButtons(0);
  }

  pointerMotion(dx: number, dy: number, id = 0): void {
    this.#pointer.add({ kind: InputKind.Motion, a: dx, b: dy, id });
    this.#input();
  }

  /** Fractions of the picture. */
  pointerPosition(x: number, y: number, id = 0): void {
    this.#pointer.add({ kind: InputKind.Position, a: x, b: y, id });
    this.#input();
  }

  pointerButtons(buttons: PointerButtons, id = 0): void {
    this.#pointer.add({ kind: InputKind.Buttons, a: buttons, b: 0, id });
    this.#input();
  }

  pointerWheel(vertical: number, horizontal = 0, id = 0): void {
    this.#pointer.add({ kind: InputKind.Wheel, a: vertical, b: horizontal, id });
    this.#input();
  }

  setPointerMode(mode: PointerMode): void {
    this.#pointer.setMode(mode);
    this.#sleeper.wake();
  }

  shareInput(buffer: SharedArrayBuffer): void {
    this.#ring = this.#pointer.share(buffer);
    this.#sleeper.watch(this.#ring.cell);
    this.#sleeper.wake();
  }

  pointerStatistics(): PointerStatistics {
    return pointerStatistics(this.#core);
  }

  /** Nobody looks: no frames until somebody does again. */
  setDetached(detached: boolean): void {
    this.#detached = detached;
    // The page may be closed without another word.
    if (detached) void this.folders.writeAll();
    this.#core?.exports.setDetached(detached ? 1 : 0);
    if (!detached) this.refresh();
  }

  /** There may be work: input in shared memory. */
  wake(): void {
    this.#sleeper.wake();
  }

  /** The viewer has room for a frame: it gets the newest, if that is due. */
  refresh(): void {
    if (!this.#core) return;
    // Of a machine that stands still there is but one to come.
    if (this.#state !== "running") this.#lastFrame = -Infinity;
    this.#showFrame(this.#core, performance.now());
    this.#sleeper.wake();
  }

  setDisplayRoom(room: DisplayRoom | undefined): void {
    this.#hub.display.setRoom(room);
  }

  serialInput(bytes: Uint8Array, port = 0): void {
    this.#serialIn[port]?.push(...bytes);
    this.#input();
  }

  // ---- media ----

  /** Puts a medium into a drive; the one in it goes. */
  insert(drive: DriveName, source: BlockSource): void {
    this.#drives[drive]?.close?.();
    this.#drives[drive] = source;
    if (this.#core) this.#announceMedium(drive);
    this.#sleeper.wake();
  }

  eject(drive: DriveName): void {
    this.#drives[drive]?.close?.();
    delete this.#drives[drive];
    if (this.#core) this.#announceMedium(drive);
    this.#sleeper.wake();
  }

  medium(drive: DriveName): BlockSource | undefined {
    return this.#drives[drive];
  }

  // ---- shared folders ----

  get folders(): SharedFoldersService {
    return this.#hub.folders;
  }

  get clipboard(): ClipboardService {
    return this.#hub.clipboard;
  }

  get drops(): DragAndDropService {
    return this.#hub.drops;
  }

  // ---- commands in the guest ----

  get exec(): ExecService {
    return this.#hub.exec;
  }

  get channels(): ChannelsService {
    return this.#hub.channels;
  }

  // ---- output ----

  screenText(): string[] {
    return this.#core ? readTextScreen(this.#core) : [];
  }

  screenshot(): Pixels {
    const core = this.#core;
    if (!core) return { width: 0, height: 0, data: new Uint8ClampedArray(0) };
    this.#frame(core);
    const { frameWidth, frameHeight } = core.exports;
    return copyPixels(core, 0, 0, frameWidth(), frameHeight());
  }

  /** Also of a machine that has been switched off. */
  stats(): MachineStats {
    if (!this.#core) return this.#lastStats;
    return {
      uptime: this.#core.exports.guestMilliseconds(),
      instructions: this.#instructions(),
      mips: this.#mips,
      load: this.#load,
      irqs: this.#core.exports.interruptsDelivered(),
      slice: this.#sliceLength(performance.now()),
    };
  }

  crashReport(reason: string): CrashReport {
    return { reason, details: describeCrash(this.core) };
  }

  /** Resolves when what guests have written to shared folders is there. */
  async dispose(): Promise<void> {
    this.powerOff();
    for (const source of Object.values(this.#drives)) source.close?.();
    await this.folders.dispose();
  }

  // ---- power ----

  #powerOn(): void {
    this.#poweredOff = false;
    this.#wasReset = false;
    this.#serialIn = [[], []];
    this.#core = Core.create(this.#parts.module, this.#parts.memory << 20, this.#host());
    for (const drive of Object.keys(DRIVE_NUMBERS) as DriveName[]) this.#announceMedium(drive);
    installFirmware(this.#core, {
      systemRom: this.#parts.systemRom,
      vgaRom: this.#parts.vgaRom,
      boot: this.#parts.boot,
      drives: this.#drives,
    });
    if (this.#bootsByBios) this.#addBootRom();
    this.#hub.virtioFs.plug(this.#core, this.#parts.folders ?? []);
    this.#core.exports.setHypervisor(HYPERVISOR_NUMBERS[this.#parts.hypervisor ?? "none"]);
    this.#core.exports.setJit(this.#parts.jit ? 1 : 0);
    this.#core.exports.reset();
    this.#pointer.connect(this.#core);
    this.#hub.connect(this.#core);
    this.#core.exports.setDetached(this.#detached ? 1 : 0);
    this.#boot();
  }

  get #bootsByBios(): boolean {
    const { kernel, systemRom } = this.#parts;
    return kernel !== undefined && kernel.needsFirmware && systemRom !== undefined;
  }

  #addBootRom(): void {
    const { kernel, initrd, append } = this.#parts;
    if (!kernel) return;
    const rom = loadLinuxRealMode(this.core, kernel.bytes, initrd, append);
    addFirmwareFile(this.core, BOOT_ROM_FILE, rom);
    addFirmwareFile(this.core, "bootorder", new TextEncoder().encode(BOOT_ORDER));
  }

  /** A kernel that is started directly is put into memory. */
  #boot(): void {
    const { kernel, initrd, modules, append } = this.#parts;
    if (!kernel || this.#bootsByBios) return;
    const core = this.core;
    setUpBoard(core);
    const setVideoMode: VideoModeSetter = (width, height, depth) =>
      setGraphicsMode(core, width, height, depth);
    if (kernel.kind === "linux") loadLinux(core, kernel.bytes, initrd, append, setVideoMode);
    else loadMultiboot(core, kernel.bytes, modules ?? [], append, setVideoMode);
  }

  /** What a guest can say as often as it likes waits for the end of the slice. */
  #report(event: MachineEvent): void {
    this.#news.add(event);
    if (this.#state !== "running") this.#news.flush();
  }

  #setState(state: MachineState): void {
    if (state === this.#state) return;
    this.#state = state;
    if (state !== "running") this.refresh();
    this.#listener({ type: "state", state });
  }

  // ---- the loop ----

  #run(): void {
    const loop = ++this.#loop;
    this.#statsAt = performance.now();
    this.#busy = 0;
    this.#instructionsAtStats = this.#instructions();
    this.#setState("running");
    void this.#runLoop(loop);
  }

  async #runLoop(loop: number): Promise<void> {
    try {
      while (loop === this.#loop) {
        const idle = this.#slice();
        this.#flush();
        if (loop !== this.#loop) return;
        const rest = Math.min(idle, this.#untilFrame);
        if (rest > 0 && (this.#ring?.prepareToSleep() ?? true)) await this.#sleeper.sleep(rest);
        else await yieldToEvents();
      }
    } catch (error) {
      this.#crash(TandemError.from(error));
    }
  }

  /** A bug of ours: the machine stops, the page lives on. */
  #crash(error: TandemError): void {
    this.#loop++;
    this.#flush();
    this.#setState("crashed");
    this.#listener({ type: "error", error: error.toData() });
  }

  /** Runs the guest for one slice; returns how many milliseconds it has nothing to do. */
  #slice(): number {
    const core = this.core;
    const begin = performance.now();
    const end = begin + this.#sliceLength(begin);
    let now = begin;
    let idle = 0;
    while (now < end && !(this.#isHostAsked && now - begin >= SLICE_WAITING)) {
      core.exports.runTimers();
      this.#feedSerial();
      if (this.#pointer.pump()) this.#lastInput = now;
      const result: RunResult = core.run(this.#budget);
      const before = now;
      now = performance.now();
      if (result === RunResult.Budget) {
        this.#adaptBudget(now - before);
      } else if (result === RunResult.Halted && !this.#pointer.hasMore) {
        idle = core.exports.millisecondsToNextTimer(SLEEP_MAXIMUM);
        if (idle > 0) break;
      } else if (result !== RunResult.Halted) {
        this.#stopped(result);
        break;
      }
    }
    this.#busy += now - begin;
    this.#coreMilliseconds += now - begin;
    return idle;
  }

  /** While input arrives, a short one: in the end messages wait for half of it. */
  #sliceLength(now: number): number {
    return now - this.#lastInput < ACTIVE_FOR ? SLICE_ACTIVE : SLICE;
  }

  get #isHostAsked(): boolean {
    return this.#diskRequests > 0 || this.#hub.pending > 0;
  }

  #adaptBudget(took: number): void {
    const factor = took <= 0 ? 2 : Math.min(2, Math.max(0.5, CALL / took));
    this.#budget = Math.min(
      BUDGET_MAXIMUM,
      Math.max(BUDGET_MINIMUM, Math.round(this.#budget * factor)),
    );
  }

  #stopped(result: RunResult): void {
    if (this.#poweredOff) {
      this.#flush();
      this.#listener({ type: "power-off" });
      this.powerOff();
    } else if (result === RunResult.Shutdown) {
      this.#tripleFault();
    } else if (this.#wasReset) {
      this.#wasReset = false;
      this.#afterReset();
    }
  }

  #tripleFault(): void {
    const { readPort, writePort } = this.core.exports;
    writePort(0x70, 1, CMOS_SHUTDOWN_CODE);
    // Software for the 286 leaves protected mode by a triple fault and says in CMOS how to go on.
    const wanted = (readPort(0x71, 1) & 0xff) !== 0;
    if (!wanted) {
      this.#flush();
      this.#listener({
        type: "triple-fault",
        report: this.crashReport("The guest's processor shut down after a triple fault."),
      });
    }
    if (wanted && !this.#parts.kernel) {
      this.core.exports.initializeProcessor();
    } else if (wanted || this.#parts.onTripleFault === "reset") {
      this.reset();
    } else {
      this.#loop++;
      this.#setState("crashed");
    }
  }

  // ---- the core's host ----

  #host(): CoreHost {
    return {
      ...defaultHost(),
      debugCharacter: (_port, character) => this.#debugCharacter(character),
      serialOutput: (port, byte) => this.#serialOut[port]?.push(byte),
      diskRequest: (drive, operation, position, length, pointer) =>
        this.#diskRequest(drive, operation, position, length, pointer),
      event: (kind, a, b) => this.#event(kind, a, b),
      request: (token, command, body, length) => this.#hub.request(token, command, body, length),
      cancelRequest: (token) => this.#hub.cancel(token),
      virtioRequest: (...request) => this.#hub.virtioFs.request(...request),
      virtioReset: (place) => this.#hub.virtioFs.reset(place),
    };
  }

  #debugCharacter(character: number): void {
    if (character === 10) {
      this.#report({ type: "debug", line: this.#debugLine });
      this.#debugLine = "";
    } else if (character !== 13 && this.#debugLine.length < DEBUG_LINE_MAXIMUM) {
      this.#debugLine += String.fromCharCode(character);
    }
  }

  #event(kind: CoreEvent, a: number, b: number): void {
    switch (kind) {
      case CoreEvent.PowerOff:
        this.#poweredOff = true;
        break;
      case CoreEvent.VideoMode:
        this.#report({ type: "video-mode", width: a, height: b });
        break;
      case CoreEvent.DiskActivity: {
        const drive = driveName(a);
        if (drive) this.#report({ type: "disk-activity", drive, write: b !== 0 });
        break;
      }
      case CoreEvent.KeyboardLeds:
        this.#report({
          type: "keyboard-leds",
          scroll: (a & 1) !== 0,
          num: (a & 2) !== 0,
          caps: (a & 4) !== 0,
        });
        break;
      case CoreEvent.TrayOpen:
      case CoreEvent.TrayClose: {
        const drive = driveName(a);
        if (!drive) break;
        // What the guest ejected still lies in the tray when it closes it again.
        if (kind === CoreEvent.TrayClose) this.#announceMedium(drive);
        this.#report({ type: "tray", drive, open: kind === CoreEvent.TrayOpen });
        break;
      }
      case CoreEvent.PointerWanted:
        this.#report({ type: "pointer-wanted", wanted: a !== 0 });
        break;
      case CoreEvent.UnknownHardware:
        this.#report({ type: "debug", line: `unknown hardware ${a.toString(16)}h` });
        break;
      case CoreEvent.Reset:
        // Of the CPU alone: firmware knows what to do. A kernel that was started directly has none, and means all of it.
        if (b === 0 || this.#parts.kernel) this.#wasReset = true;
        break;
      case CoreEvent.Pointer:
        if (pointerUse(a) !== "relative") this.#pointer.repeatPosition();
        this.#report({ type: "pointer", mode: pointerUse(a), device: pointerDevice(b) });
        break;
      case CoreEvent.GuestHello:
        this.#hub.hello(a, b);
        break;
      case CoreEvent.GuestBye:
        this.#hub.bye();
        break;
      case CoreEvent.InputTaken: {
        const device = pointerDevice(a);
        const id = b >>> 0;
        const latched = this.#pointer.latchedAt(id);
        const times = { time: commonTime(), ...(latched !== undefined && { latched }) };
        if (device !== "none") this.#listener({ type: "input-taken", device, id, ...times });
        break;
      }
      case CoreEvent.TextWanted:
        this.#hub.vmwareClipboard.wanted();
        break;
      case CoreEvent.TextCopied:
        this.#hub.vmwareClipboard.copied(a);
        break;
      case CoreEvent.TripleFault:
        break; // told by the result of run()
    }
  }

  // ---- disks ----

  #diskRequest(
    number: number,
    operation: DiskOperation,
    position: number,
    length: number,
    pointer: number,
  ): void {
    const core = this.core;
    const drive = driveName(number);
    const source = drive && this.#drives[drive];
    const complete = (status: DiskStatus): void => {
      if (core === this.#core) core.exports.diskComplete(number, status);
    };
    if (!source) {
      complete(DiskStatus.NoMedium);
      return;
    }
    try {
      const pending = transfer(core, source, operation, position, length, pointer);
      if (!pending) {
        complete(DiskStatus.Ok);
        return;
      }
      this.#diskRequests++;
      void pending
        .then(
          () => complete(DiskStatus.Ok),
          (error: unknown) => {
            this.#diskError(error);
            complete(DiskStatus.Error);
          },
        )
        .finally(() => {
          this.#diskRequests--;
          this.#sleeper.wake();
        });
    } catch (error) {
      this.#diskError(error);
      complete(DiskStatus.Error);
    }
  }

  #diskError(error: unknown): void {
    this.#report({ type: "error", error: TandemError.from(error, "file-unreadable").toData() });
  }

  #announceMedium(drive: DriveName): void {
    const source = this.#drives[drive];
    this.#core?.exports.setMedium(
      DRIVE_NUMBERS[drive],
      source?.size ?? 0,
      source?.readOnly ? 1 : 0,
    );
  }

  // ---- keyboard, mouse, serial ----

  #type(events: KeyEvent[], interval = KEY_INTERVAL): Promise<void> {
    this.#typing = this.#typing.then(async () => {
      for (const event of events) {
        if (!this.#core) return;
        while (!this.#key(event) && this.#core) await sleep(KEY_INTERVAL);
        await sleep(interval);
      }
    });
    return this.#typing;
  }

  /** Whether the keyboard had room for it. */
  #key({ key, pressed }: KeyEvent): boolean {
    if (pressed) this.#heldKeys.add(key);
    else this.#heldKeys.delete(key);
    const taken = this.#core?.exports.keyboardKey(key, pressed ? 1 : 0) ?? 1;
    this.#input();
    return taken !== 0;
  }

  #input(): void {
    this.#lastInput = performance.now();
    this.#sleeper.wake();
  }

  #feedSerial(): void {
    this.#serialIn.forEach((bytes, port) => {
      for (let count = 0; count < SERIAL_CHUNK && bytes.length > 0; count++) {
        if (!this.#core?.exports.serialInput(port, bytes[0] ?? 0)) break;
        bytes.shift();
      }
    });
  }

  // ---- what goes out after a slice ----

  #flush(): void {
    if (!this.#core) return;
    this.#hub.flush();
    this.#news.flush();
    this.#serialOut.forEach((bytes, port) => {
      if (bytes.length === 0) return;
      this.#serialOut[port] = [];
      this.#listener({ type: "serial", port, bytes: Uint8Array.from(bytes) });
    });
    const now = performance.now();
    this.#showFrame(this.#core, now);
    if (now - this.#statsAt >= STATS_INTERVAL) this.#updateStats(now);
  }

  #updateStats(now: number): void {
    const instructions = this.#instructions();
    const elapsed = now - this.#statsAt;
    this.#mips = (instructions - this.#instructionsAtStats) / elapsed / 1000;
    this.#load = Math.min(1, this.#busy / elapsed);
    this.#statsAt = now;
    this.#busy = 0;
    this.#instructionsAtStats = instructions;
    this.#listener({ type: "stats", stats: this.stats() });
  }

  #instructions(): number {
    return this.#core?.exports.instructionsExecuted() ?? 0;
  }

  #showFrame(core: Core, now: number): void {
    const wait = this.#lastFrame + FRAME_INTERVAL - FRAME_EARLY - now;
    this.#untilFrame = Infinity;
    if (this.#detached || !this.#viewer?.isReady) return;
    if (wait > 0) {
      this.#untilFrame = wait;
    } else {
      this.#lastFrame = now;
      this.#frame(core);
    }
  }

  #frame(core: Core): void {
    const { renderFrame, dirtyX, dirtyY, dirtyWidth, dirtyHeight } = core.exports;
    if (!renderFrame()) return;
    // A new size is told before the first frame that has it.
    this.#news.flush();
    if (!this.#viewer) return;
    const [x, y, width, height] = [dirtyX(), dirtyY(), dirtyWidth(), dirtyHeight()];
    const copy = (): Uint8ClampedArray<ArrayBuffer> => copyPixels(core, x, y, width, height).data;
    const picture = this.#wholePicture(core);
    this.#viewer.show({ x, y, width, height, time: commonTime(), picture, copy });
  }

  #wholePicture(core: Core): Pixels {
    const { FRAMEBUFFER, frameWidth, frameHeight } = core.exports;
    const [width, height] = [frameWidth(), frameHeight()];
    const { buffer } = core.memory;
    const known = this.#picture;
    if (known?.data.buffer === buffer && known.width === width && known.height === height)
      return known;
    const length = width * height * BYTES_PER_PIXEL;
    const data = new Uint8ClampedArray(buffer, FRAMEBUFFER.value as number, length);
    this.#picture = { width, height, data };
    return this.#picture;
  }
}

/** Copies a rectangle out of the framebuffer. */
function copyPixels(core: Core, x: number, y: number, width: number, height: number): Pixels {
  const stride = core.exports.frameWidth() * BYTES_PER_PIXEL;
  const row = width * BYTES_PER_PIXEL;
  const data = new Uint8ClampedArray(row * height);
  const framebuffer = core.exports.FRAMEBUFFER.value as number;
  const first = framebuffer + y * stride + x * BYTES_PER_PIXEL;
  if (row === stride) data.set(core.bytes(first, data.length));
  else
    for (let line = 0; line < height; line++)
      data.set(core.bytes(first + line * stride, row), line * row);
  return { width, height, data };
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function driveName(number: number): DriveName | undefined {
  return (Object.keys(DRIVE_NUMBERS) as DriveName[]).find((name) => DRIVE_NUMBERS[name] === number);
}

function transfer(
  core: Core,
  source: BlockSource,
  operation: DiskOperation,
  position: number,
  length: number,
  pointer: number,
): void | Promise<void> {
  if (operation === DiskOperation.Flush) return source.flush();
  const bytes = core.bytes(pointer >>> 0, length);
  return operation === DiskOperation.Read
    ? source.read(position, bytes)
    : source.write(position, bytes);
}
