// The events of <tandem-pc>. They do not bubble, like those of the platform's media elements.

import type { CrashReport, DriveName, MachineState, MachineStats, PointerDevice, PointerUse } from "../shared/api"; // prettier-ignore
import type { TandemError } from "../shared/errors";
import type { ClipboardNews } from "../page/services/clipboard";
import type { ChannelWanted } from "../page/services/channels";
import type { FolderChange } from "../page/services/shared-folders";
import type { PointerInput } from "../page/pointer/input";

export interface TandemEventDetails {
  ready: undefined;
  statechange: { state: MachineState };
  guestready: { system: string; features: number };
  guestbye: undefined;
  pointermode: { mode: PointerUse; device: PointerDevice | "none"; captured: boolean };
  serial: { port: number; bytes: Uint8Array<ArrayBuffer> };
  debug: { line: string };
  error: TandemError;
  crash: CrashReport;
  poweroff: undefined;
  folder: FolderChange;
  progress: { file: string; loaded: number; total: number };
  tray: { drive: DriveName; open: boolean };
  filesaved: { name: string; file: Blob };
  dropdone: { taken: boolean; words: string };
  diskactivity: { drive: DriveName; write: boolean };
  stats: MachineStats;
  videomode: { width: number; height: number };
  frame: { x: number; y: number; width: number; height: number; time: number };
  framepixels: { x: number; y: number; width: number; height: number; time: number; data: Uint8ClampedArray<ArrayBuffer> }; // prettier-ignore
  pointerinput: PointerInput;
  /** Times are performance.timeOrigin + performance.now(), of the worker. */
  inputtaken: { device: PointerDevice; id: number; time: number; latched?: number };
  clipboard: ClipboardNews;
  channelwanted: ChannelWanted;
  cursorposition: { x: number; y: number };
}

export type TandemEventType = keyof TandemEventDetails;

export type TandemEventMap = {
  [Type in TandemEventType]: CustomEvent<TandemEventDetails[Type]>;
};
