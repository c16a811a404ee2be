// The site as it would be published, the library beside it, and a browser.

import { spawnSync } from "node:child_process";
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { type Browser, chromium, type Page } from "playwright";
import { build } from "vite";

const ROOT = join(import.meta.dirname, "../..");
const SITE = join(ROOT, "build/measure-site");
const LIBRARY = join(ROOT, "dist-library");
const GUESTS = join(ROOT, ".cache/guests");
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
  ".json": "application/json",
};

export interface Site {
  browser: Browser;
  address: string;
  /** An empty page of the same origin, with the library loaded. */
  openEmpty(): Promise<Page>;
  close(): Promise<void>;
}

export async function openSite(): Promise<Site> {
  await build({ root: ROOT, logLevel: "error", build: { outDir: SITE, emptyOutDir: true } });
  const library = spawnSync(process.execPath, ["scripts/build-library.mjs"], { cwd: ROOT });
  if (library.status !== 0) throw new Error(`The library was not built:\n${library.stderr.toString()}`); // prettier-ignore
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const path = fileOf(normalize(decodeURIComponent(pathname)));
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    if (pathname === "/empty.html") {
      response.setHeader("Content-Type", "text/html");
      response.end('<!doctype html><script type="module" src="/library/tandem-pc.js"></script>');
    } else if (path && existsSync(path) && statSync(path).isFile()) {
      response.setHeader("Content-Type", TYPES[extname(path)] ?? "application/octet-stream");
      response.setHeader("Content-Length", statSync(path).size);
      response.setHeader("Cache-Control", "max-age=3600");
      createReadStream(path).pipe(response);
    } else {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const browser = await chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
  });
  return {
    browser,
    address,
    async openEmpty() {
      const page = await browser.newPage();
      await page.goto(`${address}/empty.html`);
      await page.evaluate(() => customElements.whenDefined("tandem-pc").then(() => undefined));
      return page;
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
}

function fileOf(path: string): string | undefined {
  if (path.includes("..")) return undefined;
  if (path.startsWith("/library/")) return join(LIBRARY, path.slice("/library".length));
  if (path.startsWith("/guests/")) return join(GUESTS, path.slice("/guests".length));
  return join(SITE, path === "/" ? "index.html" : path);
}
