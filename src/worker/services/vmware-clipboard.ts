// The shared clipboard for guests whose programs speak VMware's old protocol: one text each way, through buffers of the core.
//
// The guest looks a few times a second whether there is a text. The browser is asked for one only when the guest has looked after
// the host offered something new, once for each offer.
// The protocol does not say how text is encoded. The programs that exist take what Windows has: code page 1252, lines end with
// carriage return and line feed. A guest that sends UTF-8 gets UTF-8 from then on.

import type { MachineEvent } from "../../shared/api";
import { TandemError } from "../../shared/errors";
import { TEXT_MAX } from "../../../wasm/protocol/vmport";
import type { Core } from "../core";
import type { ClipboardService } from "./clipboard";

/** What code page 1252 has from 80h to 9Fh; the rest is as in Unicode. */
const SPECIAL = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ";
const SPECIAL_FIRST = 0x80;
const ORDINARY_FIRST = 0xa0;
const BYTE_MAX = 0xff;
const QUESTION_MARK = 0x3f;

export class VmwareClipboard {
  readonly #tell: (event: MachineEvent) => void;
  readonly #clipboard: ClipboardService;
  #core: Core | undefined;
  /** The offer that the guest has been given or refused. */
  #served = -1;
  #speaksUtf8 = false;
  #hasLooked = false;

  constructor(tell: (event: MachineEvent) => void, clipboard: ClipboardService) {
    this.#tell = tell;
    this.#clipboard = clipboard;
  }

  /** A core that was just made; undefined: the machine is off. */
  connect(core: Core | undefined): void {
    this.#core = core;
    this.#served = -1;
    this.#speaksUtf8 = false;
    this.#hasLooked = false;
  }

  /** There is a newer offer, or the user has changed his mind: what has not been read is not given. */
  changed(): void {
    this.#core?.exports.offerVmwareText(0);
  }

  /** The guest looks for text; it finds it when it looks the next time. */
  wanted(): void {
    if (!this.#hasLooked) this.#tell({ type: "clipboard-guest" });
    this.#hasLooked = true;
    const { serial, hostFormats } = this.#clipboard;
    if (serial === this.#served) return;
    this.#served = serial;
    if (!hostFormats.includes("text/plain")) return;
    void this.#give(serial);
  }

  /** The guest has copied so many bytes. */
  copied(length: number): void {
    const core = this.#core;
    if (!core) return;
    const bytes = core.bytes(core.exports.vmwareTextToHost(), length).slice();
    const end = bytes.indexOf(0);
    const text = this.#decode(end < 0 ? bytes : bytes.subarray(0, end)).replaceAll("\r\n", "\n");
    if (text !== "")
      this.#clipboard.guestCopied(new Map([["text/plain", new TextEncoder().encode(text)]]));
  }

  async #give(serial: number): Promise<void> {
    const core = this.#core;
    const data = await this.#clipboard.hostData("text/plain");
    if (!data || !core || core !== this.#core || serial !== this.#clipboard.serial) return;
    const text = new TextDecoder().decode(data);
    const bytes = this.#speaksUtf8 ? data : toCodePage(text);
    if (bytes.length > TEXT_MAX) {
      const size = Math.ceil(bytes.length / 1024);
      const problem = `Your clipboard holds ${size} KiB of text; the guest's program for VMware's port takes up to 63.`;
      this.#tell({ type: "error", error: new TandemError("clipboard", problem).toData() });
      return;
    }
    core.bytes(core.exports.vmwareTextToGuest(), bytes.length).set(bytes);
    core.exports.offerVmwareText(bytes.length);
  }

  #decode(bytes: Uint8Array): string {
    if (bytes.some((byte) => byte >= SPECIAL_FIRST)) this.#speaksUtf8 = isUtf8(bytes);
    return this.#speaksUtf8 ? new TextDecoder().decode(bytes) : fromCodePage(bytes);
  }
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function fromCodePage(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) =>
    byte >= SPECIAL_FIRST && byte < ORDINARY_FIRST
      ? SPECIAL.charAt(byte - SPECIAL_FIRST)
      : String.fromCharCode(byte),
  ).join("");
}

/** What the code page does not have becomes a question mark, as Windows does it. */
function toCodePage(text: string): Uint8Array<ArrayBuffer> {
  const lines = text.normalize("NFC").replaceAll(/\r?\n/g, "\r\n");
  return Uint8Array.from(Array.from(lines), (character) => {
    const special = SPECIAL.indexOf(character);
    if (special >= 0) return SPECIAL_FIRST + special;
    const code = character.codePointAt(0) ?? 0;
    const isOrdinary = code < SPECIAL_FIRST || (code >= ORDINARY_FIRST && code <= BYTE_MAX);
    return isOrdinary ? code : QUESTION_MARK;
  });
}
