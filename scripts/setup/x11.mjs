// A disk with an X server for a Linux guest, from Debian's packages: Xorg on the kernel's framebuffer with the pointer of tandemd, and
// small programs that copy, paste, change the cursor and look at it. Only the files that these need.
//
// In the guest: mount -t ext2 /dev/sda /mnt; . /mnt/begin; then  chroot /mnt PROGRAM

import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"; // prettier-ignore
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { run, say } from "./say.mjs";

const MIB = 32;
const LIBRARY_FOLDER = "lib/i386-linux-gnu";
const LOADER = "lib/ld-linux.so.2";
const MODULES = "usr/lib/xorg/modules";

/** Package, and what of it goes in. */
const PARTS = {
  "xserver-xorg-core": ["usr/lib/xorg/Xorg", ...["libfbdevhw", "libshadow"].map((name) => `${MODULES}/${name}.so`)],
  "xserver-xorg-video-fbdev": [`${MODULES}/drivers/fbdev_drv.so`],
  "xserver-xorg-input-evdev": [`${MODULES}/input/evdev_drv.so`],
  "x11-xkb-utils": ["usr/bin/xkbcomp"],
  "x11-apps": ["usr/bin/xeyes"],
  "x11-utils": ["usr/bin/xkill"],
  "x11-xserver-utils": ["usr/bin/xsetroot"],
  xclip: ["usr/bin/xclip"],
  xterm: ["usr/bin/xterm"],
  "busybox-static": ["bin/busybox"],
}; // prettier-ignore
const KEYBOARDS = "usr/share/X11/xkb";

/** Packages of the libraries that the programs ask for, and these again. */
const LIBRARIES = ["libaudit1", "libbrotli1", "libbsd0", "libbz2-1.0", "libc6", "libcap-ng0", "libcap2", "libdbus-1-3", "libdrm2", "libevdev2", "libexpat1", "libfontconfig1", "libfontenc1", "libfreetype6", "libgcc-s1", "libgcrypt20", "libgpg-error0", "libice6", "liblz4-1", "liblzma5", "libmd0", "libmtdev1", "libpciaccess0", "libpcre2-8-0", "libpixman-1-0", "libpng16-16", "libselinux1", "libsm6", "libsystemd0", "libtinfo6", "libudev1", "libunwind8", "libutempter0", "libuuid1", "libx11-6", "libx11-xcb1", "libxau6", "libxaw7", "libxcb-damage0", "libxcb-present0", "libxcb-xfixes0", "libxcb1", "libxcursor1", "libxcvt0", "libxdmcp6", "libxext6", "libxfixes3", "libxfont2", "libxft2", "libxi6", "libxinerama1", "libxkbfile1", "libxmu6", "libxmuu1", "libxpm4", "libxrender1", "libxshmfence1", "libxt6", "libzstd1", "zlib1g"]; // prettier-ignore

/** Empty folders for what is mounted over them, or written. */
const FOLDERS = ["dev", "etc", "proc", "run", "sys", "tmp", "var/lib/xkb"];

/** Where the pointer and the keyboard are is known once tandemd runs; there is no udev that would tell the server. */
const BEGIN = `for folder in dev dev/pts proc run sys tmp; do
  mkdir -p /$folder
  mount -o bind /$folder /mnt/$folder
done
event() {
  sed -n "/Name=\\"$1\\"/,/Handlers=/s/.*\\(event[0-9]*\\).*/\\1/p" /proc/bus/input/devices
}
input() {
  echo "Section \\"InputDevice\\""
  echo "  Identifier \\"$1\\""
  echo "  Driver \\"evdev\\""
  echo "  Option \\"Device\\" \\"/dev/input/$(event "$2")\\""
  echo "EndSection"
}
{
  input tablet "Tandem Tablet"
  input mouse "Tandem Mouse"
  input keyboard "AT Translated Set 2 keyboard"
  cat /mnt/etc/xorg.end
} > /mnt/etc/xorg.conf
`;
const CONFIGURATION = `Section "ServerFlags"
  Option "AutoAddDevices" "false"
EndSection
Section "Module"
  Disable "glx"
EndSection
Section "Device"
  Identifier "screen"
  Driver "fbdev"
EndSection
Section "Screen"
  Identifier "screen"
  Device "screen"
EndSection
Section "ServerLayout"
  Identifier "layout"
  Screen "screen"
  InputDevice "tablet" "CorePointer"
  InputDevice "mouse" "SendCoreEvents"
  InputDevice "keyboard" "CoreKeyboard"
EndSection
`;

export function x11DiskTime() {
  return statSync(import.meta.filename).mtimeMs;
}

export function buildX11Disk(image, packages) {
  say("building a disk with an X server");
  const root = mkdtempSync(join(tmpdir(), "tandem-x11-"));
  try {
    for (const folder of FOLDERS) mkdirSync(join(root, folder), { recursive: true });
    packages.prefetch(
      [...Object.keys(PARTS), ...LIBRARIES].map((name) => `${name}:i386`),
      "18 MB",
    );
    const libraries = librariesIn(LIBRARIES.map((name) => packages.unpack(`${name}:i386`)));
    for (const [name, paths] of Object.entries(PARTS))
      for (const path of paths) take(join(packages.unpack(`${name}:i386`), path), root, path, libraries); // prettier-ignore
    cpSync(join(packages.unpack("xkb-data"), KEYBOARDS), join(root, KEYBOARDS), {
      recursive: true,
    });
    symlinkSync("busybox", join(root, "bin/sh"));
    writeFileSync(join(root, "begin"), BEGIN);
    writeFileSync(join(root, "etc/xorg.end"), CONFIGURATION);
    rmSync(image, { force: true });
    run("/sbin/mke2fs", ["-q", "-F", "-t", "ext2", "-L", "X11", "-d", root, image, `${MIB}M`]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** The file of each library by the name that programs ask for. */
function librariesIn(roots) {
  const files = new Map();
  for (const root of roots)
    for (const path of readdirSync(root, { recursive: true })) {
      const full = join(root, path);
      if (/\.so(\.\d+)+$/.test(path) && statSync(full, { throwIfNoEntry: false })?.isFile())
        files.set(basename(path), full);
    }
  return files;
}

/** A program or a library, and the libraries that it is linked with, unless they are there. */
function take(source, root, path, libraries) {
  const place = join(root, path);
  if (statSync(place, { throwIfNoEntry: false })) return;
  mkdirSync(dirname(place), { recursive: true });
  cpSync(realpathSync(source), place);
  chmodSync(place, 0o755);
  for (const [, name] of run("readelf", ["-d", place]).matchAll(/\(NEEDED\).*\[(.*)\]/g)) {
    const library = libraries.get(name);
    if (!library) throw new Error(`${path} is linked with ${name}, which no package here has`);
    take(library, root, name === basename(LOADER) ? LOADER : join(LIBRARY_FOLDER, name), libraries); // prettier-ignore
  }
}
