// What the user is told: in words, with what to do, announced to screen readers, until it is closed.

import { type ErrorCode, TandemError } from "../shared/errors";

const ADVICE: Readonly<Partial<Record<ErrorCode, string>>> = {
  "image-empty": "Download or copy it again.",
  "image-truncated": "Download or copy it again; the download has probably stopped too early.",
  "image-unknown":
    "Choose a raw image of a floppy, disk or CD (.img, .iso), or a Linux or multiboot kernel.",
  "image-wrong-size": "Check the address and the size, or download the file and drop it here.",
  "image-too-large": "Choose a smaller image.",
  "http-status": "Check the address, or download the file and drop it here.",
  "http-failed": "Download the file and drop it here.",
  "file-unreadable": "Choose the file again; it may have been changed, moved or deleted.",
  "firmware-missing":
    "Run the project's set-up (npm run setup), or drop the files bios-256k.bin and vgabios-stdvga.bin of SeaBIOS here, then start again.",
  "kernel-bad": "Choose a Linux bzImage or a 32-bit multiboot kernel.",
  "core-crash": "This is a fault of the emulator. Press Reset, or choose a machine to start again.",
  "not-running": "Switch the machine on first.",
};
const KEEP_MESSAGES = 4;

/** What went wrong, and what to do. */
export function wordsFor(thrown: unknown): string {
  const { code, message } = TandemError.from(thrown);
  return `${message} ${ADVICE[code] ?? ""}`.trimEnd();
}

/** What the user can do about it, by one click, which also closes the message. */
export interface MessageAction {
  label: string;
  run(): void;
}

export class Messages {
  readonly #region: HTMLElement;

  constructor(region: HTMLElement) {
    this.#region = region;
  }

  error(thrown: unknown): void {
    this.#show("error", wordsFor(thrown), TandemError.from(thrown).code);
  }

  info(text: string): void {
    this.#show("info", text);
  }

  /** A file that the user can download. */
  offer(text: string, name: string, file: Blob): void {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = name;
    link.textContent = `Save ${name}`;
    this.#show("info", text).querySelector("p")?.append(" ", link);
  }

  clear(): void {
    for (const message of [...this.#region.children]) remove(message);
  }

  /** Something that waits for the user; `about`: takes the place of what was said of the same. */
  warn(text: string, about: string, action: MessageAction): void {
    this.withdraw(about);
    const message = this.#show("error", text);
    message.dataset["about"] = about;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = action.label;
    button.addEventListener("click", () => {
      message.remove();
      action.run();
    });
    message.querySelector("p")?.after(button);
  }

  /** It is over. */
  withdraw(about: string): void {
    for (const message of this.#region.querySelectorAll<HTMLElement>("[data-about]"))
      if (message.dataset["about"] === about) message.remove();
  }

  #show(kind: "error" | "info", text: string, code?: ErrorCode): HTMLElement {
    const message = document.createElement("div");
    message.className = `message ${kind}`;
    if (code) message.dataset["code"] = code;
    const words = document.createElement("p");
    words.textContent = text;
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "Close";
    close.addEventListener("click", () => remove(message));
    message.append(words, close);
    // The same thing said again replaces what was said before.
    for (const shown of this.#region.querySelectorAll("p"))
      if (shown.textContent === text && shown.parentElement) remove(shown.parentElement);
    this.#region.append(message);
    while (this.#region.childElementCount > KEEP_MESSAGES && this.#region.firstElementChild)
      remove(this.#region.firstElementChild);
    return message;
  }
}

/** A file that was offered in it is given up. */
function remove(message: Element): void {
  for (const { href } of message.querySelectorAll("a")) URL.revokeObjectURL(href);
  message.remove();
}
