// The guest's cursor, drawn by the host: the browser's own cursor where it can show it, a layer on the picture where not.
//
// Browsers draw no cursor above 32 CSS pixels near the edges, none that inverts what is under it, and none that is turned.
//
// Not implemented: the host's cursor cannot be put anywhere; when the guest has moved its own, the layer shows it there
// until the next motion.

import type { MachineEvent } from "../shared/api";
import type { MachineClient } from "./machine-client";
import type { Picture } from "./pointer/picture";

const CSS_CURSOR_MAX = 32;

type Shape = Extract<MachineEvent, { type: "cursor-shape" }>;

export class GuestCursor {
  readonly #canvas: HTMLCanvasElement;
  readonly #picture: Picture;
  /** Two layers: what is drawn, and what inverts. Clipped by the picture. */
  readonly #layer: HTMLElement;
  readonly #drawn = document.createElement("canvas");
  readonly #inverting = document.createElement("canvas");
  #stopListening: (() => void) | undefined;
  /** A picture of another size has a cursor of another size, also under a pointer that rests. */
  readonly #resizes = new ResizeObserver(() => this.#show());
  #listeners = new AbortController();
  #shape: Shape | undefined;
  /** The shape's own picture, not scaled. */
  #image: HTMLCanvasElement | undefined;
  #visible = true;
  #attached = false;
  #hovered = false;
  /** Where the layer shows the cursor, in pixels of the guest. */
  #at: { x: number; y: number } | undefined;
  /** The guest has moved the cursor away from the host's. */
  #warped = false;
  #shown = "";
  /** What is on the layers. */
  #layerShape: Shape | undefined;

  constructor(canvas: HTMLCanvasElement, picture: Picture, layer: HTMLElement) {
    this.#canvas = canvas;
    this.#picture = picture;
    this.#layer = layer;
    this.#inverting.style.mixBlendMode = "difference";
  }

  /** Follows what the guest says from now on, whether its cursor is drawn here or not. */
  listen(machine: MachineClient): void {
    this.#stopListening = machine.listen(this.#onEvent);
  }

  stop(): void {
    this.#stopListening?.();
  }

  attach(): void {
    this.#attached = true;
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    this.#layer.replaceChildren(this.#drawn, this.#inverting);
    this.#resizes.observe(this.#canvas);
    this.#canvas.addEventListener("pointerenter", this.#onMotion, { signal });
    this.#canvas.addEventListener("pointermove", this.#onMotion, { signal });
    this.#canvas.addEventListener("pointerleave", this.#onLeave, { signal });
    this.#show();
  }

  detach(): void {
    this.#attached = false;
    this.#resizes.disconnect();
    this.#listeners.abort();
    this.#layer.replaceChildren();
    this.#canvas.style.cursor = "";
    this.#at = undefined;
    this.#shown = "";
  }

  /** The pointer was put there by a program (fractions of the picture), not by the host's mouse. */
  place(x: number, y: number): void {
    if (this.#hovered) return;
    this.#at = { x: Math.floor(x * this.#picture.width), y: Math.floor(y * this.#picture.height) };
    this.#show();
  }

  #onEvent = (event: MachineEvent): void => {
    switch (event.type) {
      case "cursor-shape":
        this.#shape = event;
        this.#image = imageOf(event);
        this.#shown = "";
        break;
      case "cursor-none":
        this.#shape = undefined;
        this.#image = undefined;
        break;
      case "cursor-visible":
        this.#visible = event.visible;
        break;
      case "cursor-warp":
        this.#at = { x: event.x, y: event.y };
        this.#warped = true;
        break;
      case "guest-bye":
        this.#shape = undefined;
        this.#image = undefined;
        this.#visible = true;
        break;
      default:
        return;
    }
    this.#show();
  };

  #onMotion = (event: PointerEvent): void => {
    this.#hovered = true;
    this.#warped = false;
    this.#at = this.#picture.pixel(event.clientX, event.clientY);
    this.#show();
  };

  #onLeave = (): void => {
    this.#hovered = false;
    this.#at = undefined;
    this.#show();
  };

  #show(): void {
    if (!this.#attached) return;
    const shape = this.#visible ? this.#shape : undefined;
    const scale = this.#picture.scale;
    const size = shape ? Math.max(shape.width, shape.height) * scale : 0;
    const layered =
      shape !== undefined &&
      (shape.inverts ||
        size > CSS_CURSOR_MAX ||
        this.#warped ||
        !this.#hovered ||
        !this.#picture.upright);
    // A guest that has sent no shape draws its cursor itself.
    this.#setCssCursor(layered || !shape ? "none" : undefined, scale);
    if (shape && layered && this.#at) this.#moveLayer(shape, this.#at);
    else this.#layer.hidden = true;
  }

  /** `value` undefined: the shape. It is made anew only when the shape or the size of the picture changes. */
  #setCssCursor(value: string | undefined, scale: number): void {
    const shown = value ?? `shape ${scale} ${window.devicePixelRatio}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    if (value === undefined && this.#shape && this.#image) {
      const { width, height, hotX, hotY } = this.#shape;
      const density = window.devicePixelRatio;
      const url = scaled(this.#image, width * scale * density, height * scale * density);
      const hot = `${Math.floor(hotX * scale)} ${Math.floor(hotY * scale)}`;
      const { style } = this.#canvas;
      style.cursor = "";
      style.cursor = `image-set(url("${url}") ${density}x) ${hot}, default`;
      // Not every browser takes a cursor of the monitor's own pixels.
      if (style.cursor === "")
        style.cursor = `url("${scaled(this.#image, width * scale, height * scale)}") ${hot}, default`; // prettier-ignore
    } else {
      this.#canvas.style.cursor = value ?? "";
    }
  }

  #moveLayer(shape: Shape, at: { x: number; y: number }): void {
    const { width, height } = this.#picture;
    const style = this.#layer.style;
    style.left = `${((at.x - shape.hotX) / width) * 100}%`;
    style.top = `${((at.y - shape.hotY) / height) * 100}%`;
    style.width = `${(shape.width / width) * 100}%`;
    style.height = `${(shape.height / height) * 100}%`;
    if (this.#layerShape !== shape) {
      draw(this.#drawn, shape.width, shape.height, shape.pixels.data);
      draw(this.#inverting, shape.width, shape.height, maskPixels(shape));
      this.#layerShape = shape;
    }
    this.#layer.hidden = false;
  }
}

/** White where the shape inverts: the difference to white is the inverse. */
function maskPixels({ width, height, mask }: Shape): Uint8ClampedArray<ArrayBuffer> {
  const data = new Uint8ClampedArray(width * height * 4);
  mask?.forEach((inverts, index) => {
    if (inverts) data.fill(255, index * 4, index * 4 + 4);
  });
  return data;
}

function draw(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  data: Uint8ClampedArray<ArrayBuffer>,
): void {
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")?.putImageData(new ImageData(data, width, height), 0, 0);
}

function imageOf({ width, height, pixels }: Shape): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  draw(canvas, width, height, pixels.data);
  return canvas;
}

function scaled(image: HTMLCanvasElement, width: number, height: number): string {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width));
  canvas.height = Math.max(1, Math.round(height));
  const context = canvas.getContext("2d");
  if (context) {
    context.imageSmoothingEnabled = width < image.width;
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
  }
  return canvas.toDataURL();
}
