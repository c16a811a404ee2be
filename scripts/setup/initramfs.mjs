// An initial RAM disk for Linux: busybox, the kernel modules that a PC of this emulator needs, a shell on screen and serial.

import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { run } from "./say.mjs";

const MODE_DIRECTORY = 0o040755;
const MODE_FILE = 0o100644;
const MODE_EXECUTABLE = 0o100755;
const MODE_LINK = 0o120777;
const MODE_CHARACTER_DEVICE = 0o020600;

/** Writes the "new ASCII" cpio format that the kernel reads. */
export class CpioWriter {
  #parts = [];
  #inode = 0;
  #made = new Set();

  #entry(name, mode, data, device = [0, 0]) {
    const nameBytes = Buffer.from(`${name}\0`);
    const fields = [
      ++this.#inode,
      mode,
      0,
      0,
      1,
      0,
      data.length,
      0,
      0,
      ...device,
      nameBytes.length,
      0,
    ];
    const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
    this.#parts.push(Buffer.from(header), nameBytes, padding(header.length + nameBytes.length));
    this.#parts.push(data, padding(data.length));
  }

  #parents(name) {
    const parts = name.split("/").slice(0, -1);
    for (let i = 1; i <= parts.length; i++) this.directory(parts.slice(0, i).join("/"));
  }

  directory(name) {
    if (!name || this.#made.has(name)) return;
    this.#parents(name);
    this.#made.add(name);
    this.#entry(name, MODE_DIRECTORY, Buffer.alloc(0));
  }

  file(name, data, executable = false) {
    this.#parents(name);
    this.#entry(name, executable ? MODE_EXECUTABLE : MODE_FILE, Buffer.from(data));
  }

  link(name, target) {
    this.#parents(name);
    this.#entry(name, MODE_LINK, Buffer.from(target));
  }

  characterDevice(name, major, minor) {
    this.#parents(name);
    this.#entry(name, MODE_CHARACTER_DEVICE, Buffer.alloc(0), [major, minor]);
  }

  finish() {
    this.#entry("TRAILER!!!", 0, Buffer.alloc(0));
    return Buffer.concat(this.#parts);
  }
}

function padding(length) {
  return Buffer.alloc((4 - (length % 4)) % 4);
}

/** Loaded at boot, in this order; what they depend on comes first. */
const BOOT_MODULES = ["ata_piix", "sd_mod", "sr_mod", "floppy", "psmouse"];
const USB_MODULES = ["uhci_hcd", "usbhid", "hid-generic", "evdev"];
/** There when something asks for them: mount, or a driver's alias. */
const MORE_MODULES = [...USB_MODULES, "fuse", "uio_pci_generic", "uinput", "isofs", "ext4", "vfat", "nls_cp437", "nls_iso8859-1", "nls_ascii", "nls_utf8", "mousedev", "crc32c_generic", "virtio_pci", "virtiofs"]; // prettier-ignore

/** Applets that /init and people type; `busybox --install` makes the rest. */
const APPLETS = [
  "sh",
  "mount",
  "mkdir",
  "echo",
  "cat",
  "modprobe",
  "insmod",
  "uname",
  "init",
  "ls",
];

const INITTAB = `::sysinit:/etc/rc
tty1::respawn:-/bin/sh
ttyS0::respawn:-/bin/sh
::ctrlaltdel:/sbin/reboot
::shutdown:/bin/umount -a -r
`;

const RC = `#!/bin/sh
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
/bin/busybox --install -s
while read module; do
  modprobe "$module"
done < /etc/modules
if grep -qw tandem.usb /proc/cmdline; then
  usb
fi
mkdir -p /mnt /dev/pts
mount -t devpts devpts /dev/pts
ready="GUEST-READY $(uname -s -r -m)"
for terminal in /dev/tty1 /dev/ttyS0; do
  echo "$ready" > "$terminal"
done 2> /dev/null
`;

/** The drivers of USB mouse, tablet and keyboard; with "tandem.usb" on the kernel's command line they are loaded at boot. */
const USB = `#!/bin/sh
for module in ${USB_MODULES.join(" ")}; do
  modprobe "$module"
done
`;

/** Our daemon, which mounts the folders that the host shares. */
const DAEMON = join(import.meta.dirname, "../../guest-additions/linux/tandemd");
const FOLDERS = `#!/bin/sh
modprobe fuse
modprobe uio_pci_generic 2> /dev/null
tandemd /host &
for second in 1 2 3 4 5 6 7 8 9 10; do
  grep -q " /host fuse" /proc/mounts && break
  sleep 1
done
`;

/** Its tools: for the console, and for an X server, if there is one. */
const TOOLS = ["tandem-clip", "tandem-channel", "tandem-x11"].map((name) =>
  join(import.meta.dirname, "../../guest-additions/linux", name),
);

/** What goes into the RAM disk, of the project's own files. */
export const SOURCES = [import.meta.filename, DAEMON, ...TOOLS];

/** Modules by name, with their file, what they depend on and their aliases. */
class ModuleTree {
  #files = new Map();

  constructor(root) {
    this.release = readdirSync(join(root, "lib/modules"))[0];
    this.root = join(root, "lib/modules", this.release);
    for (const path of readdirSync(join(this.root, "kernel"), { recursive: true })) {
      const match = /^(.*?)\.ko(\.xz)?$/.exec(basename(path));
      if (match) this.#files.set(match[1].replaceAll("-", "_"), join("kernel", path));
    }
  }

  load(name) {
    const path = this.#files.get(name.replaceAll("-", "_"));
    if (!path) return undefined;
    const full = join(this.root, path);
    const data = path.endsWith(".xz")
      ? Buffer.from(run("xz", ["-dc", full], { encoding: "latin1" }), "latin1")
      : readFileSync(full);
    const text = data.toString("latin1");
    const depends = /\0depends=([^\0]*)\0/.exec(text)?.[1] ?? "";
    const aliases = [...text.matchAll(/\0alias=([^\0]*)(?=\0)/g)].map((match) => match[1]);
    return {
      name: name.replaceAll("-", "_"),
      path: path.replace(/\.xz$/, ""),
      data,
      depends: depends.split(",").filter(Boolean),
      aliases,
    };
  }
}

/**
 * @param kernel the unpacked kernel package whose modules go in
 * @param modules more of them than every guest has
 */
export function buildInitramfs(busybox, kernel, modules = []) {
  const cpio = new CpioWriter();
  for (const name of ["proc", "sys", "dev", "mnt", "tmp", "root", "usr/bin", "usr/sbin", "sbin"]) {
    cpio.directory(name);
  }
  cpio.characterDevice("dev/console", 5, 1);
  cpio.file("bin/busybox", readFileSync(busybox), true);
  for (const name of APPLETS) cpio.link(`bin/${name}`, "busybox");
  cpio.link("sbin/modprobe", "/bin/busybox"); // the kernel calls this path
  cpio.link("init", "/bin/busybox");
  cpio.file("etc/inittab", INITTAB);
  cpio.file("etc/rc", RC, true);
  cpio.file("sbin/usb", USB, true);
  cpio.file("sbin/folders", FOLDERS, true);
  cpio.file("sbin/tandemd", readFileSync(DAEMON), true);
  for (const tool of TOOLS) cpio.file(`usr/bin/${basename(tool)}`, readFileSync(tool), true);
  cpio.file("etc/modules", `${BOOT_MODULES.join("\n")}\n`);
  cpio.file("etc/filesystems", "ext4\next2\niso9660\nvfat\n"); // what mount tries
  cpio.file("etc/profile", "PS1='# '\nexport PATH=/bin:/sbin:/usr/bin:/usr/sbin\n");
  addModules(cpio, new ModuleTree(kernel), modules);
  return gzipSync(cpio.finish(), { level: 9 });
}

function addModules(cpio, tree, more) {
  const loaded = new Map();
  const add = (name) => {
    const key = name.replaceAll("-", "_");
    if (loaded.has(key)) return;
    const module = tree.load(name);
    if (!module) return; // built in, or not in this kernel
    loaded.set(key, module);
    for (const dependency of module.depends) add(dependency);
  };
  for (const name of [...BOOT_MODULES, ...MORE_MODULES, ...more]) add(name);
  const base = `lib/modules/${tree.release}`;
  const closure = (module, seen = new Set()) => {
    for (const name of module.depends) {
      const found = loaded.get(name.replaceAll("-", "_"));
      if (!found || seen.has(found)) continue;
      seen.add(found);
      closure(found, seen);
    }
    return [...seen];
  };
  const dependencies = [];
  const aliases = [];
  for (const module of loaded.values()) {
    cpio.file(`${base}/${module.path}`, module.data);
    dependencies.push(
      `${module.path}: ${closure(module)
        .map(({ path }) => path)
        .join(" ")}`.trimEnd(),
    );
    for (const alias of module.aliases) aliases.push(`alias ${alias} ${module.name}`);
  }
  cpio.file(`${base}/modules.dep`, `${dependencies.join("\n")}\n`);
  cpio.file(`${base}/modules.alias`, `${aliases.join("\n")}\n`);
}
