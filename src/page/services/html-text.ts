// The words of a piece of HTML, for programs that take only those. Nothing is parsed into a document: the HTML is a guest's.

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
};
const CODE_POINT_MAX = 0x10ffff;

export function textOfHtml(html: string): string {
  return html
    .replaceAll(/<!--[\s\S]*?-->/g, "")
    .replaceAll(/<(script|style|title)\b[\s\S]*?<\/\1\s*>/gi, "")
    .replaceAll(/\s+/g, " ")
    .replaceAll(/ ?<(br|\/p|\/div|\/li|\/tr|\/h[1-6])\b[^>]*> ?/gi, "\n")
    .replaceAll(/<\/t[dh]\b[^>]*>/gi, "\t")
    .replaceAll(/<\/?[a-z!][^>]*>/gi, "")
    .replaceAll(/&(#x[\da-f]+|#\d+|\w+);/gi, (whole, name: string) => entity(name) ?? whole)
    .trim();
}

function entity(name: string): string | undefined {
  if (!name.startsWith("#")) return ENTITIES[name.toLowerCase()];
  const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  return code <= CODE_POINT_MAX ? String.fromCodePoint(code) : undefined;
}
