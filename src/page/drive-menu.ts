// The drives with what is in them: insert, eject, save.

import type { DriveName } from "../shared/api";

export interface DriveActions {
  insert(drive: DriveName, file: File): Promise<void>;
  insertAdditions(): Promise<void>;
  eject(drive: DriveName): Promise<void>;
  save(drive: DriveName): Promise<void>;
}

const DRIVE_WORDS: Readonly<Record<DriveName, string>> = {
  floppy: "Floppy",
  hda: "Hard disk",
  cdrom: "CD",
};

const INSERT = "Insert…";
const ADDITIONS = "Additions";
/** These need none in the drive. */
const WITHOUT_MEDIUM: readonly string[] = [INSERT, ADDITIONS];

export class DriveMenu {
  readonly #menu: HTMLElement;
  readonly #actions: DriveActions;
  readonly #picker = document.createElement("input");
  readonly #media = new Map<DriveName, string>();
  #picking: DriveName = "floppy";

  constructor(menu: HTMLElement, actions: DriveActions) {
    this.#menu = menu;
    this.#actions = actions;
    this.#picker.type = "file";
    this.#picker.hidden = true;
    this.#picker.dataset["part"] = "medium";
  }

  attach(): void {
    this.#menu.append(this.#picker);
    for (const drive of Object.keys(DRIVE_WORDS) as DriveName[]) {
      this.#menu.append(this.#row(drive));
      this.show(drive, undefined);
    }
    this.#picker.addEventListener("change", this.#onPicked);
  }

  detach(): void {
    this.#picker.removeEventListener("change", this.#onPicked);
    this.#menu.replaceChildren();
  }

  /** What is in the drive; undefined: nothing. */
  show(drive: DriveName, medium: string | undefined): void {
    if (medium === undefined) this.#media.delete(drive);
    else this.#media.set(drive, medium);
    const row = this.#menu.querySelector<HTMLElement>(`[data-drive="${drive}"]`);
    if (!row) return;
    const words = row.querySelector("span");
    if (words) words.textContent = `${DRIVE_WORDS[drive]}: ${medium ?? "empty"}`;
    for (const button of row.querySelectorAll("button"))
      if (!WITHOUT_MEDIUM.includes(button.textContent)) button.disabled = medium === undefined;
  }

  medium(drive: DriveName): string | undefined {
    return this.#media.get(drive);
  }

  #row(drive: DriveName): HTMLElement {
    const row = document.createElement("div");
    row.className = "drive";
    row.dataset["drive"] = drive;
    row.append(
      document.createElement("span"),
      button(INSERT, `Insert a medium: ${DRIVE_WORDS[drive]}`, () => {
        this.#picking = drive;
        this.#picker.click();
      }),
      button("Eject", `Eject: ${DRIVE_WORDS[drive]}`, () => void this.#actions.eject(drive)),
      button("Save…", `Save with the guest's changes: ${DRIVE_WORDS[drive]}`, () => {
        void this.#actions.save(drive);
      }),
    );
    if (drive === "cdrom")
      row.append(
        button(ADDITIONS, "Insert the additions CD", () => void this.#actions.insertAdditions()),
      );
    return row;
  }

  #onPicked = (): void => {
    const file = this.#picker.files?.[0];
    this.#picker.value = "";
    if (file) void this.#actions.insert(this.#picking, file);
  };
}

function button(text: string, label: string, onClick: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.setAttribute("aria-label", label);
  made.addEventListener("click", onClick);
  return made;
}
