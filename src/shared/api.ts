// The whole conversation of the two threads: MachineApi (the page asks the worker), MachineEvent (the worker tells the page).
//
// Plain data only. MachineApi is exposed with comlink; a call that fails rejects with ErrorData (errors.ts: TandemError.from).
// Events travel through the MessagePort given to `listen`.

import type { ErrorData } from "./errors";
import type { BootDevice, ClipboardSetting, FolderCache, ImageSource, PointerMode } from "./config";

/** A drive with a medium that a user sees. */
export type DriveName = BootDevice;

/** Where the bytes of an image are. A Blob (File) and a URL are read block by block, never whole. */
export type ImageFile = Blob | ArrayBuffer | ImageSource;

/** Images by the role they play; they stand in for the configuration's key of the same name. */
export type MachineFiles = {
  [
    role in "firmware" | "vgaFirmware" | "floppy" | "hda" | "cdrom" | "kernel" | "initrd"
  ]?: ImageFile;
};

export type MachineState =
  | "off" // created, or switched off: start() powers it on
  | "running"
  | "paused"
  | "crashed"; // triple fault that nobody caught, or a fault of the emulator

/** Pixels of a rectangle of the screen, R G B A, rows without gaps. */
export interface Pixels {
  width: number;
  height: number;
  data: Uint8ClampedArray<ArrayBuffer>;
}

/** Bit 0 left, 1 right, 2 middle, 3 and 4 the side buttons. */
export type PointerButtons = number;

/** What carries the pointer into the guest. */
export type PointerDevice = "ps2" | "usb-mouse" | "usb-tablet" | "tandem" | "vmware";
/** How the page's pointer maps to the guest now: what its driver listens to decides. */
export type PointerUse = Exclude<PointerMode, "auto">;

/** What a guest's driver can work together with. */
export type Integration =
  "pointer" | "folders" | "clipboard" | "display" | "time" | "exec" | "channels";

/** Since power-on. */
export interface PointerDeviceStatistics {
  /** Reports that the guest's driver has taken. */
  reports: number;
  /** Interrupts raised for them. */
  irqs: number;
}

export interface PointerStatistics {
  ps2: PointerDeviceStatistics;
  usbMouse: PointerDeviceStatistics;
  usbTablet: PointerDeviceStatistics;
  tandem: PointerDeviceStatistics;
  vmware: PointerDeviceStatistics;
}

/** What a guest can share. The handle of a directory: picked by the user, dropped, or of OPFS. */
export type FolderSource =
  | { kind: "handle"; handle: FileSystemDirectoryHandle; where: "disk" | "opfs" }
  /** Of <input webkitdirectory>; `webkitRelativePath` does not survive postMessage, so the paths come beside them. */
  | { kind: "files"; files: { path: string; file: File }[] }
  /** Gone with the machine. Paths have "/" between their names. */
  | { kind: "memory"; files?: Record<string, Uint8Array> };

export interface FolderOptions {
  readOnly?: boolean;
  /** Without it: "auto". */
  cache?: FolderCache;
  /** Bytes by which a guest may let the folder grow; without it 16 GiB. */
  quota?: number;
}

/**
 * "permission": the browser has to be asked again, after a user's gesture; then call reconnectFolder. "write-permission": the same,
 * and it can be read without. "full": the host's disk is.
 * "vanished": the directory is not there. What a guest has written and could not be stored is kept until it can be.
 */
export type FolderState = "ready" | "permission" | "write-permission" | "full" | "vanished";

export interface FolderStatus {
  name: string;
  readOnly: boolean;
  state: FolderState;
  /** Files with changes of the guest that the host does not have yet. */
  unwritten: number;
}

/** Of a directory in a shared folder. */
export interface FolderEntry {
  name: string;
  kind: "file" | "directory";
  /** Bytes; 0 for a directory. */
  size: number;
  /** Milliseconds since 1970. */
  modified: number;
}

/** What the shared clipboard carries. Text and HTML are UTF-8. */
export type ClipboardFormat = "text/plain" | "text/html" | "image/png";

/** A command for the guest's own shell. */
export interface RunRequest {
  command: string;
  /** Directory; empty: the agent's. */
  cwd: string;
  /** Variables beside those that the agent has. */
  env: Record<string, string>;
  /** Standard input comes by runInput; without it there is none. */
  hasInput: boolean;
  /** Milliseconds; then the command is killed. */
  timeout?: number;
  /** Bytes of output and errors together, unless they are streamed. */
  maxOutput: number;
  /** They come as events "exec-output", and the result has none. */
  streamed: boolean;
}

export interface RunResult {
  /** Of the shell; -1 when a signal has ended it. */
  exitCode: number;
  /** That ended it, 0 for none. */
  signal: number;
  stdout: Uint8Array<ArrayBuffer>;
  stderr: Uint8Array<ArrayBuffer>;
  /** Bytes that went out as events. */
  streamed: number;
}

/** What the worker tells on the port of a channel, which is closed behind "closed". */
export type ChannelNews =
  /** A program of the guest has it, too. */
  | { type: "opened" }
  /** No more than was asked for by "room". */
  | { type: "data"; bytes: Uint8Array<ArrayBuffer> }
  /** The page may send so many bytes more; none before it is open. */
  | { type: "room"; bytes: number }
  /** The guest has nothing more to say. */
  | { type: "end" }
  /** The guest reads no more. */
  | { type: "cancel" }
  /** Both ways are over; with an error, at once. */
  | { type: "closed"; error: ErrorData | undefined };

/** What the page tells there; "abort" comes by abortChannel, so that it is not overtaken by the next openChannel. */
export type ChannelOrder =
  | { type: "data"; bytes: Uint8Array<ArrayBuffer> }
  /** So many bytes more are wanted. */
  | { type: "room"; bytes: number }
  | { type: "end" }
  /** Nothing more is wanted. */
  | { type: "cancel" }
  /** Both ways are over at once; the guest's program gets the words. */
  | { type: "abort"; reason: string };

export interface MachineStats {
  /** Milliseconds of guest time since power-on. */
  uptime: number;
  /** Guest instructions since power-on. */
  instructions: number;
  /** Millions of instructions a second, over the last second. */
  mips: number;
  /** Share of the last second that the worker computed, 0 to 1. */
  load: number;
  /** Interrupts delivered since power-on. */
  irqs: number;
  /** Milliseconds that the worker computes before it looks at messages, as it does now. */
  slice: number;
}

/** What the page hears of frames: nothing, where something has changed, or its pixels as well (a copy of each). */
export type FrameNews = "none" | "places" | "pixels";

/** Where the picture is shown: device pixels, and how many of them are one pixel of CSS. */
export interface DisplayRoom {
  width: number;
  height: number;
  scale: number;
}

export interface MachineApi {
  /**
   * Builds the machine; it stays off. `config` is checked here. Once per worker. `core`: the core's module, when the page has it
   * already; machines of one page share it.
   */
  create(config: unknown, files?: MachineFiles, core?: WebAssembly.Module): Promise<void>;
  /** Events go to this port from now on. Its other end posts a message back for each frame with pixels that it has taken: frames wait for that. */
  listen(port: MessagePort): void;
  /**
   * The picture is drawn here from now on, by the worker, which sends no frames then unless `tellFrames` asks for them. The canvas is
   * transferred, and the worker's for good.
   */
  drawOn(canvas: OffscreenCanvas): void;
  /** What is told of frames that the worker draws: at first nothing. Without a canvas their pixels are always sent. */
  tellFrames(news: FrameNews): void;
  /** Powers on, or goes on after pause(). */
  start(): Promise<void>;
  pause(): void;
  resume(): void;
  /** The reset button. */
  reset(): Promise<void>;
  /** The power button: the guest's operating system is asked to shut down (ACPI). */
  powerButton(): void;
  /**
   * Asks the guest's driver, without one the guest's system (the power button), to shut down; resolves when the machine is off.
   * Milliseconds. @throws ErrorData timeout, not-running
   */
  shutDown(timeout: number): Promise<void>;
  /** As shutDown, to restart (without a driver: Ctrl+Alt+Del); resolves when the guest has reset the machine. */
  restart(timeout: number): Promise<void>;
  /** Pulls the plug. */
  powerOff(): void;

  /**
   * Runs a command in the guest; resolves when it has ended. `id`: the caller's, for the calls below.
   * @throws ErrorData no-agent, not-allowed, session-ended, timeout, output-limit, aborted, bad-argument
   */
  run(id: number, request: RunRequest): Promise<RunResult>;
  /** For its standard input; undefined: that ends. */
  runInput(id: number, bytes: Uint8Array<ArrayBuffer> | undefined): void;
  /** Sends a signal (by its number on Unix) to its processes. */
  runKill(id: number, signal: number): void;
  /** Kills it and lets `run` fail with "aborted". */
  runAbort(id: number): void;

  /**
   * Opens a channel by its name; it waits for a program of the guest that opens the same. What goes on there is told on the port:
   * ChannelNews to the page, ChannelOrder to the worker. `id`: the caller's. @throws ErrorData bad-argument, channel: the name is in use
   */
  openChannel(id: number, name: string, port: MessagePort): void | Promise<void>;
  /** Gives it up: the name is free for the next call. The guest's program gets the words. */
  abortChannel(id: number, reason: string): void;

  /** Types a text as on a US keyboard; resolves when the last key is up. */
  typeText(text: string): Promise<void>;
  /** A key by KeyboardEvent.code. */
  key(code: string, pressed: boolean): void;
  /** A chord by name, "ctrl-alt-delete": see keys.ts. */
  sendKeys(chord: string): Promise<void>;
  /** Releases all keys and buttons that are held: the page lost the focus. */
  releaseAll(): void;

  // Pointer. What is given to the guest keeps its order; motion may be merged, a change of buttons never. `id` (a positive number,
  // growing) traces an input: see the event "input-taken".
  /** Relative motion in counts, y downwards. */
  pointerMotion(dx: number, dy: number, id?: number): void;
  /** Position as fractions of the picture's width and height: (clientX - left) / width. For absolute and integrated. */
  pointerPosition(x: number, y: number, id?: number): void;
  pointerButtons(buttons: PointerButtons, id?: number): void;
  /** Notches; positive is towards the user and to the right. */
  pointerWheel(vertical: number, horizontal?: number, id?: number): void;
  /** Also while the machine runs: plugs and unplugs the USB mouse and tablet unless the configuration's `usb` names what is there. */
  setPointerMode(mode: PointerMode): void;
  /**
   * Cross-origin isolated pages: pointer input comes through this ring (input-ring.ts) from now on and reaches a busy guest without
   * waiting for the end of its slice. All pointer input of one page takes the same path, or its order is lost.
   */
  shareInput(buffer: SharedArrayBuffer): void;
  /** There is input in the ring, and the worker sleeps: InputRingWriter asks for this call. */
  wake(): void;
  pointerStatistics(): PointerStatistics;
  /** Nobody looks at the machine (the page is hidden): the guest can read it, and no frames are sent. */
  setDetached(detached: boolean): void;

  /** The guest is to make its picture as large as this, if it has a driver for that; undefined: as it likes. */
  setDisplayRoom(room: DisplayRoom | undefined): void;

  /** Bytes to serial port 0 (COM1) or 1. */
  serialInput(bytes: Uint8Array, port?: number): void;

  insert(drive: DriveName, file: ImageFile): Promise<void>;
  eject(drive: DriveName): void;
  /** The image with everything the guest has written. */
  exportDisk(drive: DriveName): Promise<Blob>;

  /** Shares a folder with the guest, also while it runs. @throws ErrorData folder: the name is taken, or is none */
  attachFolder(name: string, source: FolderSource, options?: FolderOptions): Promise<void>;
  /** Writes what the guest has written; what cannot be is thrown (ErrorData folder), and lost. */
  detachFolder(name: string): Promise<void>;
  setFolderReadOnly(name: string, readOnly: boolean): Promise<void>;
  /** The user has given the permission again: what waits is written. */
  reconnectFolder(name: string): Promise<void>;
  folders(): FolderStatus[];
  /** What the guest sees at a path like "a/b"; "" is the folder itself. @throws ErrorData folder */
  listFiles(folder: string, path: string): Promise<FolderEntry[]>;
  readFile(folder: string, path: string): Promise<File>;
  /** In place of what is there; directories that are missing are made. Also where the guest may only read. */
  writeFile(folder: string, path: string, data: Blob): Promise<void>;

  /** Which ways the clipboard is shared, also while the machine runs. */
  setClipboard(setting: ClipboardSetting): void;
  /**
   * The user's clipboard has this; the data is asked for by the event "clipboard-wanted" when the guest pastes. `paste`: the user
   * wants it to be pasted now; guests that can do it do.
   */
  offerClipboard(formats: ClipboardFormat[], paste?: boolean): void;
  /** The answer to "clipboard-wanted"; undefined: the browser does not give it. */
  supplyClipboard(request: number, data: Uint8Array | undefined): void;
  /** What the guest has offered, in this format. @throws ErrorData clipboard */
  readClipboard(format: ClipboardFormat): Promise<Uint8Array<ArrayBuffer>>;

  /**
   * Gives files to the guest, as dropped at a pixel of its screen. Resolves when it has been told; "drop-done" says what came of it.
   * @throws ErrorData refused: no driver of the guest takes files, or too many wait
   */
  dropFiles(x: number, y: number, files: File[]): Promise<void>;

  screenshot(): Pixels;
  /** The text screen as lines without trailing blanks; empty in a graphics mode. */
  screenText(): string[];
  stats(): MachineStats;
  /** Stops and frees everything; the worker can be ended when it is through: guests' files are written then. */
  dispose(): Promise<void>;
}

/** What a user or a developer needs when a guest has crashed. */
export interface CrashReport {
  reason: string;
  /** Registers and code bytes, several lines. */
  details: string;
}

export type MachineEvent =
  | { type: "state"; state: MachineState }
  | { type: "serial"; port: number; bytes: Uint8Array<ArrayBuffer> }
  /** The resolution changed; frames of the new size follow. */
  | { type: "video-mode"; width: number; height: number }
  /** A changed rectangle of the screen, as it was at `time` (of the worker, see "input-taken"). `data`: its pixels, if asked for. */
  | {
      type: "frame";
      x: number;
      y: number;
      width: number;
      height: number;
      time: number;
      data?: Uint8ClampedArray<ArrayBuffer>;
    }
  | { type: "disk-activity"; drive: DriveName; write: boolean }
  | { type: "stats"; stats: MachineStats }
  /** A line of the firmware's or guest's debug console (ports 402h, E9h). */
  | { type: "debug"; line: string }
  | { type: "keyboard-leds"; scroll: boolean; num: boolean; caps: boolean }
  /** The guest opened or closed a drive; open means that its medium is out. */
  | { type: "tray"; drive: DriveName; open: boolean }
  /** The guest listens (or no longer) to its PS/2 mouse. */
  | { type: "pointer-wanted"; wanted: boolean }
  /** What the guest listens to now, and how the pointer is to be given to it. */
  | { type: "pointer"; mode: PointerUse; device: PointerDevice | "none" }
  /** The guest's cursor, for the page to draw. */
  | {
      type: "cursor-shape";
      width: number;
      height: number;
      /** The point of the picture that points. */
      hotX: number;
      hotY: number;
      /** Alpha is not premultiplied. */
      pixels: Pixels;
      /** Some pixels invert what is under them: `mask` has a 1 for each of these; their alpha is 0. */
      inverts: boolean;
      mask?: Uint8Array<ArrayBuffer>;
    }
  /** The guest draws its cursor itself again. */
  | { type: "cursor-none" }
  /** A guest that has never sent a shape draws its cursor itself. */
  | { type: "cursor-visible"; visible: boolean }
  /** The guest has moved its cursor itself, to these pixels of its picture. */
  | { type: "cursor-warp"; x: number; y: number }
  /** Where the guest said at `time` that its cursor is, in pixels of its picture. */
  | { type: "cursor-position"; x: number; y: number; time: number }
  /** The guest asks for the pointer to be captured (games), or gives it back. */
  | { type: "pointer-grab"; wanted: boolean }
  /** The guest's driver has set this mode, and will follow the room that the picture has. */
  | { type: "display"; width: number; height: number; depth: number }
  /**
   * A driver for the Tandem port has started. `system`: "pillion", "linux", "dos", "windows", "other"; `features`: bits,
   * tandem-port.ts, which `integrations` tells in words.
   */
  | { type: "guest-hello"; system: string; features: number; integrations: Integration[] }
  /** It has gone, or the machine was reset: the pointer and its cursor are the host's again. */
  | { type: "guest-bye" }
  /**
   * The guest's driver has taken all input up to this id, at `time` (performance.timeOrigin + performance.now() of the worker);
   * the device had it from `latched` on.
   */
  | { type: "input-taken"; device: PointerDevice; id: number; time: number; latched?: number }
  /** A folder has come, gone or changed. `message`: of the host, for a developer. */
  | {
      type: "folder";
      name: string;
      number: number;
      state: FolderState | "detached";
      readOnly: boolean;
      unwritten: number;
      message: string;
    }
  /** The guest has copied something: `formats` can be had by readClipboard. None: what it had is gone. */
  | { type: "clipboard-offer"; serial: number; formats: ClipboardFormat[] }
  /** A guest's program that shares the clipboard by VMware's port has begun to look at it. */
  | { type: "clipboard-guest" }
  /** The guest pastes what the page has offered: supplyClipboard is the answer. */
  | { type: "clipboard-wanted"; request: number; format: ClipboardFormat }
  /** Whether the guest's driver takes files that are dropped on its screen. */
  | { type: "takes-files"; takesFiles: boolean }
  /** The guest has done with files that were dropped; `words` are its own. */
  | { type: "drop-done"; taken: boolean; words: string }
  /** The guest gives a file to the user. */
  | { type: "file-saved"; name: string; file: Blob }
  /** A program of the guest waits (or no longer) for the page to open the channel of this name. */
  | { type: "channel-wanted"; name: string; wanted: boolean }
  /** A command that the page runs in the guest has written. */
  | {
      type: "exec-output";
      id: number;
      stream: "stdout" | "stderr";
      bytes: Uint8Array<ArrayBuffer>;
    }
  /** Bytes of an image that is read as a whole; `total` is 0 while unknown. */
  | { type: "progress"; file: string; loaded: number; total: number }
  | { type: "reset" }
  | { type: "power-off" }
  | { type: "triple-fault"; report: CrashReport }
  | { type: "error"; error: ErrorData };
