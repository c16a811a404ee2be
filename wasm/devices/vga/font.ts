// Font of the text screen before any VGA BIOS ran.
//
// Not implemented: the glyphs.

export function loadFont(): void {}
