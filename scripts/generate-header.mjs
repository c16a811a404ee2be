// Makes guest-additions/common/protocol.gen.h, the guest's view of the Tandem port, from wasm/protocol.
//
// usage: node scripts/generate-header.mjs. `enum Command { Hello = 1 }` becomes TANDEM_COMMAND_HELLO, `const ISA_BASE` TANDEM_ISA_BASE.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const TARGET = join(ROOT, "guest-additions/common/protocol.gen.h");
/** What a guest speaks; the files beside them are between core and host. */
const FILES = [
  "tandem-port",
  "pointer",
  "shared-folders",
  "clipboard",
  "time",
  "display",
  "drag-and-drop",
  "power",
  "exec",
  "channels",
];

function upperSnake(name) {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll("-", "_")
    .toUpperCase();
}

function number(text) {
  if (!/^-?(0x[0-9a-f_]+|\d[\d_]*)$/i.test(text)) throw new Error(`not a number: ${text}`);
  return text.replaceAll("_", "");
}

/** One line of C for each constant of a protocol file. */
function definitions(source) {
  const lines = [];
  let prefix;
  for (const line of source.split("\n")) {
    const constant = /^export const (\w+) = (.+);/.exec(line);
    const opens = /^export enum (\w+) \{/.exec(line);
    const member = /^ {2}(\w+) = ([^,]+),/.exec(line);
    if (constant) lines.push([constant[1], constant[2]]);
    else if (opens) prefix = upperSnake(opens[1]);
    else if (line === "}") prefix = undefined;
    else if (member && prefix) lines.push([`${prefix}_${upperSnake(member[1])}`, member[2]]);
    else if (prefix && line.trim() && !/^\s*(\/\/|\/\*)/.test(line))
      throw new Error(`cannot read: ${line}`);
  }
  return lines.map(([name, value]) => `#define TANDEM_${name} ${wrapped(number(value))}`);
}

function wrapped(value) {
  return value.startsWith("-") ? `(${value})` : value;
}

/** Writes the header unless it is up to date. */
export function generateHeader() {
  const parts = FILES.map((name) => {
    const source = readFileSync(join(ROOT, `wasm/protocol/${name}.ts`), "utf8");
    return `// ${name}.ts\n\n${definitions(source).join("\n")}\n`;
  });
  const text = `// Made by scripts/generate-header.mjs from wasm/protocol; what the numbers mean stands there.\n\n#pragma once\n\n${parts.join("\n")}`;
  if (existsSync(TARGET) && readFileSync(TARGET, "utf8") === text) return;
  mkdirSync(dirname(TARGET), { recursive: true });
  writeFileSync(TARGET, text);
}

generateHeader();
