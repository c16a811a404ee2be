// The guest's cursor is where the hand is: in each mode, at each zoom, whatever the page does to the element.

import type { Page } from "playwright/test";
import { expect, test } from "playwright/test";
import { openEmbedding } from "./page";
import { bootPillion, usePointer } from "./pillion";

const POSITIONS = 500;
/** The way in without isolation: where a place is on the page does not depend on it. */
const POSITIONS_PLAIN = 100;

const LAYOUTS: readonly { name: string; density: number; html: string }[] = [
  { name: "plain", density: 1, html: `<tandem-pc style="width: 820px"></tandem-pc>` },
  { name: "zoomed to 150 %", density: 1.5, html: `<tandem-pc style="width: 820px"></tandem-pc>` },
  {
    name: "at devicePixelRatio 2",
    density: 2,
    html: `<tandem-pc style="width: 820px"></tandem-pc>`,
  },
  {
    name: "under transform: scale(1.5)",
    density: 1,
    html: `<div style="transform: scale(1.5); transform-origin: 10px 20px"><tandem-pc style="width: 500px"></tandem-pc></div>`,
  },
  {
    name: "turned by 7 degrees and tilted",
    density: 1,
    html: `<div style="perspective: 900px; padding: 60px"><tandem-pc style="width: 600px; transform: rotateZ(7deg) rotateX(20deg)"></tandem-pc></div>`,
  },
  {
    name: "in a padded, scrolled container, with letterboxes and padding of its own",
    density: 1,
    html: `<style>tandem-pc::part(screen) { padding: 7px 19px; border: 3px solid green; }</style>
      <div id="scrolled" style="padding: 40px 55px; width: 900px; height: 600px; overflow: scroll; border: 5px solid"><div style="height: 300px"></div><tandem-pc style="width: 700px; height: 430px"></tandem-pc><div style="height: 900px"></div></div>
      <script>document.querySelector("#scrolled").scrollTop = 290;</script>`,
  },
  {
    name: "in a shadow root",
    density: 1,
    html: `<div id="outer"></div><script>
      const outer = document.querySelector("#outer").attachShadow({ mode: "open" });
      outer.innerHTML = "<section style='padding: 13.3px'><div id='inner'></div></section>";
      const inner = outer.querySelector("#inner").attachShadow({ mode: "closed" });
      const made = document.createElement("tandem-pc");
      made.style.width = "640px";
      inner.append(made);
      window.pc = made;
    </script>`,
  },
];

interface Place {
  /** On the page. */
  x: number;
  y: number;
  /** The guest's pixel there. */
  wanted: { x: number; y: number };
}

/**
 * Places on the picture, corners and edges first. They are found the other way round than the element does: the browser tells where
 * it shows a point of the picture. Where nothing is turned, every second one is a pixel of the monitor instead, as mice have them.
 */
function places(page: Page, count: number): Promise<Place[]> {
  return page.evaluate((wanted) => {
    const canvas = window.pc.shadowRoot?.querySelector<HTMLCanvasElement>("canvas.screen");
    if (!canvas?.parentElement) throw new Error("no screen");
    const { width, height } = canvas;
    const probe = document.createElement("b");
    probe.style.position = "absolute";
    canvas.parentElement.append(probe);
    const shown = (x: number, y: number): { x: number; y: number } => {
      probe.style.left = `${(x / width) * 100}%`;
      probe.style.top = `${(y / height) * 100}%`;
      return probe.getBoundingClientRect();
    };
    let seed = 12345;
    const random = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647;
    const [upperLeft, upperRight, lowerRight] = [
      shown(0, 0),
      shown(width, 0),
      shown(width, height),
    ];
    const straight = Math.abs(upperLeft.y - upperRight.y) < 1e-3 && Math.abs(upperRight.x - lowerRight.x) < 1e-3; // prettier-ignore
    const found: Place[] = [];
    const add = (x: number, y: number, px: number, py: number): void => {
      const hit = document.elementFromPoint(x, y);
      if (hit?.localName === "tandem-pc" || hit?.id === "outer")
        found.push({ x, y, wanted: { x: px, y: py } });
    };
    const addPixel = (px: number, py: number): void => {
      const { x, y } = shown(px + 0.5, py + 0.5);
      add(x, y, px, py);
    };
    const addMonitorPixel = (): void => {
      const grid = (value: number): number =>
        Math.ceil(value * devicePixelRatio) / devicePixelRatio;
      const x = grid(upperLeft.x + random() * (lowerRight.x - upperLeft.x - 1));
      const y = grid(upperLeft.y + random() * (lowerRight.y - upperLeft.y - 1));
      const px = ((x - upperLeft.x) / (lowerRight.x - upperLeft.x)) * width;
      const py = ((y - upperLeft.y) / (lowerRight.y - upperLeft.y)) * height;
      // On the line between two pixels the last bit of a fraction decides.
      if ([px, py].every((value) => Math.abs(value - Math.round(value)) > 1e-3))
        add(x, y, Math.floor(px), Math.floor(py));
    };
    for (const px of [0, 1, Math.floor(width / 2), width - 2, width - 1])
      for (const py of [0, 1, Math.floor(height / 2), height - 2, height - 1]) addPixel(px, py);
    for (let tries = 0; found.length < wanted && tries < wanted * 10; tries++)
      if (straight && tries % 2 === 0) addMonitorPixel();
      else addPixel(Math.floor(random() * width), Math.floor(random() * height));
    probe.remove();
    return found;
  }, count);
}

/** The largest distance between hand and guest's cursor along one axis, and where. */
async function largestError(
  page: Page,
  all: readonly Place[],
): Promise<{ pixels: number; at: string }> {
  let worst = { pixels: 0, at: "" };
  await page.mouse.move(0, 0); // the first motion of all is told as the pointer's coming
  for (const { x, y, wanted } of all) {
    await page.mouse.move(x, y);
    const is = await page.evaluate((at) => window.where(at), { x, y });
    const pixels = Math.max(Math.abs(is.x - wanted.x), Math.abs(is.y - wanted.y));
    if (pixels > worst.pixels)
      worst = { pixels, at: `${x},${y}: wanted ${wanted.x},${wanted.y}, is ${is.x},${is.y}` };
  }
  return worst;
}

for (const { name, density, html } of LAYOUTS)
  test(`the guest's cursor is where the hand is: ${name}`, async ({ browser }, { project }) => {
    const context = await browser.newContext({ deviceScaleFactor: density, baseURL: project.use.baseURL ?? "" }); // prettier-ignore
    const page = await context.newPage();
    await openEmbedding(page, html, project.name.startsWith("isolated"));
    await bootPillion(page);
    const count = project.name.startsWith("isolated") ? POSITIONS : POSITIONS_PLAIN;
    const all = await places(page, count);
    expect(all.length).toBe(count);
    await usePointer(page, "integrated", "tandem");
    expect(await largestError(page, all)).toEqual({ pixels: 0, at: "" });
    await usePointer(page, "absolute", "usb-tablet");
    expect((await largestError(page, all)).pixels).toBeLessThanOrEqual(1);
    await context.close();
  });
