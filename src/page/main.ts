// The page: one machine, or several with ?machines=2.

import { MachineView } from "./machine-view";

const MACHINES_MAX = 8;

const template = document.querySelector<HTMLTemplateElement>("template#machine");
const place = document.querySelector<HTMLElement>("#machines");
if (!template || !place) throw new Error("index.html is not complete");

const wanted = Number(new URLSearchParams(location.search).get("machines") ?? 1);
const count = Math.min(MACHINES_MAX, Math.max(1, Math.trunc(wanted) || 1));
place.classList.toggle("several", count > 1);
for (let index = 0; index < count; index++) void new MachineView(template).attach(place);
