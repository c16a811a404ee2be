import { expect, test } from "vitest";
import { parseScript } from "./script";

test("every step of the design is understood", () => {
  const steps = parseScript(
    [
      "# a comment",
      "",
      "wait login:",
      "wait-serial GUEST-READY Linux",
      "wait-pixel 0.25 0.5 1d7f0a",
      "wait-power-off",
      "sleep 250",
      "type root\\n",
      "key ctrl-alt-delete",
      "serial ls\\n",
      "move 0.5 1",
      "rel -3 4",
      "down left",
      "up left",
      "click right",
      "wheel -1",
      "pointer relative",
      "copy Grüße 👋",
      "wait-copied two\\nlines",
      "copy-file image/png a picture.png",
      "save-copied text/html page.html",
      "wait-cursor 64x32",
      "wait-cursor none",
      "screenshot a b.png",
      "snapshot s",
      "restore s",
      "eject cdrom",
      "insert cdrom my disc.iso",
    ].join("\n"),
  );
  expect(steps).toEqual([
    { step: "wait", text: "login:" },
    { step: "wait-serial", text: "GUEST-READY Linux" },
    { step: "wait-pixel", x: 0.25, y: 0.5, color: 0x1d7f0a },
    { step: "wait-power-off" },
    { step: "sleep", milliseconds: 250 },
    { step: "type", text: "root\n" },
    { step: "key", chord: "ctrl-alt-delete" },
    { step: "serial", text: "ls\n" },
    { step: "move", x: 0.5, y: 1 },
    { step: "rel", dx: -3, dy: 4 },
    { step: "down", button: 1 },
    { step: "up", button: 1 },
    { step: "click", button: 2 },
    { step: "wheel", notches: -1 },
    { step: "pointer", mode: "relative" },
    { step: "copy", text: "Grüße 👋" },
    { step: "wait-copied", text: "two\nlines" },
    { step: "copy-file", format: "image/png", file: "a picture.png" },
    { step: "save-copied", format: "text/html", file: "page.html" },
    { step: "wait-cursor", size: [64, 32] },
    { step: "wait-cursor", size: [0, 0] },
    { step: "screenshot", file: "a b.png" },
    { step: "snapshot", file: "s" },
    { step: "restore", file: "s" },
    { step: "eject", drive: "cdrom" },
    { step: "insert", drive: "cdrom", file: "my disc.iso" },
  ]);
});

test.each([
  ["wait a\njump", 'Script line 2, "jump": there is no such step.'],
  ["pointer fast", 'Script line 1, "pointer": there is no pointer mode "fast".'],
  ["sleep", 'Script line 1, "sleep": a number must follow it.'],
  ["move 2 0", 'Script line 1, "move": positions are numbers from 0 to 1.'],
  [
    "wait-pixel 0.5 0.5",
    'Script line 1, "wait-pixel": a position and a color like 00ff7f must follow.',
  ],
  ["wait-pixel 1.5 0.5 000000", 'Script line 1, "wait-pixel": positions are numbers from 0 to 1.'],
  ["key ctrl-x-nothing", 'Script line 1, "key": there is no key "ctrl-x-nothing".'],
  ["click nose", 'Script line 1, "click": the buttons are left, right, middle.'],
  [
    "copy-file image/gif a.gif",
    'Script line 1, "copy-file": the clipboard has text/plain, text/html, image/png.',
  ],
  ["wait-cursor large", 'Script line 1, "wait-cursor": a size like 16x16 must follow, or "none".'],
  ["eject tape", 'Script line 1, "eject": the drives are floppy, hda, cdrom.'],
])("a bad line is told with its number: %s", (script, message) => {
  expect(() => parseScript(script)).toThrow(message);
});
