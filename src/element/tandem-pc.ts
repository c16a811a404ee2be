// <tandem-pc>: a machine as an element of a page. A skin over page/: it puts the parts together and speaks HTML.

import type {
  DriveName,
  FolderEntry,
  FrameNews,
  ImageFile,
  Integration,
  MachineEvent,
  MachineFiles,
  MachineState,
  MachineStats,
  PointerButtons,
  PointerDevice,
  PointerStatistics,
  PointerUse,
} from "../shared/api";
import { type ClipboardSetting, type DisplaySetting, type ImageSource, type MachineConfig, parseConfig, type PointerMode } from "../shared/config"; // prettier-ignore
import { additionsImage } from "../shared/additions";
import { TandemError } from "../shared/errors";
import { FoldersPanel } from "../page/folders-panel";
import { GuestCursor } from "../page/cursor";
import { IntegrationLights } from "../page/integrations";
import { Keyboard } from "../page/keyboard";
import { coreModule, MachineClient, type RemoteMachine } from "../page/machine-client";
import { standardFirmware } from "../page/machines";
import { wordsFor } from "../page/messages";
import { Picture } from "../page/pointer/picture";
import { Pointer } from "../page/pointer/pointer";
import { PointerSender } from "../page/pointer/sender";
import { type ChannelOptions, Channels, type TandemChannel } from "../page/services/channels";
import { runCommand, type RunningCommand, type RunOptions } from "../page/services/exec";
import { Screen } from "../page/screen";
import { type ClipboardItems, ClipboardService, type ClipboardNews, FORMATS, thisBrowser } from "../page/services/clipboard"; // prettier-ignore
import { PasteKey } from "../page/services/paste-key";
import { DisplayService } from "../page/services/display";
import { DragAndDrop } from "../page/services/drag-and-drop";
import type { FolderInput } from "../page/services/folder-sources";
import { type PickOptions, type SharedFolder, SharedFolders, type ShareOptions } from "../page/services/shared-folders"; // prettier-ignore
import { TouchKeyboard } from "../page/touch-keyboard";
import { attributeName, CONFIG_ATTRIBUTES, CONFIG_PROPERTIES, configFromAttributes, withWholeAddresses } from "./attributes"; // prettier-ignore
import { defaultMachine } from "./default-machine";
import type { TandemEventDetails, TandemEventMap, TandemEventType } from "./events";
import { createShadow, type Shadow } from "./shadow";

/** What exists for as long as one machine does. */
interface Session {
  machine: MachineClient;
  pointer: Pointer;
  sender: PointerSender;
  cursor: GuestCursor;
  keyboard: TouchKeyboard;
  clipboard: ClipboardService;
  display: DisplayService;
  drops: DragAndDrop;
  /** Resolves when what the guest has written to shared folders is there. */
  detach(): Promise<void>;
}

/** A machine to build: what is not given comes from the element's attributes. */
export interface MachineDescription {
  config?: Partial<MachineConfig>;
  files?: MachineFiles;
}

/** Elements are made in browsers only; frameworks that make pages on a server import this file there, too. */
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

const FLAGS = ["autostart", "controls"] as const;
const TEXTS = ["src", ...CONFIG_ATTRIBUTES.keys()];
const NUMBER_DEFAULTS: Readonly<Record<string, number>> = { memory: 128, usbInterval: 10 };
const TEXT_DEFAULTS: Readonly<Record<string, string>> = {
  pointer: "auto",
  clipboard: "both",
  display: "auto",
};
/** Milliseconds that a guest may need to shut down. */
const POWER_TIMEOUT = 60_000;
const ABORTED = "Another machine has taken the place of this one, or the element is gone.";
/** Drives whose medium can be changed while the machine runs. */
const REMOVABLE: readonly string[] = ["floppy", "cdrom"];

/**
 * A PC. Without an image it runs Pillion, the project's own demo guest.
 *
 * Its configuration is, from weak to strong: the file of `src`, the property `config`, the attributes. What changes while a
 * machine runs counts when it is built the next time, except for `pointer`, `clipboard`, `display`, `floppy` and `cdrom`. Removing the element from the page
 * ends the machine and frees its memory; moving it does not. Methods return promises that fail with a TandemError, which has a
 * `code` for programs and a `message` for people.
 *
 * Shared folders belong to the element: a machine that is loaded gets those that were there before. What a guest has closed or
 * synchronised is on the disk; the rest is written after five seconds at the latest (large files: twenty times as long as writing
 * them takes), when the page is hidden, and before the machine ends.
 *
 * @element tandem-pc
 *
 * @attribute {boolean} autostart - Starts the machine as soon as the element is in the page
 * @attribute {boolean} controls - Shows a toolbar: pause, reset, Ctrl+Alt+Del, keyboard, paste, shared folders, full screen, and lights that tell what the guest works together with
 * @attribute {string} src - Address of a configuration (JSON); the addresses in it are relative to it
 * @attribute {number} memory - MiB of RAM; 128
 * @attribute {string} firmware - BIOS: an address, "auto" (bios/bios-256k.bin beside the page) or "none"
 * @attribute {string} vga-firmware - VGA BIOS: an address, "auto" (bios/vgabios-stdvga.bin) or "none"
 * @attribute {"floppy"|"hda"|"cdrom"|"menu"} boot - What the BIOS starts from
 * @attribute {string} floppy - Address of a floppy's image; can be changed while the machine runs
 * @attribute {string} hda - Address of a hard disk's image; read block by block
 * @attribute {string} cdrom - Address of a CD's image; can be changed while the machine runs
 * @attribute {string} kernel - Address of a Linux bzImage or multiboot kernel, which starts without a BIOS
 * @attribute {string} initrd - Address of the kernel's initial RAM disk or multiboot module
 * @attribute {string} append - The kernel's command line; the property is `commandLine`
 * @attribute {"auto"|"relative"|"absolute"|"integrated"} pointer - How the pointer is given to the guest; auto
 * @attribute {string} usb - USB devices: mouse, tablet, keyboard, or none; otherwise what the pointer needs
 * @attribute {1|10} usb-interval - Milliseconds between two polls of a USB device; 10, as real ones
 * @attribute {"none"|"vmware"} hypervisor - What CPUID tells of; vmware: Linux then uses VMware's pointer and clock; none
 * @attribute {string} folders - Names of the shared folders that the machine expects, with commas; ":ro" after a name makes it read-only, ":cache=never" keeps its files out of the guest's memory. What is there is in `sharedFolders`
 * @attribute {"both"|"to-guest"|"to-host"|"off"} clipboard - Which ways it is shared, also while the machine runs; both: the guest gets what the user pastes
 * @attribute {"auto"|"follow"|"fixed"} display - Whether the guest's picture follows the element's size, also while the machine runs; auto: on the full screen
 * @attribute {"on"|"off"} jit - Translation of the guest's hot code to WebAssembly; off
 *
 * @fires ready - A machine has been built; it is still off
 * @fires statechange - {state}: "off", "running", "paused" or "crashed"
 * @fires guestready - {system, features}: the guest's driver for the Tandem port has started
 * @fires guestbye - That driver has gone
 * @fires folder - {name, place, readOnly, state, unwritten, message}: a shared folder has come, gone ("detached") or changed
 * @fires channelwanted - {name, wanted}: a program of the guest waits (or no longer) for the page to open this channel
 * @fires pointermode - {mode, device, captured}: what the guest listens to, and whether it has the mouse to itself
 * @fires serial - {port, bytes} that the guest has sent
 * @fires debug - {line} of the firmware's or guest's debug console
 * @fires error - A TandemError that no promise could tell
 * @fires crash - {reason, details}: the guest has died of a triple fault
 * @fires poweroff - The guest has switched its machine off
 * @fires progress - {file, loaded, total} while an image is read as a whole; total is 0 while unknown
 * @fires tray - {drive, open}: the guest has opened or closed a drive
 * @fires filesaved - {name, file}: the guest gives a file to the user; offer it as a download
 * @fires dropdone - {taken, words}: the guest has done with files that were dropped; the words are its own
 * @fires diskactivity - {drive, write}
 * @fires stats - Speed, load and time, once a second
 * @fires videomode - {width, height} of the guest's screen
 * @fires frame - {x, y, width, height, time}: a rectangle of the screen has changed, and is drawn as it was at `time`
 * @fires framepixels - {x, y, width, height, time, data}: the same with its pixels. They are copied for whoever listens: it costs time
 * @fires pointerinput - {id, kind, x, y, buttons, timeStamp, sent}: what was sent to the guest
 * @fires inputtaken - {device, id, time, latched}: the guest has taken all pointer input up to this id; times are performance.timeOrigin + performance.now()
 * @fires clipboard - {what, formats}: the guest has "copied" something, which is "written" to the user's clipboard, or "kept" until the user clicks; the user's is "offered" to the guest, and "taken" when it pastes; "none": what was copied is gone
 * @fires cursorposition - {x, y}: where the guest says that its cursor is
 *
 * Files that are dropped on the picture are given to a guest whose driver takes them (`takesFiles`), unless a listener on the way down
 * has called preventDefault().
 *
 * @slot waiting - Shown over the screen while the machine is off, instead of words
 * @slot toolbar - More for the toolbar
 *
 * @csspart stage - The room around the picture
 * @csspart screen - The picture
 * @csspart cursor - The guest's cursor where the browser's own cannot show it
 * @csspart waiting - What lies over the screen while the machine is off
 * @csspart start - The button that starts the machine
 * @csspart message - A line of advice over the screen
 * @csspart copied - The button that puts on the user's clipboard what the guest has copied
 * @csspart toolbar - The bar of `controls`
 * @csspart button - Each of its buttons
 * @csspart panel - The shared folders over the screen
 *
 * @cssproperty --tandem-background - Around the picture; black
 * @cssproperty --tandem-color - Text over the screen
 * @cssproperty --tandem-font - Text over the screen and on the toolbar
 * @cssproperty --tandem-accent - Marks a button under the pointer
 * @cssproperty --tandem-focus-ring - A box-shadow that marks the screen with the focus
 * @cssproperty --tandem-waiting-background - Over the screen while the machine is off
 * @cssproperty --tandem-message-background - Of the line of advice
 * @cssproperty --tandem-button-background - Of buttons
 * @cssproperty --tandem-button-border - Of buttons
 * @cssproperty --tandem-toolbar-background - Of the toolbar
 */
export class TandemPc extends Base {
  static readonly observedAttributes = [...FLAGS, ...TEXTS];

  declare autostart: boolean;
  declare controls: boolean;
  declare src: string;
  declare memory: number;
  declare firmware: string;
  declare vgaFirmware: string;
  declare boot: string;
  declare floppy: string;
  declare hda: string;
  declare cdrom: string;
  declare kernel: string;
  declare initrd: string;
  declare commandLine: string;
  declare pointer: PointerMode;
  declare usb: string;
  declare usbInterval: number;
  declare hypervisor: string;
  declare folders: string;
  declare clipboard: ClipboardSetting;
  declare display: DisplaySetting;
  declare jit: boolean;

  readonly #shadow: Shadow;
  readonly #picture: Picture;
  readonly #folders = new SharedFolders((change) => {
    this.#fire("folder", change);
    this.#markFolders();
  });
  readonly #channels = new Channels((change) => this.#fire("channelwanted", change));
  readonly #lights: IntegrationLights;
  #foldersPanel: FoldersPanel | undefined;
  #integrations: readonly Integration[] = [];
  /** The machine before, while it writes what is left. */
  #ending: Promise<void> | undefined;
  #config: Partial<MachineConfig> = {};
  #files: MachineFiles = {};
  #session: Session | undefined;
  #state: MachineState = "off";
  #use: { mode: PointerUse; device: PointerDevice | "none" } = { mode: "relative", device: "none" };
  #pointerMode: PointerMode = "auto";
  #captured = false;
  #frameNews: FrameNews = "none";
  /** Counts the loads: one that was overtaken by another is given up. */
  #loads = 0;
  #loading: Promise<void> | undefined;
  /** The machine that is being built. */
  #building: MachineClient | undefined;
  /** The configuration has changed since the machine was built. */
  #stale = false;
  #removal: number | undefined;
  #attached: AbortController | undefined;

  constructor() {
    super();
    this.#shadow = createShadow(this);
    const { canvas, corners, toolbar, start, copied } = this.#shadow;
    this.#picture = new Picture(corners, canvas.width, canvas.height);
    this.#lights = new IntegrationLights(toolbar);
    toolbar.addEventListener("click", this.#onToolbar);
    this.shadowRoot?.addEventListener("keydown", this.#onKeyDown);
    start.addEventListener("click", () => this.#tryTo(() => this.start()));
    copied.addEventListener("click", () => this.#tryTo(() => this.#copyAndFocus()));
    toolbar.hidden = true;
    this.#shadow.setAspect(canvas.width, canvas.height);
    this.#takeEarlyProperties();
    this.#showState();
  }

  override addEventListener<Type extends TandemEventType>(
    type: Type,
    listener: (this: TandemPc, event: TandemEventMap[Type]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: unknown,
    options?: boolean | AddEventListenerOptions,
  ): void {
    super.addEventListener(type, listener as EventListener, options);
    if (type === "frame" || type === "framepixels") this.#hearFrames(type);
  }

  /** Frames are told from their first listener on. */
  #hearFrames(type: "frame" | "framepixels"): void {
    if (type === "framepixels") this.#frameNews = "pixels";
    else if (this.#frameNews === "none") this.#frameNews = "places";
    void this.#session?.machine.api.tellFrames(this.#frameNews);
  }

  // ---- the page ----

  connectedCallback(): void {
    window.clearTimeout(this.#removal);
    if (this.#attached) return; // moved
    this.#attached = new AbortController();
    const { signal } = this.#attached;
    document.addEventListener("visibilitychange", this.#onVisibility, { signal });
    // Some browsers do not tell that a page is hidden when it goes.
    window.addEventListener("pagehide", this.#onPageHide, { signal });
    window.addEventListener("pageshow", this.#onVisibility, { signal });
    document.addEventListener("fullscreenchange", this.#onFullscreen, { signal });
    // The rest of the attributes and properties of a new element may still be coming.
    if (this.autostart)
      queueMicrotask(() => {
        if (this.isConnected && this.autostart) this.#tryTo(() => this.start());
      });
  }

  /** An element that is moved is removed and put back in one go. */
  disconnectedCallback(): void {
    this.#removal = window.setTimeout(() => {
      if (this.isConnected) return;
      this.#attached?.abort();
      this.#attached = undefined;
      void this.unload();
    });
  }

  /** With it, `moveBefore` moves without a removal. */
  connectedMoveCallback(): void {}

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after) return;
    if (name === "controls") this.#showControls();
    else if (name === "autostart") {
      if (this.autostart && this.isConnected && !this.#session && !this.#loading)
        this.#tryTo(() => this.start());
    } else if (name === "pointer" && this.#session)
      this.#tryTo(() => this.setPointerMode(this.pointer));
    else if (name === "clipboard" && this.#session)
      this.#tryTo(() => this.setClipboard(this.clipboard));
    else if (name === "display" && this.#session)
      this.#tryTo(async () => this.setDisplay(this.display));
    else if (REMOVABLE.includes(name) && this.#session)
      this.#tryTo(() =>
        after ? this.insert(name as DriveName, after) : this.eject(name as DriveName),
      );
    else this.#stale = true;
  }

  // ---- what runs ----

  /** The configuration in one piece; attributes are stronger. */
  get config(): Partial<MachineConfig> {
    return this.#config;
  }

  set config(config: Partial<MachineConfig> | null) {
    this.#config = config ?? {};
    this.#stale = true;
  }

  /** Images that are files or in memory, by their role; they are stronger than addresses. */
  get files(): MachineFiles {
    return this.#files;
  }

  set files(files: MachineFiles | null) {
    this.#files = files ?? {};
    this.#stale = true;
  }

  get state(): MachineState {
    return this.#state;
  }

  /** How the pointer is given to the guest now, and to which of its drivers. */
  get pointerUse(): { mode: PointerUse; device: PointerDevice | "none"; captured: boolean } {
    return { ...this.#use, captured: this.#captured };
  }

  /** What was asked for; `pointerUse` is what came of it. */
  get pointerMode(): PointerMode {
    return this.#pointerMode;
  }

  /** What the running guest's driver works together with. */
  get integrations(): readonly Integration[] {
    return this.#integrations;
  }

  /** Those that are shared, then those of the last visit (see rememberedFolders), then those that the machine expects. */
  get sharedFolders(): SharedFolder[] {
    return this.#folders.list;
  }

  /** Names of channels that programs of the guest have opened, and the page has not. */
  get wantedChannels(): readonly string[] {
    return this.#channels.wanted;
  }

  /** The size of the guest's screen. */
  get videoWidth(): number {
    return this.#picture.width;
  }

  get videoHeight(): number {
    return this.#picture.height;
  }

  /**
   * Builds the machine, which stays off. The one before runs on until the new one is there, then it ends. What is given here becomes
   * `config` and `files`.
   */
  load(description?: MachineDescription): Promise<void> {
    const loading = this.#load(description ?? {}).finally(() => {
      if (this.#loading === loading) this.#loading = undefined;
      this.#showState();
    });
    this.#loading = loading;
    return loading;
  }

  /** Powers on, or goes on after a pause; builds the machine before if there is none. */
  async start(): Promise<void> {
    if (this.#loading) await this.#loading;
    else if (!this.#session || (this.#stale && this.#state === "off")) await this.load();
    await this.#call((api) => api.start());
  }

  /** Ends the machine and frees its memory; resolves when what the guest has written to shared folders is there. */
  async unload(): Promise<void> {
    this.#loads++;
    void this.#building?.dispose();
    this.#building = undefined;
    const ended = this.#end();
    this.#setState("off");
    await ended;
  }

  async #load(description: MachineDescription): Promise<void> {
    const load = ++this.#loads;
    void this.#building?.dispose();
    const wanted = { config: description.config ?? this.#config, files: description.files ?? this.#files }; // prettier-ignore
    this.#stale = false;
    this.#say("Loading…");
    const core = coreModule();
    const machine = new MachineClient();
    this.#building = machine;
    const stopListening = machine.listen((event) => {
      if (event.type === "progress") this.#onProgress(event);
    });
    try {
      const [{ config, files }, module] = await Promise.all([this.#complete(wanted), core, machine.ready()]); // prettier-ignore
      await machine.call((api) => api.create(config, files, module));
      if (load !== this.#loads) throw new TandemError("aborted", ABORTED);
      this.#building = undefined;
      this.#config = wanted.config;
      this.#files = wanted.files;
      stopListening();
      const ended = this.#end();
      this.#pointerMode = config.pointer;
      this.#begin(machine, config.clipboard, config.display);
      this.#folders.expect(config.folders);
      // The new guest finds in the folders what the one before has written.
      if (this.#folders.isSharing) await ended;
      if (this.#session?.machine === machine) await this.#folders.connect(machine);
    } catch (error) {
      void machine.dispose();
      this.#stale = true;
      if (load !== this.#loads) throw new TandemError("aborted", ABORTED);
      this.#building = undefined;
      throw error;
    }
  }

  /** All that a machine is built of. @throws TandemError */
  async #complete({
    config,
    files,
  }: Required<MachineDescription>): Promise<{ config: MachineConfig; files: MachineFiles }> {
    const base = this.baseURI;
    const given = {
      ...(this.src ? await configAt(new URL(this.src, base).href) : {}),
      ...withWholeAddresses(config, base),
      ...withWholeAddresses(
        configFromAttributes((name) => this.getAttribute(name)),
        base,
      ),
    };
    const bootable = ["kernel", "floppy", "hda", "cdrom"] as const;
    const standard = bootable.some((role) => given[role] ?? files[role])
      ? undefined
      : defaultMachine();
    const complete = parseConfig({ ...standard, ...given });
    const firmware = standardFirmware();
    if (complete.firmware !== "auto") delete firmware.firmware;
    if (complete.vgaFirmware !== "auto") delete firmware.vgaFirmware;
    return { config: complete, files: { ...firmware, ...files } };
  }

  #begin(machine: MachineClient, setting: ClipboardSetting, displaySetting: DisplaySetting): void {
    const { canvas, picture, stage, cursor: layer, field } = this.#shadow;
    const pixels = this.#picture;
    const sender = new PointerSender(machine, (input) => this.#fire("pointerinput", input));
    const cursor = new GuestCursor(canvas, pixels, layer);
    const host = {
      canvas,
      picture: pixels,
      sender,
      device: "none" as const,
      explain: (words: string | undefined) => this.#explain(words),
      captured: (captured: boolean) => {
        this.#captured = captured;
        this.#firePointerMode();
      },
    };
    const pointer = new Pointer(host, machine, cursor, (use) => {
      this.#use = use;
      this.#firePointerMode();
    });
    const leave = (): void => {
      pointer.release();
      canvas.blur();
    };
    const keyboard = new TouchKeyboard(field, machine);
    const display = new DisplayService({ stage, host: this }, machine, displaySetting);
    const screen = new Screen({ canvas, pixels, picture, stage }, machine, (width, height) => {
      if (!display.follows) this.#shadow.setAspect(width, height);
      this.#fire("videomode", { width, height });
    });
    const clipboard = new ClipboardService(
      machine,
      thisBrowser(),
      () => this.matches(":focus-within") && document.hasFocus(),
      (news) => this.#onClipboard(news),
    );
    clipboard.begin(setting);
    const pasteKey = new PasteKey(
      () => clipboard.givesToGuest,
      (data, keyFollows) => clipboard.pasted(data, keyFollows),
    );
    const keys = [canvas, field].map((place) => new Keyboard(place, machine, leave, pasteKey));
    const failed = (error: TandemError): void => this.#fire("error", error);
    const drops = new DragAndDrop({ canvas, picture: pixels, sender, machine, failed });
    const parts = [
      screen,
      display,
      ...keys,
      keyboard,
      pointer,
      pasteKey,
      drops,
      this.#looksAtClipboard(clipboard),
    ];
    const stopClipboard = machine.listen((event) => clipboard.onEvent(event));
    cursor.listen(machine);
    const stopListening = machine.listen(this.#onEvent);
    for (const part of parts) part.attach();
    const detach = (): Promise<void> => {
      stopListening();
      stopClipboard();
      this.#shadow.copied.hidden = true;
      for (const part of parts.toReversed()) part.detach();
      cursor.stop();
      sender.detach();
      return machine.dispose();
    };
    void machine.api.tellFrames(this.#frameNews);
    this.#channels.connect(machine);
    this.#session = {
      machine,
      pointer,
      sender,
      cursor,
      keyboard,
      clipboard,
      display,
      drops,
      detach,
    };
    this.#onVisibility();
    this.#fire("ready", undefined);
  }

  /** Resolves when every machine before has written what was left. */
  #end(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (session) {
      this.#folders.disconnect();
      this.#channels.disconnect();
      this.#setIntegrations([]);
      const before = this.#ending;
      const ended = session.detach();
      this.#shadow.renewCanvas();
      this.#ending = Promise.all([before, ended]).then(() => undefined);
    }
    return this.#ending ?? Promise.resolve();
  }

  // ---- the buttons of the case ----

  pause(): Promise<void> {
    return this.#call((api) => api.pause());
  }

  resume(): Promise<void> {
    return this.#call((api) => api.resume());
  }

  /** The reset button. */
  reset(): Promise<void> {
    return this.#call((api) => api.reset());
  }

  /** Asks the guest's operating system to shut down. */
  powerButton(): Promise<void> {
    return this.#call((api) => api.powerButton());
  }

  /**
   * Lets the guest shut down by itself: asks its driver, without one its system. Resolves when the machine is off; after `timeout`
   * milliseconds (60,000) it fails, and the machine runs on.
   */
  shutdown({ timeout = POWER_TIMEOUT }: { timeout?: number } = {}): Promise<void> {
    return this.#call((api) => api.shutDown(timeout));
  }

  /** As shutdown, to restart. Resolves when the guest has reset the machine. */
  restart({ timeout = POWER_TIMEOUT }: { timeout?: number } = {}): Promise<void> {
    return this.#call((api) => api.restart(timeout));
  }

  /** Pulls the plug. */
  powerOff(): Promise<void> {
    return this.#call((api) => api.powerOff());
  }

  // ---- commands in the guest ----

  /**
   * Runs a command in the guest's shell: `const { exitCode, stdout } = await pc.run("ls /")`. The guest's agent must be allowed to
   * (for Linux: `tandemd --exec`), or it fails with "no-agent" or "not-allowed". Several may run at the same time.
   */
  run<Data extends string | Uint8Array = string>(
    command: string,
    options?: RunOptions<Data>,
  ): RunningCommand<Data> {
    if (this.#session) return runCommand(this.#session.machine, command, options);
    return Object.assign(
      this.#call<never>(() => Promise.reject(new Error())),
      { kill() {} },
    );
  }

  // ---- channels ----

  /**
   * A stream of bytes each way, to and from a program of the guest that opens the same name (on Linux: `tandem-channel NAME`). Who is
   * first waits. One channel of a name at a time; several names, up to 16. Also before there is a machine, and with each machine
   * that follows until a program has come.
   */
  channel(name: string, options?: ChannelOptions): TandemChannel {
    return this.#channels.open(name, options);
  }

  // ---- media ----

  /** `medium`: a file, bytes, or an address. */
  async insert(drive: DriveName, medium: ImageFile | string): Promise<void> {
    const file = typeof medium === "string" ? { url: medium } : medium;
    await this.#call((api) => api.insert(drive, isAddress(file) ? this.#whole(file) : file));
  }

  /** The CD with drivers and tools for guests; README.txt on it says what to do. */
  async insertAdditions(): Promise<void> {
    const image = await additionsImage(fetchBytes);
    await this.#call((api) => api.insert("cdrom", image.buffer));
  }

  eject(drive: DriveName): Promise<void> {
    return this.#call((api) => api.eject(drive));
  }

  /** The image with everything the guest has written. */
  exportDisk(drive: DriveName): Promise<Blob> {
    return this.#call((api) => api.exportDisk(drive));
  }

  // ---- shared folders ----

  /**
   * Shares a directory with the guest: a handle (of a picker, a drop, or the origin's own storage), files that were chosen with
   * `<input webkitdirectory>` (read-only), or files in memory. Also before there is a machine.
   */
  attachFolder(name: string, input: FolderInput, options?: ShareOptions): Promise<void> {
    return this.#folders.attach(name, input, options);
  }

  /** Asks the user for a directory, in answer to a click only. @returns the folder's name */
  pickFolder(options?: PickOptions): Promise<string> {
    return this.#folders.pick(options);
  }

  /** Writes what the guest has written, then takes the folder away, or fails with what could not be written. Also forgets what is remembered. */
  detachFolder(name: string): Promise<void> {
    return this.#folders.detach(name);
  }

  /** In answer to a click: the browser may ask for its permission. What could not be written is written. */
  reconnectFolder(name: string): Promise<void> {
    return this.#folders.reconnect(name);
  }

  /** To let the guest write, the browser may ask for its permission: in answer to a click only. */
  setFolderReadOnly(name: string, readOnly: boolean): Promise<void> {
    return this.#folders.setReadOnly(name, readOnly);
  }

  /** From now on, what the user has shared with `remember` at an earlier visit is in `sharedFolders`, to be reconnected. */
  async rememberedFolders(): Promise<SharedFolder[]> {
    await this.#folders.offerKept();
    return this.sharedFolders.filter(({ state }) => state === "offered");
  }

  /** What the guest sees in a directory of a shared folder: "a/b", or nothing for the folder itself. There must be a machine. */
  listFiles(folder: string, path = ""): Promise<FolderEntry[]> {
    return this.#call((api) => api.listFiles(folder, path));
  }

  /** A file of a shared folder as the guest sees it, also what is not on the host yet. There must be a machine. */
  readFile(folder: string, path: string): Promise<File> {
    return this.#call((api) => api.readFile(folder, path));
  }

  /** Writes a file of a shared folder, and makes the directories that are missing; also where the guest may only read. There must be a machine. */
  writeFile(folder: string, path: string, data: Blob | BufferSource | string): Promise<void> {
    const blob = data instanceof Blob ? data : new Blob([data]);
    return this.#call((api) => api.writeFile(folder, path, blob));
  }

  // ---- input ----

  /** Types a text as on a US keyboard; resolves when the last key is up. */
  typeText(text: string): Promise<void> {
    return this.#call((api) => api.typeText(text));
  }

  /** Keys pressed together, by their names: "ctrl-alt-delete". */
  sendKeys(chord: string): Promise<void> {
    return this.#call((api) => api.sendKeys(chord));
  }

  /** One key, by KeyboardEvent.code, down or up. */
  key(code: string, pressed: boolean): Promise<void> {
    return this.#call((api) => api.key(code, pressed));
  }

  /** To serial port 0 (COM1) or 1; text as UTF-8. */
  serialInput(data: string | Uint8Array, port = 0): Promise<void> {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    return this.#call((api) => api.serialInput(bytes, port));
  }

  async setPointerMode(mode: PointerMode): Promise<void> {
    const { pointer } = parseConfig({ pointer: mode || undefined });
    await this.#call((api) => api.setPointerMode(pointer));
    this.#pointerMode = pointer;
  }

  /** As the attribute; without changing it. */
  async setClipboard(setting: ClipboardSetting): Promise<void> {
    const { clipboard } = parseConfig({ clipboard: setting || undefined });
    await this.#clipboard().set(clipboard);
  }

  /** What the guest has copied, by its formats; empty when the newest is not the guest's. */
  async readClipboard(): Promise<ClipboardItems> {
    return this.#clipboard().read();
  }

  /** Gives this to the guest's clipboard, as text or by formats. `paste`: a guest that can do it pastes it at once. */
  async writeClipboard(
    items: string | Partial<Record<keyof ClipboardItems, Blob | string>>,
    { paste = false } = {},
  ): Promise<void> {
    const given = typeof items === "string" ? { "text/plain": items } : items;
    const blobs: ClipboardItems = {};
    for (const [name, data] of Object.entries(given)) {
      const format = FORMATS.find((known) => known === name);
      if (!format) throw new TandemError("bad-argument", `The clipboard does not carry "${name}".`);
      blobs[format] = typeof data === "string" ? new Blob([data], { type: format }) : data;
    }
    await this.#clipboard().write(blobs, paste);
  }

  /**
   * Pastes the user's clipboard into the guest; types its text where the guest has no driver for it. In answer to a click: browsers
   * ask the user otherwise, or refuse.
   */
  async pasteClipboard(): Promise<void> {
    await this.#clipboard().paste();
  }

  /** Puts on the user's clipboard what the guest has copied ("kept"). In answer to a click. */
  async copyClipboard(): Promise<void> {
    await this.#clipboard().copy();
  }

  /** As the attribute; without changing it. @throws TandemError */
  setDisplay(setting: DisplaySetting): void {
    const { display } = parseConfig({ display: setting || undefined });
    if (this.#session) this.#session.display.setting = display;
  }

  /** Moves the guest's pointer by counts of a relative mouse. @returns the input's id, 0 without a machine */
  pointerMotion(dx: number, dy: number, timeStamp?: number): number {
    return this.#session?.sender.motion(dx, dy, timeStamp) ?? 0;
  }

  /** Puts the guest's pointer at fractions of the picture. @returns the input's id, 0 without a machine */
  pointerPosition(x: number, y: number, timeStamp?: number): number {
    this.#session?.cursor.place(x, y);
    return this.#session?.sender.position(x, y, timeStamp) ?? 0;
  }

  /** Bit 0 left, 1 right, 2 middle, 3 and 4 the side buttons. @returns the input's id, 0 without a machine */
  pointerButtons(buttons: PointerButtons, timeStamp?: number): number {
    return this.#session?.sender.setButtons(buttons, timeStamp) ?? 0;
  }

  /** Notches; positive is towards the user and to the right. @returns the input's id, 0 without a machine */
  pointerWheel(vertical: number, horizontal = 0, timeStamp?: number): number {
    return this.#session?.sender.wheel(vertical, horizontal, timeStamp) ?? 0;
  }

  /** The guest's driver takes files that are dropped on its screen. */
  get takesFiles(): boolean {
    return this.#session?.drops.takesFiles ?? false;
  }

  /** Gives files to the guest, as dropped at a point of the page (MouseEvent.clientX); "dropdone" tells what came of it. */
  async dropFiles(files: readonly File[], clientX: number, clientY: number): Promise<void> {
    if (!this.#session) throw new TandemError("not-running", "There is no machine yet.");
    await this.#session.drops.drop(files, clientX, clientY);
  }

  /** Shows the keyboard of a phone; in answer to a tap only. */
  showKeyboard(): void {
    this.#session?.keyboard.show();
  }

  // ---- output ----

  /** The screen as a PNG file. */
  async screenshot(): Promise<Blob> {
    const pixels = await this.pixels();
    const canvas = document.createElement("canvas");
    canvas.width = pixels.width;
    canvas.height = pixels.height;
    canvas.getContext("2d")?.putImageData(pixels, 0, 0);
    return new Promise((resolve, reject) => {
      canvas.toBlob((blob) => {
        if (blob) resolve(blob);
        else reject(new TandemError("refused", "The browser made no picture of the screen."));
      });
    });
  }

  /** The screen as pixels. */
  async pixels(): Promise<ImageData> {
    const { width, height, data } = await this.#call((api) => api.screenshot());
    return new ImageData(data, width, height);
  }

  /** The text screen as lines without trailing blanks; empty in a graphics mode. */
  screenText(): Promise<string[]> {
    return this.#call((api) => api.screenText());
  }

  stats(): Promise<MachineStats> {
    return this.#call((api) => api.stats());
  }

  /** Reports that the guest took and interrupts for them, for each device. */
  pointerStatistics(): Promise<PointerStatistics> {
    return this.#call((api) => api.pointerStatistics());
  }

  /** The pixel of the guest's screen under a point of the page, as in MouseEvent.clientX; the nearest for a point outside. */
  guestPixel(clientX: number, clientY: number): { x: number; y: number } {
    return this.#picture.pixel(clientX, clientY);
  }

  /** The screen gets the keyboard, also while a button of the toolbar has it. */
  override focus(options?: FocusOptions): void {
    this.#shadow.canvas.focus(options);
  }

  /** Gives the keyboard and a captured mouse back to the page. */
  release(): void {
    this.#session?.pointer.release();
    this.#shadow.canvas.blur();
  }

  override async requestFullscreen(options?: FullscreenOptions): Promise<void> {
    try {
      await super.requestFullscreen(options);
    } catch {
      throw new TandemError("refused", "The browser does not allow full screen here.");
    }
    this.focus();
  }

  // ---- inside ----

  #call<T>(work: (api: RemoteMachine) => Promise<T>): Promise<T> {
    if (!this.#session)
      return Promise.reject(new TandemError("not-running", "There is no machine yet."));
    return this.#session.machine.call(work);
  }

  /** @throws TandemError not-running */
  #clipboard(): ClipboardService {
    if (!this.#session) throw new TandemError("not-running", "There is no machine yet.");
    return this.#session.clipboard;
  }

  /** When the user comes to the screen, and when the browser tells of a change. */
  #looksAtClipboard(clipboard: ClipboardService): { attach(): void; detach(): void } {
    const listeners = new AbortController();
    const { signal } = listeners;
    const look = (): void => {
      if (this.matches(":focus-within")) void clipboard.look();
    };
    return {
      attach: () => {
        this.#shadow.canvas.addEventListener("focus", look, { signal });
        window.addEventListener("focus", look, { signal });
        (navigator.clipboard as Clipboard | undefined)?.addEventListener("clipboardchange", look, { signal }); // prettier-ignore
      },
      detach: () => listeners.abort(),
    };
  }

  #onClipboard(news: ClipboardNews | TandemError): void {
    if (news instanceof TandemError) {
      this.#fire("error", news);
      return;
    }
    if (news.what !== "offered" && news.what !== "taken")
      this.#shadow.copied.hidden = news.what !== "kept";
    this.#fire("clipboard", news);
  }

  #whole({ url, ...rest }: ImageSource): ImageSource {
    if (!URL.canParse(url, this.baseURI))
      throw new TandemError("bad-argument", `"${url}" is not a web address.`);
    return { ...rest, url: new URL(url, this.baseURI).href };
  }

  /** For what no caller waits for: a failure is shown, and told by an event. */
  #tryTo(work: () => Promise<void>): void {
    work().catch((thrown: unknown) => {
      const error = TandemError.from(thrown);
      if (error.code === "aborted") return;
      this.#showState();
      this.#say(wordsFor(error));
      this.#fire("error", error);
    });
  }

  #fire<Type extends TandemEventType>(type: Type, detail: TandemEventDetails[Type]): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #firePointerMode(): void {
    this.#fire("pointermode", this.pointerUse);
  }

  #onEvent = (event: MachineEvent): void => {
    switch (event.type) {
      case "state":
        this.#setState(event.state);
        break;
      case "serial":
        this.#fire("serial", { port: event.port, bytes: event.bytes });
        break;
      case "frame":
        this.#onFrame(event);
        break;
      case "disk-activity":
        this.#fire("diskactivity", { drive: event.drive, write: event.write });
        break;
      case "stats":
        this.#fire("stats", event.stats);
        break;
      case "debug":
        this.#fire("debug", { line: event.line });
        break;
      case "tray":
        this.#fire("tray", { drive: event.drive, open: event.open });
        break;
      case "guest-hello":
        this.#setIntegrations(event.integrations);
        this.#fire("guestready", { system: event.system, features: event.features });
        break;
      case "guest-bye":
        this.#setIntegrations([]);
        this.#fire("guestbye", undefined);
        break;
      case "input-taken":
        this.#onInputTaken(event);
        break;
      case "cursor-position":
        this.#fire("cursorposition", { x: event.x, y: event.y });
        break;
      case "drop-done":
        this.#fire("dropdone", { taken: event.taken, words: event.words });
        break;
      case "file-saved":
        this.#fire("filesaved", { name: event.name, file: event.file });
        break;
      case "progress":
        this.#onProgress(event);
        break;
      case "power-off":
        this.#fire("poweroff", undefined);
        break;
      case "triple-fault":
        this.#fire("crash", event.report);
        break;
      case "error":
        this.#fire("error", TandemError.from(event.error));
        break;
      default:
        break; // the parts of the session have their own listeners
    }
  };

  #onInputTaken({
    device,
    id,
    time,
    latched,
  }: Extract<MachineEvent, { type: "input-taken" }>): void {
    // prettier-ignore
    this.#fire("inputtaken", { device, id, time, ...(latched !== undefined && { latched }) });
  }

  #onFrame({ x, y, width, height, time, data }: Extract<MachineEvent, { type: "frame" }>): void {
    this.#fire("frame", { x, y, width, height, time });
    if (data) this.#fire("framepixels", { x, y, width, height, time, data });
  }

  #onProgress({ file, loaded, total }: { file: string; loaded: number; total: number }): void {
    const size = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
    this.#say(`Loading ${file}… ${size(loaded)}${total > 0 ? ` of ${size(total)}` : ""}`);
    this.#fire("progress", { file, loaded, total });
  }

  #setState(state: MachineState): void {
    const changed = state !== this.#state;
    this.#state = state;
    this.#showState();
    if (changed) this.#fire("statechange", { state });
  }

  #showState(): void {
    const { waiting, start, toolbar } = this.#shadow;
    const off = this.#state === "off";
    waiting.hidden = !off;
    start.hidden = this.#loading !== undefined;
    if (off) this.#shadow.waitingWords.textContent = "";
    const button = toolbar.querySelector('[data-action="pause"]');
    if (button) button.textContent = this.#state === "paused" ? "Continue" : "Pause";
  }

  /** Words over the screen while the machine is off; a line on it while it runs. */
  #say(words: string): void {
    this.#shadow.waitingWords.textContent = words;
    this.#shadow.start.hidden = this.#loading !== undefined;
  }

  #explain(words: string | undefined): void {
    this.#shadow.message.hidden = words === undefined;
    this.#shadow.message.textContent = words ?? "";
  }

  #onToolbar = (event: Event): void => {
    const action = (event.target as HTMLElement).closest("button")?.dataset["action"];
    this.#tryTo(async () => {
      if (action === "pause") await (this.#state === "paused" ? this.resume() : this.pause());
      else if (action === "reset") await this.reset();
      else if (action === "keys") await this.sendKeys("ctrl-alt-delete");
      else if (action === "keyboard") this.showKeyboard();
      else if (action === "paste") await this.#pasteAndFocus();
      else if (action === "folders") this.#showFolders(this.#shadow.panel.hidden !== false);
      else if (action === "fullscreen") await this.requestFullscreen();
    });
  };

  async #copyAndFocus(): Promise<void> {
    const copying = this.copyClipboard();
    this.focus({ preventScroll: true });
    await copying;
  }

  async #pasteAndFocus(): Promise<void> {
    const pasting = this.pasteClipboard(); // first: what the browser allows in a click, it allows at once
    this.focus({ preventScroll: true });
    await pasting;
  }

  #setIntegrations(there: readonly Integration[]): void {
    this.#integrations = there;
    this.#lights.show(there);
  }

  #showControls(): void {
    const { toolbar } = this.#shadow;
    toolbar.hidden = !this.controls;
    if (!this.controls) this.#showFolders(false);
    else if (this.shadowRoot) this.#lights.adoptStyle(this.shadowRoot);
  }

  #showFolders(shown: boolean): void {
    const { panel, toolbar } = this.#shadow;
    if (shown && !this.#foldersPanel && this.shadowRoot) {
      this.#foldersPanel = new FoldersPanel(this);
      this.#foldersPanel.adoptStyle(this.shadowRoot);
      panel.append(this.#foldersPanel.element);
      this.#foldersPanel.attach();
    }
    panel.hidden = !shown;
    const button = toolbar.querySelector<HTMLElement>('[data-action="folders"]');
    button?.setAttribute("aria-expanded", String(shown));
    if (shown) panel.querySelector("button")?.focus();
  }

  /** A folder that the user has to look after shows on the button. */
  #markFolders(): void {
    const button = this.#shadow.toolbar.querySelector('[data-action="folders"]');
    const trouble = this.sharedFolders.filter(({ state }) => ["permission", "write-permission", "full", "vanished"].includes(state)); // prettier-ignore
    if (button) button.textContent = trouble.length === 0 ? "Folders" : `Folders (${trouble.length}!)`; // prettier-ignore
  }

  #onKeyDown = (event: Event): void => {
    const { panel, toolbar } = this.#shadow;
    if ((event as KeyboardEvent).key !== "Escape" || !panel.contains(event.target as Node)) return;
    this.#showFolders(false);
    toolbar.querySelector<HTMLElement>('[data-action="folders"]')?.focus();
  };

  #onPageHide = (): void => {
    void this.#session?.machine.api.setDetached(true);
  };

  #onVisibility = (): void => {
    void this.#session?.machine.api.setDetached(document.hidden);
  };

  // In full screen all keys can be the guest's, Alt+Tab and Esc as well (Esc held down leaves).
  #onFullscreen = (): void => {
    const { keyboard } = navigator as { keyboard?: KeyboardLocks };
    if (document.fullscreenElement === this) void keyboard?.lock?.().catch(() => undefined);
    else keyboard?.unlock?.();
  };

  /** Properties that were set before the element's class was known hide those of the class. */
  #takeEarlyProperties(): void {
    const properties = [...FLAGS, "src", "config", "files", ...CONFIG_PROPERTIES];
    const own = this as unknown as Record<string, unknown>;
    const early = properties.filter((name) => Object.hasOwn(this, name));
    const values = early.map((name) => own[name]);
    for (const name of early) delete own[name];
    // An element that is made by a constructor must not have attributes before it is handed over.
    if (early.length > 0) queueMicrotask(() => early.forEach((name, index) => (own[name] = values[index]))); // prettier-ignore
  }
}

interface KeyboardLocks {
  lock?: () => Promise<void>;
  unlock?: () => void;
}

// Attributes and properties tell the same: a property reads and writes its attribute.
for (const flag of FLAGS)
  Object.defineProperty(TandemPc.prototype, flag, {
    get(this: TandemPc): boolean {
      return this.hasAttribute(flag);
    },
    set(this: TandemPc, value: unknown) {
      this.toggleAttribute(flag, Boolean(value));
    },
    enumerable: true,
    configurable: true,
  });
for (const property of ["src", ...CONFIG_PROPERTIES])
  Object.defineProperty(TandemPc.prototype, property, {
    get(this: TandemPc): unknown {
      const text = this.getAttribute(attributeName(property));
      if (property in NUMBER_DEFAULTS) return text ? Number(text) : NUMBER_DEFAULTS[property];
      if (property === "jit") return text === "on" || text === "true";
      return text ?? TEXT_DEFAULTS[property] ?? "";
    },
    set(this: TandemPc, value: string | number | boolean | null | undefined) {
      const attribute = attributeName(property);
      if (value === undefined || value === null) this.removeAttribute(attribute);
      else
        this.setAttribute(attribute, property === "jit" ? (value ? "on" : "off") : String(value));
    },
    enumerable: true,
    configurable: true,
  });

function isAddress(file: ImageFile): file is ImageSource {
  return "url" in file;
}

/** @throws TandemError */
async function fetchBytes(url: URL): Promise<Uint8Array> {
  const response = await fetch(url).catch(() => undefined);
  if (!response?.ok) throw new TandemError("http-failed", `${url.href} could not be fetched.`);
  return new Uint8Array(await response.arrayBuffer());
}

/** @throws TandemError */
async function configAt(url: string): Promise<Partial<MachineConfig>> {
  const response = await fetch(url).catch(() => undefined);
  if (!response) throw new TandemError("http-failed", `${url} could not be fetched.`);
  if (!response.ok) throw new TandemError("http-status", `${url} answers ${response.status}.`);
  const config: unknown = await response.json().catch(() => undefined);
  if (typeof config !== "object" || config === null || Array.isArray(config))
    throw new TandemError("bad-config", `${url} is not a configuration in JSON.`);
  return withWholeAddresses(config, response.url || url);
}

declare global {
  interface HTMLElementTagNameMap {
    "tandem-pc": TandemPc;
  }
}
