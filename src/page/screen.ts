// The guest's picture on a canvas: whole device pixels where there is room, always its own aspect.
//
// The canvas fills `picture`, which stands in the middle of the stage on whole device pixels. The worker draws on it: the page has
// next to nothing to do for a frame. Where browsers cannot do that, the worker sends pixels, and they are drawn here.

import * as Comlink from "comlink";
import type { MachineClient } from "./machine-client";
import type { Picture } from "./pointer/picture";

/** Whole steps are used when they leave less than a quarter of the length unused. */
const WHOLE_STEP_USES = 0.75;
const TEXT_INTERVAL = 500;

export interface ScreenPlace {
  /** Has not been drawn on. It serves one machine: what a worker has had does not come back. */
  canvas: HTMLCanvasElement;
  /** Knows where the pixels are; it is told their number. */
  pixels: Picture;
  /** Around the canvas, of the size of the picture. */
  picture: HTMLElement;
  /** The room there is. */
  stage: HTMLElement;
}

export class Screen {
  readonly #canvas: HTMLCanvasElement;
  readonly #pixels: Picture;
  readonly #picture: HTMLElement;
  readonly #stage: HTMLElement;
  readonly #onSize: (width: number, height: number) => void;
  /** The text screen, inside the canvas, where assistive technology finds it. */
  readonly #text: HTMLElement;
  readonly #machine: MachineClient;
  /** Undefined: the worker draws. */
  #context: CanvasRenderingContext2D | undefined;
  readonly #resizes = new ResizeObserver(() => this.#fit());
  #stopListening: (() => void) | undefined;
  #density: MediaQueryList | undefined;
  #textTimer: number | undefined;

  constructor(
    { canvas, pixels, picture, stage }: ScreenPlace,
    machine: MachineClient,
    onSize: (width: number, height: number) => void,
  ) {
    this.#canvas = canvas;
    this.#pixels = pixels;
    this.#picture = picture;
    this.#stage = stage;
    this.#onSize = onSize;
    this.#machine = machine;
    this.#text = document.createElement("pre");
    this.#text.dataset["part"] = "screen-text";
  }

  attach(): void {
    this.#handOver();
    this.#canvas.append(this.#text);
    this.#stopListening = this.#machine.listen((event) => {
      if (event.type === "video-mode") this.#setSize(event.width, event.height);
      else if (event.type === "frame" && event.data)
        this.#draw(event.x, event.y, event.width, event.height, event.data); // prettier-ignore
      else if (event.type === "state" && event.state === "off") this.#clear();
    });
    this.#resizes.observe(this.#stage);
    this.#watchDensity();
    this.#textTimer = window.setInterval(() => void this.#readText(), TEXT_INTERVAL);
    this.#fit();
  }

  detach(): void {
    this.#stopListening?.();
    this.#resizes.disconnect();
    this.#density?.removeEventListener("change", this.#onDensity);
    window.clearInterval(this.#textTimer);
    this.#clear();
    this.#text.remove();
  }

  #handOver(): void {
    if (workersDraw()) {
      const canvas = this.#canvas.transferControlToOffscreen();
      void this.#machine.api.drawOn(Comlink.transfer(canvas, [canvas]));
    } else {
      const context = this.#canvas.getContext("2d", { alpha: false });
      if (!context) throw new Error("This browser does not draw on a canvas.");
      this.#context = context;
    }
  }

  #setSize(width: number, height: number): void {
    if (width === 0 || height === 0) return;
    const { canvas } = this.#context ?? {};
    if (canvas && (canvas.width !== width || canvas.height !== height)) {
      canvas.width = width;
      canvas.height = height;
    }
    if (this.#pixels.setSize(width, height)) this.#onSize(width, height);
    this.#fit();
  }

  #draw(
    x: number,
    y: number,
    width: number,
    height: number,
    data: Uint8ClampedArray<ArrayBuffer>,
  ): void {
    this.#context?.putImageData(new ImageData(data, width, height), x, y);
  }

  #clear(): void {
    this.#context?.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    this.#text.textContent = "";
  }

  #fit(): void {
    const density = window.devicePixelRatio;
    const { width, height } = this.#pixels;
    const room = Math.min(
      (this.#stage.clientWidth * density) / width,
      (this.#stage.clientHeight * density) / height,
    );
    if (!(room > 0)) return;
    const whole = Math.floor(room);
    const scale = whole / room >= WHOLE_STEP_USES ? whole : room;
    const [shownWidth, shownHeight] = [Math.floor(width * scale), Math.floor(height * scale)];
    const { style } = this.#picture;
    style.width = `${shownWidth / density}px`;
    style.height = `${shownHeight / density}px`;
    // Half a pixel beside the pixels of the screen, the picture would be drawn elsewhere than the pointer is reckoned.
    const middle = (room: number, length: number): number =>
      Math.floor((room * density - length) / 2) / density;
    style.left = `${middle(this.#stage.clientWidth, shownWidth)}px`;
    style.top = `${middle(this.#stage.clientHeight, shownHeight)}px`;
    this.#canvas.classList.toggle("smooth", scale < 1);
  }

  // A change of zoom, or of the monitor, changes the size of a device pixel but not that of the stage.
  #watchDensity(): void {
    this.#density?.removeEventListener("change", this.#onDensity);
    this.#density = window.matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
    this.#density.addEventListener("change", this.#onDensity);
  }

  #onDensity = (): void => {
    this.#watchDensity();
    this.#fit();
  };

  async #readText(): Promise<void> {
    if (document.hidden) return;
    try {
      const text = (await this.#machine.api.screenText()).join("\n").trimEnd();
      if (text !== this.#text.textContent) this.#text.textContent = text;
    } catch {
      // The machine has just crashed or gone; its own message says so.
    }
  }
}

/** Some browsers had the canvas in workers, but not for drawing in two dimensions. */
function workersDraw(): boolean {
  if (!("transferControlToOffscreen" in HTMLCanvasElement.prototype)) return false;
  return (
    typeof OffscreenCanvas === "function" && new OffscreenCanvas(1, 1).getContext("2d") !== null
  );
}
