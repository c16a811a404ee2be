// The steps of `npm run vm -- --script`: one a line; blank lines and lines that begin with # are left out.

import { POINTER_MODES, type PointerMode } from "../../shared/config";
import { keysOfChord } from "../../shared/keys";
import { TandemError } from "../../shared/errors";
import type { ClipboardFormat, DriveName } from "../../shared/api";

export type Step =
  | { step: "wait"; text: string }
  | { step: "wait-serial"; text: string }
  | { step: "wait-pixel"; x: number; y: number; color: number }
  | { step: "wait-power-off" }
  | { step: "sleep"; milliseconds: number }
  | { step: "type"; text: string }
  | { step: "key"; chord: string }
  | { step: "serial"; text: string }
  | { step: "move"; x: number; y: number }
  | { step: "rel"; dx: number; dy: number }
  | { step: "down" | "up" | "click"; button: number }
  | { step: "wheel"; notches: number }
  | { step: "pointer"; mode: PointerMode }
  | { step: "copy" | "paste" | "wait-copied"; text: string }
  | { step: "copy-file" | "save-copied"; format: ClipboardFormat; file: string }
  | { step: "wait-cursor"; size: [number, number] }
  | { step: "screenshot" | "snapshot" | "restore"; file: string }
  | { step: "detach" | "read-only" | "host-calls"; name: string }
  | { step: "send" | "wait-channel"; name: string; text: string }
  | { step: "send-file"; name: string; file: string }
  | { step: "end-channel"; name: string }
  | { step: "eject"; drive: DriveName }
  | { step: "insert"; drive: DriveName; file: string };

/** @throws TandemError bad-argument, naming the line */
export function parseScript(text: string): Step[] {
  const steps: Step[] = [];
  text.split(/\r?\n/).forEach((line, index) => {
    const trimmed = line.trimStart();
    if (trimmed === "" || trimmed.startsWith("#")) return;
    const space = trimmed.search(/\s/);
    const name = space < 0 ? trimmed : trimmed.slice(0, space);
    const rest = space < 0 ? "" : trimmed.slice(space + 1);
    try {
      steps.push(parseStep(name, rest));
    } catch (error) {
      if (!(error instanceof StepProblem)) throw error;
      throw new TandemError(
        "bad-argument",
        `Script line ${index + 1}, "${name}": ${error.message}`,
      );
    }
  });
  return steps;
}

class StepProblem extends Error {}

function parseStep(name: string, rest: string): Step {
  switch (name) {
    case "wait":
    case "wait-serial":
      return { step: name, text: some(unescape(rest)) };
    case "wait-pixel": {
      const [, position = "", color = ""] = /^(.*)\s#?([0-9a-f]{6})$/i.exec(rest.trim()) ?? [];
      if (!color) throw new StepProblem("a position and a color like 00ff7f must follow.");
      return { step: name, ...place(position), color: parseInt(color, 16) };
    }
    case "wait-power-off":
      return { step: name };
    case "type":
    case "serial":
    case "copy":
    case "paste":
    case "wait-copied":
      return { step: name, text: some(unescape(rest)) };
    case "copy-file":
    case "save-copied": {
      const [format = "", ...words] = rest.trim().split(/\s+/);
      return { step: name, format: clipboardFormat(format), file: some(words.join(" ")) };
    }
    case "wait-cursor":
      return { step: name, size: cursorSize(rest.trim()) };
    case "sleep":
      return { step: name, milliseconds: numbers(rest, 1)[0] ?? 0 };
    case "key":
      if (!keysOfChord(rest.trim())) throw new StepProblem(`there is no key "${rest.trim()}".`);
      return { step: name, chord: rest.trim() };
    case "move":
      return { step: name, ...place(rest) };
    case "rel": {
      const [dx = 0, dy = 0] = numbers(rest, 2);
      return { step: name, dx, dy };
    }
    case "down":
    case "up":
    case "click":
      return { step: name, button: button(rest.trim()) };
    case "wheel":
      return { step: name, notches: numbers(rest, 1)[0] ?? 0 };
    case "pointer": {
      const mode = POINTER_MODES.find((known) => known === rest.trim());
      if (!mode) throw new StepProblem(`there is no pointer mode "${rest.trim()}".`);
      return { step: name, mode };
    }
    case "screenshot":
    case "snapshot":
    case "restore":
      return { step: name, file: some(rest.trim()) };
    case "detach":
    case "read-only":
    case "host-calls":
      return { step: name, name: some(rest.trim()) };
    case "send":
    case "wait-channel": {
      const [channel, text] = nameAndRest(rest);
      return { step: name, name: channel, text: unescape(text) };
    }
    case "send-file": {
      const [channel, file] = nameAndRest(rest);
      return { step: name, name: channel, file: file.trim() };
    }
    case "end-channel":
      return { step: name, name: some(rest.trim()) };
    case "eject":
      return { step: name, drive: drive(rest.trim()) };
    case "insert": {
      const [driveName = "", ...words] = rest.trim().split(/\s+/);
      return { step: name, drive: drive(driveName), file: some(words.join(" ")) };
    }
    default:
      throw new StepProblem("there is no such step.");
  }
}

function some(text: string): string {
  if (text === "") throw new StepProblem("something must follow it.");
  return text;
}

/** A channel's name has no blanks here. */
function nameAndRest(rest: string): [string, string] {
  const [, name = "", more = ""] = /^\s*(\S+)\s(.+)$/.exec(rest) ?? [];
  if (more === "") throw new StepProblem("a channel's name and something more must follow.");
  return [name, more];
}

function place(rest: string): { x: number; y: number } {
  const [x = 0, y = 0] = numbers(rest, 2);
  if (x < 0 || x > 1 || y < 0 || y > 1) throw new StepProblem("positions are numbers from 0 to 1.");
  return { x, y };
}

function numbers(rest: string, count: number): number[] {
  const values = rest.trim().split(/\s+/).map(Number);
  if (values.length !== count || values.some((value) => !Number.isFinite(value)) || rest === "")
    throw new StepProblem(
      count === 1 ? "a number must follow it." : `${count} numbers must follow.`,
    );
  return values;
}

const BUTTONS: Readonly<Record<string, number>> = { left: 1, right: 2, middle: 4 };

function button(name: string): number {
  const bit = BUTTONS[name];
  if (bit === undefined) throw new StepProblem(`the buttons are left, right, middle.`);
  return bit;
}

function drive(name: string): DriveName {
  if (name === "floppy" || name === "hda" || name === "cdrom") return name;
  throw new StepProblem("the drives are floppy, hda, cdrom.");
}

const CLIPBOARD_FORMATS: readonly ClipboardFormat[] = ["text/plain", "text/html", "image/png"];

function clipboardFormat(name: string): ClipboardFormat {
  const format = CLIPBOARD_FORMATS.find((known) => known === name);
  if (!format) throw new StepProblem(`the clipboard has ${CLIPBOARD_FORMATS.join(", ")}.`);
  return format;
}

/** "none": the guest draws its cursor itself. */
function cursorSize(text: string): [number, number] {
  if (text === "none") return [0, 0];
  const [, width = "", height = ""] = /^(\d+)x(\d+)$/.exec(text) ?? [];
  if (!height) throw new StepProblem('a size like 16x16 must follow, or "none".');
  return [Number(width), Number(height)];
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  b: "\b",
  e: "\x1b",
  "\\": "\\",
};

/** \n, \r, \t, \b, \e (Escape), \\ and \xNN. */
function unescape(text: string): string {
  return text.replace(/\\(x[0-9a-fA-F]{2}|.)/g, (whole, escape: string) =>
    escape.length === 3
      ? String.fromCharCode(parseInt(escape.slice(1), 16))
      : (ESCAPES[escape] ?? whole),
  );
}
