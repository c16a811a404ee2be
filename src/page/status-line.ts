// State, speed, uptime, disk lights, and what the guest works together with.

import type { DriveName, MachineState, MachineStats } from "../shared/api";
import type { TandemPc } from "../element/tandem-pc";
import { IntegrationLights } from "./integrations";
import { part } from "./part";

/** A light stays on this long after the last access. */
const LIGHT_MS = 120;
const STATE_WORDS: Readonly<Record<MachineState, string>> = {
  off: "Off",
  running: "Running",
  paused: "Paused",
  crashed: "Stopped after a fault",
};

export class StatusLine {
  readonly #line: HTMLElement;
  readonly #pc: TandemPc;
  readonly #timers = new Map<DriveName, number>();
  readonly #listeners = new AbortController();

  constructor(line: HTMLElement, pc: TandemPc) {
    this.#line = line;
    this.#pc = pc;
  }

  attach(): void {
    const { signal } = this.#listeners;
    const pc = this.#pc;
    pc.addEventListener("statechange", ({ detail }) => this.#set("state", STATE_WORDS[detail.state]), { signal }); // prettier-ignore
    const lights = new IntegrationLights(part(this.#line, "integrations"));
    lights.adoptStyle(document);
    for (const type of ["guestready", "guestbye", "ready"] as const)
      pc.addEventListener(type, () => lights.show(pc.integrations), { signal });
    pc.addEventListener("stats", ({ detail }) => this.#stats(detail), { signal });
    pc.addEventListener("diskactivity", ({ detail }) => this.#light(detail.drive, detail.write), { signal }); // prettier-ignore
  }

  detach(): void {
    this.#listeners.abort();
    for (const timer of this.#timers.values()) window.clearTimeout(timer);
  }

  #stats({ mips, load, uptime }: MachineStats): void {
    this.#set("mips", `${mips < 10 ? mips.toFixed(1) : mips.toFixed(0)} MIPS`);
    this.#set("load", `${Math.round(load * 100)} % busy`);
    this.#set("uptime", `up ${clock(uptime)}`);
  }

  #light(drive: DriveName, write: boolean): void {
    const light = this.#line.querySelector<HTMLElement>(`[data-light="${drive}"]`);
    if (!light) return;
    light.dataset["activity"] = write ? "write" : "read";
    window.clearTimeout(this.#timers.get(drive));
    this.#timers.set(
      drive,
      window.setTimeout(() => delete light.dataset["activity"], LIGHT_MS),
    );
  }

  #set(part: string, text: string): void {
    const place = this.#line.querySelector(`[data-part="${part}"]`);
    if (place) place.textContent = text;
  }
}

function clock(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  const hours = Math.floor(seconds / 3600);
  return hours > 0 ? `${hours}:${rest}` : rest;
}
