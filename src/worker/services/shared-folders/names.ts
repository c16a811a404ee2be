// Names that a guest may use. Nothing that it sends is ever parsed by the host's system as more than one name in one directory.

import { FOLDER_NAME_MAX } from "../../../../wasm/protocol/shared-folders";
import { Errno, FolderError } from "./errors";

/** Checked names from the top of a folder down; empty: the top itself. */
export type Path = readonly string[];

/** Whose rules the host has for names: on "windows" some characters and names are devices, streams or cut off silently. */
export type NameRules = "posix" | "windows";

/** What holds the bytes of a file that was deleted while it is open; nobody sees it. */
export const PARKED_PREFIX = ".tandem-deleted-";

// oxlint-disable-next-line no-control-regex
const REFUSED = /[\u0000-\u001f\u007f/\\]/;
const WINDOWS_REFUSED = /[<>:"|?*]|[. ]$/;
/** With or without an extension; the superscripts are digits to Windows. */
const WINDOWS_DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)/i;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function encodeName(name: string): Uint8Array {
  return encoder.encode(name);
}

/** @throws FolderError */
export function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new FolderError(Errno.BadName);
  }
}

/** What is wrong with a name, or undefined. */
export function problemOfName(name: string, rules: NameRules): Errno | undefined {
  if (name === "" || name === "." || name === "..") return Errno.Invalid;
  if (REFUSED.test(name) || !isWellFormed(name)) return Errno.Invalid;
  if (name.startsWith(PARKED_PREFIX)) return Errno.Invalid;
  // Quick for what is short: no character has more than three bytes per unit.
  if (name.length * 3 > FOLDER_NAME_MAX && encodeName(name).length > FOLDER_NAME_MAX)
    return Errno.NameTooLong;
  if (rules === "windows" && (WINDOWS_REFUSED.test(name) || WINDOWS_DEVICE.test(name)))
    return Errno.Invalid;
  return undefined;
}

/** @throws FolderError */
export function checkName(name: string, rules: NameRules): string {
  const problem = problemOfName(name, rules);
  if (problem !== undefined) throw new FolderError(problem);
  return name;
}

/** Half of a surrogate pair cannot be said in UTF-8. */
function isWellFormed(name: string): boolean {
  if (!/[\ud800-\udfff]/.test(name)) return true;
  try {
    encodeURIComponent(name);
    return true;
  } catch {
    return false;
  }
}

/** "a/b" to its components, none of them checked yet but for being there. @throws FolderError */
export function splitPath(text: string): string[] {
  if (text === "") return [];
  const parts = text.split("/");
  if (parts.includes("")) throw new FolderError(Errno.Invalid);
  return parts;
}
