// One machine in a worker of its own: calls go to `api` or `call`, events come to the listeners.

import * as Comlink from "comlink";
import { type ErrorData, TandemError } from "../shared/errors";
import type { MachineApi, MachineEvent } from "../shared/api";
// oxlint-disable-next-line import/default -- made by the build
import workerUrl from "../worker/worker?worker&url";

export type MachineListener = (event: MachineEvent) => void;
export type RemoteMachine = Comlink.Remote<MachineApi>;

/** A worker that has not written what was left by then is ended all the same. */
const LAST_WRITES_MS = 30_000;
const CORE_URL = new URL("../../build/core.wasm", import.meta.url);
let core: Promise<WebAssembly.Module | undefined> | undefined;

/**
 * The core's module, which the page compiles once, while the first worker is still loading. Undefined when the page may not: the
 * worker does it then, and tells what is wrong.
 */
export function coreModule(): Promise<WebAssembly.Module | undefined> {
  core ??= WebAssembly.compileStreaming(fetch(CORE_URL)).catch(() => {
    core = undefined;
    return undefined;
  });
  return core;
}

export class MachineClient {
  /** For what needs no answer. A call whose answer counts goes through `call`. */
  readonly api: RemoteMachine;
  readonly #worker: Worker;
  readonly #listening: Promise<void>;
  readonly #events = new MessageChannel();
  readonly #listeners = new Set<MachineListener>();
  /** Ends the calls that wait for an answer. */
  readonly #pending = new Set<() => void>();
  #ending: Promise<void> | undefined;
  /** Its script could not be loaded: nobody will answer. */
  #neverThere = false;
  /** Tells that. */
  #onFailure: () => void = () => undefined;

  constructor() {
    this.#worker = createWorker();
    this.#worker.addEventListener("error", this.#onWorkerError);
    this.api = Comlink.wrap<MachineApi>(this.#worker);
    this.#events.port1.addEventListener("message", this.#onMessage);
    this.#events.port1.start();
    this.#listening = this.api.listen(Comlink.transfer(this.#events.port2, [this.#events.port2]));
  }

  /** Resolves when the worker answers. @throws TandemError when its script cannot be loaded */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = this.listen((event) => {
        if (event.type === "error") reject(TandemError.from(event.error));
      });
      this.call(() => this.#listening)
        .then(resolve, reject)
        .finally(stop);
    });
  }

  /** @throws TandemError, also when the machine goes before it has answered */
  call<T>(work: (api: RemoteMachine) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const gone = (): void => reject(new TandemError("not-running", "The machine is gone."));
      if (this.#ending) {
        gone();
        return;
      }
      this.#pending.add(gone);
      work(this.api)
        .then(resolve, (error: unknown) => reject(TandemError.from(error)))
        .finally(() => this.#pending.delete(gone));
    });
  }

  /** @returns what ends the listening */
  listen(listener: MachineListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Ends the machine: first what its guest has written to shared folders is written, then the worker goes, and its memory with it.
   * Nothing is heard of it any more.
   */
  dispose(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    this.#listeners.clear();
    this.#events.port1.close();
    for (const gone of this.#pending) gone();
    this.#pending.clear();
    if (!this.#neverThere) {
      const failed = new Promise<void>((resolve) => (this.#onFailure = resolve));
      let timer: number | undefined;
      const late = new Promise<void>((resolve) => {
        timer = window.setTimeout(resolve, LAST_WRITES_MS);
      });
      const done = this.api.dispose().catch(() => undefined);
      await Promise.race([done, failed, late]);
      window.clearTimeout(timer);
    }
    this.#worker.terminate();
  }

  #onMessage = ({ data }: MessageEvent<MachineEvent>): void => {
    try {
      this.#tell(data);
    } finally {
      // The next frame waits until this one was taken, so that a busy page does not have to catch up.
      if (data.type === "frame" && data.data) this.#events.port1.postMessage(null);
    }
  };

  #onWorkerError = (event: ErrorEvent): void => {
    if (!event.message) {
      this.#neverThere = true;
      this.#onFailure();
    }
    const error: ErrorData = {
      code: "core-crash",
      message: event.message || "The emulator's worker could not be loaded.",
    };
    this.#tell({ type: "error", error });
  };

  #tell(event: MachineEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

/** Browsers start workers from the page's own site only; a library from elsewhere is imported by a worker of the page's. */
function createWorker(): Worker {
  try {
    return new Worker(new URL("../worker/worker.ts", import.meta.url), { type: "module" });
  } catch {
    const source = `import ${JSON.stringify(new URL(workerUrl, import.meta.url).href)};`;
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    const worker = new Worker(url, { type: "module" });
    URL.revokeObjectURL(url);
    return worker;
  }
}
