// Addresses that name a machine: ?machine=linux, ?kernel=URL&append=…, ?hda=URL, ?pointer=absolute, and every other key of the
// configuration. `image` takes any image, which is recognised by its content.

import { CONFIG_ATTRIBUTES, configFromAttributes, withWholeAddresses } from "../element/attributes";
import { type MachineConfig, parseConfig } from "../shared/config";
import { TandemError } from "../shared/errors";

export interface DeepLink {
  /** One of the machines of the page, by its id. */
  machine?: string;
  image?: string;
  /** What differs from that machine, or describes one. */
  config: Partial<MachineConfig>;
  /** How many machines the page shows. */
  machines: number;
}

const MACHINES_MAX = 8;
const OTHERS: readonly string[] = ["machine", "image", "machines"];
const WEB = /^(https?|data|blob):$/;

/** @throws TandemError bad-argument or bad-config */
export function readDeepLink(search: string, base: string): DeepLink {
  const parameters = new URLSearchParams(search);
  for (const name of parameters.keys())
    if (!CONFIG_ATTRIBUTES.has(name) && !OTHERS.includes(name))
      throw new TandemError(
        "bad-argument",
        `The address of this page has "${name}", which is not known. Known are ${[...OTHERS, ...CONFIG_ATTRIBUTES.keys()].join(", ")}.`,
      );
  const given = configFromAttributes((name) => parameters.get(name));
  const checked = parseConfig(given);
  const config = withWholeAddresses(pick(checked, Object.keys(given)), base);
  for (const value of Object.values(config))
    if (typeof value === "object" && "url" in value && !WEB.test(new URL(value.url).protocol))
      throw new TandemError("bad-argument", `"${value.url}" is not a web address.`);
  const machine = parameters.get("machine");
  const image = parameters.get("image");
  return {
    ...(machine && { machine }),
    ...(image && { image }),
    config,
    machines: countOf(parameters.get("machines")),
  };
}

function countOf(text: string | null): number {
  const count = Math.trunc(Number(text ?? 1)) || 1;
  return Math.min(MACHINES_MAX, Math.max(1, count));
}

function pick(config: MachineConfig, keys: readonly string[]): Partial<MachineConfig> {
  return Object.fromEntries(Object.entries(config).filter(([key]) => keys.includes(key)));
}
