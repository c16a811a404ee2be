// Graphics modes that a boot loader sets for its kernel.

export type PixelDepth = 8 | 16 | 24 | 32;

/** A picture that was set up for the kernel. */
export interface LinearFramebuffer {
  address: number;
  pitch: number;
  width: number;
  height: number;
  depth: PixelDepth;
}

/** Sets a graphics mode when the board has a card that can. */
export type VideoModeSetter = (
  width: number,
  height: number,
  depth: PixelDepth,
) => LinearFramebuffer | undefined;

interface VideoMode {
  width: number;
  height: number;
  depth: PixelDepth;
}

/** Linux adds this to a VESA mode's number. */
const LINUX_VESA = 0x200;
const VESA_MODES: ReadonlyMap<number, VideoMode> = new Map(
  (
    [
      [0x101, 640, 480, 8],
      [0x103, 800, 600, 8],
      [0x105, 1024, 768, 8],
      [0x107, 1280, 1024, 8],
      [0x111, 640, 480, 16],
      [0x112, 640, 480, 24],
      [0x114, 800, 600, 16],
      [0x115, 800, 600, 24],
      [0x117, 1024, 768, 16],
      [0x118, 1024, 768, 24],
      [0x11a, 1280, 1024, 16],
      [0x11b, 1280, 1024, 24],
    ] as const
  ).map(([number, width, height, depth]) => [number, { width, height, depth }]),
);

/** The mode that `vga=` on a Linux command line asks its loader for; undefined for a text mode. */
export function videoModeOf(commandLine: string): VideoMode | undefined {
  const value = /(?:^|\s)vga=(\S+)/.exec(commandLine)?.[1];
  return value === undefined ? undefined : VESA_MODES.get(Number(value) - LINUX_VESA);
}
