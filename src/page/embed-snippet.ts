// The machine of the page as HTML for another, and as an address of this one.

import { attributeName } from "../element/attributes";
import type { MachineConfig } from "../shared/config";

export interface SnippetOptions {
  autostart: boolean;
  controls: boolean;
  /** CSS; empty: the default. */
  width: string;
  /** Address of the library. */
  script: string;
}

/** Machines that start without an image of their own have no attributes but these. */
export function embedSnippet(
  config: Partial<MachineConfig>,
  { autostart, controls, width, script }: SnippetOptions,
): string {
  const attributes = [
    ...(autostart ? ["autostart"] : []),
    ...(controls ? ["controls"] : []),
    ...texts(config).map(([name, text]) => `${name}="${escaped(text)}"`),
    ...(width.trim() ? [`style="width: ${escaped(width.trim())}"`] : []),
  ];
  const tag = attributes.length > 2 ? attributes.map((text) => `\n  ${text}`).join("") : attributes.map((text) => ` ${text}`).join(""); // prettier-ignore
  const close = attributes.length > 2 ? "\n" : "";
  return `<script type="module" src="${escaped(script)}"></script>\n<tandem-pc${tag}${close}></tandem-pc>`;
}

/** The query of an address of this page. */
export function deepLinkQuery(machine: string | undefined, config: Partial<MachineConfig>): string {
  const query = new URLSearchParams();
  if (machine !== undefined) query.set("machine", machine);
  for (const [name, text] of texts(config)) query.set(name, text);
  const text = query.toString();
  return text ? `?${text}` : "";
}

/** The configuration as attributes, in their order. */
function texts(config: Partial<MachineConfig>): [string, string][] {
  return Object.entries(config).flatMap(([key, value]): [string, string][] => {
    const text = textOf(value);
    return text === "" ? [] : [[attributeName(key), text]];
  });
}

function textOf(value: MachineConfig[keyof MachineConfig]): string {
  if (value === undefined) return "";
  if (typeof value === "boolean") return value ? "on" : "off";
  if (Array.isArray(value))
    return value.map((item) => (typeof item === "string" ? item : `${item.name}${item.readOnly ? ":ro" : ""}`)).join(","); // prettier-ignore
  return typeof value === "object" ? value.url : String(value);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}
