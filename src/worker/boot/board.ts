// What firmware does to the board before an operating system runs, for kernels that are started without firmware.
//
// Not implemented: MP, PIR and SMBIOS tables.

import type { Core } from "../core";
import { acpiTables, TABLES_ADDRESS } from "./acpi";
import { GuestMemory } from "./guest-memory";
import type { LinearFramebuffer, PixelDepth } from "./video-mode";

const CONFIG_ADDRESS = 0xcf8;
const CONFIG_DATA = 0xcfc;
const CONFIG_ENABLE = 0x8000_0000;

const PCI_VENDOR = 0x00;
const PCI_COMMAND = 0x04;
const PCI_CLASS = 0x0a;
const PCI_HEADER_TYPE = 0x0e;
const PCI_BAR0 = 0x10;
const PCI_INTERRUPT_LINE = 0x3c;
const PCI_INTERRUPT_PIN = 0x3d;
const BARS = 6;
const MULTIFUNCTION = 0x80;
const COMMAND_IO_MEMORY = 0x03;
const BAR_IO = 1;

const CLASS_HOST_BRIDGE = 0x0600;
const CLASS_DISPLAY = 0x0300;
const CLASS_IDE = 0x0101;
const CLASS_ISA_BRIDGE = 0x0601;
const ID_PIIX4_PM = 0x7113_8086;

/** i440FX: what lies from C0000h to FFFFFh, by nibbles; 3 is RAM for reading and writing. */
const PAM = 0x59;
const PAM_RAM = [0x30, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33];

const IO_BASE = 0xc000;
const MEMORY_BASE = 0xe000_0000;
const MEMORY_END = 0xfebf_ffff;

const PIIX_PIRQ_ROUTE = 0x60;
/** ISA lines that PIRQ A-D drive. */
const PIRQ_LINES = [10, 10, 11, 11];
const ELCR = 0x4d0;

const IDE_TIMING = 0x40;
const IDE_DECODE = 0x8000;
const PM_BASE = 0x40;
const PM_PORTS = 0x0600;
const GPE_PORTS = 0xafe0;
const PM_MISCELLANEOUS = 0x80;
const PM_DECODE = 1;

/** Gives PCI functions their addresses and interrupt lines, and switches on what an operating system expects to find on. */
export function setUpBoard(core: Core): void {
  const { writePort } = core.exports;
  const pci = new PciBus(core);
  let io = IO_BASE;
  let memory = MEMORY_BASE;
  for (const fn of pci.functions()) {
    for (let bar = 0; bar < BARS; bar++) {
      const register = PCI_BAR0 + bar * 4;
      pci.write(fn, register, 4, 0xffff_ffff);
      const mask = pci.read(fn, register, 4);
      if (mask === 0) continue;
      if (mask & BAR_IO) {
        const size = ((~(mask & ~3) & 0xffff) + 1) & 0xffff;
        io = alignUp(io, size);
        pci.write(fn, register, 4, io);
        io += size;
      } else {
        const size = (~(mask & ~0xf) >>> 0) + 1;
        memory = alignUp(memory, size);
        pci.write(fn, register, 4, memory);
        memory += size;
      }
    }
    const pin = pci.read(fn, PCI_INTERRUPT_PIN, 1);
    const isPowerManagement = pci.read(fn, PCI_VENDOR, 4) === ID_PIIX4_PM; // its line is fixed
    if (pin > 0 && !isPowerManagement) {
      const line = PIRQ_LINES[((fn >> 3) - 1 + pin - 1) & 3] ?? 0;
      pci.write(fn, PCI_INTERRUPT_LINE, 1, line);
    }
    pci.write(fn, PCI_COMMAND, 2, pci.read(fn, PCI_COMMAND, 2) | COMMAND_IO_MEMORY);

    const kind = pci.read(fn, PCI_CLASS, 2);
    if (kind === CLASS_HOST_BRIDGE)
      PAM_RAM.forEach((value, index) => pci.write(fn, PAM + index, 1, value));
    if (kind === CLASS_ISA_BRIDGE)
      PIRQ_LINES.forEach((line, pirq) => pci.write(fn, PIIX_PIRQ_ROUTE + pirq, 1, line));
    if (kind === CLASS_IDE) {
      pci.write(fn, IDE_TIMING, 2, IDE_DECODE);
      pci.write(fn, IDE_TIMING + 2, 2, IDE_DECODE);
    }
    if (isPowerManagement) {
      pci.write(fn, PM_BASE, 4, PM_PORTS | 1);
      pci.write(fn, PM_MISCELLANEOUS, 1, PM_DECODE);
    }
  }
  let levelTriggered = 0;
  for (const line of PIRQ_LINES) levelTriggered |= 1 << line;
  writePort(ELCR, 1, levelTriggered & 0xff);
  writePort(ELCR + 1, 1, levelTriggered >> 8);
  new GuestMemory(core).write(
    TABLES_ADDRESS,
    acpiTables({
      pmPorts: PM_PORTS,
      gpePorts: GPE_PORTS,
      memoryStart: MEMORY_BASE,
      memoryEnd: MEMORY_END,
      pirqLines: PIRQ_LINES,
    }),
  );
}

class PciBus {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  read(fn: number, register: number, size: number): number {
    this.#select(fn, register);
    const value = this.#core.exports.readPort(CONFIG_DATA + (register & 3), size);
    return size === 4 ? value >>> 0 : value & ((1 << (size * 8)) - 1);
  }

  write(fn: number, register: number, size: number, value: number): void {
    this.#select(fn, register);
    this.#core.exports.writePort(CONFIG_DATA + (register & 3), size, value);
  }

  *functions(): Generator<number> {
    for (let device = 0; device < 32; device++) {
      if (this.read(device << 3, PCI_VENDOR, 2) === 0xffff) continue;
      yield device << 3;
      if (!(this.read(device << 3, PCI_HEADER_TYPE, 1) & MULTIFUNCTION)) continue;
      for (let fn = 1; fn < 8; fn++) {
        const number = (device << 3) | fn;
        if (this.read(number, PCI_VENDOR, 2) !== 0xffff) yield number;
      }
    }
  }

  #select(fn: number, register: number): void {
    this.#core.exports.writePort(
      CONFIG_ADDRESS,
      4,
      (CONFIG_ENABLE | (fn << 8) | (register & 0xfc)) >>> 0,
    );
  }
}

const VBE_INDEX = 0x1ce;
const VBE_DATA = 0x1cf;
const VBE_ID = 0;
const VBE_WIDTH = 1;
const VBE_HEIGHT = 2;
const VBE_DEPTH = 3;
const VBE_ENABLE = 4;
const VBE_ENABLED_LINEAR = 0x41;
const VBE_ID_PREFIX = 0xb0c0;

/** A mode of the Bochs display interface. */
export function setGraphicsMode(
  core: Core,
  width: number,
  height: number,
  depth: PixelDepth,
): LinearFramebuffer | undefined {
  const { readPort, writePort } = core.exports;
  writePort(VBE_INDEX, 2, VBE_ID);
  if ((readPort(VBE_DATA, 2) & 0xfff0) !== VBE_ID_PREFIX) return undefined;
  const pci = new PciBus(core);
  const card = [...pci.functions()].find((fn) => pci.read(fn, PCI_CLASS, 2) === CLASS_DISPLAY);
  if (card === undefined) return undefined;
  const set = (index: number, value: number): void => {
    writePort(VBE_INDEX, 2, index);
    writePort(VBE_DATA, 2, value);
  };
  set(VBE_ENABLE, 0);
  set(VBE_WIDTH, width);
  set(VBE_HEIGHT, height);
  set(VBE_DEPTH, depth);
  set(VBE_ENABLE, VBE_ENABLED_LINEAR);
  const address = (pci.read(card, PCI_BAR0, 4) & ~0xf) >>> 0;
  return { address, width, height, pitch: width * (depth >> 3), depth };
}

function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
