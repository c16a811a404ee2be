// VGA as a PCI function, 1234:1111 at 00:02.0: the linear framebuffer (BAR 0), registers in memory (BAR 2) and the VGA BIOS.
//
// BAR 2, 4 KB: EDID at 0, ports 3C0h-3DFh at 400h, the DISPI registers (16 bits each) at 500h.
// The legacy ports and the window at A0000h answer whatever the command register says.

import { addPciFunction, pciFunction } from "../../bus/pci";
import { VGA_ROM, VGA_ROM_MAX, VRAM, VRAM_SIZE } from "../../layout";
import { addHandler, mapHandler, mapSplit, mapVideo, uncover } from "../../memory/physical";
import { readDispi, writeDispi } from "./bochs-vbe";
import { EDID, EDID_SIZE } from "./edid";
import { readRegister, writeRegister } from "./registers";
import { CONFIG, DISPI_COUNT } from "./state";

const SLOT = 2;
const VENDOR: u16 = 0x1234;
const DEVICE: u16 = 0x1111;
const REVISION: u8 = 2;
const CLASS_DISPLAY: u8 = 0x03;

const CONFIG_COMMAND = 0x04;
const CONFIG_REVISION = 0x08;
const CONFIG_CLASS = 0x0b;
const CONFIG_FRAMEBUFFER = 0x10;
const CONFIG_REGISTERS = 0x18;
const CONFIG_ROM = 0x30;
const CONFIG_LINE = 0x3c;
const COMMAND_IO: u8 = 0x01;
const COMMAND_MEMORY: u8 = 0x02;
const BAR_PREFETCHABLE: u32 = 0x08;
const ROM_ENABLE: u32 = 0x01;

const REGISTERS_SIZE: u32 = 0x1000;
const REGISTERS_PORTS: u32 = 0x400;
const REGISTERS_PORTS_END: u32 = 0x420;
const REGISTERS_DISPI: u32 = 0x500;
const REGISTERS_DISPI_END: u32 = REGISTERS_DISPI + <u32>DISPI_COUNT * 2;

const WRITABLE = memory.data(256, 8);

@unmanaged
class Mapping {
  framebuffer: u32; // where each is mapped now, 0 if not
  registers: u32;
  rom: u32;
  romSize: u32; // a power of two; 0 without a VGA BIOS
  handler: u32;
}
const mapping = changetype<Mapping>(memory.data(offsetof<Mapping>(), 8));

export function attachVgaPci(): void {
  store<u8>(WRITABLE + CONFIG_COMMAND, COMMAND_IO | COMMAND_MEMORY);
  store<u32>(WRITABLE + CONFIG_FRAMEBUFFER, ~(VRAM_SIZE - 1));
  store<u32>(WRITABLE + CONFIG_REGISTERS, ~(REGISTERS_SIZE - 1));
  store<u8>(WRITABLE + CONFIG_LINE, 0xff);
  mapping.handler = addHandler(readMemory, writeMemory);
  addPciFunction(pciFunction(SLOT, 0), CONFIG, WRITABLE, configWritten);
}

export function resetVgaPci(): void {
  memory.fill(CONFIG, 0, 256);
  store<u16>(CONFIG, VENDOR);
  store<u16>(CONFIG, DEVICE, 2);
  store<u8>(CONFIG + CONFIG_REVISION, REVISION);
  store<u8>(CONFIG + CONFIG_CLASS, CLASS_DISPLAY);
  store<u32>(CONFIG + CONFIG_FRAMEBUFFER, BAR_PREFETCHABLE);
  updateMappings();
}

/** Host: the first `length` bytes at VGA_ROM are the VGA BIOS; before the reset that is to find it. */
export function setVgaRom(length: u32): void {
  const used = min<u32>(length, VGA_ROM_MAX);
  let size: u32 = 0;
  if (used) {
    size = 0x1000;
    while (size < used) size <<= 1;
    memory.fill(VGA_ROM + used, 0xff, size - used);
  }
  mapping.romSize = size;
  store<u32>(WRITABLE + CONFIG_ROM, size ? ~(size - 1) | ROM_ENABLE : 0);
}

function configWritten(_offset: i32, _size: i32): void {
  updateMappings();
}

/** Address that a base register asks for; 0 if it asks for none, or for more than there is while its size is probed. */
function baseOf(register: usize, size: u32, on: bool): u32 {
  if (!on || !size || !(load<u8>(CONFIG + CONFIG_COMMAND) & COMMAND_MEMORY)) return 0;
  const base = load<u32>(CONFIG + register) & ~(size - 1);
  return base + size <= base ? 0 : base;
}

function updateMappings(): void {
  const framebuffer = baseOf(CONFIG_FRAMEBUFFER, VRAM_SIZE, true);
  const registers = baseOf(CONFIG_REGISTERS, REGISTERS_SIZE, true);
  const romOn = (load<u32>(CONFIG + CONFIG_ROM) & ROM_ENABLE) != 0;
  const rom = baseOf(CONFIG_ROM, mapping.romSize, romOn);
  const moved =
    framebuffer != mapping.framebuffer || registers != mapping.registers || rom != mapping.rom;
  if (!moved) return;

  if (mapping.framebuffer && framebuffer != mapping.framebuffer)
    uncover(mapping.framebuffer, VRAM_SIZE);
  if (mapping.registers && registers != mapping.registers)
    uncover(mapping.registers, REGISTERS_SIZE);
  if (mapping.rom && rom != mapping.rom) uncover(mapping.rom, mapping.romSize);
  mapping.framebuffer = framebuffer;
  mapping.registers = registers;
  mapping.rom = rom;
  if (framebuffer) mapVideo(framebuffer, VRAM_SIZE, VRAM);
  if (registers) mapHandler(registers, REGISTERS_SIZE, mapping.handler);
  if (rom) mapSplit(rom, mapping.romSize, VGA_ROM, 0);
}

function readMemory(address: u32, size: i32): u32 {
  const offset = address & (REGISTERS_SIZE - 1);
  if (offset >= REGISTERS_DISPI && offset < REGISTERS_DISPI_END) {
    const index = (offset - REGISTERS_DISPI) >>> 1;
    const value = readDispi(index);
    if (size == 1) return (value >>> ((offset & 1) << 3)) & 0xff;
    return size == 2 ? value : value | (readDispi(index + 1) << 16);
  }
  let value: u32 = 0;
  for (let i: u32 = 0; i < <u32>size; i++) value |= readMemoryByte(offset + i) << (i << 3);
  return value;
}

function readMemoryByte(offset: u32): u32 {
  if (offset < EDID_SIZE) return <u32>load<u8>(EDID + offset);
  if (offset >= REGISTERS_PORTS && offset < REGISTERS_PORTS_END)
    return readRegister(<u16>(offset - REGISTERS_PORTS + 0x3c0));
  return 0;
}

function writeMemory(address: u32, size: i32, value: u32): void {
  const offset = address & (REGISTERS_SIZE - 1);
  if (offset >= REGISTERS_DISPI && offset < REGISTERS_DISPI_END) {
    const index = (offset - REGISTERS_DISPI) >>> 1;
    if (size == 1) return;
    writeDispi(index, value & 0xffff);
    if (size == 4) writeDispi(index + 1, value >>> 16);
    return;
  }
  for (let i: u32 = 0; i < <u32>size; i++) {
    const at = offset + i;
    if (at >= REGISTERS_PORTS && at < REGISTERS_PORTS_END)
      writeRegister(<u16>(at - REGISTERS_PORTS + 0x3c0), (value >>> (i << 3)) & 0xff);
  }
}
