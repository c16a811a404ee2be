// One machine in a worker of its own: calls go to `api`, events come to the listeners.

import * as Comlink from "comlink";
import { type ErrorData, TandemError } from "../shared/errors";
import type { MachineApi, MachineEvent } from "../shared/api";

export type MachineListener = (event: MachineEvent) => void;
export type RemoteMachine = Comlink.Remote<MachineApi>;

export class MachineClient {
  readonly api: RemoteMachine;
  readonly #worker: Worker;
  readonly #listening: Promise<void>;
  readonly #events = new MessageChannel();
  readonly #listeners = new Set<MachineListener>();

  constructor() {
    this.#worker = new Worker(new URL("../worker/worker.ts", import.meta.url), { type: "module" });
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
      void this.#listening.then(() => {
        stop();
        resolve();
      });
    });
  }

  /** @returns what ends the listening */
  listen(listener: MachineListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  dispose(): void {
    this.#listeners.clear();
    this.#events.port1.close();
    this.#worker.terminate();
  }

  #onMessage = ({ data }: MessageEvent<MachineEvent>): void => {
    this.#tell(data);
    // The next frame waits until this one was taken, so that a busy page does not have to catch up.
    if (data.type === "frame") this.#events.port1.postMessage(null);
  };

  #onWorkerError = (event: ErrorEvent): void => {
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
