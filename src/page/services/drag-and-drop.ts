// Page side of drag and drop: files over the picture move the guest's pointer, and are given to a guest that takes files.
//
// Who embeds the element can decide for himself: he listens for "drop" on the way down and calls preventDefault().

import type { MachineEvent } from "../../shared/api";
import { TandemError } from "../../shared/errors";
import type { MachineClient } from "../machine-client";
import type { Picture } from "../pointer/picture";
import type { PointerSender } from "../pointer/sender";

export interface DropHost {
  canvas: HTMLElement;
  picture: Picture;
  sender: PointerSender;
  machine: MachineClient;
  /** Files could not be given to the guest. */
  failed(error: TandemError): void;
}

export class DragAndDrop {
  readonly #host: DropHost;
  readonly #listeners = new AbortController();
  #takesFiles = false;

  constructor(host: DropHost) {
    this.#host = host;
  }

  /** The guest's driver takes files. */
  get takesFiles(): boolean {
    return this.#takesFiles;
  }

  attach(): void {
    const { canvas, machine } = this.#host;
    const { signal } = this.#listeners;
    canvas.addEventListener("dragenter", this.#onDrag, { signal });
    canvas.addEventListener("dragover", this.#onDrag, { signal });
    canvas.addEventListener("drop", this.#onDrop, { signal });
    signal.addEventListener("abort", machine.listen(this.#onEvent));
  }

  detach(): void {
    this.#listeners.abort();
  }

  /** At a point of the page, as in MouseEvent.clientX. @throws TandemError refused, bad-argument */
  async drop(files: readonly File[], clientX: number, clientY: number): Promise<void> {
    const { picture, machine } = this.#host;
    const { x, y } = picture.pixel(clientX, clientY);
    await machine.call((api) => api.dropFiles(x, y, [...files]));
  }

  #onEvent = (event: MachineEvent): void => {
    if (event.type === "takes-files") this.#takesFiles = event.takesFiles;
  };

  // While something is dragged, browsers tell of no pointer events.
  #onDrag = (event: DragEvent): void => {
    if (!this.#takesFiles || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    const { picture, sender } = this.#host;
    const { x, y } = picture.middle(picture.pixel(event.clientX, event.clientY));
    sender.position(x, y, event.timeStamp);
  };

  #onDrop = (event: DragEvent): void => {
    const files = [...(event.dataTransfer?.files ?? [])];
    if (event.defaultPrevented || !this.#takesFiles || files.length === 0) return;
    event.preventDefault();
    if (hasDirectory(event.dataTransfer)) {
      const words = "Only files can be dropped on the guest; a directory can be shared with it.";
      this.#host.failed(new TandemError("refused", words));
      return;
    }
    this.drop(files, event.clientX, event.clientY).catch((error: unknown) =>
      this.#host.failed(TandemError.from(error)),
    );
  };
}

/** Among what is dropped is a directory: it has no bytes to give. */
export function hasDirectory(data: DataTransfer | null): boolean {
  const items = [...(data?.items ?? [])];
  return items.some((item) => item.webkitGetAsEntry()?.isDirectory ?? false);
}
