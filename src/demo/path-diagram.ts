// The path of an event, step by step, as bars on a common scale; a list for those who do not see it.

import type { PointerUse } from "../shared/api";
import { type PathSummary, type Stage, STAGES } from "./measure/event-path";
import { MODE_WORDS } from "./modes";
import type { Station } from "./station";

const WORDS: Readonly<Record<Stage, string>> = {
  event: "the browser has the event",
  handler: "this page handles it",
  stored: "handed to the worker",
  latched: "in the device",
  taken: "read by the guest's driver",
  drawn: "the guest has drawn its cursor",
  published: "the worker sends the frame",
  shown: "the page draws it",
};
const DEVICES: Readonly<Record<PointerUse, string>> = {
  relative: "in the USB mouse",
  absolute: "in the USB tablet",
  integrated: "in the Tandem port",
};
const SCALE_MINIMUM = 20;

export class PathDiagram {
  readonly #parent: HTMLElement;
  readonly #stations: readonly Station[];

  constructor(parent: HTMLElement, stations: readonly Station[]) {
    this.#parent = parent;
    this.#stations = stations;
  }

  update(): void {
    const paths = this.#stations.map((station) => ({
      station,
      summary: (station.hostDraws ? station.told : station.meter).path.summary(),
    }));
    const scale = Math.max(SCALE_MINIMUM, ...paths.map(({ summary }) => lengthOf(summary)));
    this.#parent.replaceChildren(
      ...paths.map(({ station, summary }) => draw(station, summary, scale)),
    );
  }
}

function lengthOf({ steps }: PathSummary): number {
  return STAGES.reduce((sum, stage) => sum + (steps[stage]?.median ?? 0), 0);
}

function draw(station: Station, summary: PathSummary, scale: number): HTMLElement {
  const figure = document.createElement("figure");
  figure.dataset["mode"] = station.mode;
  const caption = document.createElement("figcaption");
  const { name, kind } = MODE_WORDS[station.mode];
  caption.textContent = `${name} (${kind})`;
  const total = document.createElement("p");
  total.className = "total";
  total.textContent = inWords(station, summary);
  const list = document.createElement("ol");
  let at = 0;
  STAGES.forEach((stage, index) => {
    const took = summary.steps[stage];
    const item = document.createElement("li");
    const words = document.createElement("span");
    words.textContent = stage === "latched" ? DEVICES[station.mode] : WORDS[stage];
    const time = document.createElement("span");
    time.className = "time";
    const isStart = index === 0;
    time.textContent = isStart ? "t0" : took ? `+${took.median.toFixed(2)} ms` : notSeen(station);
    const track = document.createElement("span");
    track.className = "track";
    if (took) {
      const bar = document.createElement("span");
      bar.style.marginLeft = `${(at / scale) * 100}%`;
      bar.style.width = `${(took.median / scale) * 100}%`;
      track.append(bar);
      at += took.median;
    }
    item.append(words, time, track);
    list.append(item);
  });
  figure.append(caption, total, list);
  return figure;
}

function notSeen(station: Station): string {
  return station.hostDraws ? "not needed" : "not seen";
}

function inWords({ hostDraws }: Station, { whole, count }: PathSummary): string {
  if (hostDraws)
    return "What you see moves with the hand: the browser draws the cursor. The path below is that of the position that the guest works with.";
  if (!whole) return "Nothing followed yet: move the hand or replay a movement.";
  return `${count} events followed; from the event to the screen ${whole.median.toFixed(1)} ms (median), ${whole.p95.toFixed(1)} ms (95 %).`;
}
