// The machine's devices, one line each.

import { attachCmos } from "./cmos";
import { attachDebugPort } from "./debug-port";
import { attachDma } from "./dma";
import { attachFloppy } from "./floppy";
import { attachFwCfg } from "./fw-cfg";
import { attachI440fx } from "./i440fx";
import { attachI8042 } from "./i8042";
import { attachIde } from "./ide/controller";
import { attachPic } from "./pic";
import { attachPiix3 } from "./piix3";
import { attachPiix4Pm } from "./piix4-pm";
import { attachPit } from "./pit";
import { attachVga } from "./vga/vga";
import { attachPs2Keyboard } from "./ps2-keyboard";
import { attachPs2Mouse } from "./ps2-mouse";
import { attachTandemPort } from "./tandem-port";
import { attachUart } from "./uart";
import { attachUhci } from "./usb/uhci";
import { attachVirtio } from "./virtio/transport";
import { attachVmport } from "./vmport";

export function attachDevices(): void {
  attachDebugPort();
  attachPic();
  attachPit();
  attachCmos();
  attachDma();
  attachFwCfg();
  attachI440fx();
  attachPiix3();
  attachIde();
  attachFloppy();
  attachVga();
  attachPiix4Pm();
  attachUart();
  attachI8042();
  attachPs2Keyboard();
  attachPs2Mouse();
  attachTandemPort();
  attachUhci();
  attachVmport();
  attachVirtio();
}
