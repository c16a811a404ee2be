// What the page hears after a slice. A guest may change its mind a million times a second: the page gets the newest of each kind.

import type { MachineEvent } from "../shared/api";

/** Lines of the debug console in one slice; a guest that writes more has nobody who reads it. */
const LINES_MAXIMUM = 500;

export class News {
  readonly #tell: (event: MachineEvent) => void;
  /** In the order of the last change. */
  readonly #newest = new Map<string, MachineEvent>();
  #lines = 0;
  #outputs = 0;

  constructor(tell: (event: MachineEvent) => void) {
    this.#tell = tell;
  }

  add(event: MachineEvent): void {
    const key = this.#key(event);
    this.#newest.delete(key);
    this.#newest.set(key, event);
  }

  flush(): void {
    if (this.#newest.size === 0) return;
    const events = [...this.#newest.values()];
    this.#newest.clear();
    const dropped = this.#lines - LINES_MAXIMUM;
    this.#lines = 0;
    for (const event of events) this.#tell(event);
    if (dropped > 0) this.#tell({ type: "debug", line: `(${dropped} lines were left out)` });
  }

  /** What replaces what: one drive's light is not another's, and every line counts, up to a point. */
  #key(event: MachineEvent): string {
    switch (event.type) {
      case "debug":
        return `debug ${Math.min(++this.#lines, LINES_MAXIMUM)}`;
      case "disk-activity":
        return `${event.type} ${event.drive} ${event.write}`;
      case "tray":
        return `${event.type} ${event.drive}`;
      case "clipboard-wanted":
        return `${event.type} ${event.request}`;
      case "folder":
        return `${event.type} ${event.number}`;
      case "channel-wanted":
        return `${event.type} ${event.name}`;
      case "exec-output":
        return `${event.type} ${++this.#outputs}`;
      case "error":
        return `${event.type} ${event.error.message}`;
      default:
        return event.type;
    }
  }
}
