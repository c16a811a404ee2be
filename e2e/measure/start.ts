// From the element's start to the first frame of Pillion's desktop.

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
      const drawn = new Promise<number>((resolve) => {
        let text = "";
        element.addEventListener("serial", ({ detail }) => {
          text += new TextDecoder().decode(detail.bytes);
        });
        // Pillion says READY after it has drawn its desktop; that frame is on the page after the next animation frame.
        element.addEventListener("frame", () => {
          if (text.includes("PILLION-READY"))
            requestAnimationFrame(() => resolve(performance.now()));
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
