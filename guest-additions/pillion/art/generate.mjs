// Turns the drawings of glyphs.mjs and the dunes of the wallpaper into tables in C: rasterised here, so that the guest starts at once.
//
// usage: node art/generate.mjs TARGET.c. Only additions, products, quotients and square roots are used: the result is the same everywhere.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { GLYPHS, ICONS } from "./glyphs.mjs";

const CURVE_STEPS = 12;
/** Control points of a quarter of an ellipse; a little more than a circle's 0.5523 looks rounder at this size. */
const KAPPA = 0.575;
const ALPHA_MAX = 15;

/** Name, scale, stroke width. */
const FONTS = [
  ["fontRegular", 1, 1.34],
  ["fontBold", 1, 2],
  ["fontLarge", 1.9, 2.8],
];

/** @returns line segments [x0, y0, x1, y1] and dots [x, y, radius] */
function parsePath(path) {
  const tokens = path.split(/\s+/).filter(Boolean);
  const segments = [];
  const dots = [];
  let at = 0;
  let x = 0;
  let y = 0;
  const number = () => {
    const value = Number(tokens[at++]);
    if (!Number.isFinite(value)) throw new Error(`not a number in "${path}"`);
    return value;
  };
  const line = (toX, toY) => {
    segments.push([x, y, toX, toY]);
    [x, y] = [toX, toY];
  };
  const curve = (x1, y1, x2, y2, x3, y3) => {
    const [x0, y0] = [x, y];
    for (let step = 1; step <= CURVE_STEPS; step++) {
      const t = step / CURVE_STEPS;
      const s = 1 - t;
      const [a, b, c, d] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
      line(a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3);
    }
  };
  while (at < tokens.length) {
    const command = tokens[at++];
    switch (command) {
      case "M":
        [x, y] = [number(), number()];
        break;
      case "L":
        line(number(), number());
        break;
      case "C":
        curve(number(), number(), number(), number(), number(), number());
        break;
      case "E": {
        const [cx, cy, rx, ry] = [number(), number(), number(), number()];
        const [kx, ky] = [rx * KAPPA, ry * KAPPA];
        [x, y] = [cx + rx, cy];
        curve(cx + rx, cy + ky, cx + kx, cy + ry, cx, cy + ry);
        curve(cx - kx, cy + ry, cx - rx, cy + ky, cx - rx, cy);
        curve(cx - rx, cy - ky, cx - kx, cy - ry, cx, cy - ry);
        curve(cx + kx, cy - ry, cx + rx, cy - ky, cx + rx, cy);
        break;
      }
      case "D":
        dots.push([number(), number(), number()]);
        break;
      default:
        throw new Error(`unknown command "${command}" in "${path}"`);
    }
  }
  return { segments, dots };
}

function distance([x0, y0, x1, y1], x, y) {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : ((x - x0) * dx + (y - y0) * dy) / length;
  const t = Math.min(1, Math.max(0, along));
  const [ex, ey] = [x0 + t * dx - x, y0 + t * dy - y];
  return Math.sqrt(ex * ex + ey * ey);
}

/** How much of the pixel around (x, y) is covered, 0 to 15. */
function coverage({ segments, dots }, halfWidth, x, y) {
  let nearest = 100;
  for (const segment of segments) nearest = Math.min(nearest, distance(segment, x, y) - halfWidth);
  for (const [cx, cy, radius] of dots) {
    const [dx, dy] = [cx - x, cy - y];
    nearest = Math.min(nearest, Math.sqrt(dx * dx + dy * dy) - radius);
  }
  return Math.round(Math.min(1, Math.max(0, 0.5 - nearest)) * ALPHA_MAX);
}

/** Rows of alpha values without the empty ones around them. */
function trim(rows) {
  let top = 0;
  while (top < rows.length && rows[top].every((value) => value === 0)) top++;
  if (top === rows.length) return { left: 0, top: 0, rows: [] };
  let bottom = rows.length;
  while (rows[bottom - 1].every((value) => value === 0)) bottom--;
  const used = rows.slice(top, bottom);
  let left = 0;
  while (used.every((row) => row[left] === 0)) left++;
  let right = used[0].length;
  while (used.every((row) => row[right - 1] === 0)) right--;
  return { left, top, rows: used.map((row) => row.slice(left, right)) };
}

function pack(rows) {
  const bytes = [];
  const values = rows.flat();
  for (let at = 0; at < values.length; at += 2)
    bytes.push(values[at] | ((values[at + 1] ?? 0) << 4));
  return bytes;
}

function table(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 32)
    lines.push(`  ${bytes.slice(at, at + 32).join(",")},`);
  return lines.join("\n");
}

function font([name, scale, strokeWidth]) {
  const ascent = Math.ceil(12 * scale);
  const descent = Math.ceil(4 * scale);
  const bitmap = [];
  const glyphs = GLYPHS.map(([character, advance, path]) => {
    const parsed = parsePath(path);
    for (const segment of parsed.segments) for (let i = 0; i < 4; i++) segment[i] *= scale;
    for (const dot of parsed.dots) for (let i = 0; i < 3; i++) dot[i] *= scale;
    if (strokeWidth / scale > 1.6) for (const dot of parsed.dots) dot[2] *= 1.2;
    const width = Math.ceil((advance + 3) * scale);
    const margin = 2;
    const rows = [];
    for (let y = 0; y < ascent + descent; y++) {
      const row = [];
      for (let x = -margin; x < width; x++)
        row.push(coverage(parsed, strokeWidth / 2, x + 0.5, ascent - y - 0.5));
      rows.push(row);
    }
    const { left, top, rows: used } = trim(rows);
    const offset = bitmap.length;
    bitmap.push(...pack(used));
    const label = character === "\\" ? "backslash" : character;
    const fields = [offset, used.length ? left - margin : 0, top - ascent, used[0]?.length ?? 0, used.length, Math.round(advance * scale)]; // prettier-ignore
    return `  {${fields.join(", ")}}, // ${label}`;
  });
  return `static const u8 ${name}Bitmap[] = {\n${table(bitmap)}\n};\n\nstatic const Glyph ${name}Glyphs[] = {\n${glyphs.join("\n")}\n};\n\nconst Font ${name} = {${name}Glyphs, ${name}Bitmap, ${Math.round(12.5 * scale)}, ${Math.round(18 * scale)}};\n`;
}

function icon([name, size, strokeWidth, path]) {
  const parsed = parsePath(path);
  const rows = [];
  for (let y = 0; y < size; y++) {
    const row = [];
    for (let x = 0; x < size; x++) row.push(coverage(parsed, strokeWidth / 2, x + 0.5, y + 0.5));
    rows.push(row);
  }
  const id = `${name[0].toUpperCase()}${name.slice(1)}`;
  return `static const u8 icon${id}Bitmap[] = {\n${table(pack(rows))}\n};\n\nconst Icon icon${id} = {icon${id}Bitmap, ${size}};\n`;
}

/** Heights of three dunes across a picture of 1024 columns, in rows from its top; smooth between few points. */
const DUNES = [
  [470, 400, 452, 540, 500, 430, 478],
  [560, 600, 520, 575, 640, 590, 540],
  [690, 640, 665, 700, 655, 610, 660],
];
const COLUMNS = 1024;

function dune(points) {
  const heights = [];
  for (let x = 0; x < COLUMNS; x++) {
    const position = (x * (points.length - 1)) / COLUMNS;
    const index = Math.floor(position);
    const t = position - index;
    const at = (i) => points[Math.min(points.length - 1, Math.max(0, i))];
    const [a, b, c, d] = [at(index - 1), at(index), at(index + 1), at(index + 2)];
    heights.push(
      b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))),
    );
  }
  return heights;
}

/** What of a dune is where: runs of whole pixels by row, and one pixel in each column that is covered in part. */
function duneTables(points) {
  const heights = dune(points);
  const first = Math.floor(Math.min(...heights));
  const last = Math.ceil(Math.max(...heights));
  const runs = [];
  for (let y = first; y < last; y++) {
    for (let x = 0; x < COLUMNS; x++) {
      if (Math.ceil(heights[x]) > y) continue;
      let end = x;
      while (end < COLUMNS && Math.ceil(heights[end]) <= y) end++;
      runs.push([y, x, end - x]);
      x = end;
    }
  }
  const edge = heights.map((height) => Math.floor(height));
  const cover = heights.map((height) => Math.round((Math.ceil(height) - height) * 255));
  return { runs, edge, cover, last };
}

/** These two are also in desktop/art.h. */
const WINDOW_RADIUS = 11;
const SHADOW = 22;

/** How dark a shadow is at a distance from its window, 0 to 255. */
function fade(far) {
  const left = Math.min(1, Math.max(0, 1 - far / SHADOW));
  return Math.round(left * left * 255);
}

function shadowTables() {
  const side = WINDOW_RADIUS + SHADOW + 1;
  const corner = [];
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) corner.push(fade(Math.sqrt(x * x + y * y) - WINDOW_RADIUS));
  const cover = [];
  for (let y = 0; y < WINDOW_RADIUS; y++)
    for (let x = 0; x < WINDOW_RADIUS; x++) {
      const [dx, dy] = [WINDOW_RADIUS - x - 0.5, WINDOW_RADIUS - y - 0.5];
      const inside = WINDOW_RADIUS - Math.sqrt(dx * dx + dy * dy) + 0.5;
      cover.push(Math.round(Math.min(1, Math.max(0, inside)) * 256));
    }
  return { corner, cover };
}

const shadow = shadowTables();
const duneData = DUNES.map(duneTables);

const text = `// Made by art/generate.mjs from art/glyphs.mjs.

#include "desktop/art.h"

${FONTS.map(font).join("\n")}
${ICONS.map(icon).join("\n")}
const u8 shadowCorner[SHADOW_TABLE * SHADOW_TABLE] = {
${table(shadow.corner)}
};

const u16 cornerCover[WINDOW_RADIUS * WINDOW_RADIUS] = {
${table(shadow.cover)}
};

${duneData.map(({ runs }, index) => `static const DuneRun runs${index}[] = {\n${runs.map((run) => `  {${run.join(",")}},`).join("\n")}\n};\n`).join("\n")}
const Dune dunes[DUNE_COUNT] = {
${duneData.map(({ runs, edge, cover, last }, index) => `{runs${index}, ${runs.length}, ${last}, {\n${table(edge)}\n}, {\n${table(cover)}\n}},`).join("\n")}
};
`;

const target = process.argv[2];
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, text);
