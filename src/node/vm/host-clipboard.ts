// The clipboard of a user who is a script: what it copies for the guest, and what it waits for from there.

import type { ClipboardFormat, MachineEvent } from "../../shared/api";
import type { ClipboardService } from "../../worker/services/clipboard";

export class HostClipboard {
  readonly #service: ClipboardService;
  #copied: { format: ClipboardFormat; bytes: Uint8Array } | undefined;
  #offered: () => void = () => {};

  constructor(service: ClipboardService) {
    this.#service = service;
  }

  /** `paste`: where the guest's focus is. */
  copy(format: ClipboardFormat, bytes: Uint8Array, paste = false): void {
    this.#copied = { format, bytes };
    this.#service.offer([format], paste);
  }

  event(event: MachineEvent): void {
    if (event.type === "clipboard-offer") this.#offered();
    else if (event.type === "clipboard-wanted")
      this.#service.supply(event.request, this.#copied?.bytes);
  }

  /** What the guest has copied, or will, as soon as it is good. */
  async wait(
    format: ClipboardFormat,
    isGood: (bytes: Uint8Array) => boolean = () => true,
  ): Promise<Uint8Array> {
    for (;;) {
      const offered = new Promise<void>((resolve) => (this.#offered = resolve));
      const bytes = await this.#service.read(format).catch(() => undefined);
      if (bytes && isGood(bytes)) return bytes;
      await offered;
    }
  }
}
