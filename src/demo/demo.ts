// The comparison page: three machines, one hand, and what is measured.

import { TandemError } from "../shared/errors";
import { Messages } from "../page/messages";
import { Hand, type HandInput } from "./hand";
import { collect, type Conditions, eventsToCsv, framesToCsv, type Measurement, toJson } from "./measure/export"; // prettier-ignore
import { median } from "./measure/statistics";
import {
  generatedTraces,
  START,
  type Trace,
  TRACE_HEIGHT,
  TRACE_WIDTH,
  TraceRecorder,
  traceFromJson,
  traceToJson,
} from "./measure/trace";
import { MODES } from "./modes";
import { PathDiagram } from "./path-diagram";
import { Player } from "./player";
import { Plots } from "./plots";
import { conditionsInWords, ResultsTable } from "./results";
import { SettingsForm } from "./settings";
import { Station } from "./station";
import { capture, Surface } from "./surface";

const SIZE = { width: TRACE_WIDTH, height: TRACE_HEIGHT };
const PLOTS_INTERVAL = 150;
/** After the hand's last movement, until all of it has left the plots. */
const PLOTS_GO_ON = 11_000;
const TABLE_INTERVAL = 1000;
const FRAME_TIMES = 120;

export class Demo {
  readonly #messages = new Messages(element("#messages"));
  readonly #settings: SettingsForm;
  readonly #hand = new Hand(SIZE.width, SIZE.height);
  readonly #stations: Station[];
  readonly #player: Player;
  readonly #plots: Plots;
  readonly #table: ResultsTable;
  readonly #paths: PathDiagram;
  readonly #frameTimes: number[] = [];
  #recorder: TraceRecorder | undefined;
  #recorded: Trace | undefined;
  /** How the hand was moved last, for the conditions. */
  #handWords = "not moved yet";
  #movedAt = -Infinity;
  #plotsAt = 0;
  #tableAt = 0;

  constructor() {
    const query = new URLSearchParams(location.search);
    this.#settings = new SettingsForm(element<HTMLFormElement>("#settings"), query);
    const template = element<HTMLTemplateElement>("#station");
    this.#stations = MODES.map((mode) => new Station(mode, template, SIZE, this.#onError));
    this.#player = new Player(this.#hand, {
      home: () => this.#stations.forEach((station) => station.home()),
      homed: () => this.#stations.forEach((station) => station.synchronise({ x: 0, y: 0 })),
      begin: () => this.#clear(),
    });
    this.#plots = new Plots(element("#plots"), this.#stations);
    this.#table = new ResultsTable(element<HTMLTableElement>("#results"), this.#stations);
    this.#paths = new PathDiagram(element("#paths"), this.#stations);
  }

  attach(): void {
    for (const station of this.#stations) station.attach(element("#stations"));
    this.#hand.listen({
      handMoved: (input) => this.#handMoved(input),
      handButtons: (buttons) => {
        for (const station of this.#fed) station.handButtons(buttons);
      },
    });
    this.#attachSurfaces();
    this.#attachControls();
    this.#plots.attach();
    document.addEventListener("visibilitychange", this.#onVisibility);
    this.#restart();
    this.#update();
    requestAnimationFrame(this.#onFrame);
  }

  // ---- the hand ----

  #attachSurfaces(): void {
    const options = { ...SIZE, isBusy: () => this.#player.playing };
    const pad = new Surface(element("#pad"), this.#hand, options);
    pad.attach();
    pad.attachKeys();
    for (const { screen, mode } of this.#stations) {
      new Surface(screen, this.#hand, options).attach();
      if (mode === "relative") screen.addEventListener("click", () => void this.#capture(screen));
    }
  }

  async #capture(screen: HTMLElement): Promise<void> {
    if (document.pointerLockElement === screen || this.#player.playing) return;
    if (!(await capture(screen)))
      this.#messages.info("The browser did not capture the mouse. Click the screen once more.");
  }

  /** The machines that follow the hand. */
  get #fed(): Station[] {
    const { feed } = this.#settings.values;
    return this.#stations.filter(({ mode }) => feed.includes(mode));
  }

  #handMoved(input: HandInput): void {
    for (const station of this.#fed) station.handMoved(input);
    this.#recorder?.add(input.event, this.#hand.position, this.#hand.buttons);
    this.#movedAt = input.handler;
    if (!this.#player.playing) this.#handWords = "live";
    const dot = element("#pad-hand");
    dot.style.left = `${input.x * 100}%`;
    dot.style.top = `${input.y * 100}%`;
  }

  // ---- controls ----

  #attachControls(): void {
    const replays = element("#replays");
    for (const trace of generatedTraces()) replays.append(this.#replayButton(trace));
    this.#on("#stop", () => this.#player.stop());
    this.#on("#synchronise", () => void this.#synchronise());
    this.#on("#record", () => this.#record());
    this.#on("#save-trace", () => this.#saveTrace());
    this.#on("#load-trace", () => element<HTMLInputElement>("#trace-file").click());
    element("#trace-file").addEventListener("change", () => void this.#loadTrace());
    this.#on("#clear", () => this.#clear());
    this.#on("#export-json", () => save(toJson(this.#measurement()), "pointer.json", "application/json")); // prettier-ignore
    this.#on("#export-frames", () => save(framesToCsv(this.#measurement()), "pointer-frames.csv", "text/csv")); // prettier-ignore
    this.#on("#export-events", () => save(eventsToCsv(this.#measurement()), "pointer-events.csv", "text/csv")); // prettier-ignore
    this.#settings.attach((effect) => {
      if (effect === "restart") this.#restart();
      else if (effect === "command")
        for (const station of this.#stations) station.apply(this.#settings.values);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#player.stop();
    });
  }

  #on(selector: string, action: () => void): void {
    element(selector).addEventListener("click", action);
  }

  #replayButton(trace: Trace): HTMLButtonElement {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "primary";
    button.textContent = `Replay: ${trace.name}`;
    button.addEventListener("click", () => void this.#replay(trace));
    return button;
  }

  async #replay(trace: Trace): Promise<void> {
    const { speed } = this.#settings.values;
    this.#handWords = `replay of “${trace.name}”${speed === 1 ? "" : ` at ${speed} times its speed`}`;
    await this.#run(`Replaying “${trace.name}”`, () => this.#player.play(trace, speed));
  }

  async #synchronise(): Promise<void> {
    await this.#run("Synchronising", () => this.#player.synchronise(START));
  }

  async #run(words: string, work: () => Promise<boolean>): Promise<void> {
    const stop = element<HTMLButtonElement>("#stop");
    stop.disabled = false;
    this.#status(`${words}… Esc stops.`);
    try {
      const finished = await work();
      this.#status(finished ? `${words}: done.` : `${words}: stopped.`);
    } catch (error) {
      this.#onError(error);
    }
    if (!this.#player.playing) stop.disabled = true;
  }

  #status(words: string): void {
    element("#status").textContent = words;
  }

  #record(): void {
    const recorder = this.#recorder;
    const button = element("#record");
    if (!recorder) {
      this.#recorder = new TraceRecorder();
      this.#status("Recording: move over the pad or a screen, then press the button again.");
    } else {
      this.#recorder = undefined;
      if (recorder.isEmpty) this.#status("Nothing was recorded: the hand did not move.");
      else this.#addTrace(recorder.finish("my hand"));
    }
    button.setAttribute("aria-pressed", String(this.#recorder !== undefined));
    button.textContent = this.#recorder ? "Stop recording" : "Record my hand";
  }

  #addTrace(trace: Trace): void {
    this.#recorded = trace;
    element<HTMLButtonElement>("#save-trace").disabled = false;
    const replays = element("#replays");
    replays.querySelector("[data-recorded]")?.remove();
    const button = this.#replayButton(trace);
    button.dataset["recorded"] = "";
    replays.append(button);
    this.#status(`“${trace.name}” can be replayed: ${trace.samples.length} movements.`);
  }

  #saveTrace(): void {
    if (this.#recorded) save(traceToJson(this.#recorded), "hand.json", "application/json");
  }

  async #loadTrace(): Promise<void> {
    const input = element<HTMLInputElement>("#trace-file");
    const file = input.files?.[0];
    input.value = "";
    if (!file) return;
    try {
      this.#addTrace(scaledTo(traceFromJson(await file.text())));
    } catch (error) {
      this.#onError(error);
    }
  }

  #clear(): void {
    for (const station of this.#stations) station.clear();
    this.#update();
  }

  // ---- the machines ----

  /** All anew, as after any setting that a guest is started with. */
  #restart(): void {
    this.#player.stop();
    this.#messages.clear();
    for (const station of this.#stations)
      station.start(this.#settings.values).catch((error: unknown) => this.#onError(error));
  }

  #onError = (error: unknown): void => this.#messages.error(TandemError.from(error));

  // Nobody looks: nothing runs, and nothing is measured that the browser slows down.
  #onVisibility = (): void => {
    for (const station of this.#stations)
      station.setPaused(document.hidden).catch((error: unknown) => this.#onError(error));
  };

  // ---- what is shown ----

  #onFrame = (time: number): void => {
    this.#frameTimes.push(time);
    if (this.#frameTimes.length > FRAME_TIMES) this.#frameTimes.shift();
    for (const station of this.#stations) station.drawFrame();
    if (time - this.#plotsAt >= PLOTS_INTERVAL && time - this.#movedAt < PLOTS_GO_ON) {
      this.#plotsAt = time;
      this.#plots.update();
      for (const station of this.#stations) station.showReadout();
    }
    if (time - this.#tableAt >= TABLE_INTERVAL) {
      this.#tableAt = time;
      this.#update();
      if (time - this.#movedAt < PLOTS_GO_ON) this.#readCounters();
    }
    requestAnimationFrame(this.#onFrame);
  };

  #readCounters(): void {
    for (const station of this.#stations)
      station.readCounters().catch((error: unknown) => this.#onError(error));
  }

  #update(): void {
    this.#table.update();
    this.#paths.update();
    element("#conditions").textContent = conditionsInWords(this.#conditions());
  }

  #measurement(): Measurement {
    const meters = this.#stations.flatMap(({ hostDraws, meter, told }) =>
      hostDraws ? [meter, told] : [meter],
    );
    return collect(meters, this.#conditions(), new Date());
  }

  #conditions(): Conditions {
    const { acceleration, interval, cursor } = this.#settings.values;
    const speeds = this.#stations.flatMap(({ speed }) => (speed ? [speed] : []));
    const of = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value);
    return {
      browser: browserName(),
      refreshHz: of(1000 / median(differences(this.#frameTimes))),
      isolated: crossOriginIsolated,
      sliceMs: of(median(speeds.map(({ slice }) => slice))),
      usbIntervalMs: interval,
      acceleration,
      integratedCursor: cursor,
      mips: of(median(speeds.map(({ mips }) => mips))),
      guestSpeed: of(median(speeds.map(({ guest }) => guest))),
      devicePixelRatio: window.devicePixelRatio,
      hand: this.#handWords,
    };
  }
}

function element<T extends HTMLElement = HTMLElement>(selector: string): T {
  const found = document.querySelector<T>(selector);
  if (!found) throw new Error(`index.html has no ${selector}`);
  return found;
}

function differences(values: readonly number[]): number[] {
  return values.slice(1).map((value, index) => value - (values[index] ?? 0));
}

/** "HeadlessChrome 156", and what it runs on. */
function browserName(): string {
  const agent = navigator.userAgent;
  const browser = /(HeadlessChrome|Edg|Firefox|Chrome|Version)\/(\d+)/.exec(agent);
  const system = /\(([^;)]+)/.exec(agent)?.[1] ?? "unknown system";
  return browser ? `${browser[1]} ${browser[2]} on ${system}` : agent;
}

/** A recording of another screen is stretched to this one. */
function scaledTo({ name, width, height, samples }: Trace): Trace {
  const scaled = samples.map((sample) => ({
    ...sample,
    x: Math.floor((sample.x / width) * SIZE.width),
    y: Math.floor((sample.y / height) * SIZE.height),
  }));
  return { name, ...SIZE, samples: scaled };
}

function save(text: string, name: string, type: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 0);
}
