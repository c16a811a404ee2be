// What runs when an element names nothing to run: our own demo guest.

import type { MachineFiles } from "../shared/api";
import type { MachineConfig } from "../shared/config";
import { aliveProgram } from "../page/alive";

const [PILLION] = Object.values(
  import.meta.glob<string>("../../guest-additions/pillion/pillion.elf", {
    query: "?url",
    import: "default",
    eager: true,
  }),
);

export interface DefaultMachine {
  config: Partial<MachineConfig>;
  files: MachineFiles;
}

export function defaultMachine(): DefaultMachine {
  if (PILLION === undefined) return { config: {}, files: { kernel: aliveProgram().buffer } };
  return { config: { kernel: { url: new URL(PILLION, import.meta.url).href } }, files: {} };
}
