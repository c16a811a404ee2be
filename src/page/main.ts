// The page: one machine, or several with ?machines=2; everything below it is about the first or the one used last.

import { TandemError } from "../shared/errors";
import { type DeepLink, readDeepLink } from "./deep-link";
import { EmbedPanel } from "./embed-panel";
import { Gallery } from "./gallery";
import { MachineView } from "./machine-view";
import { findMachines, type MachineChoice } from "./machines";
import { PointerSwitch } from "./pointer-switch";

const BOOTABLE = ["kernel", "floppy", "hda", "cdrom"] as const;

function byId<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`index.html has no #${id}`);
  return found as T;
}

const views: MachineView[] = [];
let active = 0;

const embed = new EmbedPanel();
const gallery = new Gallery(byId("cards"), (choice) => void run(choice));

function view(): MachineView {
  const found = views[active] ?? views[0];
  if (!found) throw new Error("The page shows at least one machine.");
  return found;
}

async function run(choice: MachineChoice): Promise<void> {
  view().root.scrollIntoView({ block: "nearest", behavior: "smooth" });
  await view().start(choice);
  view().pc.focus({ preventScroll: true });
}

function onChoice(choice: MachineChoice): void {
  gallery.mark(choice.id);
  embed.show(choice);
}

/** @throws TandemError */
function readLink(): DeepLink {
  return readDeepLink(location.search, document.baseURI);
}

/** The machine that an address means. @throws TandemError */
function choiceOf({ machine, config }: DeepLink, choices: readonly MachineChoice[]): MachineChoice {
  const known = choices.find(({ id }) => id === (machine ?? "pillion"));
  if (!known)
    throw new TandemError(
      "bad-argument",
      `There is no machine "${machine}" here. There are: ${choices.map(({ id }) => id).join(", ")}.`,
    );
  if (Object.keys(config).length === 0) return known;
  if (machine === undefined && BOOTABLE.some((role) => config[role]))
    return { name: "A machine from the address", config };
  return { ...known, config: { ...known.config, ...config } };
}

async function startFromAddress(link: DeepLink): Promise<void> {
  const choices = await findMachines();
  gallery.show(choices);
  await Promise.all(
    views.map(async (each) => {
      if (link.image) {
        await each.openUrl(link.image);
        return;
      }
      try {
        await each.start(choiceOf(link, choices));
      } catch (error) {
        each.tell(error);
      }
    }),
  );
}

function listen(): void {
  const files = byId<HTMLInputElement>("files");
  const address = byId<HTMLInputElement>("address");
  byId("pick").addEventListener("click", () => files.click());
  files.addEventListener("change", () => {
    const chosen = [...(files.files ?? [])];
    files.value = "";
    void view().openFiles(chosen);
    view().root.scrollIntoView({ block: "nearest" });
  });
  byId("open").addEventListener("submit", (event) => {
    event.preventDefault();
    view().root.scrollIntoView({ block: "nearest" });
    void view().openUrl(address.value.trim());
  });
}

function start(): void {
  const template = byId<HTMLTemplateElement>("machine");
  let link: DeepLink = { config: {}, machines: 1 };
  let problem: unknown;
  try {
    link = readLink();
  } catch (error) {
    problem = error;
  }
  const place = byId("machines");
  place.classList.toggle("several", link.machines > 1);
  for (let index = 0; index < link.machines; index++) {
    const made = new MachineView(template, onChoice);
    made.attach(place);
    made.root.addEventListener("focusin", () => (active = index));
    views.push(made);
  }
  new PointerSwitch(byId("pointer-switch"), byId("pointer-now"), view().pc).attach();
  embed.attach();
  listen();
  void startFromAddress(link).then(() => {
    if (problem !== undefined) view().tell(problem);
  });
}

start();
