// The machines that can be chosen, as cards with one button each.

import type { MachineChoice } from "./machines";

export class Gallery {
  readonly #place: HTMLElement;
  readonly #run: (choice: MachineChoice) => void;

  constructor(place: HTMLElement, run: (choice: MachineChoice) => void) {
    this.#place = place;
    this.#run = run;
  }

  show(choices: readonly MachineChoice[]): void {
    this.#place.replaceChildren(...choices.map((choice) => this.#card(choice)));
  }

  /** Marks the machine that runs. */
  mark(id: string | undefined): void {
    for (const card of this.#place.querySelectorAll<HTMLElement>(".card"))
      card.classList.toggle("runs", card.dataset["machine"] === id);
  }

  #card(choice: MachineChoice): HTMLElement {
    const card = document.createElement("article");
    card.className = "card";
    card.dataset["machine"] = choice.id ?? "";
    const name = document.createElement("h3");
    name.textContent = choice.name;
    const text = document.createElement("p");
    text.textContent = choice.text ?? "";
    const boot = document.createElement("span");
    boot.className = "tag";
    boot.textContent = [choice.boot, `${choice.config.memory ?? 128} MB`]
      .filter(Boolean)
      .join(" · ");
    const run = document.createElement("button");
    run.type = "button";
    run.textContent = "Run";
    run.setAttribute("aria-label", `Run ${choice.name}`);
    run.addEventListener("click", () => this.#run(choice));
    const foot = document.createElement("div");
    foot.className = "card-foot";
    foot.append(boot, run);
    card.append(name, text, foot);
    return card;
  }
}
