// The library as others get it: what is in the package, and that a plain page without any tools can use it.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { expect, test } from "playwright/test";
import type { TandemPc } from "../src/element/index";
import { GUEST_TIMEOUT } from "./page";

const ROOT = join(import.meta.dirname, "..");
const LIBRARY = join(ROOT, "dist-library");
/** The core is the largest part; compressed, the whole is a fifth of this. */
const PACKAGE_MAX = 4 << 20;

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".wasm": "application/wasm",
  ".html": "text/html",
};

interface Packed {
  size: number;
  unpackedSize: number;
  files: { path: string }[];
}

/** One site has the page, the other the library: as from a CDN. */
let servers: Server[] = [];
let page = "";
let library = "";

test.beforeAll(async () => {
  execFileSync("npm", ["run", "-s", "build:library"], { cwd: ROOT });
  const isolated = test.info().project.name.startsWith("isolated");
  const listen = async (): Promise<string> => {
    const server = createServer((request, response) => {
      const path = new URL(request.url ?? "/", "http://host").pathname;
      response.setHeader("Access-Control-Allow-Origin", "*");
      response.setHeader("Cross-Origin-Resource-Policy", "cross-origin");
      if (isolated) {
        response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
        response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
      }
      response.setHeader("Content-Type", TYPES[extname(path)] ?? "application/octet-stream");
      try {
        response.end(
          path.startsWith("/dist-library/") ? readFileSync(join(ROOT, path)) : html(path),
        );
      } catch {
        response.statusCode = 404;
        response.end();
      }
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  page = await listen();
  library = await listen();
});

test.afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  servers = [];
});

function html(path: string): string {
  const address = `${path === "/elsewhere.html" ? library : ""}/dist-library/tandem-pc.js`;
  return `<!doctype html>
<html lang="en">
  <title>A page</title>
  <script type="module" src="${address}"></script>
  <tandem-pc autostart></tandem-pc>
</html>`;
}

for (const path of ["/page.html", "/elsewhere.html"])
  test(`five lines of HTML are a machine: the library is ${path === "/page.html" ? "beside the page" : "on another site"}`, async ({
    page: tab,
  }) => {
    // prettier-ignore
    const errors: string[] = [];
    tab.on("pageerror", (error) => errors.push(error.message));
    await tab.goto(page + path);
    const pc = tab.locator("tandem-pc");
    await expect
      .poll(() => pc.evaluate((element) => (element as TandemPc).state), { timeout: GUEST_TIMEOUT })
      .toBe("running");
    const pixels = () => pc.evaluate(async (element) => (await (element as TandemPc).pixels()).data.some((value, index) => index % 4 < 3 && value > 0)); // prettier-ignore
    await expect.poll(pixels, { timeout: GUEST_TIMEOUT }).toBe(true);
    expect(errors).toEqual([]);
  });

test("the package has all that the element needs, and nothing of others", () => {
  const answer = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: ROOT, encoding: "utf8" }); // prettier-ignore
  const parsed = JSON.parse(answer) as Packed[] | Record<string, Packed>;
  const packed = Object.values(parsed)[0];
  const paths = packed?.files.map(({ path }) => path) ?? [];
  expect(paths).toEqual(
    expect.arrayContaining([
      "LICENSE",
      "README.md",
      "package.json",
      "dist-library/core.wasm",
      "dist-library/custom-elements.json",
      "dist-library/tandem-pc.js",
      "dist-library/tandem-pc.worker.js",
      "dist-library/types/element/index.d.ts",
    ]),
  );
  // Firmware and guests of others are never part of it; Pillion and what is on the additions CD are ours.
  const own = /^(?:LICENSE|README\.md|CHANGELOG\.md|package\.json|dist-library\/(?:core\.wasm|pillion\.elf|tandem(?:d|d\.init|d\.service|-clip|-channel|-x11|-x11\.xsession|-x11\.desktop)|install\.sh|README\.txt|[\w.-]+\.(?:js|json)|types\/[\w/-]+\.d\.ts))$/; // prettier-ignore
  expect(paths.filter((path) => !own.test(path))).toEqual([]);
  console.log(`npm pack: ${packed?.size} bytes, ${packed?.unpackedSize} unpacked`);
  expect(packed?.unpackedSize).toBeLessThan(PACKAGE_MAX);
});

test("the manifest and the types tell of the element what its class has", () => {
  const manifest = JSON.parse(readFileSync(join(LIBRARY, "custom-elements.json"), "utf8")) as {
    modules: { declarations: Record<string, { name: string }[]>[] }[];
  };
  const element = manifest.modules[0]?.declarations[0];
  const names = (key: string): string[] => element?.[key]?.map(({ name }) => name) ?? [];
  expect(names("attributes")).toEqual(expect.arrayContaining(["autostart", "memory", "kernel", "usb-interval"])); // prettier-ignore
  expect(names("events")).toEqual(expect.arrayContaining(["ready", "guestready", "pointermode", "serial", "statechange", "error"])); // prettier-ignore
  expect(names("cssParts")).toEqual(expect.arrayContaining(["screen", "stage", "waiting", "message", "toolbar"])); // prettier-ignore
  expect(names("members")).toEqual(expect.arrayContaining(["start", "files", "state", "screenshot", "typeText", "insert", "eject", "config"])); // prettier-ignore
  const types = readFileSync(join(LIBRARY, "types/element/index.d.ts"), "utf8");
  expect(types).toContain("TandemError");
  expect(types).toMatch(/from "\.\/tandem-pc\.js"/);
});
