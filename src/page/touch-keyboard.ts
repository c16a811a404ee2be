// The keyboard that phones draw on their screens. It types into a field that nobody sees; what it changes there is typed in
// the guest. Such keyboards often tell no keys at all, only changes of a text.

import type { MachineClient } from "./machine-client";

/** Something to delete, so that Backspace changes the field. */
const FILLING = "\u200b".repeat(16);

export class TouchKeyboard {
  readonly #field: HTMLTextAreaElement;
  readonly #machine: MachineClient;
  #listeners = new AbortController();
  /** The word that the keyboard still changes as a whole. */
  #composed = "";

  constructor(field: HTMLTextAreaElement, machine: MachineClient) {
    this.#field = field;
    this.#machine = machine;
  }

  attach(): void {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    this.#field.addEventListener("beforeinput", this.#onBeforeInput, { signal });
    this.#field.addEventListener("input", this.#fill, { signal });
    this.#field.addEventListener("compositionend", this.#onCompositionEnd, { signal });
    this.#field.addEventListener("focus", this.#fill, { signal });
    this.#fill();
  }

  detach(): void {
    this.#listeners.abort();
  }

  /** Only in answer to a tap: browsers show no keyboard otherwise. */
  show(): void {
    this.#field.focus({ preventScroll: true });
  }

  #onBeforeInput = (event: InputEvent): void => {
    if (event.inputType === "insertCompositionText") {
      const text = event.data ?? "";
      this.#type(change(this.#composed, text));
      this.#composed = text;
      return; // cannot be prevented
    }
    event.preventDefault();
    const typed = typedBy(event.inputType, event.data ?? event.dataTransfer?.getData("text/plain"));
    this.#type(typed);
  };

  #onCompositionEnd = (event: CompositionEvent): void => {
    this.#type(change(this.#composed, event.data));
    this.#composed = "";
    this.#fill();
  };

  #fill = (): void => {
    if (this.#composed) return;
    this.#field.value = FILLING;
    this.#field.setSelectionRange(FILLING.length, FILLING.length);
  };

  #type(text: string): void {
    if (text) void this.#machine.api.typeText(text);
  }
}

/** What a change of the field is on a keyboard; Backspace is \b, Delete not there on phones. */
export function typedBy(inputType: string, data: string | undefined): string {
  if (inputType === "insertLineBreak" || inputType === "insertParagraph") return "\n";
  if (inputType === "deleteWordBackward") return "\b".repeat(4);
  if (inputType.startsWith("delete")) return "\b";
  return data ?? "";
}

/** The keys that make one text of another: Backspaces for what differs at its end, then the rest. */
export function change(before: string, after: string): string {
  const [old, now] = [[...before], [...after]];
  let same = 0;
  while (same < old.length && same < now.length && old[same] === now[same]) same++;
  return "\b".repeat(old.length - same) + now.slice(same).join("");
}
