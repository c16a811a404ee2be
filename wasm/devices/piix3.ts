// PCI-to-ISA bridge: Intel PIIX3 (82371SB), 8086:7000 at 00:01.0. PIRQ routing, reset control CF9h, port 92h.
//
// Its interrupt controllers, timer, DMA and ELCR are files of their own, and so are its IDE and USB functions.
//
// Not implemented: chip selects (XBCS) and ISA timing, which are stored.

import { addDevice, Device } from "../bus/devices";
import { Irq, Source } from "../bus/irq";
import { addPciFunction, Pci, pciFunction, setPirqRouter } from "../bus/pci";
import { onRead, onWrite } from "../bus/ports";
import { Power } from "../bus/power";
import { isA20, setA20 } from "../memory/physical";
import { ResetCause } from "../protocol/events";

const PORT_SYSTEM_CONTROL: u16 = 0x92;
const PORT_RESET_CONTROL: u16 = 0xcf9;

const SYSTEM_CONTROL_RESET: u32 = 0x01;
const SYSTEM_CONTROL_A20: u32 = 0x02;
const RESET_CONTROL_HARD: u32 = 0x02;
const RESET_CONTROL_CPU: u32 = 0x04;

const REG_PIRQ = 0x60;
const PIRQ_OFF: u32 = 0x80;
const PIRQ_LINE: u32 = 0x0f;

const CONFIG_SIZE = 256;

@unmanaged
class Piix3State {
  systemControl: u32; // port 92h as written, without A20
  resetControl: u32;
  routes: u32; // registers 60h-63h as the lines are driven now
}
const STATE_SIZE = CONFIG_SIZE + <i32>offsetof<Piix3State>();
const STATE = memory.data(STATE_SIZE, 8); // configuration space, then the fields
const CONFIG = STATE;
const bridge = changetype<Piix3State>(STATE + CONFIG_SIZE);
const WRITABLE = memory.data(CONFIG_SIZE, 8);

export function attachPiix3(): void {
  addDevice(Device.Piix3, STATE, STATE_SIZE, reset);
  addPciFunction(pciFunction(1, 0), CONFIG, WRITABLE, configWritten);
  setPirqRouter(route);

  store<u32>(CONFIG, 0x7000_8086);
  store<u16>(CONFIG, 0x0007, 0x04);
  store<u16>(CONFIG, 0x0200, 0x06);
  store<u32>(CONFIG, 0x0601_0000, 0x08); // ISA bridge
  store<u8>(CONFIG, 0x80, 0x0e); // more functions follow
  store<u32>(CONFIG, 0x1100_1af4, 0x2c);

  store<u16>(WRITABLE, 0x0108, 0x04); // SERR#, special cycles
  store<u8>(WRITABLE, 0xff, 0x4c);
  store<u16>(WRITABLE, 0xffff, 0x4e);
  store<u32>(WRITABLE, 0x8f8f_8f8f, REG_PIRQ);
  memory.fill(WRITABLE + 0x69, 0xff, 3);
  memory.fill(WRITABLE + 0x70, 0xff, 0x13);
  memory.fill(WRITABLE + 0xa0, 0xff, 0x10);

  onRead(PORT_SYSTEM_CONTROL, 1, readSystemControl);
  onWrite(PORT_SYSTEM_CONTROL, 1, writeSystemControl);
  onRead(PORT_RESET_CONTROL, 1, readResetControl);
  onWrite(PORT_RESET_CONTROL, 1, writeResetControl);
}

/** The values after reset are the data sheet's. All PCI lines have been released by bus/pci.ts and bus/irq.ts. */
function reset(): void {
  memory.fill(CONFIG + 0x40, 0, 0xc0);
  store<u8>(CONFIG, 0x4d, 0x4c);
  store<u16>(CONFIG, 0x0003, 0x4e);
  store<u32>(CONFIG, 0x8080_8080, REG_PIRQ);
  store<u8>(CONFIG, 0x02, 0x69);
  store<u8>(CONFIG, 0x80, 0x70);
  store<u16>(CONFIG, 0x0c0c, 0x76);
  store<u8>(CONFIG, 0x02, 0x78);
  store<u8>(CONFIG, 0x08, 0xa0);
  store<u8>(CONFIG, 0x0f, 0xa8);
  bridge.routes = 0x8080_8080;
  bridge.systemControl = 0;
  bridge.resetControl = 0;
}

// --- PIRQ routing ---

function route(pirq: i32, level: i32): void {
  const register = (bridge.routes >>> ((<u32>pirq) << 3)) & 0xff;
  if (!(register & PIRQ_OFF)) Irq.setFrom(<i32>(register & PIRQ_LINE), level, Source.PirqA + pirq);
}

/** A line that is asserted moves with its route. */
function configWritten(offset: i32, size: i32): void {
  if (offset >= REG_PIRQ + 4 || offset + size <= REG_PIRQ) return;
  for (let pirq = 0; pirq < 4; pirq++) route(pirq, 0);
  bridge.routes = load<u32>(CONFIG, REG_PIRQ);
  for (let pirq = 0; pirq < 4; pirq++) route(pirq, Pci.pirqLevel(pirq) ? 1 : 0);
}

// --- Reset and A20 ---

function readSystemControl(_port: u16): u32 {
  return bridge.systemControl | (isA20() ? SYSTEM_CONTROL_A20 : 0);
}

function writeSystemControl(_port: u16, value: u32): void {
  const before = bridge.systemControl;
  bridge.systemControl = value & ~SYSTEM_CONTROL_A20 & 0xff;
  setA20((value & SYSTEM_CONTROL_A20) != 0);
  if (value & ~before & SYSTEM_CONTROL_RESET) Power.resetCpu(ResetCause.Port92);
}

function readResetControl(_port: u16): u32 {
  return bridge.resetControl;
}

function writeResetControl(_port: u16, value: u32): void {
  const before = bridge.resetControl;
  bridge.resetControl = value & (RESET_CONTROL_HARD | RESET_CONTROL_CPU);
  if (!(value & ~before & RESET_CONTROL_CPU)) return;
  if (value & RESET_CONTROL_HARD) Power.reset(ResetCause.PortCf9);
  else Power.resetCpu(ResetCause.PortCf9);
}
