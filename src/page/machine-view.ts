// One machine on the page with everything around it: controls, drives, screen, console, messages.

import type { DriveName, MachineFiles, MachineState } from "../shared/api";
import { TandemError } from "../shared/errors";
import "../element/index";
import type { TandemPc } from "../element/tandem-pc";
import { ClipboardMenu } from "./clipboard-menu";
import { DriveMenu } from "./drive-menu";
import { FoldersPanel, reconnectWord, troubleOf } from "./folders-panel";
import { type ImageRole, recogniseFile, type RecognisedImage, recogniseUrl } from "./images";
import { LINUX_OPTIONS, type MachineChoice } from "./machines";
import { Messages } from "./messages";
import { part } from "./part";
import { saveFile } from "./save-file";
import { SerialConsole } from "./serial-console";
import { hasDirectory } from "./services/drag-and-drop";
import { droppedFiles, droppedFolders } from "./services/folder-sources";
import { StatusLine } from "./status-line";

const IMAGE_MEMORY = 128;
const DRIVES: readonly DriveName[] = ["floppy", "hda", "cdrom"];

export class MachineView {
  readonly #root: HTMLElement;
  readonly #messages: Messages;
  readonly #pc: TandemPc;
  readonly #onChoice: (choice: MachineChoice) => void;
  readonly #parts: { attach(): void; detach(): void }[];
  readonly #drives: DriveMenu;
  readonly #folders: FoldersPanel;
  readonly #listeners = new AbortController();
  /** A machine has been built. */
  #there = false;
  #state: MachineState = "off";
  /** Firmware that the user has dropped; it replaces what the page is served with. */
  #firmware: MachineFiles = {};

  /** `onChoice`: another machine runs from now on. */
  constructor(template: HTMLTemplateElement, onChoice: (choice: MachineChoice) => void) {
    this.#onChoice = onChoice;
    const content = template.content.cloneNode(true) as DocumentFragment;
    this.#root = content.firstElementChild as HTMLElement;
    this.#messages = new Messages(part(this.#root, "messages"));
    this.#pc = part<TandemPc>(this.#root, "pc");
    customElements.upgrade(this.#root); // it comes from a template, where elements are not alive
    this.#parts = [
      new SerialConsole(part(this.#root, "terminal"), this.#pc),
      new StatusLine(part(this.#root, "status"), this.#pc),
      new ClipboardMenu(part(this.#root, "clipboard"), this.#pc),
    ];
    this.#folders = new FoldersPanel(this.#pc);
    this.#folders.adoptStyle(document);
    part(this.#root, "folders").append(this.#folders.element);
    this.#parts.push(this.#folders);
    this.#drives = new DriveMenu(part(this.#root, "drive-list"), {
      insert: (drive, file) => this.#try(() => this.#insert(drive, file)),
      insertAdditions: () => this.#try(() => this.#insertAdditions()),
      eject: (drive) => this.#try(() => this.#eject(drive)),
      save: (drive) => this.#try(() => this.#save(drive)),
    });
  }

  get pc(): TandemPc {
    return this.#pc;
  }

  get root(): HTMLElement {
    return this.#root;
  }

  /** Shows the view in `parent`. */
  attach(parent: HTMLElement): void {
    parent.append(this.#root);
    this.#drives.attach();
    this.#listen();
    this.#showState("off");
    for (const each of this.#parts) each.attach();
  }

  detach(): void {
    this.#listeners.abort();
    for (const each of this.#parts) each.detach();
    this.#drives.detach();
    this.#root.remove();
  }

  // ---- the user ----

  #listen(): void {
    const { signal } = this.#listeners;
    const root = this.#root;
    root.addEventListener("click", this.#onClick, { signal });
    root.addEventListener("dragover", this.#onDragOver, { signal });
    root.addEventListener("dragleave", this.#onDragLeave, { signal });
    root.addEventListener("drop", this.#onDropOnGuest, { signal, capture: true });
    root.addEventListener("drop", this.#onDrop, { signal });
    root.addEventListener("paste", this.#onPaste, { signal });
    // A menu closes when something else is used.
    document.addEventListener("pointerdown", this.#onPointerDown, { signal });
    root.addEventListener("keydown", this.#onKeyDown, { signal });
    this.#listenToMachine(signal);
    this.#listenToFiles(signal);
  }

  #listenToMachine(signal: AbortSignal): void {
    const pc = this.#pc;
    pc.addEventListener("ready", () => (this.#there = true), { signal });
    pc.addEventListener("statechange", ({ detail }) => this.#showState(detail.state), { signal });
    pc.addEventListener("error", ({ detail }) => this.#messages.error(detail), { signal });
    pc.addEventListener("crash", ({ detail }) => this.#messages.info(detail.reason), { signal });
    pc.addEventListener("folder", ({ detail }) => this.#showFolder(detail), { signal });
    pc.addEventListener(
      "poweroff",
      () => this.#messages.info("The guest has switched its machine off."),
      { signal },
    );
    pc.addEventListener(
      "tray",
      ({ detail }) => {
        if (detail.open) this.#drives.show(detail.drive, undefined);
      },
      { signal },
    );
  }

  #listenToFiles(signal: AbortSignal): void {
    const pc = this.#pc;
    pc.addEventListener(
      "filesaved",
      ({ detail: { name, file } }) =>
        this.#messages.offer("The guest gives you a file:", name, file),
      { signal },
    );
    pc.addEventListener(
      "dropdone",
      ({ detail: { taken, words } }) => {
        if (taken) this.#messages.info(words);
        else this.#messages.error(new TandemError("refused", words));
      },
      { signal },
    );
  }

  #onDragOver = (event: DragEvent): void => {
    event.preventDefault();
    this.#root.classList.add("drop");
  };

  #onDragLeave = (event: DragEvent): void => {
    if (!this.#root.contains(event.relatedTarget as Node | null))
      this.#root.classList.remove("drop");
  };

  #onDrop = (event: DragEvent): void => {
    this.#root.classList.remove("drop");
    if (event.defaultPrevented) return;
    event.preventDefault();
    this.#shareDropped(event);
    this.#take(event.dataTransfer);
  };

  /** On the picture of a guest that takes files, only what a PC starts from is the page's. */
  #onDropOnGuest = (event: DragEvent): void => {
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0 || !this.#pc.takesFiles || event.target !== this.#pc) return;
    if (hasDirectory(event.dataTransfer)) {
      event.preventDefault();
      this.#root.classList.remove("drop");
      this.#shareDropped(event);
      return;
    }
    event.preventDefault();
    const { clientX, clientY, shiftKey } = event;
    void this.#try(async () => {
      const isForGuest = shiftKey || !(await areImages(files));
      if (isForGuest) {
        await this.#pc.dropFiles(files, clientX, clientY);
        return;
      }
      await this.#open(await Promise.all(files.map(recogniseFile)));
      this.#messages.info(
        "What was dropped is something to start a PC from, so it was started. With Shift held down it goes to the guest as a file.",
      );
    });
  };

  /** Paste an image or its address anywhere but in a field. */
  #onPaste = (event: ClipboardEvent): void => {
    const target = event.target as HTMLElement;
    if (target.closest("input, textarea, .terminal")) return;
    if (this.#take(event.clipboardData)) event.preventDefault();
  };

  /** Directories are for the guest to look into, wherever on the machine they are dropped. */
  #shareDropped(event: DragEvent): void {
    const folders = event.dataTransfer ? droppedFolders(event.dataTransfer) : [];
    if (folders.length === 0) return;
    part<HTMLDetailsElement>(this.#root, "folders-menu").open = true;
    void this.#folders.share(folders);
  }

  #take(data: DataTransfer | null): boolean {
    const files = data ? droppedFiles(data) : [];
    const address = data?.getData("text/uri-list") || data?.getData("text/plain") || "";
    if (files.length > 0) void this.openFiles(files);
    else if (/^https?:\/\/\S+$/.test(address.trim())) void this.openUrl(address.trim());
    else return false;
    return true;
  }

  #onPointerDown = (event: Event): void => {
    for (const menu of this.#root.querySelectorAll("details.menu[open]"))
      if (!menu.contains(event.target as Node)) menu.removeAttribute("open");
  };

  #onKeyDown = (event: KeyboardEvent): void => {
    const menu = (event.target as HTMLElement).closest("details.menu[open]");
    if (event.key !== "Escape" || !menu) return;
    menu.removeAttribute("open");
    menu.querySelector("summary")?.focus();
  };

  #onClick = (event: Event): void => {
    const button = (event.target as HTMLElement).closest("button");
    const chord = button?.dataset["chord"];
    const action = button?.dataset["action"];
    if (chord !== undefined) {
      this.#closeMenus();
      void this.#try(async () => {
        this.#pc.focus();
        await this.#pc.sendKeys(chord);
      });
    } else if (action !== undefined) {
      void this.#try(() => this.#act(action));
    }
  };

  async #act(action: string): Promise<void> {
    switch (action) {
      case "pause":
        if (this.#state === "paused") await this.#pc.resume();
        else await this.#pc.pause();
        break;
      case "reset":
        await this.#pc.reset();
        break;
      case "power-button":
        await this.#pc.powerButton();
        break;
      case "power":
        if (this.#state === "off") await this.#pc.start();
        else await this.#pc.powerOff();
        break;
      case "paste-clipboard": {
        const pasting = this.#pc.pasteClipboard(); // first: a click allows at once what it allows
        this.#closeMenus();
        this.#pc.focus();
        await pasting;
        break;
      }
      case "copy-clipboard":
        await this.#pc.copyClipboard();
        break;
      case "type-clipboard":
        this.#closeMenus();
        await this.#pc.typeText(await this.#clipboardText());
        break;
      case "keyboard":
        this.#pc.showKeyboard();
        break;
      case "full-screen":
        await this.#pc.requestFullscreen();
        break;
      default:
        break; // the drives' buttons, which have their own listener
    }
  }

  async #clipboardText(): Promise<string> {
    try {
      return await navigator.clipboard.readText();
    } catch {
      throw new TandemError(
        "bad-argument",
        "The browser did not hand over the clipboard. Allow this page to read it, and try again.",
      );
    }
  }

  /** What a folder waits for is told beside the machine, with the click that it waits for. */
  #showFolder({ name, state }: { name: string; state: string }): void {
    const about = `folder ${name}`;
    const trouble = troubleOf({ name, state });
    if (trouble === undefined) {
      this.#messages.withdraw(about);
      return;
    }
    this.#messages.warn(trouble, about, {
      label: reconnectWord(state),
      run: () => void this.#reconnect(name),
    });
  }

  async #reconnect(name: string): Promise<void> {
    await this.#try(() => this.#pc.reconnectFolder(name));
    const folder = this.#pc.sharedFolders.find((one) => one.name === name);
    if (folder) this.#showFolder(folder);
  }

  #closeMenus(): void {
    for (const menu of this.#root.querySelectorAll("details.menu[open]"))
      menu.removeAttribute("open");
  }

  // ---- choosing ----

  /** The machine before runs on until the new one has been built. A failure is told in words. */
  async start(choice: MachineChoice): Promise<void> {
    await this.#try(() => this.#start(choice));
  }

  async openUrl(address: string): Promise<void> {
    await this.#try(async () => this.#open([await recogniseUrl(address)]));
  }

  async openFiles(files: File[]): Promise<void> {
    if (files.length > 0)
      await this.#try(async () => this.#open(await Promise.all(files.map(recogniseFile))));
  }

  tell(error: unknown): void {
    this.#messages.error(error);
  }

  /** Starts a machine with these images; firmware is kept for the next start. */
  async #open(images: RecognisedImage[]): Promise<void> {
    const firmware = images.filter(({ role }) => isFirmware(role));
    for (const { role, file } of firmware) this.#firmware[role] = file;
    if (firmware.length > 0) this.#messages.info("The firmware is used from the next start on.");
    const others = images.filter(({ role }) => !isFirmware(role));
    if (others.length === 0) return;
    if (others.every(({ role }) => role === "initrd"))
      throw new TandemError(
        "kernel-bad",
        "An initial RAM disk does not start alone. Drop its kernel together with it.",
      );
    const files: MachineFiles = {};
    const media: MachineChoice["media"] = {};
    for (const { role, file, name } of others) {
      files[role] = file;
      if (isDrive(role)) media[role] = name;
    }
    const name = others.map((image) => image.name).join(" + ");
    const config = { memory: IMAGE_MEMORY, append: LINUX_OPTIONS };
    await this.#start({ name, config, files, media });
  }

  // ---- starting and ending ----

  async #start(choice: MachineChoice): Promise<void> {
    const files = { ...this.#firmware, ...choice.files };
    await this.#pc.load({ config: choice.config, files });
    this.#messages.clear();
    part(this.#root, "name").textContent = choice.name;
    if (choice.serial) part<HTMLDetailsElement>(this.#root, "serial").open = true;
    for (const drive of DRIVES) this.#drives.show(drive, choice.media?.[drive]);
    this.#onChoice(choice);
    await this.#pc.start();
  }

  // ---- drives ----

  async #insert(drive: DriveName, file: File): Promise<void> {
    const image = await recogniseFile(file);
    if (image.role !== drive && !(drive === "hda" && image.role === "floppy"))
      throw new TandemError("image-unknown", `${image.name} is ${ROLE_WORDS[image.role]}.`);
    await this.#pc.insert(drive, image.file);
    this.#drives.show(drive, image.name);
  }

  async #insertAdditions(): Promise<void> {
    await this.#pc.insertAdditions();
    this.#drives.show("cdrom", "Additions for guests");
  }

  async #eject(drive: DriveName): Promise<void> {
    await this.#pc.eject(drive);
    this.#drives.show(drive, undefined);
  }

  async #save(drive: DriveName): Promise<void> {
    saveFile(await this.#pc.exportDisk(drive), this.#drives.medium(drive) ?? `${drive}.img`);
  }

  // ---- the machine ----

  #showState(state: MachineState): void {
    this.#state = state;
    this.#root.dataset["state"] = state;
    const on = this.#there && state !== "off";
    const set = (action: string, enabled: boolean, text?: string): void => {
      const button = this.#root.querySelector<HTMLButtonElement>(`[data-action="${action}"]`);
      if (!button) return;
      button.disabled = !enabled;
      if (text !== undefined) button.textContent = text;
    };
    set(
      "pause",
      state === "running" || state === "paused",
      state === "paused" ? "Continue" : "Pause",
    );
    set("reset", on);
    set("power-button", state === "running");
    set("power", this.#there, on ? "Switch off" : "Switch on");
  }

  /** Whatever fails is told, and the page goes on. */
  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      const error = TandemError.from(thrown);
      if (error.code !== "aborted") this.#messages.error(error);
      this.#showState(this.#state);
    }
  }
}

const ROLE_WORDS: Readonly<Record<ImageRole, string>> = {
  floppy: "an image of a floppy; put it into the floppy drive",
  hda: "an image of a hard disk, which this drive does not take",
  cdrom: "an image of a CD; put it into the CD drive",
  kernel: "a kernel; drop it on the page to start it",
  initrd: "an initial RAM disk; drop it on the page together with its kernel",
  firmware: "a BIOS; drop it on the page",
  vgaFirmware: "a VGA BIOS; drop it on the page",
};

function isFirmware(role: ImageRole): boolean {
  return role === "firmware" || role === "vgaFirmware";
}

function isDrive(role: ImageRole): role is DriveName {
  return DRIVES.some((drive) => drive === role);
}

/** All are what a PC starts from. One packed file alone is more likely a file like others. */
async function areImages(files: readonly File[]): Promise<boolean> {
  if (files.length === 1 && /\.t?gz$/i.test(files[0]?.name ?? "")) return false;
  const images = await Promise.all(files.map((file) => recogniseFile(file).catch(() => undefined)));
  return images.every(Boolean) && images.some((image) => image?.role !== "initrd");
}
