// What the runner calls in the core's devices. A device that is not there yet has no export; calls to it do nothing.

import type { Core } from "./core";

export interface DeviceExports {
  setSystemRom(length: number): void;
  setVgaRom(length: number): void;
  setCmos(index: number, value: number): void;
  addFirmwareFile(name: number, nameLength: number, data: number, length: number): void;
  /** 1 when a pixel has changed; the dirty rectangle tells where. */
  renderFrame(): number;
  frameWidth(): number;
  frameHeight(): number;
  dirtyX(): number;
  dirtyY(): number;
  dirtyWidth(): number;
  dirtyHeight(): number;
  setMedium(drive: number, bytes: number, readOnly: number): void;
  diskComplete(drive: number, status: number): void;
  keyboardKey(key: number, pressed: number): void;
  mouseMove(dx: number, dy: number): void;
  mouseButtons(buttons: number): void;
  mouseWheel(vertical: number, horizontal: number): void;
  serialInput(port: number, byte: number): number;
  pressPowerButton(): void;
}

export function devicesOf(core: Core): Partial<DeviceExports> {
  return core.exports as unknown as Partial<DeviceExports>;
}
