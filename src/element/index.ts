// The library: importing it defines <tandem-pc>.

import { TandemPc } from "./tandem-pc";

export type { TandemEventDetails, TandemEventMap, TandemEventType } from "./events";
export type { ChannelOptions, ChannelWanted, TandemChannel } from "../page/services/channels";
export type { FolderInput } from "../page/services/folder-sources";
export type { FolderChange, FolderPlace, PickOptions, SharedFolder, SharedFolderState, ShareOptions } from "../page/services/shared-folders"; // prettier-ignore
export type { PointerInput } from "../page/pointer/input";
export type { CommandInput, CommandResult, RunningCommand, RunOptions } from "../page/services/exec"; // prettier-ignore
export type { MachineDescription } from "./tandem-pc";
export type * from "../shared/api";
export type { BootDevice, FirmwareConfig, FolderConfig, ImageSource, MachineConfig, PointerMode, UsbDevice, UsbInterval } from "../shared/config"; // prettier-ignore
export { type ErrorCode, TandemError } from "../shared/errors";
export { TandemPc };

// A page may import two copies of it; the first one counts.
if (globalThis.customElements && !customElements.get("tandem-pc"))
  customElements.define("tandem-pc", TandemPc);
