// Builds dist-library/: <tandem-pc> for other pages. One ES module, its worker, the core and Pillion beside it, types, and
// custom-elements.json (https://github.com/webcomponents/custom-elements-manifest), which editors read.

import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { buildCore } from "./build.mjs";
import { run } from "./setup/say.mjs";

const ROOT = join(import.meta.dirname, "..");
const OUT = join(ROOT, "dist-library");
const ELEMENT = "src/element/tandem-pc.ts";

/**
 * Bundlers find workers and files by `new URL("name", import.meta.url)`, and only in this form; the build writes it twice
 * over.
 */
function plainAddresses() {
  const doubled = /new URL\(new URL\((["'`])([\w.-]+)\1,\s*import\.meta\.url\)\.href,\s*(["'`])\3\s*\+\s*import\.meta\.url\)/g; // prettier-ignore
  for (const name of ["tandem-pc.js", "tandem-pc.worker.js"]) {
    const path = join(OUT, name);
    const text = readFileSync(path, "utf8");
    const plain = text.replaceAll(doubled, 'new URL("$2",import.meta.url)');
    if (plain === text) throw new Error(`${name}: the address of its file was not found`);
    writeFileSync(path, plain);
  }
}

/** Declarations of what the module exports, and of what these need. */
function types() {
  const all = join(ROOT, "build/types");
  rmSync(all, { recursive: true, force: true });
  const config = join(ROOT, "build/tsconfig.types.json");
  mkdirSync(dirname(config), { recursive: true });
  const compilerOptions = { noEmit: false, declaration: true, emitDeclarationOnly: true, outDir: all, rootDir: ROOT }; // prettier-ignore
  writeFileSync(config, JSON.stringify({ extends: "../tsconfig.json", compilerOptions, include: [], files: ["../src/element/index.ts"] })); // prettier-ignore
  run("npx", ["tsc", "-p", config], { cwd: ROOT });

  // The page's code may use the protocol's numbers (wasm/protocol/); nothing that is exported speaks of them.
  const declarations = join(all, "src");
  const waiting = ["element/index.d.ts"];
  const done = new Set();
  for (let path = waiting.pop(); path; path = waiting.pop()) {
    if (done.has(path)) continue;
    done.add(path);
    if (path.startsWith(".."))
      throw new Error(`the library's types need ${path}, which is not in src/`);
    const text = readFileSync(join(declarations, path), "utf8");
    // Node's rules for types want the names of files in full.
    const full = text.replaceAll(
      /(from\s+|import\()(["'])(\.[^"']+)\2/g,
      (_, before, quote, target) => {
        // prettier-ignore
        waiting.push(relative(declarations, join(declarations, dirname(path), `${target}.d.ts`)));
        return `${before}${quote}${target}.js${quote}`;
      },
    );
    const target = join(OUT, "types", path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, full);
  }
}

/** The comment at the head of the class, and the methods and properties below it. */
function manifest() {
  const source = readFileSync(join(ROOT, ELEMENT), "utf8");
  const [, comment] = /\/\*\*((?:(?!\*\/)[\s\S])*@element[\s\S]*?)\*\//.exec(source);
  const lines = comment.split("\n").map((line) => line.replace(/^\s*\*?\s?/, ""));
  const tags = lines.filter((line) => line.startsWith("@"));
  const words = (line) => (line ?? "").trim() || undefined;
  const tagged = (tag, type) =>
    tags
      .map((line) => new RegExp(`^@${tag} ${type ? "(?:\\{(.+?)\\} )?" : "()"}(\\S+)(?: - (.+))?$`).exec(line)) // prettier-ignore
      .filter((match) => match !== null)
      .map(([, kind, name, description]) => ({ name, ...(kind && { type: { text: kind } }), description: words(description) })); // prettier-ignore
  const declaration = {
    kind: "class",
    name: "TandemPc",
    customElement: true,
    tagName: "tandem-pc",
    superclass: { name: "HTMLElement" },
    description: lines.slice(0, lines.findIndex((line) => line.startsWith("@"))).join("\n").trim(), // prettier-ignore
    attributes: tagged("attribute", true),
    events: tagged("fires", false).map((event) => ({ ...event, type: { text: "CustomEvent" } })),
    slots: tagged("slot", false),
    cssParts: tagged("csspart", false),
    cssProperties: tagged("cssproperty", false),
    members: members(readFileSync(join(OUT, "types/element/tandem-pc.d.ts"), "utf8")),
  };
  const path = "dist-library/tandem-pc.js";
  const exported = {
    kind: "js",
    name: "TandemPc",
    declaration: { name: "TandemPc", module: path },
  };
  const defined = { kind: "custom-element-definition", name: "tandem-pc", declaration: exported.declaration }; // prettier-ignore
  const result = {
    schemaVersion: "1.0.0",
    modules: [{ kind: "javascript-module", path, declarations: [declaration], exports: [exported, defined] }], // prettier-ignore
  };
  writeFileSync(join(OUT, "custom-elements.json"), `${JSON.stringify(result, null, 2)}\n`);
}

const CALLBACKS = /Callback$|^addEventListener$|^constructor$/;

function members(declarations) {
  const start = declarations.indexOf("export declare class TandemPc");
  const body = declarations.slice(start, declarations.indexOf("\n}", start));
  const found = [];
  const member = /^ {4}(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?(?:(get|set|readonly) )?(\w+)(?:\(([^;]*?)\))?: ([^;]+);$/gm; // prettier-ignore
  for (const [, comment, accessor, name, parameters, type] of body.matchAll(member)) {
    if (CALLBACKS.test(name) || accessor === "set") continue;
    const description = comment?.replaceAll(/\s*\n\s*\*?\s*/g, " ").trim();
    const method = accessor === undefined && parameters !== undefined;
    found.push({
      kind: method ? "method" : "field",
      name,
      ...(description && { description }),
      ...(method
        ? { parameters: parametersOf(parameters), return: { type: { text: type } } }
        : { type: { text: type } }),
    });
  }
  return found;
}

function parametersOf(text) {
  return [...text.matchAll(/(\w+)(\?)?: ([^,]+(?:<[^>]*>)?)/g)].map(([, name, optional, type]) => ({
    name,
    type: { text: type.trim() },
    ...(optional && { optional: true }),
  }));
}

export function buildLibrary() {
  buildCore();
  rmSync(OUT, { recursive: true, force: true });
  run("npx", ["vite", "build", "--mode", "library", "--logLevel", "warn"], { cwd: ROOT });
  plainAddresses();
  types();
  manifest();
  for (const name of readdirSync(OUT).toSorted()) {
    const { size } = statSync(join(OUT, name));
    if (statSync(join(OUT, name)).isFile()) console.log(`dist-library/${name}: ${(size / 1024).toFixed(0)} KB`); // prettier-ignore
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildLibrary();
