// From the element's start to the frame that has all of Pillion's desktop.

import type { TandemPc } from "../../src/element/index";
import { summarise, type Summary } from "../../src/demo/measure/statistics";
import type { MeasureOptions } from "./measure";
import type { Site } from "./site";

export async function measureStart(site: Site, { repetitions }: MeasureOptions): Promise<Summary> {
  const page = await site.openEmpty();
  const times: number[] = [];
  // The first one fills the cache and does not count.
  for (let repetition = 0; repetition <= repetitions; repetition++) {
    const time = await page.evaluate(async () => {
      const element = document.createElement("tandem-pc") as TandemPc;
      element.style.width = "1024px";
      element.autostart = true;
      const begin = performance.now();
      let shown = NaN;
      element.addEventListener("frame", () =>
        requestAnimationFrame(() => (shown = performance.now())),
      );
      // Pillion says READY after it has drawn its desktop; the frame with it is on the page already, or is the next one.
      const drawn = new Promise<number>((resolve) => {
        let text = "";
        element.addEventListener("serial", ({ detail }) => {
          const before = text.includes("PILLION-READY");
          text += new TextDecoder().decode(detail.bytes);
          if (before || !text.includes("PILLION-READY")) return;
          // Has what has changed since the last frame drawn, if there is something.
          void element
            .pixels()
            .then(() => requestAnimationFrame(() => requestAnimationFrame(() => resolve(shown))));
        });
      });
      document.body.append(element);
      const end = await drawn;
      element.remove();
      return end - begin;
    });
    if (repetition > 0) times.push(time);
    await page.waitForTimeout(200);
  }
  await page.close();
  const summary = summarise(times);
  if (!summary) throw new Error("Nothing was measured.");
  console.log(`\nstart to desktop: ${summary.median.toFixed(0)} ms (median of ${summary.count}), ${summary.p95.toFixed(0)} ms (95 %)`); // prettier-ignore
  return summary;
}
