// Processor time of the renderer of a page with three machines on which Pillion has nothing to do.

import { readFileSync } from "node:fs";
import type { TandemPc } from "../../src/element/index";
import type { MeasureOptions } from "./measure";
import type { Site } from "./site";

const MACHINES = 3;
const SETTLE_MS = 5000;
const SECONDS = 20;
const TICKS_PER_SECOND = 100; // sysconf(_SC_CLK_TCK) of Linux

export async function measureIdle(site: Site, _options: MeasureOptions): Promise<number> {
  const page = await site.openEmpty();
  await page.evaluate(async (count) => {
    const ready = Array.from({ length: count }, () => {
      const pc = document.createElement("tandem-pc") as TandemPc;
      pc.style.width = "300px";
      pc.autostart = true;
      const seen = new Promise((resolve) => pc.addEventListener("serial", resolve, { once: true }));
      document.body.append(pc);
      return seen;
    });
    await Promise.all(ready);
  }, MACHINES);
  await page.waitForTimeout(SETTLE_MS);
  const session = await site.browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const renderers = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
  const time = (): number => renderers.reduce((sum, id) => sum + processorSeconds(id), 0);
  const before = time();
  await page.waitForTimeout(SECONDS * 1000);
  const share = (time() - before) / SECONDS;
  await page.close();
  console.log(`\n${MACHINES} idle machines: ${(share * 100).toFixed(1)} % of one processor, all threads of the renderer`); // prettier-ignore
  return share;
}

/** Of all its threads, in the user's and in the kernel's name. */
function processorSeconds(id: number): number {
  const fields = readFileSync(`/proc/${id}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
