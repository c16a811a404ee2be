// The engines in Debian's Chromium: a page of its own for each run, served by Vite as the project's pages are.

import { type Browser, chromium } from "playwright";
import { createServer, type ViteDevServer } from "vite";
import { type Engine, type EngineName, pageAddress } from "./engines";

/** A browser and a server for the time of the benchmark. */
export class BrowserBench {
  readonly #browser: Browser;
  readonly #server: ViteDevServer;

  private constructor(browser: Browser, server: ViteDevServer) {
    this.#browser = browser;
    this.#server = server;
  }

  static async open(): Promise<BrowserBench> {
    const server = await createServer({
      server: { host: "127.0.0.1", port: 0, hmr: false },
      logLevel: "error",
    });
    await server.listen();
    const browser = await chromium.launch({
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu"],
    });
    return new BrowserBench(browser, server);
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#server.close();
  }

  engine(name: EngineName): Engine {
    return {
      name,
      start: async (image, line, ended) => {
        const origin = this.#server.resolvedUrls?.local[0]?.replace(/\/$/, "") ?? "";
        const page = await this.#browser.newPage();
        await page.exposeFunction("serialLine", (text: string, time: number) =>
          line({ text: text.trim(), time }),
        );
        page.on("pageerror", (error) => ended(error.message));
        page.on("crash", () => ended("the page has crashed"));
        await page.goto(pageAddress(origin, name, image));
        return { started: 0, stop: () => page.close() }; // a page's clock begins when it is opened
      },
    };
  }
}
