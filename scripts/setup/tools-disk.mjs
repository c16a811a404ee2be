// A disk with programs for a Linux guest, from Debian's packages: git, a C compiler (tcc), and what they need.
//
// In the guest: mount -t ext2 /dev/sda /mnt; . /mnt/use

import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"; // prettier-ignore
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./say.mjs";

const MIB = 28;
const LIBRARIES = "lib/i386-linux-gnu";
const DEVELOPMENT = "usr/lib/i386-linux-gnu";

/** Package, what its download takes, and what of it goes in. */
const PARTS = [
  { name: "git", size: "7 MB", paths: ["usr/bin/git"] },
  { name: "libc6", size: "2.6 MB", paths: libraries("ld-linux.so.2", "libc.so.6", "libdl.so.2", "libm.so.6", "libpthread.so.0") },
  { name: "libpcre2-8-0", paths: [`${DEVELOPMENT}/libpcre2-8.so.0`] },
  { name: "zlib1g", paths: libraries("libz.so.1") },
  { name: "tcc", paths: ["usr/bin/tcc", `${DEVELOPMENT}/tcc`] },
  { name: "libc6-dev", size: "1.5 MB", paths: ["usr/include", ...["crt1.o", "crti.o", "crtn.o", "libc.so", "libc_nonshared.a"].map((name) => `${DEVELOPMENT}/${name}`)] },
  { name: "linux-libc-dev", size: "2 MB", paths: ["usr/include/i386-linux-gnu", "usr/include/asm-generic", ...["errno", "limits", "posix_types", "stddef", "types"].map((name) => `usr/include/linux/${name}.h`)] },
]; // prettier-ignore

/** Makes the disk's files appear where programs look for them. */
const USE = `mkdir -p /usr/lib
ln -s /mnt/lib/ld-linux.so.2 /lib/ld-linux.so.2
ln -s /mnt/${LIBRARIES} /${LIBRARIES}
ln -s /mnt/${DEVELOPMENT} /${DEVELOPMENT}
ln -s /mnt/usr/include /usr/include
export PATH=$PATH:/mnt/usr/bin
export GIT_TEMPLATE_DIR=/mnt/usr/share/git-core
`;

function libraries(...names) {
  return names.map((name) => `${LIBRARIES}/${name}`);
}

export function buildToolsDisk(image, packages) {
  const scratch = mkdtempSync(join(tmpdir(), "tandem-tools-"));
  try {
    for (const { name, size, paths } of PARTS) {
      const unpacked = packages.unpack(`${name}:i386`, size);
      for (const path of paths) take(unpacked, path, scratch);
    }
    // Its second name is a symbolic link in the package.
    const loader = join(scratch, "lib/ld-linux.so.2");
    rmSync(loader, { force: true });
    cpSync(join(scratch, LIBRARIES, "ld-linux.so.2"), loader);
    chmodSync(loader, 0o755);
    mkdirSync(join(scratch, "usr/share/git-core"), { recursive: true }); // templates: none
    symlinkSync("git", join(scratch, "usr/bin/git-upload-pack")); // for git clone
    writeFileSync(join(scratch, "use"), USE);
    rmSync(image, { force: true });
    run("/sbin/mke2fs", ["-q", "-F", "-t", "ext2", "-L", "TOOLS", "-d", scratch, image, `${MIB}M`]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** A file, what a symbolic link leads to, or a directory. */
function take(unpacked, path, target) {
  const source = join(unpacked, path);
  const place = join(target, path);
  mkdirSync(join(place, ".."), { recursive: true });
  if (!existsSync(source)) {
    // A link whose target has a longer name: libpcre2-8.so.0.11.2.
    const name = path.slice(path.lastIndexOf("/") + 1);
    const found = readdirSync(join(source, "..")).find((other) => other.startsWith(name));
    if (!found) throw new Error(`${path} is not in its package`);
    cpSync(join(source, "..", found), place, { dereference: true });
    return;
  }
  cpSync(source, place, { recursive: true, dereference: true });
}
