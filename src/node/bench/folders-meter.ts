// What both halves of the folder benchmark share: the guest, and how its serial port is followed.

export const FOLDER_GUEST = {
  memory: 256,
  kernel: ".cache/guests/vmlinuz-686",
  initrd: ".cache/guests/initramfs-9p.cpio.gz",
  append: "console=ttyS0 nokaslr cryptomgr.notests noisapnp quiet",
};

/** A line of the guest, and what has passed until then. */
export interface FolderMoment {
  text: string;
  wallMs: number;
  /** Processor time of the whole process. */
  cpuMs: number;
  /** Of the guest, where that is known. */
  instructions: number;
}

const NEWLINE = 10;
/** The shell is there a moment after the guest says that it is ready. */
const SHELL_MS = 500;

/** Prints each line of the guest as a FolderMoment; mounts the folder by a command and starts the work. */
export class FolderMeter {
  readonly #mount: string;
  readonly #send: (text: string) => void;
  readonly #instructions: () => number;
  #line = "";

  constructor(mount: string, send: (text: string) => void, instructions = (): number => 0) {
    this.#mount = mount;
    this.#send = send;
    this.#instructions = instructions;
  }

  take(bytes: Iterable<number>): void {
    for (const byte of bytes) {
      if (byte === NEWLINE) this.#takeLine();
      else this.#line += String.fromCharCode(byte);
    }
  }

  #takeLine(): void {
    const text = this.#line.trim();
    this.#line = "";
    const { user, system } = process.cpuUsage();
    const moment: FolderMoment = {
      text,
      wallMs: performance.now(),
      cpuMs: (user + system) / 1000,
      instructions: this.#instructions(),
    };
    process.stdout.write(`${JSON.stringify(moment)}\n`);
    if (text.startsWith("GUEST-READY"))
      setTimeout(() => this.#send(`${this.#mount} && sh ./bench.sh\n`), SHELL_MS);
  }
}
