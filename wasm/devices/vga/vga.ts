// VGA with Bochs VBE extensions, 16 MB, as a PCI function.
//
// state.ts holds the registers; registers.ts, bochs-vbe.ts, memory.ts and pci.ts are what the guest sees;
// render.ts (with picture.ts, text.ts, graphics.ts) is what the user sees.

import { addDevice, Device } from "../../bus/devices";
import { VRAM, VRAM_SIZE } from "../../layout";
import { attachBochsVbe, resetBochsVbe } from "./bochs-vbe";
import { attachEdid } from "./edid";
import { loadFont } from "./font";
import { attachGraphics } from "./graphics";
import { attachWindow, updateWindow } from "./memory";
import { attachVgaPci, resetVgaPci } from "./pci";
import { attachRegisters, resetRegisters } from "./registers";
import { attachPictureMeter, resetPicture } from "./render";
import { STATE, STATE_SIZE, Vga } from "./state";

const TEXT_BYTES: u32 = 0x8000;
const EMPTY_CELL: u16 = 0x0720; // a space, light grey on black

export function attachVga(): void {
  addDevice(Device.Vga, STATE, STATE_SIZE, reset);
  addDevice(Device.VideoMemory, VRAM, VRAM_SIZE, resetVideoMemory);
  attachRegisters();
  attachBochsVbe();
  attachWindow();
  attachVgaPci();
  attachEdid();
  attachGraphics();
  attachPictureMeter();
}

function reset(): void {
  resetRegisters();
  resetBochsVbe();
  resetVgaPci();
  updateWindow();
  resetPicture();
}

/** An empty text screen and its font, for a guest that is booted without a BIOS; a VGA BIOS makes its own. */
function resetVideoMemory(): void {
  for (let offset: u32 = 0; offset < TEXT_BYTES; offset += 2) {
    store<u16>(Vga.plane(offset), EMPTY_CELL);
  }
  loadFont();
}
