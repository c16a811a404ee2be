// The guest's picture on its way to the page: drawn here on a canvas of the page's, or sent to it as pixels.
//
// Each frame waits until the one before has been presented (canvas) or taken (pixels), so that a page that is slow or hidden
// does not have to catch up.
//
// Not implemented: a browser may lose a canvas (its graphics process died); the picture comes back as the guest draws it anew.

import type { FrameNews, MachineEvent } from "../shared/api";
import type { CoreFrame, Viewer } from "./machine";

const FRAME_INTERVAL = 1000 / 60;

export class WorkerScreen implements Viewer {
  readonly #tell: (event: MachineEvent) => void;
  /** There is room for a frame. */
  readonly #onReady: () => void;
  #context: OffscreenCanvasRenderingContext2D | undefined;
  /** The core's own picture, without a copy. */
  #image: ImageData | undefined;
  #news: FrameNews = "none";
  /** Frames of pixels that the page has not taken yet. */
  #untaken = 0;
  /** What was drawn has not been presented yet. */
  #presenting = false;

  constructor(tell: (event: MachineEvent) => void, onReady: () => void) {
    this.#tell = tell;
    this.#onReady = onReady;
  }

  get isReady(): boolean {
    return !this.#presenting && this.#untaken === 0;
  }

  /** Draws on this canvas from now on. */
  drawOn(canvas: OffscreenCanvas): void {
    // Without alpha there is nothing to blend when the page is put together.
    this.#context = canvas.getContext("2d", { alpha: false }) ?? undefined;
    if (!this.#context) throw new Error("This browser's workers do not draw on a canvas.");
  }

  /** What the page hears of frames that are drawn here. */
  tellFrames(news: FrameNews): void {
    this.#news = news;
  }

  /** Another page listens, which has nothing to take yet. */
  forgetUntaken(): void {
    this.#untaken = 0;
  }

  taken(): void {
    this.#untaken = Math.max(0, this.#untaken - 1);
  }

  show(frame: CoreFrame): void {
    if (this.#context) this.#draw(this.#context, frame);
    const news = this.#context ? this.#news : "pixels";
    const { x, y, width, height, time } = frame;
    if (news === "places") this.#tell({ type: "frame", x, y, width, height, time });
    if (news !== "pixels") return;
    this.#untaken++;
    this.#tell({ type: "frame", x, y, width, height, time, data: frame.copy() });
  }

  /** The machine is off. */
  clear(): void {
    this.#image = undefined;
    const context = this.#context;
    context?.clearRect(0, 0, context.canvas.width, context.canvas.height);
  }

  #draw(context: OffscreenCanvasRenderingContext2D, frame: CoreFrame): void {
    const { picture, x, y, width, height } = frame;
    const { canvas } = context;
    if (canvas.width !== picture.width || canvas.height !== picture.height) {
      canvas.width = picture.width;
      canvas.height = picture.height;
    }
    if (this.#image?.data !== picture.data)
      this.#image = new ImageData(picture.data, picture.width, picture.height);
    context.putImageData(this.#image, 0, 0, x, y, width, height);
    this.#presenting = true;
    afterPresentation(() => {
      this.#presenting = false;
      this.#onReady();
    });
  }
}

/** The browser calls back when it is about to make its next picture, and not at all while nobody could see that. */
function afterPresentation(callback: () => void): void {
  if (typeof requestAnimationFrame === "function") requestAnimationFrame(callback);
  else setTimeout(callback, FRAME_INTERVAL);
}
