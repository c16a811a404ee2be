// The machine's devices, one line each.

import { attachCmos } from "./cmos";
import { attachDebugPort } from "./debug-port";
import { attachDma } from "./dma";
import { attachFwCfg } from "./fw-cfg";
import { attachI440fx } from "./i440fx";
import { attachPic } from "./pic";
import { attachPiix3 } from "./piix3";
import { attachPit } from "./pit";
import { attachVga } from "./vga/vga";

export function attachDevices(): void {
  attachDebugPort();
  attachPic();
  attachPit();
  attachCmos();
  attachDma();
  attachFwCfg();
  attachI440fx();
  attachPiix3();
  attachVga();
}
