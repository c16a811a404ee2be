// Serves what set-up has put into .cache, block by block: /bios/ (firmware) and /machines/ (guests). A build takes the
// firmware and the default guest with it.

import {
  copyFileSync,
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
} from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { basename, join } from "node:path";
import type { Connect, Plugin } from "vite";

const CACHE = join(import.meta.dirname, "../.cache");
const FOLDERS: Readonly<Record<string, string>> = {
  bios: join(CACHE, "firmware"),
  machines: join(CACHE, "guests"),
};
/** Binaries of the additions CD, as the development server has them. */
const PROGRAMS = join(import.meta.dirname, "../guest-additions/linux");
/** The names of the guests that are there, for the page's list. */
const INDEX = "index.json";
const BUILT_GUESTS = ["vmlinuz-686", "initramfs.cpio.gz"];

export function serveMachines(): Plugin {
  let out = "";
  return {
    name: "serve-machines",
    configureServer: ({ middlewares }) => void middlewares.use(serve),
    configurePreviewServer: ({ middlewares }) => void middlewares.use(serve),
    configResolved: (config) => {
      out = join(config.root, config.build.outDir);
    },
    generateBundle() {
      const names = namesIn("machines").filter((name) => BUILT_GUESTS.includes(name));
      this.emitFile({
        type: "asset",
        fileName: `machines/${INDEX}`,
        source: JSON.stringify(names),
      });
    },
    writeBundle() {
      for (const name of namesIn("bios")) copy("bios", name, out);
      for (const name of namesIn("machines"))
        if (BUILT_GUESTS.includes(name)) copy("machines", name, out);
    },
  };
}

function namesIn(folder: string): string[] {
  const directory = FOLDERS[folder];
  return directory && existsSync(directory) ? readdirSync(directory).toSorted() : [];
}

function copy(folder: string, name: string, out: string): void {
  mkdirSync(join(out, folder), { recursive: true });
  copyFileSync(join(FOLDERS[folder] ?? "", name), join(out, folder, name));
}

function serve(
  request: IncomingMessage,
  response: ServerResponse,
  next: Connect.NextFunction,
): void {
  // Vite takes what has no extension for a script.
  const program = /^\/guest-additions\/linux\/(tandem[\w-]+)(?:\?|$)/.exec(request.url ?? "")?.[1];
  if (program !== undefined && existsSync(join(PROGRAMS, program))) {
    send(join(PROGRAMS, program), request, response);
    return;
  }
  const [, folder = "", name = ""] =
    /^\/(bios|machines)\/([^/?]+)(?:\?|$)/.exec(request.url ?? "") ?? [];
  const directory = FOLDERS[folder];
  if (directory === undefined) {
    next();
    return;
  }
  if (folder === "machines" && name === INDEX) {
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(namesIn(folder)));
    return;
  }
  const path = join(directory, basename(decodeURIComponent(name)));
  if (!existsSync(path) || !statSync(path).isFile()) {
    response.statusCode = 404;
    response.end();
    return;
  }
  send(path, request, response);
}

function send(path: string, request: IncomingMessage, response: ServerResponse): void {
  const { size } = statSync(path);
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  const first = Number(range?.[1] ?? 0);
  const last = Math.min(range?.[2] ? Number(range[2]) : Infinity, size - 1);
  response.setHeader("Content-Type", "application/octet-stream");
  response.setHeader("Accept-Ranges", "bytes");
  if (range && first > last) {
    response.statusCode = 416;
    response.setHeader("Content-Range", `bytes */${size}`);
    response.end();
    return;
  }
  if (range) {
    response.statusCode = 206;
    response.setHeader("Content-Range", `bytes ${first}-${last}/${size}`);
  }
  response.setHeader("Content-Length", size === 0 ? 0 : last - first + 1);
  if (request.method === "HEAD" || size === 0) response.end();
  else createReadStream(path, { start: first, end: last }).pipe(response);
}
