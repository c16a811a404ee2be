// The core keeps its state in named blocks of memory, so that a snapshot is a copy: nothing may hide in globals.

import { readFileSync } from "node:fs";
import binaryen from "binaryen";
import { expect, test } from "vitest";

/** Mutable globals that are allowed, each with its reason. */
const ALLOWED: Record<string, string> = {};

test("nothing that a snapshot would miss is kept in globals of the core", () => {
  const file = process.env["TANDEM_CORE"] ?? "build/core.wasm";
  const module = binaryen.readBinary(readFileSync(file));
  const mutable: string[] = [];
  for (let i = 0; i < module.getNumGlobals(); i++) {
    const { name, mutable: isMutable } = binaryen.getGlobalInfo(module.getGlobalByIndex(i));
    if (isMutable && !(name in ALLOWED)) mutable.push(name);
  }
  module.dispose();
  expect(mutable).toEqual([]);
});
