// The machines that can be chosen: those whose files set-up has put there, and one of our own that needs none.

import type { MachineFiles } from "../shared/api";
import type { BootDevice, MachineConfig } from "../shared/config";
import { TandemError } from "../shared/errors";
import { aliveProgram } from "./alive";

/** A machine to start: `config` and `files` as MachineApi.create() takes them. */
export interface MachineChoice {
  name: string;
  config: Partial<MachineConfig>;
  files?: MachineFiles;
  /** What is in the drives, for the user. */
  media?: Partial<Record<BootDevice, string>>;
}

interface KnownMachine {
  name: string;
  memory: number;
  /** File names in machines/. */
  kernel?: string;
  initrd?: string;
  append?: string;
  floppy?: string;
  hda?: string;
  cdrom?: string;
}

export const LINUX_OPTIONS = "console=tty0 console=ttyS0 nokaslr cryptomgr.notests noisapnp";

const KNOWN_MACHINES: readonly KnownMachine[] = [
  { name: "Debian kernel and shell", memory: 128, kernel: "vmlinuz-686", initrd: "initramfs.cpio.gz", append: LINUX_OPTIONS },
  { name: "Debian kernel (PAE) and shell", memory: 128, kernel: "vmlinuz-686-pae", initrd: "initramfs-pae.cpio.gz", append: LINUX_OPTIONS },
  { name: "Linux from a disk, by GRUB", memory: 128, hda: "linux-disk.img" },
  { name: "GRUB rescue floppy", memory: 64, floppy: "grub-rescue-floppy.img" },
  { name: "GRUB rescue CD", memory: 64, cdrom: "grub-rescue-cdrom.iso" },
  { name: "Memtest86+", memory: 64, kernel: "memtest86+ia32.bin" },
  { name: "Memtest86+ CD", memory: 64, cdrom: "memtest86+.iso" },
  { name: "iPXE CD", memory: 64, cdrom: "ipxe.iso" },
  { name: "Hardware Detection Tool CD", memory: 64, cdrom: "hdt.iso" },
  { name: "GNU Mach", memory: 64, kernel: "gnumach" },
  { name: "Debian installer, text", memory: 512, kernel: "di-text-linux", initrd: "di-text-initrd.gz", append: "priority=low vga=normal nokaslr" },
  { name: "Debian installer, graphical", memory: 768, kernel: "di-gtk-linux", initrd: "di-gtk-initrd.gz", append: "vga=788 nokaslr" },
]; // prettier-ignore

/** The first is the one that runs at once. */
export async function findMachines(): Promise<MachineChoice[]> {
  const there = new Set(await fileNames());
  const known = KNOWN_MACHINES.filter(({ kernel, initrd, floppy, hda, cdrom }) =>
    [kernel, initrd, floppy, hda, cdrom].every((file) => file === undefined || there.has(file)),
  );
  return [...known.map(choiceOf), alive()];
}

async function fileNames(): Promise<string[]> {
  try {
    const response = await fetch(addressOf("machines/index.json"));
    const names: unknown = response.ok ? await response.json() : [];
    return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
  } catch {
    return []; // a page without guests: our own program runs
  }
}

function alive(): MachineChoice {
  return {
    name: "A program that shows the machine alive",
    config: { memory: 16 },
    files: { kernel: aliveProgram().buffer },
  };
}

function choiceOf(known: KnownMachine): MachineChoice {
  const choice: MachineChoice = { name: known.name, config: { memory: known.memory }, media: {} };
  if (known.append !== undefined) choice.config.append = known.append;
  for (const role of ["kernel", "initrd", "floppy", "hda", "cdrom"] as const) {
    const file = known[role];
    if (file === undefined) continue;
    choice.config[role] = { url: addressOf(`machines/${encodeURIComponent(file)}`) };
    if (choice.media && role !== "kernel" && role !== "initrd") choice.media[role] = file;
  }
  return choice;
}

const STANDARD_FIRMWARE = {
  firmware: "bios/bios-256k.bin",
  vgaFirmware: "bios/vgabios-stdvga.bin",
} as const;

/** The BIOS and the VGA BIOS that the page is served with. @throws TandemError firmware-missing */
export async function standardFirmware(
  ...roles: (keyof typeof STANDARD_FIRMWARE)[]
): Promise<MachineFiles> {
  const found: MachineFiles = {};
  for (const [role, answer] of roles.map(
    (name) => [name, firmwareFile(STANDARD_FIRMWARE[name])] as const,
  ))
    // prettier-ignore
    found[role] = await answer;
  return found;
}

async function firmwareFile(path: string): Promise<Blob> {
  const response = await fetch(addressOf(path)).catch(() => undefined);
  if (!response?.ok)
    throw new TandemError("firmware-missing", `Starting from a disk needs a BIOS, and ${path} is not there.`); // prettier-ignore
  return response.blob();
}

/** The worker resolves addresses from its own place; here they are the page's. */
function addressOf(path: string): string {
  return new URL(path, document.baseURI).href;
}
