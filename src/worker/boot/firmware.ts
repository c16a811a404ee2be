// SeaBIOS and its VGA BIOS: where they lie, and what they read in CMOS and in QEMU's fw_cfg. How much memory there is,
// the core says in both by itself.

import type { BootChoice, BootDevice } from "../../shared/config";
import { TandemError } from "../../shared/errors";
import type { DriveName } from "../../shared/api";
import type { Core } from "../core";

export interface FirmwareParts {
  systemRom?: Uint8Array | undefined;
  vgaRom?: Uint8Array | undefined;
  boot?: BootChoice | undefined;
  drives: Partial<Record<DriveName, { size: number }>>;
}

/** wasm/layout.ts: SYSTEM_ROM_MAX, VGA_ROM_MAX. */
const SYSTEM_ROM_MAX = 0x10_0000;
const VGA_ROM_MAX = 0x2_0000;
const ROM_UNIT = 0x1_0000;

// CMOS, as PC BIOSes lay it out.
const CMOS_FLOPPY_TYPES = 0x10;
const CMOS_EQUIPMENT = 0x14;
const CMOS_BOOT_3 = 0x38;
const CMOS_BOOT_1_2 = 0x3d;

const FLOPPY_1440 = 4;
const FLOPPY_2880 = 5;
const EQUIPMENT_FLOPPY = 0x01;
const EQUIPMENT_FPU = 0x02;
const EQUIPMENT_MOUSE = 0x04;

const BOOT_CODES: Readonly<Record<BootDevice, number>> = { floppy: 1, hda: 2, cdrom: 3 };
/** Milliseconds, little endian. */
const MENU_WAIT = Uint8Array.of(10_000 & 0xff, 10_000 >> 8);
const STANDARD_ORDER: readonly BootDevice[] = ["floppy", "cdrom", "hda"];

export function installFirmware(core: Core, parts: FirmwareParts): void {
  const { systemRom, vgaRom } = parts;
  if (systemRom) {
    if (systemRom.length > SYSTEM_ROM_MAX || systemRom.length % ROM_UNIT !== 0)
      throw new TandemError(
        "image-unknown",
        `The firmware has ${systemRom.length} bytes; a BIOS has a multiple of 64 KiB, at most 1 MiB.`,
      );
    core.bytes(core.exports.SYSTEM_ROM.value as number, systemRom.length).set(systemRom);
    core.exports.setSystemRom(systemRom.length);
  }
  if (vgaRom) {
    if (vgaRom.length > VGA_ROM_MAX || vgaRom[0] !== 0x55 || vgaRom[1] !== 0xaa)
      throw new TandemError("image-unknown", "The VGA firmware is not an option ROM.");
    core.bytes(core.exports.VGA_ROM.value as number, vgaRom.length).set(vgaRom);
    core.exports.setVgaRom(vgaRom.length);
  }
  setBootOrder(core, parts);
  const menu = parts.boot === "menu";
  addFirmwareFile(core, "etc/show-boot-menu", Uint8Array.of(menu ? 1 : 0)); // it waits for Esc
  if (menu) addFirmwareFile(core, "etc/boot-menu-wait", MENU_WAIT);
}

function setBootOrder(core: Core, parts: FirmwareParts): void {
  const set = (index: number, value: number): void => core.exports.setCmos(index, value);

  const floppy = parts.drives.floppy;
  set(
    CMOS_FLOPPY_TYPES,
    (floppy && floppy.size > 2 * 1440 * 1024 - 1 ? FLOPPY_2880 : FLOPPY_1440) << 4,
  );
  set(CMOS_EQUIPMENT, EQUIPMENT_FLOPPY | EQUIPMENT_FPU | EQUIPMENT_MOUSE);
  const first = parts.boot === "menu" ? undefined : parts.boot;
  const order = first
    ? [first, ...STANDARD_ORDER.filter((device) => device !== first)]
    : STANDARD_ORDER.filter((device) => parts.drives[device]);
  const code = (index: number): number => {
    const device = order[index];
    return device ? BOOT_CODES[device] : 0;
  };
  // Bit 0 of the third place: boot from any floppy, also one without the AA55h mark (MS-DOS before 3.3, many hobby systems).
  set(CMOS_BOOT_3, (code(2) << 4) | 1);
  set(CMOS_BOOT_1_2, code(0) | (code(1) << 4));
}

/** Adds a fw_cfg file. */
export function addFirmwareFile(core: Core, name: string, data: Uint8Array): void {
  const buffer = core.exports.HOST_BUFFERS.value as number;
  const nameBytes = new TextEncoder().encode(name);
  core.bytes(buffer, nameBytes.length).set(nameBytes);
  core.bytes(buffer + 64, data.length).set(data);
  core.exports.addFirmwareFile(buffer, nameBytes.length, buffer + 64, data.length);
}
