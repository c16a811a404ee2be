// Channels of `npm run vm`: opened by --channel and by the script's steps.

import { TandemError } from "../../shared/errors";
import type { Machine } from "../../worker/machine";
import { ChannelEnd } from "../channel-end";

/** What has come is looked for so far back. */
const KEPT = 1 << 16;

interface VmChannel {
  end: ChannelEnd;
  /** A character a byte. */
  text: string;
}

export class VmChannels {
  readonly #machine: Machine;
  readonly #all = new Map<string, VmChannel>();

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** `write` gets what the guest sends. @throws TandemError */
  open(name: string, write: (bytes: Uint8Array) => void = () => {}): ChannelEnd {
    const open = this.#all.get(name);
    if (open && !open.end.isOver) return open.end;
    const channel: Partial<VmChannel> = { text: "" };
    const end = new ChannelEnd(this.#machine, name, Infinity, (bytes) => {
      write(bytes);
      channel.text = (channel.text + Buffer.from(bytes).toString("latin1")).slice(-KEPT);
    });
    this.#all.set(name, Object.assign(channel, { end }) as VmChannel);
    return end;
  }

  /** Until the guest has sent this; what was found once is not found again. @throws TandemError when it ends before */
  async wait(name: string, text: string): Promise<void> {
    const end = this.open(name);
    const channel = this.#all.get(name);
    if (!channel) return;
    await end.until(() => channel.text.includes(text) || end.isOver);
    const at = channel.text.indexOf(text);
    if (at < 0)
      throw new TandemError("channel", `The channel "${name}" ended without "${text}"${end.error ? `: ${end.error.message}` : "."}`); // prettier-ignore
    channel.text = channel.text.slice(at + text.length);
  }
}
