// Style that a part of the page brings along, in the page as well as in a shadow tree.

const sheets = new Map<string, CSSStyleSheet>();

export function adoptStyle(root: Document | ShadowRoot, style: string): void {
  let sheet = sheets.get(style);
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    sheets.set(style, sheet);
  }
  if (!root.adoptedStyleSheets.includes(sheet))
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
}
