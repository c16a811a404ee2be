// Power management: Intel PIIX4 (82371AB), 8086:7113 at 00:01.3. ACPI PM1 block and timer, GPE0 at AFE0h, SMBus, APM B2h/B3h.
//
// The PM timer counts 3.579545 MHz of guest time in 24 bits. Soft-off is SLP_TYP 0, as SeaBIOS's tables say.
//
// Not implemented: SMI (B2h does by itself what SeaBIOS's handler would do for F1h and F0h: switch ACPI on and off), sleep
// states but S5, wake by RTC, device traps, devices on the SMBus (every transfer ends with a device error).

import { Clock, NANOSECONDS_PER_SECOND, onTimer, Timer } from "../bus/clock";
import { addDevice, Device } from "../bus/devices";
import { Irq, Source } from "../bus/irq";
import { addPciFunction, pciFunction } from "../bus/pci";
import { onRead, onWrite, removePort } from "../bus/ports";
import { Power } from "../bus/power";

const PORT_APM_CONTROL: u16 = 0xb2;
const PORT_APM_STATUS: u16 = 0xb3;
const PORT_GPE: u16 = 0xafe0;

const APM_ACPI_ENABLE: u32 = 0xf1;
const APM_ACPI_DISABLE: u32 = 0xf0;

const IRQ_SCI = 9;

const REG_COMMAND: u32 = 0x04;
const REG_PM_BASE = 0x40;
const REG_DEVICE_ACTIVITY_B = 0x58;
const APMC_ENABLED: u32 = 0x0200_0000;
const REG_PM_MISC = 0x80;
const PM_ENABLED: u8 = 0x01;
const REG_SMBUS_BASE = 0x90;
const REG_SMBUS_CONFIG = 0xd2;
const SMBUS_ENABLED: u8 = 0x01;

const PM_STATUS: u32 = 0x00;
const PM_ENABLE: u32 = 0x02;
const PM_CONTROL: u32 = 0x04;
const PM_TIMER: u32 = 0x08;
const PM_SIZE: u32 = 64;

const STATUS_TIMER: u32 = 0x0001;
const STATUS_GLOBAL: u32 = 0x0020;
const STATUS_POWER_BUTTON: u32 = 0x0100;
const STATUS_RTC: u32 = 0x0400;
const STATUS_ALL: u32 = STATUS_TIMER | STATUS_GLOBAL | STATUS_POWER_BUTTON | STATUS_RTC;

const CONTROL_SCI_ENABLED: u32 = 0x0001;
const CONTROL_SLEEP: u32 = 0x2000;
const CONTROL_SLEEP_TYPE: u32 = 0x1c00;
const CONTROL_STORED: u32 = 0x1c03;

const TIMER_FREQUENCY: u64 = 3_579_545;
const TIMER_MASK: u64 = 0xff_ffff;
/** The status bit is set each time the timer's highest bit changes. */
const TIMER_HALF: u64 = 0x80_0000;

const SMBUS_SIZE: u32 = 16;
const SMBUS_STATUS: u32 = 0;
const SMBUS_CONTROL: u32 = 2;
const SMBUS_INTERRUPT: u32 = 0x02;
const SMBUS_DEVICE_ERROR: u32 = 0x04;
const SMBUS_START: u32 = 0x40;

const CONFIG_SIZE = 256;

@unmanaged
class Piix4PmState {
  halvesSeen: u64; // changes of the timer's highest bit that the status has told of
  status: u32;
  enable: u32;
  control: u32;
  gpeStatus: u32;
  gpeEnable: u32;
  apmControl: u32;
  apmStatus: u32;
  pmBase: u32; // where the ports are now, 0 for nowhere
  smbusBase: u32;
  registers0: u64; // the PM block's other registers, stored
  registers1: u64;
  registers2: u64;
  registers3: u64;
  registers4: u64;
  registers5: u64;
  registers6: u64;
  registers7: u64;
  smbus0: u64;
  smbus1: u64;
}
const STATE_SIZE = CONFIG_SIZE + <i32>offsetof<Piix4PmState>();
const STATE = memory.data(STATE_SIZE, 8); // configuration space, then the fields
const CONFIG = STATE;
const pm = changetype<Piix4PmState>(STATE + CONFIG_SIZE);
const REGISTERS = STATE + CONFIG_SIZE + offsetof<Piix4PmState>("registers0");
const SMBUS = STATE + CONFIG_SIZE + offsetof<Piix4PmState>("smbus0");
const WRITABLE = memory.data(CONFIG_SIZE, 8);

export function attachPiix4Pm(): void {
  addDevice(Device.Piix4Pm, STATE, STATE_SIZE, reset);
  addPciFunction(pciFunction(1, 3), CONFIG, WRITABLE, configWritten);
  onTimer(Timer.PmTimer, timerTick);

  store<u32>(CONFIG, 0x7113_8086);
  store<u16>(CONFIG, 0x0280, 0x06);
  store<u32>(CONFIG, 0x0680_0003, 0x08); // bridge, other; revision 3
  store<u32>(CONFIG, 0x1100_1af4, 0x2c);
  store<u16>(CONFIG, 0x0109, 0x3c); // pin A, line 9

  store<u8>(WRITABLE, 0x01, REG_COMMAND);
  store<u8>(WRITABLE, 0xff, 0x3c);
  store<u32>(WRITABLE, 0x0000_ffc0, REG_PM_BASE);
  memory.fill(WRITABLE + 0x44, 0xff, 0x3c);
  store<u8>(WRITABLE, 0xff, REG_PM_MISC);
  store<u32>(WRITABLE, 0x0000_fff0, REG_SMBUS_BASE);
  store<u8>(WRITABLE, 0xff, REG_SMBUS_CONFIG);

  onRead(PORT_APM_CONTROL, 1, readApmControl);
  onWrite(PORT_APM_CONTROL, 1, writeApmControl);
  onRead(PORT_APM_STATUS, 1, readApmStatus);
  onWrite(PORT_APM_STATUS, 1, writeApmStatus);
  for (let i: u16 = 0; i < 4; i++) {
    onRead(PORT_GPE + i, 1, readGpe);
    onWrite(PORT_GPE + i, 1, writeGpe);
  }
}

function reset(): void {
  unmapPm();
  unmapSmbus();
  memory.fill(STATE + CONFIG_SIZE, 0, STATE_SIZE - CONFIG_SIZE);
  memory.fill(CONFIG + 0x40, 0, 0xc0);
  store<u8>(CONFIG, 0, REG_COMMAND);
  store<u32>(CONFIG, 1, REG_PM_BASE);
  store<u32>(CONFIG, 1, REG_SMBUS_BASE);
  // SeaBIOS takes this for "SMM is set up already" and leaves it alone, as on a QEMU without SMM.
  store<u32>(CONFIG, APMC_ENABLED, REG_DEVICE_ACTIVITY_B);
  pm.halvesSeen = timerNow() / TIMER_HALF;
  Clock.cancel(Timer.PmTimer);
}

/** Host: the button is pressed; a guest without ACPI does not notice. */
export function pressPowerButton(): void {
  pm.status |= STATUS_POWER_BUTTON;
  update();
}

// --- Timer and SCI ---

function timerNow(): u64 {
  const now = Clock.now();
  const part = ((now % NANOSECONDS_PER_SECOND) * TIMER_FREQUENCY) / NANOSECONDS_PER_SECOND;
  return (now / NANOSECONDS_PER_SECOND) * TIMER_FREQUENCY + part;
}

/** Notes the timer's overflow, and sets the event for the next one when somebody waits for it. */
function update(): void {
  const halves = timerNow() / TIMER_HALF;
  if (halves != pm.halvesSeen) {
    pm.halvesSeen = halves;
    pm.status |= STATUS_TIMER;
  }
  const active = pm.status & pm.enable & STATUS_ALL || pm.gpeStatus & pm.gpeEnable;
  Irq.setFrom(IRQ_SCI, active && pm.control & CONTROL_SCI_ENABLED ? 1 : 0, Source.Acpi);

  if (pm.enable & STATUS_TIMER && !(pm.status & STATUS_TIMER)) {
    const edge = (halves + 1) * TIMER_HALF;
    const part = (edge % TIMER_FREQUENCY) * NANOSECONDS_PER_SECOND + TIMER_FREQUENCY - 1;
    const time = (edge / TIMER_FREQUENCY) * NANOSECONDS_PER_SECOND + part / TIMER_FREQUENCY;
    Clock.set(Timer.PmTimer, time);
  } else {
    Clock.cancel(Timer.PmTimer);
  }
}

function timerTick(_deadline: u64): void {
  update();
}

// --- PM block ---

function readPmByte(offset: u32): u32 {
  const odd = (offset & 1) << 3;
  switch (offset & ~1) {
    case PM_STATUS:
      update();
      return (pm.status >>> odd) & 0xff;
    case PM_ENABLE:
      return (pm.enable >>> odd) & 0xff;
    case PM_CONTROL:
      return (pm.control >>> odd) & 0xff;
    case PM_TIMER:
    case PM_TIMER + 2:
      return ((<u32>(timerNow() & TIMER_MASK)) >>> ((offset & 3) << 3)) & 0xff;
    default:
      return <u32>load<u8>(REGISTERS + <usize>offset);
  }
}

function writePmWord(offset: u32, value: u32): void {
  switch (offset) {
    case PM_STATUS:
      update();
      pm.status &= ~value;
      update();
      break;
    case PM_ENABLE:
      pm.enable = value & STATUS_ALL;
      update();
      break;
    case PM_CONTROL:
      pm.control = value & CONTROL_STORED;
      update();
      if (value & CONTROL_SLEEP && !(value & CONTROL_SLEEP_TYPE)) Power.off();
      break;
    case PM_TIMER:
    case PM_TIMER + 2:
      break;
    default:
      store<u16>(REGISTERS + <usize>offset, <u16>value);
      break;
  }
}

function readPm8(port: u16): u32 {
  return readPmByte((<u32>port - pm.pmBase) & (PM_SIZE - 1));
}
function readPm16(port: u16): u32 {
  return readPm8(port) | (readPm8(port + 1) << 8);
}
/** The timer is read at once: its bytes belong together. */
function readPm32(port: u16): u32 {
  if (((<u32>port - pm.pmBase) & (PM_SIZE - 1)) == PM_TIMER) return <u32>(timerNow() & TIMER_MASK);
  return readPm16(port) | (readPm16(port + 2) << 16);
}
/** A byte of a register whose ones clear leaves the other byte alone. */
function writePm8(port: u16, value: u32): void {
  const offset = (<u32>port - pm.pmBase) & (PM_SIZE - 1);
  const shift = (offset & 1) << 3;
  const byte = (value & 0xff) << shift;
  const word = offset & ~1;
  if (word == PM_STATUS) {
    writePmWord(word, byte);
  } else {
    const other = readPmByte(offset ^ 1) << (shift ^ 8);
    writePmWord(word, byte | other);
  }
}
function writePm16(port: u16, value: u32): void {
  const offset = (<u32>port - pm.pmBase) & (PM_SIZE - 1);
  if (offset & 1) {
    writePm8(port, value);
    writePm8(port + 1, value >>> 8);
  } else {
    writePmWord(offset, value & 0xffff);
  }
}

function unmapPm(): void {
  if (!pm.pmBase) return;
  for (let i: u32 = 0; i < PM_SIZE; i++) removePort(<u16>(pm.pmBase + i));
  pm.pmBase = 0;
}

function mapPm(): void {
  unmapPm();
  const base = load<u32>(CONFIG, REG_PM_BASE) & 0xffc0;
  if (!base || !(load<u8>(CONFIG, REG_PM_MISC) & PM_ENABLED)) return;
  pm.pmBase = base;
  for (let i: u32 = 0; i < PM_SIZE; i++) {
    const port = <u16>(base + i);
    onRead(port, 1, readPm8);
    onRead(port, 2, readPm16);
    onRead(port, 4, readPm32);
    onWrite(port, 1, writePm8);
    onWrite(port, 2, writePm16);
  }
}

// --- SMBus: nobody answers ---

function readSmbus(port: u16): u32 {
  return <u32>load<u8>(SMBUS + <usize>((<u32>port - pm.smbusBase) & (SMBUS_SIZE - 1)));
}

function writeSmbus(port: u16, value: u32): void {
  const offset = (<u32>port - pm.smbusBase) & (SMBUS_SIZE - 1);
  if (offset == SMBUS_STATUS) {
    store<u8>(SMBUS, <u8>((<u32>load<u8>(SMBUS)) & ~value));
    return;
  }
  store<u8>(SMBUS + <usize>offset, <u8>value);
  if (offset == SMBUS_CONTROL && value & SMBUS_START) {
    store<u8>(SMBUS + <usize>offset, <u8>(value & ~SMBUS_START));
    store<u8>(SMBUS, <u8>(SMBUS_INTERRUPT | SMBUS_DEVICE_ERROR));
  }
}

function unmapSmbus(): void {
  if (!pm.smbusBase) return;
  for (let i: u32 = 0; i < SMBUS_SIZE; i++) removePort(<u16>(pm.smbusBase + i));
  pm.smbusBase = 0;
}

function mapSmbus(): void {
  unmapSmbus();
  const base = load<u32>(CONFIG, REG_SMBUS_BASE) & 0xfff0;
  if (!base || !(load<u8>(CONFIG, REG_SMBUS_CONFIG) & SMBUS_ENABLED)) return;
  pm.smbusBase = base;
  for (let i: u32 = 0; i < SMBUS_SIZE; i++) {
    onRead(<u16>(base + i), 1, readSmbus);
    onWrite(<u16>(base + i), 1, writeSmbus);
  }
}

function touches(offset: i32, size: i32, register: i32, length: i32): bool {
  return offset < register + length && offset + size > register;
}

function configWritten(offset: i32, size: i32): void {
  if (touches(offset, size, REG_PM_BASE, 4) || touches(offset, size, REG_PM_MISC, 1)) mapPm();
  if (touches(offset, size, REG_SMBUS_BASE, 4) || touches(offset, size, REG_SMBUS_CONFIG, 1)) {
    mapSmbus();
  }
}

// --- APM and GPE ---

function readApmControl(_port: u16): u32 {
  return pm.apmControl;
}

function writeApmControl(_port: u16, value: u32): void {
  pm.apmControl = value & 0xff;
  if (pm.apmControl == APM_ACPI_ENABLE) pm.control |= CONTROL_SCI_ENABLED;
  else if (pm.apmControl == APM_ACPI_DISABLE) pm.control &= ~CONTROL_SCI_ENABLED;
  update();
}

function readApmStatus(_port: u16): u32 {
  return pm.apmStatus;
}
function writeApmStatus(_port: u16, value: u32): void {
  pm.apmStatus = value & 0xff;
}

/** Two status bytes (ones clear), then two enable bytes. */
function readGpe(port: u16): u32 {
  const offset = <u32>(port - PORT_GPE);
  const register = offset < 2 ? pm.gpeStatus : pm.gpeEnable;
  return (register >>> ((offset & 1) << 3)) & 0xff;
}

function writeGpe(port: u16, value: u32): void {
  const offset = <u32>(port - PORT_GPE);
  const shift = (offset & 1) << 3;
  const byte = (value & 0xff) << shift;
  if (offset < 2) pm.gpeStatus &= ~byte;
  else pm.gpeEnable = (pm.gpeEnable & ~(0xff << shift)) | byte;
  update();
}
