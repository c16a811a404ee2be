// Xorg in the Debian kernel, on its framebuffer and with the pointer of tandemd: clipboard both ways and the cursor's shape through
// tandem-x11, which outlives one X server and ends with the daemon.

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { command } from "./linux-folders.mjs";

const TEXT = "Grüße vom Host 👋🏽, über zwei\nZeilen";
const HTML = `<p>${"viel <b>HTML</b> und 👋🏽 ".repeat(5000)}</p>`;
/** The header of a PNG, then what nobody looks at: too much for one property, so it goes in parts. */
const PICTURE = Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), noise(300_000)]);
/** Of the left eye, on a screen of 1024 by 768: where its pupil is when it looks aside. */
const LEFT_PUPIL = "0.3438 0.4557";
const RIGHT_PUPIL = "0.4297 0.4557";
const TERMINAL = "0.1 0.8";
const PASTED = "typed by the host's user";
const FILES = { "page.html": Buffer.from(HTML), "picture.png": PICTURE, "pirate-32": cursorFile(32), "pirate-64": cursorFile(64) }; // prettier-ignore

const SERVER = "chroot /mnt /usr/lib/xorg/Xorg :0 -config /etc/xorg.conf -logfile /tmp/xorg.log > /dev/null 2>&1 &"; // prettier-ignore
/** A word is split, so that the command's echo is not taken for it. */
const READY = 'until [ -S /tmp/.X11-unix/X0 ]; do usleep 200000; done; until chroot /mnt xsetroot -solid steelblue 2> /dev/null; do usleep 200000; done; echo X-RE""ADY'; // prettier-ignore

/** Until a program of the guest has been given just these bytes. */
function paste(selection, type, bytes) {
  const program = `chroot /mnt xclip -o -selection ${selection} -t ${type} 2> /dev/null`;
  return command(`PASTED ${type}`, `until ${program} | md5sum | grep -q ${sum(bytes)}; do usleep 200000; done`); // prettier-ignore
}

/** A program asks for a window to be pointed at, with the pirate of a theme. */
function pirate(size) {
  const theme = "/tmp/theme/cursors";
  return [
    `serial mkdir -p ${theme}; cp /tmp/pirate-${size} ${theme}/pirate; XCURSOR_PATH=/tmp XCURSOR_THEME=theme XCURSOR_SIZE=${size} chroot /mnt xkill &\\n`,
    `wait-cursor ${size}x${size}`,
  ];
}

function cursor(size) {
  return [...pirate(size), "serial kill $!\\n"];
}

export function x11Script({ share }) {
  const file = (name) => join(share, name);
  return [
    "wait-serial GUEST-READY",
    ...command("SHARE-THERE", "modprobe uinput; modprobe evdev; folders; export DISPLAY=:0"),
    ...command("DISK-THERE", "mount -t ext2 /dev/sda /mnt; . /mnt/begin; cp /host/share/* /tmp"),
    `serial tandem-x11 --stay & ${SERVER} ${READY}\\n`,
    "wait-serial X-READY",
    // These look only where the pointer goes from now on.
    "serial chroot /mnt xeyes -geometry 400x300+300+200 2> /dev/null &\\n",
    `wait-pixel ${LEFT_PUPIL} ffffff`,
    // The host draws the cursor of the program that has the pointer, of any size.
    ...cursor(32),
    ...pirate(64),
    // A captured pointer has the guest's own cursor.
    "pointer relative",
    "wait-cursor none",
    "pointer integrated",
    "wait-cursor 64x64",
    "serial kill $!\\n",
    // What the host has, for programs of the guest.
    `copy ${TEXT.replace("\n", "\\n")}`,
    ...paste("clipboard", "UTF8_STRING", Buffer.from(TEXT)),
    ...paste("primary", "UTF8_STRING", Buffer.from(TEXT)),
    `copy-file text/html ${file("page.html")}`,
    ...paste("clipboard", "text/html", FILES["page.html"]),
    `copy-file image/png ${file("picture.png")}`,
    ...paste("clipboard", "image/png", PICTURE),
    // What programs of the guest have, for the host.
    "serial printf 'from the guest \\\\360\\\\237\\\\221\\\\213' | chroot /mnt xclip -i -selection clipboard\\n",
    "wait-copied from the guest 👋",
    "serial chroot /mnt xclip -i -selection clipboard -t text/html /tmp/page.html\\n",
    `save-copied text/html ${file("copied.html")}`,
    "serial chroot /mnt xclip -i -selection clipboard -t image/png /tmp/picture.png\\n",
    `save-copied image/png ${file("copied.png")}`,
    // The pointer is where the host has put it: the eyes look there.
    "move 0.02 0.4557",
    `wait-pixel ${LEFT_PUPIL} 000000`,
    `wait-pixel ${RIGHT_PUPIL} ffffff`,
    "move 0.98 0.4557",
    `wait-pixel ${RIGHT_PUPIL} 000000`,
    `wait-pixel ${LEFT_PUPIL} ffffff`,
    // The host's user pastes by a click: into the program under the pointer, a terminal.
    "serial chroot /mnt xterm -geometry 40x10+0+550 -e sh -c 'cat > /tmp/typed' 2> /dev/null &\\n",
    `wait-pixel ${TERMINAL} ffffff`,
    `move ${TERMINAL}`,
    `paste ${PASTED}\\n`,
    ...command("ALL-TYPED", `until grep -q "${PASTED}" /tmp/typed; do usleep 200000; done`),
    // The X server ends, and another one comes.
    "serial kill $(pidof Xorg)\\n",
    "wait-cursor none",
    `serial ${SERVER} ${READY}\\n`,
    "wait-serial X-READY",
    ...cursor(32),
    "copy another X server",
    ...paste("clipboard", "STRING", Buffer.from("another X server")),
    // Its sudden end leaves no cursor behind; and with the daemon it ends by itself.
    ...pirate(64),
    "serial killall -9 tandem-x11\\n",
    "wait-cursor none",
    "serial tandem-x11 &\\n",
    "wait-cursor 64x64",
    ...command("ALL-ENDED", "umount /host; kill $(pidof tandemd); wait $!; echo ENDED with $?"),
    "serial poweroff -f\\n",
    "wait-power-off",
  ];
}

export function prepareX11(directory) {
  for (const [name, bytes] of Object.entries(FILES)) writeFileSync(join(directory, name), bytes);
}

export function checkX11(lines, { share }) {
  const problems = [];
  for (const [name, original] of [["copied.html", "page.html"], ["copied.png", "picture.png"]]) // prettier-ignore
    if (!readFileSync(join(share, name)).equals(FILES[original])) problems.push(`${name} is not ${original}`); // prettier-ignore
  const texts = lines.map(({ text }) => text.trim());
  if (!texts.includes("ENDED with 0")) problems.push("tandem-x11 has not ended by itself");
  return problems;
}

function sum(bytes) {
  return createHash("md5").update(bytes).digest("hex");
}

/** The same at each run. */
function noise(size) {
  let state = 1;
  return Buffer.from(Array.from({ length: size }, () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 24)); // prettier-ignore
}

/** A cursor in Xcursor's form (its manual page): a header, a table with one entry, one picture in premultiplied ARGB. */
function cursorFile(size) {
  const IMAGE = 0xfffd0002;
  const hot = size / 2;
  const header = [0x72756358, 16, 0x10000, 1, IMAGE, size, 28];
  const picture = [36, IMAGE, size, 1, size, size, hot, hot, 0];
  const pixels = Array.from({ length: size * size }, (_, at) => (at % 3 ? 0xff2040c0 : 0x80402010));
  return Buffer.from(Uint32Array.from([...header, ...picture, ...pixels]).buffer);
}
