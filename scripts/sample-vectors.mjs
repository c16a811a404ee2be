// Makes the compact sample of the CPU vectors that is committed (wasm/testing/vectors): of each class and form the cases
// with the most different outcomes and encodings.
//
// usage: node scripts/sample-vectors.mjs ../shared/cpu-vectors

import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";

const TARGET = join(import.meta.dirname, "../wasm/testing/vectors");
const MAX_BYTES = 3_000_000;
/** Cases of each form; sys is small enough for many more. */
const PER_FORM = { hw: 20, sys: 60 };

const source = process.argv[2];
if (!source) {
  console.error("usage: node scripts/sample-vectors.mjs DIR");
  process.exit(2);
}

/** Cases alike in this are the same test, more or less. */
function kind(vector) {
  const bytes = Buffer.from(vector.c, "hex");
  const prefixes = vector.c.match(/^(?:(?:26|2e|36|3e|64|65|66|67|f0|f2|f3))*/)[0];
  const modrm = bytes[prefixes.length / 2 + (bytes[prefixes.length / 2] === 0x0f ? 2 : 1)] ?? 0;
  return [vector.e?.[0] ?? "-", vector.m ?? "", [...prefixes].length, modrm >> 6, vector.cr ? "cr" : "", vector.u ?? 0, vector.s[1] & 0xff, vector.P?.[1] ?? ""].join(" "); // prettier-ignore
}

function choose(cases, count) {
  const kinds = new Map();
  for (const vector of cases) {
    const key = kind(vector);
    const group = kinds.get(key);
    if (group) group.push(vector);
    else kinds.set(key, [vector]);
  }
  // One of each kind in turn, rare kinds first, until there are enough.
  const groups = [...kinds.values()].sort((a, b) => a.length - b.length);
  const chosen = [];
  for (let round = 0; chosen.length < Math.min(count, cases.length); round++) {
    for (const group of groups) {
      const vector = group[Math.floor((round * group.length) / count)];
      if (chosen.length < count && vector && !chosen.includes(vector)) chosen.push(vector);
    }
    if (round > count) break;
  }
  return chosen;
}

rmSync(TARGET, { recursive: true, force: true });
let total = 0;
let written = 0;
for (const format of ["hw", "sys"]) {
  mkdirSync(join(TARGET, format), { recursive: true });
  cpSync(join(source, format, "env.json"), join(TARGET, format, "env.json"));
  for (const file of readdirSync(join(source, format)).filter((name) => name.endsWith(".gz"))) {
    const lines = gunzipSync(readFileSync(join(source, format, file)))
      .toString()
      .trim()
      .split("\n");
    const forms = Map.groupBy
      ? Map.groupBy(lines, (line) => JSON.parse(line).f)
      : lines.reduce((map, line) => map.set(JSON.parse(line).f, [...(map.get(JSON.parse(line).f) ?? []), line]), new Map()); // prettier-ignore
    const sample = [];
    for (const cases of forms.values()) {
      const strong = cases
        .map((line) => JSON.parse(line))
        .filter((vector) => vector.w === undefined);
      sample.push(...choose(strong, PER_FORM[format]));
    }
    const text = `${sample.map((vector) => JSON.stringify(vector)).join("\n")}\n`;
    const target = join(TARGET, format, file);
    writeFileSync(target, gzipSync(text, { level: 9 }));
    total += sample.length;
    written += statSync(target).size;
  }
}
console.log(`${total} cases, ${written} bytes`);
if (written > MAX_BYTES) throw new Error(`more than ${MAX_BYTES} bytes: lower PER_FORM`);
