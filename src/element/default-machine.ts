// What runs when an element names nothing to run: Pillion, our own demo guest.

import type { MachineConfig } from "../shared/config";

const PILLION_URL = new URL("../../guest-additions/pillion/pillion.elf", import.meta.url);

export function defaultMachine(): Partial<MachineConfig> {
  return { kernel: { url: PILLION_URL.href } };
}
