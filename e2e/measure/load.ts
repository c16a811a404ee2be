// How much of the page's main thread a busy guest takes.

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { CDPSession, Page } from "playwright";
import type { TandemPc } from "../../src/element/index";
import type { MeasureOptions } from "./measure";
import type { Site } from "./site";

const GUESTS = join(import.meta.dirname, "../../.cache/guests");
const KERNEL = "vmlinuz-686";
const INITRD = "initramfs.cpio.gz";
const SECONDS = 10;
const BOOT_TIMEOUT = 180_000;
const WORK = {
  computing: "while :; do :; done",
  "printing on its screen": "yes 'a busy guest' > /dev/tty1",
};

export async function measureLoad(site: Site, _options: MeasureOptions): Promise<unknown> {
  if (!existsSync(join(GUESTS, KERNEL)) || !existsSync(join(GUESTS, INITRD))) {
    console.log("\nload: needs the Linux guest (npm run setup)");
    return undefined;
  }
  const results: Record<string, number> = {};
  for (const [name, command] of Object.entries(WORK)) {
    const page = await site.openEmpty();
    await bootLinux(page);
    await page.evaluate((text) => {
      const pc = document.querySelector("tandem-pc") as TandemPc;
      return pc.serialInput(new TextEncoder().encode(`${text} &\n`));
    }, command);
    await page.waitForTimeout(2000);
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable");
    const frames = await countFrames(page);
    const before = await taskTime(session);
    await page.waitForTimeout(SECONDS * 1000);
    const share = ((await taskTime(session)) - before) / SECONDS;
    const drawn = (await frames()) / SECONDS;
    results[name] = share;
    console.log(`\nmain thread while the guest is ${name}: ${(share * 100).toFixed(1)} % (${drawn.toFixed(0)} frames a second)`); // prettier-ignore
    await page.close();
  }
  return results;
}

/** @returns what tells how many frames have come since */
async function countFrames(page: Page): Promise<() => Promise<number>> {
  const counter = await page.evaluateHandle(() => {
    const counter = { frames: 0 };
    document.querySelector("tandem-pc")?.addEventListener("frame", () => counter.frames++);
    return counter;
  });
  return () => counter.evaluate(({ frames }) => frames);
}

async function bootLinux(page: Page): Promise<void> {
  const booted = page.evaluate(
    ({ kernel, initrd }) =>
      new Promise<void>((resolve) => {
        const pc = document.createElement("tandem-pc") as TandemPc;
        pc.style.width = "800px";
        pc.setAttribute("kernel", `/guests/${kernel}`);
        pc.setAttribute("initrd", `/guests/${initrd}`);
        pc.setAttribute("append", "console=ttyS0 console=tty0");
        let text = "";
        pc.addEventListener("serial", ({ detail }) => {
          text += new TextDecoder().decode(detail.bytes);
          if (text.includes("GUEST-READY")) resolve();
        });
        pc.autostart = true;
        document.body.append(pc);
      }),
    { kernel: KERNEL, initrd: INITRD },
  );
  const late = new Promise<never>((_resolve, reject) => {
    setTimeout(() => reject(new Error("Linux did not boot.")), BOOT_TIMEOUT).unref();
  });
  await Promise.race([booted, late]);
}

/** Seconds that the page's main thread has worked. */
async function taskTime(session: CDPSession): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "TaskDuration")?.value ?? NaN;
}
