// The table of what has been measured, and the conditions without which it says nothing.

import type { Conditions } from "./measure/export";
import type { ModeMeter } from "./measure/mode-meter";
import type { Summary } from "./measure/statistics";
import { MODE_WORDS } from "./modes";
import type { Station } from "./station";

const COLUMNS = [
  "Mode",
  "Lag, median (ms)",
  "Lag, 95 %",
  "Gain",
  "At rest, median (px)",
  "At rest, worst",
  "Moving, median (px)",
  "Moving, 95 %",
  "Reports a second",
  "Interrupts a second",
];

export class ResultsTable {
  readonly #body: HTMLTableSectionElement;
  readonly #stations: readonly Station[];

  constructor(table: HTMLTableElement, stations: readonly Station[]) {
    this.#stations = stations;
    const caption = table.createCaption();
    caption.textContent = "Host and guest cursor compared, by mode";
    const head = table.createTHead().insertRow();
    for (const column of COLUMNS) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = column;
      head.append(cell);
    }
    this.#body = table.createTBody();
  }

  update(): void {
    const rows = this.#stations.flatMap((station) => {
      const { name } = MODE_WORDS[station.mode];
      if (!station.hostDraws) return [row(station, name, station.meter)];
      return [
        row(station, `${name}: what is seen (by construction)`, station.meter, true),
        row(station, `${name}: what the guest knows`, station.told),
      ];
    });
    this.#body.replaceChildren(...rows);
  }
}

function row(
  station: Station,
  name: string,
  meter: ModeMeter,
  byConstruction = false,
): HTMLTableRowElement {
  const { lag, gain, staticDistance, dynamicDistance } = meter.summary();
  const { reportsPerSecond, irqsPerSecond } = station.meter.summary();
  const line = document.createElement("tr");
  line.dataset["mode"] = station.mode;
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = name;
  line.append(head);
  const known = (summary: Summary | undefined, key: "median" | "p95" | "maximum"): string =>
    number(byConstruction ? 0 : summary?.[key]);
  const texts = [
    known(lag, "median"),
    known(lag, "p95"),
    byConstruction ? "1" : number(gain, 2),
    known(staticDistance, "median"),
    known(staticDistance, "maximum"),
    known(dynamicDistance, "median"),
    known(dynamicDistance, "p95"),
    number(reportsPerSecond, 0),
    number(irqsPerSecond, 0),
  ];
  for (const text of texts) line.insertCell().textContent = text;
  return line;
}

function number(value: number | undefined, digits = 1): string {
  return value === undefined ? "-" : value.toFixed(digits);
}

export function conditionsInWords(conditions: Conditions): string {
  const { mips, guestSpeed, refreshHz, sliceMs } = conditions;
  return [
    conditions.browser,
    refreshHz ? `${refreshHz.toFixed(0)} frames a second` : "frame rate unknown",
    `${conditions.devicePixelRatio} device pixels per CSS pixel`,
    sliceMs ? `slices of ${sliceMs} ms` : "slice length unknown",
    conditions.isolated ? "cross-origin isolated (input by shared memory)" : "not cross-origin isolated (input by messages)", // prettier-ignore
    `bInterval ${conditions.usbIntervalMs} ms`,
    `acceleration ${conditions.acceleration ? "on" : "off"}`,
    `integrated cursor drawn by the ${conditions.integratedCursor}`,
    guestSpeed ? `guest time at ${(guestSpeed * 100).toFixed(0)} % of real time` : "guest speed unknown", // prettier-ignore
    ...(mips ? [`${mips.toFixed(1)} MIPS used`] : []),
    `hand: ${conditions.hand}`,
  ].join(" · ");
}
