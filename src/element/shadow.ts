// The shadow tree of <tandem-pc>. Made without HTML text, so that pages with strict rules (CSP, Trusted Types) can have it.

const STYLE = `
:host {
  display: block;
  position: relative;
  contain: content;
  min-width: 0;
  overflow: hidden;
  background: var(--tandem-background, #000);
  color: var(--tandem-color, #d5dbe1);
  font: var(--tandem-font, 14px/1.4 system-ui, sans-serif);
  -webkit-tap-highlight-color: transparent;
}
:host([hidden]) { display: none; }
:host(:fullscreen) { aspect-ratio: auto; border-radius: 0; }
.root { position: absolute; inset: 0; display: flex; flex-direction: column; }
.stage { position: relative; flex: 1; min-height: 0; overflow: hidden; }
.picture { position: absolute; }
.glass { position: relative; width: 100%; height: 100%; overflow: hidden; isolation: isolate; }
canvas.screen {
  display: block;
  width: 100%;
  height: 100%;
  outline: none;
  image-rendering: pixelated;
  touch-action: pan-y pinch-zoom;
  user-select: none;
  -webkit-user-select: none;
}
canvas.screen:focus { touch-action: none; }
canvas.screen.smooth { image-rendering: auto; }
.corner { position: absolute; width: 0; height: 0; pointer-events: none; }
.corner:nth-of-type(1) { left: 0; top: 0; }
.corner:nth-of-type(2) { left: 100%; top: 0; }
.corner:nth-of-type(3) { left: 100%; top: 100%; }
.corner:nth-of-type(4) { left: 0; top: 100%; }
.cursor { position: absolute; pointer-events: none; }
.cursor canvas { position: absolute; inset: 0; width: 100%; height: 100%; image-rendering: pixelated; }
.waiting {
  position: absolute;
  inset: 0;
  display: flex;
  flex-direction: column;
  align-items: center;
  justify-content: center;
  gap: 0.75em;
  padding: 1em;
  text-align: center;
  background: var(--tandem-waiting-background, rgb(0 0 0 / 60%));
}
.waiting p { margin: 0; overflow-wrap: anywhere; max-width: 60ch; white-space: pre-line; }
.message {
  position: absolute;
  left: 50%;
  bottom: 0.75em;
  max-width: calc(100% - 1.5em);
  margin: 0;
  padding: 0.3em 0.8em;
  transform: translateX(-50%);
  border-radius: 1em;
  background: var(--tandem-message-background, rgb(16 20 24 / 85%));
  pointer-events: none;
}
button {
  font: inherit;
  color: inherit;
  background: var(--tandem-button-background, #2b3138);
  border: 1px solid var(--tandem-button-border, #4a525b);
  border-radius: 5px;
  padding: 0.25em 0.8em;
  cursor: pointer;
}
button:hover:not(:disabled) { border-color: var(--tandem-accent, #6cb2ff); }
button:focus-visible { outline: 2px solid var(--tandem-accent, #6cb2ff); outline-offset: 1px; }
button:disabled { opacity: 0.5; cursor: default; }
.start { font-size: 1.15em; padding: 0.5em 1.6em; }
.toolbar { display: flex; flex-wrap: wrap; gap: 0.4em; padding: 0.4em; background: var(--tandem-toolbar-background, #1d2126); }
.toolbar .integrations { margin-left: auto; padding: 0.25em 0.3em; font-size: 0.9em; }
.panel {
  position: absolute;
  inset: auto 0 0;
  max-height: 100%;
  overflow: auto;
  box-sizing: border-box;
  padding: 0.7em;
  background: var(--tandem-toolbar-background, #1d2126);
}
.field {
  position: absolute;
  left: 0;
  bottom: 0;
  width: 1px;
  height: 1px;
  padding: 0;
  border: 0;
  opacity: 0;
  font-size: 16px; /* a smaller one makes phones zoom in */
  resize: none;
  pointer-events: none; /* it would be a hole in the screen's corner */
}
.copied {
  position: absolute;
  right: 0.75em;
  bottom: 0.75em;
  max-width: calc(100% - 1.5em);
  border-radius: 1em;
  box-shadow: 0 2px 10px rgb(0 0 0 / 40%);
}
.focus-ring { position: absolute; inset: 0; pointer-events: none; }
:host(:focus-within) .focus-ring { box-shadow: var(--tandem-focus-ring, inset 0 0 0 2px #6cb2ff); }
:host(:fullscreen) .focus-ring { display: none; }
[hidden] { display: none !important; }
`;

let sharedStyle: CSSStyleSheet | undefined;

export interface Shadow {
  stage: HTMLElement;
  picture: HTMLElement;
  canvas: HTMLCanvasElement;
  /** Points without size on the corners of the picture. */
  corners: HTMLElement[];
  cursor: HTMLElement;
  waiting: HTMLElement;
  waitingWords: HTMLElement;
  start: HTMLButtonElement;
  message: HTMLElement;
  /** Puts on the user's clipboard what the guest has copied, where the browser wants a click for it. */
  copied: HTMLButtonElement;
  toolbar: HTMLElement;
  /** Over the screen, next to the toolbar. */
  panel: HTMLElement;
  field: HTMLTextAreaElement;
  /** A canvas serves one machine; this is for the next. It has the focus if the one before had it. */
  renewCanvas(): void;
  /** The host's own proportions, weaker than any rule of the page. */
  setAspect(width: number, height: number): void;
}

export type ToolbarAction = "pause" | "reset" | "keys" | "keyboard" | "paste" | "folders" | "fullscreen"; // prettier-ignore

const BUTTONS: readonly (readonly [ToolbarAction, string, string])[] = [
  ["pause", "Pause", "Pause the machine"],
  ["reset", "Reset", "Press the machine's reset button"],
  ["keys", "Ctrl+Alt+Del", "Press Ctrl, Alt and Delete in the guest"],
  ["keyboard", "Keyboard", "Show the keyboard of this device"],
  ["paste", "Paste", "Paste your clipboard into the machine"],
  ["folders", "Folders", "Folders that the guest shares"],
  ["fullscreen", "Full screen", "Show the machine on the whole screen"],
];

export function createShadow(host: HTMLElement): Shadow {
  const root = host.attachShadow({ mode: "open", delegatesFocus: true });
  if (!sharedStyle) {
    sharedStyle = new CSSStyleSheet();
    sharedStyle.replaceSync(STYLE);
  }
  const aspect = new CSSStyleSheet();
  root.adoptedStyleSheets = [aspect, sharedStyle];

  const canvas = screenCanvas();
  const corners = [1, 2, 3, 4].map(() => make("i", "corner"));
  const cursor = make("div", "cursor");
  cursor.hidden = true;
  const glass = make("div", "glass", canvas, ...corners, cursor);
  const picture = make("div", "picture", glass);

  const waitingWords = make("p", "words");
  const start = make("button", "start", "Start");
  start.type = "button";
  start.setAttribute("aria-label", "Start the machine");
  const slot = make("slot", "");
  slot.name = "waiting";
  slot.append(waitingWords);
  const waiting = make("div", "waiting", slot, start);
  const message = make("p", "message");
  message.setAttribute("role", "status");
  message.hidden = true;
  const copied = make(
    "button",
    "copied",
    "Copied in the machine: click to put it on your clipboard",
  );
  copied.type = "button";
  copied.hidden = true;
  const ring = make("div", "focus-ring");
  const panel = make("div", "panel");
  panel.setAttribute("role", "region");
  panel.setAttribute("aria-label", "Folders that the guest shares");
  panel.hidden = true;
  const stage = make("div", "stage", picture, waiting, message, ring, copied, panel);

  const toolbar = make("div", "toolbar", ...BUTTONS.map(toolbarButton));
  toolbar.setAttribute("role", "toolbar");
  toolbar.setAttribute("aria-label", "Machine");
  const extra = make("slot", "");
  extra.name = "toolbar";
  toolbar.append(extra);
  const field = make("textarea", "field");
  field.tabIndex = -1;
  field.setAttribute("aria-label", "Text for the guest");
  for (const name of ["autocapitalize", "autocomplete", "autocorrect"])
    field.setAttribute(name, "off");
  field.spellcheck = false;
  root.append(make("div", "root", stage, toolbar, field));

  for (const [part, element] of Object.entries({
    screen: picture,
    stage,
    waiting,
    message,
    start,
    toolbar,
    panel,
    cursor,
    copied,
  }))
    // prettier-ignore
    element.setAttribute("part", part);
  for (const [name, element] of Object.entries({ stage, waiting, hint: message, copied }))
    element.dataset["part"] = name;

  const shadow: Shadow = {
    stage,
    picture,
    canvas,
    corners,
    cursor,
    waiting,
    waitingWords,
    start,
    message,
    copied,
    toolbar,
    panel,
    field,
    renewCanvas() {
      const old = shadow.canvas;
      const hadFocus = root.activeElement === old;
      shadow.canvas = screenCanvas();
      old.replaceWith(shadow.canvas);
      if (hadFocus) shadow.canvas.focus({ preventScroll: true });
    },
    setAspect: (width, height) => aspect.replaceSync(`:host { aspect-ratio: ${width} / ${height}; }`), // prettier-ignore
  };
  return shadow;
}

function screenCanvas(): HTMLCanvasElement {
  const canvas = make("canvas", "screen");
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute(
    "aria-label",
    "Screen of the machine; while it has the focus, keys go to the guest. Ctrl+Alt gives them back.",
  );
  canvas.dataset["part"] = "screen";
  return canvas;
}

function toolbarButton([action, text, label]: (typeof BUTTONS)[number]): HTMLElement {
  const button = make("button", "", text);
  button.type = "button";
  button.dataset["action"] = action;
  button.title = label;
  button.setAttribute("part", "button");
  return button;
}

function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  name: string,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...children);
  return made;
}
