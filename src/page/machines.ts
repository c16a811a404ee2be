// The machines that can be chosen: our own, which need no files, and those whose files set-up has put there.

import type { MachineFiles } from "../shared/api";
import type { BootDevice, MachineConfig } from "../shared/config";
import { aliveProgram } from "./alive";

/** A machine to start: `config` and `files` as MachineApi.create() takes them. */
export interface MachineChoice {
  /** In addresses of the page; images that the user opened have none. */
  id?: string;
  name: string;
  /** What it is, in a sentence or two. */
  text?: string;
  /** How it starts, in a word or two. */
  boot?: string;
  /** It speaks on the serial port. */
  serial?: boolean;
  config: Partial<MachineConfig>;
  files?: MachineFiles;
  /** What is in the drives, for the user. */
  media?: Partial<Record<BootDevice, string>>;
}

interface KnownMachine {
  id: string;
  name: string;
  text: string;
  boot: string;
  serial?: boolean;
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
  { id: "linux", name: "Debian kernel and shell", text: "Debian's own Linux 6.1 and busybox, on the screen and on the serial port.", boot: "kernel", serial: true, memory: 128, kernel: "vmlinuz-686", initrd: "initramfs.cpio.gz", append: LINUX_OPTIONS },
  { id: "linux-pae", name: "Debian kernel (PAE) and shell", text: "Linux again, with page tables of three levels and no-execute.", boot: "kernel", serial: true, memory: 128, kernel: "vmlinuz-686-pae", initrd: "initramfs-pae.cpio.gz", append: LINUX_OPTIONS },
  { id: "linux-disk", name: "Linux from a disk", text: "BIOS, GRUB, then Linux from a hard disk that it can write to.", boot: "disk", serial: true, memory: 128, hda: "linux-disk.img" },
  { id: "installer", name: "Debian installer, text", text: "The real installer, as on a PC of its time.", boot: "kernel", memory: 512, kernel: "di-text-linux", initrd: "di-text-initrd.gz", append: "priority=low vga=normal nokaslr" },
  { id: "installer-gtk", name: "Debian installer, graphical", text: "With windows and a mouse; it takes its time.", boot: "kernel", memory: 768, kernel: "di-gtk-linux", initrd: "di-gtk-initrd.gz", append: "vga=788 nokaslr" },
  { id: "grub-floppy", name: "GRUB rescue floppy", text: "A boot loader with a command line, from one floppy.", boot: "floppy", memory: 64, floppy: "grub-rescue-floppy.img" },
  { id: "grub-cd", name: "GRUB rescue CD", text: "The boot loader's command line, from a CD.", boot: "CD", memory: 64, cdrom: "grub-rescue-cdrom.iso" },
  { id: "memtest", name: "Memtest86+", text: "Tests the memory that this PC does not have.", boot: "kernel", memory: 64, kernel: "memtest86+ia32.bin" },
  { id: "memtest-cd", name: "Memtest86+ CD", text: "The memory tester, from a CD.", boot: "CD", memory: 64, cdrom: "memtest86+.iso" },
  { id: "ipxe", name: "iPXE CD", text: "A network boot loader.", boot: "CD", memory: 64, cdrom: "ipxe.iso" },
  { id: "hdt", name: "Hardware Detection Tool CD", text: "Looks at the machine that it runs on.", boot: "CD", memory: 64, cdrom: "hdt.iso" },
  { id: "mach", name: "GNU Mach", text: "The microkernel of the Hurd, alone.", boot: "multiboot", memory: 64, kernel: "gnumach" },
]; // prettier-ignore

/** The first is the one that runs at once. */
export async function findMachines(): Promise<MachineChoice[]> {
  const there = new Set(await fileNames());
  const known = KNOWN_MACHINES.filter(({ kernel, initrd, floppy, hda, cdrom }) =>
    [kernel, initrd, floppy, hda, cdrom].every((file) => file === undefined || there.has(file)),
  );
  return [pillion(), ...known.map(choiceOf), alive()];
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

/** What an element runs that names nothing: its configuration has nothing to say. */
function pillion(): MachineChoice {
  return {
    id: "pillion",
    name: "Pillion",
    text: "Our own little desktop, with drivers for all three pointers. No firmware, no files of others.",
    boot: "multiboot",
    config: {},
  };
}

function alive(): MachineChoice {
  return {
    id: "alive",
    name: "A program that shows the machine alive",
    text: "A kilobyte that moves colours with the timer and echoes on the serial port.",
    boot: "multiboot",
    serial: true,
    config: { memory: 16 },
    files: { kernel: aliveProgram().buffer },
  };
}

function choiceOf(known: KnownMachine): MachineChoice {
  const { id, name, text, boot, serial = false, memory } = known;
  const choice: MachineChoice = { id, name, text, boot, serial, config: { memory }, media: {} };
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

/** Where the BIOS and the VGA BIOS are that the page is served with; the worker reads them when they are needed. */
export function standardFirmware(): MachineFiles {
  return {
    firmware: { url: addressOf(STANDARD_FIRMWARE.firmware) },
    vgaFirmware: { url: addressOf(STANDARD_FIRMWARE.vgaFirmware) },
  };
}

/** The worker resolves addresses from its own place; here they are the page's. */
function addressOf(path: string): string {
  return new URL(path, document.baseURI).href;
}
