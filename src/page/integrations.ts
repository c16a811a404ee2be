// What the running guest's driver works together with, as a row of lights: each has a word, a tooltip, and a text for screen readers.

import type { Integration } from "../shared/api";
import { adoptStyle } from "./adopt-style";

interface Words {
  label: string;
  /** What it does for the user. */
  does: string;
}

const WORDS: Readonly<Record<Integration, Words>> = {
  pointer: {
    label: "pointer",
    does: "Your pointer moves in and out of the guest without a click",
  },
  folders: { label: "folders", does: "Folders that you share appear in the guest" },
  clipboard: {
    label: "clipboard",
    does: "What is copied on one side can be pasted on the other",
  },
  display: {
    label: "display",
    does: "The guest's screen takes the size of its place on the page",
  },
  time: { label: "time", does: "The guest's clock follows this computer's" },
  exec: {
    label: "run commands",
    does: "The page can run commands in the guest and shut it down",
  },
  channels: {
    label: "channels",
    does: "Programs of the guest and the page can talk to each other",
  },
};

const ALL = Object.keys(WORDS) as Integration[];

const STYLE = `
.integrations { display: flex; flex-wrap: wrap; align-items: center; gap: 0.2em 0.8em; margin: 0; padding: 0; list-style: none; }
.integrations li::before {
  content: "";
  display: inline-block;
  box-sizing: border-box;
  width: 0.62em;
  height: 0.62em;
  margin-right: 0.35em;
  border: 1px solid currentColor;
  border-radius: 50%;
  opacity: 0.6;
}
.integrations li[data-on]::before { opacity: 1; background: var(--integration-on, #3fb950); border-color: var(--integration-on, #3fb950); }
.integrations .said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`;

export class IntegrationLights {
  readonly #list: HTMLUListElement;
  readonly #lights = new Map<Integration, { item: HTMLElement; said: HTMLElement }>();

  /** Puts the row into `place`. */
  constructor(place: HTMLElement) {
    this.#list = document.createElement("ul");
    this.#list.className = "integrations";
    this.#list.setAttribute("aria-label", "What the guest works together with");
    for (const name of ALL) {
      const item = document.createElement("li");
      item.dataset["integration"] = name;
      const said = document.createElement("span");
      said.className = "said";
      item.append(WORDS[name].label, said);
      this.#list.append(item);
      this.#lights.set(name, { item, said });
    }
    place.append(this.#list);
    this.show([]);
  }

  /** For a shadow tree, whose elements are made before they have a root. */
  adoptStyle(root: Document | ShadowRoot): void {
    adoptStyle(root, STYLE);
  }

  show(there: readonly Integration[]): void {
    for (const [name, { item, said }] of this.#lights) {
      const isOn = there.includes(name);
      item.toggleAttribute("data-on", isOn);
      const { does } = WORDS[name];
      item.title = isOn ? `${does}.` : `${does}, once the guest has a driver for it.`;
      said.textContent = isOn ? ": works" : ": not in this guest";
    }
  }
}
