// Keys: from KeyboardEvent.code and from characters to the numbers that the keyboard takes.
//
// A key is its set-1 make code; E000h is added for the keys with an E0 prefix. The keyboard (wasm/devices) makes of it what
// the guest has asked for: set 1 or 2, translated or not.

/** Marks an extended key: its code is preceded by E0h. */
export const EXTENDED = 0xe000;
/** Pause and Print Screen have sequences of their own; the keyboard knows these numbers. */
export const KEY_PAUSE = 0xe11d;
export const KEY_PRINT_SCREEN = EXTENDED | 0x37;

const PLAIN_KEYS: readonly (readonly [first: number, codes: string])[] = [
  [
    0x01,
    "Escape Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0 Minus Equal",
  ],
  [
    0x0e,
    "Backspace Tab KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP BracketLeft BracketRight",
  ],
  [
    0x1c,
    "Enter ControlLeft KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL Semicolon Quote Backquote",
  ],
  [0x2a, "ShiftLeft Backslash KeyZ KeyX KeyC KeyV KeyB KeyN KeyM Comma Period Slash ShiftRight"],
  [0x37, "NumpadMultiply AltLeft Space CapsLock F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 NumLock ScrollLock"],
  [
    0x47,
    "Numpad7 Numpad8 Numpad9 NumpadSubtract Numpad4 Numpad5 Numpad6 NumpadAdd Numpad1 Numpad2",
  ],
  [0x51, "Numpad3 Numpad0 NumpadDecimal"],
  [0x56, "IntlBackslash F11 F12"],
  [0x59, "NumpadEqual"],
  [0x64, "F13 F14 F15 F16 F17 F18 F19 F20 F21 F22 F23"],
  [0x70, "KanaMode"],
  [0x73, "IntlRo"],
  [0x76, "F24"],
  [0x79, "Convert"],
  [0x7b, "NonConvert"],
  [0x7d, "IntlYen NumpadComma"],
];

const EXTENDED_KEYS: Readonly<Record<string, number>> = {
  NumpadEnter: 0x1c,
  ControlRight: 0x1d,
  NumpadDivide: 0x35,
  PrintScreen: 0x37,
  AltRight: 0x38,
  Home: 0x47,
  ArrowUp: 0x48,
  PageUp: 0x49,
  ArrowLeft: 0x4b,
  ArrowRight: 0x4d,
  End: 0x4f,
  ArrowDown: 0x50,
  PageDown: 0x51,
  Insert: 0x52,
  Delete: 0x53,
  MetaLeft: 0x5b,
  MetaRight: 0x5c,
  ContextMenu: 0x5d,
  Power: 0x5e,
  Sleep: 0x5f,
  WakeUp: 0x63,
  AudioVolumeMute: 0x20,
  AudioVolumeDown: 0x2e,
  AudioVolumeUp: 0x30,
  MediaTrackPrevious: 0x10,
  MediaTrackNext: 0x19,
  MediaPlayPause: 0x22,
  MediaStop: 0x24,
};

const KEYS: ReadonlyMap<string, number> = new Map([
  ...PLAIN_KEYS.flatMap(([first, codes]) =>
    codes.split(" ").map((code, index): [string, number] => [code, first + index]),
  ),
  ...Object.entries(EXTENDED_KEYS).map(([code, number]): [string, number] => [
    code,
    EXTENDED | number,
  ]),
  ["Pause", KEY_PAUSE],
]);

/** The key of a KeyboardEvent.code; undefined for one that a PC keyboard does not have. */
export function keyOfCode(code: string): number | undefined {
  return KEYS.get(code);
}

const SHIFT = key("ShiftLeft");

function key(code: string): number {
  const number = KEYS.get(code);
  if (number === undefined) throw new RangeError(`no key ${code}`);
  return number;
}

/** One key and whether Shift is held with it. */
export interface Stroke {
  key: number;
  shift: boolean;
}

const SHIFTED_DIGITS = ")!@#$%^&*(";
/** Character, character with Shift, key: US layout. */
const SYMBOLS: readonly (readonly [plain: string, shifted: string, code: string])[] = [
  ["-", "_", "Minus"],
  ["=", "+", "Equal"],
  ["[", "{", "BracketLeft"],
  ["]", "}", "BracketRight"],
  [";", ":", "Semicolon"],
  ["'", '"', "Quote"],
  ["`", "~", "Backquote"],
  ["\\", "|", "Backslash"],
  [",", "<", "Comma"],
  [".", ">", "Period"],
  ["/", "?", "Slash"],
];
const CONTROLS: Readonly<Record<string, string>> = {
  " ": "Space",
  "\n": "Enter",
  "\r": "Enter",
  "\t": "Tab",
  "\b": "Backspace",
  "\x1b": "Escape",
};

/** How a character is typed on a US keyboard; undefined when it is not on it. */
export function strokeOfCharacter(character: string): Stroke | undefined {
  if (/^[a-z]$/.test(character)) return stroke(`Key${character.toUpperCase()}`, false);
  if (/^[A-Z]$/.test(character)) return stroke(`Key${character}`, true);
  if (/^[0-9]$/.test(character)) return stroke(`Digit${character}`, false);
  const digit = SHIFTED_DIGITS.indexOf(character);
  if (character.length === 1 && digit >= 0) return stroke(`Digit${digit}`, true);
  const control = CONTROLS[character];
  if (control !== undefined) return stroke(control, false);
  const symbol = SYMBOLS.find((entry) => entry[0] === character || entry[1] === character);
  return symbol && stroke(symbol[2], symbol[1] === character);
}

function stroke(code: string, shift: boolean): Stroke {
  return { key: key(code), shift };
}

/** Names in chords; letters, digits and F1-F12 stand for themselves, and KeyboardEvent.code works too. */
const CHORD_NAMES: Readonly<Record<string, string>> = {
  ctrl: "ControlLeft",
  control: "ControlLeft",
  alt: "AltLeft",
  altgr: "AltRight",
  shift: "ShiftLeft",
  win: "MetaLeft",
  meta: "MetaLeft",
  super: "MetaLeft",
  menu: "ContextMenu",
  delete: "Delete",
  del: "Delete",
  insert: "Insert",
  ins: "Insert",
  backspace: "Backspace",
  enter: "Enter",
  return: "Enter",
  ret: "Enter",
  esc: "Escape",
  escape: "Escape",
  tab: "Tab",
  space: "Space",
  up: "ArrowUp",
  down: "ArrowDown",
  left: "ArrowLeft",
  right: "ArrowRight",
  home: "Home",
  end: "End",
  pageup: "PageUp",
  pgup: "PageUp",
  pagedown: "PageDown",
  pgdn: "PageDown",
  print: "PrintScreen",
  sysrq: "PrintScreen",
  pause: "Pause",
  capslock: "CapsLock",
  numlock: "NumLock",
  scrolllock: "ScrollLock",
  minus: "Minus",
};

/** The keys of a chord like "ctrl-alt-delete", in the order they go down; undefined when a name is unknown. */
export function keysOfChord(chord: string): number[] | undefined {
  const keys: number[] = [];
  for (const name of chord.split(/[-+]/)) {
    const number = keyOfName(name.trim());
    if (number === undefined) return undefined;
    keys.push(number);
  }
  return keys;
}

function keyOfName(name: string): number | undefined {
  const named = CHORD_NAMES[name.toLowerCase()];
  if (named !== undefined) return key(named);
  if (/^f([1-9]|1[0-2])$/i.test(name)) return key(name.toUpperCase());
  return KEYS.get(name) ?? (name.length === 1 ? strokeOfCharacter(name)?.key : undefined);
}

/** A key going down or up. */
export interface KeyEvent {
  key: number;
  pressed: boolean;
}

/** The key events that type a text; characters that a US keyboard does not have are left out. */
export function keyEventsOfText(text: string): KeyEvent[] {
  const events: KeyEvent[] = [];
  let shifted = false;
  for (const character of text.replaceAll("\r\n", "\n")) {
    const typed = strokeOfCharacter(character);
    if (!typed) continue;
    if (typed.shift !== shifted) {
      shifted = typed.shift;
      events.push({ key: SHIFT, pressed: shifted });
    }
    events.push({ key: typed.key, pressed: true }, { key: typed.key, pressed: false });
  }
  if (shifted) events.push({ key: SHIFT, pressed: false });
  return events;
}

export function keyEventsOfChord(keys: readonly number[]): KeyEvent[] {
  return [
    ...keys.map((number) => ({ key: number, pressed: true })),
    ...keys.toReversed().map((number) => ({ key: number, pressed: false })),
  ];
}
