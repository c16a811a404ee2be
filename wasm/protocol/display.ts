// The guest's screen on the Tandem port: which size the host has room for. Commands 0400h to 04FFh.
//
// The host wishes a size when the user's element, window or full screen changes, at the end of a drag, not all along it
// (Event.DisplayHint). The guest asks which, sets a mode as near to it as it can, and tells it. A picture of exactly the
// wished size is shown pixel by pixel. The display takes any width at 32 bits a pixel; a guest whose driver needs a multiple of 8
// rounds down.

export enum DisplayCommand {
  Hint = 0x0401, // no body -> DisplayHint
  Info = 0x0402, // body: DisplayInfo: the guest has set this mode
  Modes = 0x0403, // no body -> DisplayModes, then DisplayMode each, the wished one first: what a guest may offer its user
}

/** What the display takes. */
export const DISPLAY_WIDTH_MAX = 2560;
export const DISPLAY_HEIGHT_MAX = 1600;
/** The host wishes nothing smaller: desktops are not made for it. */
export const DISPLAY_WIDTH_MIN = 640;
export const DISPLAY_HEIGHT_MIN = 480;

/** Answer of HINT. */
export enum DisplayHint {
  Width = 0, // u32 pixels; 0: no wish, the guest chooses (the user is back from full screen)
  Height = 4, // u32
  Scale = 8, // u32 percent: how large the user likes things, 100 for an ordinary screen, 200 for one of twice as many pixels
  SIZE = 12,
}

export enum DisplayInfo {
  Width = 0, // u32 pixels
  Height = 4, // u32
  Depth = 8, // u32 bits a pixel
  SIZE = 12,
}

/** Answer of MODES. */
export enum DisplayModes {
  Count = 0, // u32
  MODES = 4,
}

export enum DisplayMode {
  Width = 0, // u16
  Height = 2, // u16
  SIZE = 4,
}
