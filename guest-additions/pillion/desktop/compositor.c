// The compositor: damaged rectangles are painted from the bottom up into a back buffer in RAM and copied to the screen.

#include "compositor.h"

#include "../drivers/display.h"
#include "cursor.h"
#include "window.h"

#define DAMAGE_MAX 12
#define SHADOW_DOWN 8
#define SHADOW_DEPTH 58 // darkest, of 256
#define SHADOW_DEPTH_FOCUSED 96

Surface wallpaper, backBuffer, taskbar;

static Rect damaged[DAMAGE_MAX];
static u32 damageCount;

static bool newSurface(Surface *surface, i32 width, i32 height) {
  u32 *pixels = allocate((u32)(width * height) * 4);
  if (!pixels) return false;
  *surface = surfaceOf(pixels, width, height, width);
  return true;
}

/** What a shadow leaves of a pixel, of 256, by how dark it is: for windows behind and for the one in front. */
static u16 keeps[2][256];

static void makeKeeps(void) {
  for (u32 alpha = 0; alpha < 256; alpha++) {
    keeps[0][alpha] = (u16)(256 - (alpha * SHADOW_DEPTH >> 8));
    keeps[1][alpha] = (u16)(256 - (alpha * SHADOW_DEPTH_FOCUSED >> 8));
  }
}

bool sizeCompositor(i32 width, i32 height) {
  release(wallpaper.pixels);
  release(backBuffer.pixels);
  release(taskbar.pixels);
  wallpaper.pixels = backBuffer.pixels = taskbar.pixels = NULL;
  damageCount = 0;
  return newSurface(&wallpaper, width, height) && newSurface(&backBuffer, width, height) && newSurface(&taskbar, width, TASKBAR_HEIGHT);
}

bool startCompositor(void) {
  makeKeeps();
  return sizeCompositor(screen.width, screen.height);
}

// ---- the wallpaper: an evening sky and three dunes ----

typedef struct {
  Colour top, bottom;
  i32 from, to; // rows between which the colour changes
} Gradient;

static const Gradient sky = {0x1d2b53, 0xe7b7a0, 0, 520};
static const Gradient duneGradients[DUNE_COUNT] = {
    {0x7f7f9f, 0x4d5a86, 400, 560},
    {0x4a5d8c, 0x32456f, 520, 680},
    {0x2c3f6b, 0x1a2748, 640, 768},
};

static Colour shade(const Gradient *gradient, i32 y) {
  i32 t = limit((y - gradient->from) * 256 / (gradient->to - gradient->from), 0, 256);
  return mix(gradient->top, gradient->bottom, (u32)t);
}

/** One dune of the picture it was drawn for, whole pixels in runs. */
static void drawDune(const Dune *dune, const Gradient *gradient) {
  u32 *pixels = wallpaper.pixels;
  i32 stride = wallpaper.stride;
  for (i32 x = 0; x < DUNE_COLUMNS; x++) {
    i32 y = dune->edge[x];
    u32 *pixel = pixels + y * stride + x;
    *pixel = mix(*pixel, shade(gradient, y), dune->cover[x]);
  }
  for (const DuneRun *run = dune->runs; run < dune->runs + dune->runCount; run++)
    fill32(pixels + run->row * stride + run->start, shade(gradient, run->row), run->length);
  for (i32 y = dune->bottom; y < DUNE_ROWS; y++)
    fill32(pixels + y * stride, shade(gradient, y), DUNE_COLUMNS);
}

/** Where a dune begins in each column of a picture of another size, in rows. */
static void stretchEdge(const Dune *dune, u16 *edge, i32 *top, i32 *bottom) {
  *top = wallpaper.height;
  *bottom = 0;
  for (i32 x = 0; x < wallpaper.width; x++) {
    // Between two columns of the drawing, in 256ths.
    i32 at = x * DUNE_COLUMNS * 16 / wallpaper.width * 16;
    i32 column = at >> 8;
    i32 next = smaller(column + 1, DUNE_COLUMNS - 1);
    i32 weight = at & 255;
    i32 left = (dune->edge[column] + 1) * 256 - dune->cover[column];
    i32 right = (dune->edge[next] + 1) * 256 - dune->cover[next];
    i32 row = (left * (256 - weight) + right * weight) / 256;
    edge[x] = (u16)(row * wallpaper.height / DUNE_ROWS / 256);
    *top = smaller(*top, edge[x]);
    *bottom = larger(*bottom, edge[x]);
  }
}

/** Stretched to the picture. Its edge is not smooth: that is hardly seen between two colours of dusk. */
static void drawStretchedDune(const Dune *dune, const Gradient *gradient) {
  static u16 edge[TANDEM_DISPLAY_WIDTH_MAX];
  i32 top, bottom;
  stretchEdge(dune, edge, &top, &bottom);
  for (i32 y = top; y < wallpaper.height; y++) {
    u32 *row = wallpaper.pixels + y * wallpaper.stride;
    Colour colour = shade(gradient, y * DUNE_ROWS / wallpaper.height);
    if (y >= bottom) {
      fill32(row, colour, (u32)wallpaper.width);
      continue;
    }
    for (i32 x = 0; x < wallpaper.width;) {
      while (x < wallpaper.width && edge[x] > y) x++;
      i32 start = x;
      while (x < wallpaper.width && edge[x] <= y) x++;
      fill32(row + start, colour, (u32)(x - start));
    }
  }
}

void drawWallpaper(void) {
  i32 width = wallpaper.width;
  i32 height = wallpaper.height;
  bool fits = width == DUNE_COLUMNS && height == DUNE_ROWS;
  // Below, the second dune covers it.
  i32 skyEnd = dunes[1].bottom * height / DUNE_ROWS;
  for (i32 y = 0; y < skyEnd; y++) {
    // The sky warms up slowly at first: the square of the height.
    i32 t = limit(y * DUNE_ROWS / height, 0, sky.to) * 256 / sky.to;
    fill32(wallpaper.pixels + y * width, mix(sky.top, sky.bottom, (u32)(t * t / 256)), (u32)width);
  }
  for (u32 layer = 0; layer < DUNE_COUNT; layer++) {
    if (fits) drawDune(&dunes[layer], &duneGradients[layer]);
    else drawStretchedDune(&dunes[layer], &duneGradients[layer]);
  }
}

// ---- damage ----

void damage(Rect part) {
  part = intersection(part, rect(0, 0, screen.width, screen.height));
  if (isEmpty(part)) return;
  for (u32 i = 0; i < damageCount; i++) {
    if (covers(damaged[i], part)) return;
    Rect both = unionOf(damaged[i], part);
    // Joined when little would be painted that need not be.
    i32 apart = damaged[i].width * damaged[i].height + part.width * part.height;
    if (both.width * both.height > apart + apart / 4 && damageCount < DAMAGE_MAX) continue;
    damaged[i] = damaged[--damageCount];
    damage(both);
    return;
  }
  damaged[damageCount++] = part;
}

bool isDamaged(void) {
  return damageCount > 0;
}

// ---- painting ----

Rect withShadow(Rect frame) {
  return rect(frame.x - SHADOW, frame.y - SHADOW + SHADOW_DOWN, frame.width + 2 * SHADOW, frame.height + 2 * SHADOW);
}

static void copyRows(const Surface *from, i32 fromX, i32 fromY, Rect to) {
  const u32 *source = from->pixels + fromY * from->stride + fromX;
  u32 *target = backBuffer.pixels + to.y * backBuffer.stride + to.x;
  for (i32 row = 0; row < to.height; row++) {
    copy32(target, source, (u32)to.width);
    source += from->stride;
    target += backBuffer.stride;
  }
}

static inline u32 darker(u32 pixel, u32 keep) {
  return (((pixel & 0xff00ff) * keep >> 8) & 0xff00ff) | (((pixel & 0x00ff00) * keep >> 8) & 0x00ff00);
}

/** Part of one row of a shadow; `box` is the frame moved down. Left and right zone follow a table, between them it is even. */
static void shadeSpan(Rect box, i32 y, i32 from, i32 to, const u16 *keep) {
  if (from >= to) return;
  u32 *row = backBuffer.pixels + y * backBuffer.stride;
  i32 left = box.x + WINDOW_RADIUS;
  i32 right = box.x + box.width - 1 - WINDOW_RADIUS;
  i32 dy = y < box.y + WINDOW_RADIUS ? box.y + WINDOW_RADIUS - y : y - (box.y + box.height - 1 - WINDOW_RADIUS);
  // By the distance from the centre of a corner's rounding; beside the window the row of the table where that is all.
  const u8 *table = shadowCorner + (dy > 0 ? dy : 0) * SHADOW_TABLE;
  i32 x = from;
  for (i32 end = smaller(to, left); x < end; x++) row[x] = darker(row[x], keep[table[left - x]]);
  i32 end = smaller(to, right + 1);
  u32 even = keep[table[0]];
  if (even == 256) x = larger(x, end);
  for (; x < end; x++) row[x] = darker(row[x], even);
  for (; x < to; x++) row[x] = darker(row[x], keep[table[x - right]]);
}

static void paintShadow(const Window *window, Rect part) {
  Rect frame = window->frame;
  Rect box = moved(frame, 0, SHADOW_DOWN);
  Rect area = intersection(part, withShadow(frame));
  const u16 *keep = keeps[isFocused(window)];
  i32 right = area.x + area.width;
  for (i32 y = area.y; y < area.y + area.height; y++) {
    // The window itself will cover the middle, but for the pixels outside of its round corners.
    if (y >= frame.y && y < frame.y + frame.height) {
      bool corners = y < frame.y + WINDOW_RADIUS || y >= frame.y + frame.height - WINDOW_RADIUS;
      i32 under = corners ? WINDOW_RADIUS : 0;
      shadeSpan(box, y, area.x, smaller(right, frame.x + under), keep);
      shadeSpan(box, y, larger(area.x, frame.x + frame.width - under), right, keep);
    } else {
      shadeSpan(box, y, area.x, right, keep);
    }
  }
}

static void paintCorners(const Window *window, Rect row, i32 fromEdge) {
  Rect frame = window->frame;
  const u32 *source = window->surface.pixels + (row.y - frame.y) * window->surface.stride;
  u32 *target = backBuffer.pixels + row.y * backBuffer.stride;
  for (i32 i = 0; i < WINDOW_RADIUS; i++) {
    u32 cover = cornerCover[fromEdge * WINDOW_RADIUS + i];
    if (!cover) continue;
    i32 columns[2] = {i, frame.width - 1 - i};
    for (u32 side = 0; side < 2; side++) {
      i32 x = frame.x + columns[side];
      if (x < row.x || x >= row.x + row.width) continue;
      target[x] = mix(target[x], source[columns[side]], cover);
    }
  }
}

/** The shadow and the rows with round corners; the rows between are interior(). */
static void paintEdges(const Window *window, Rect part) {
  paintShadow(window, part);
  Rect frame = window->frame;
  Rect area = intersection(part, frame);
  for (i32 y = area.y; y < area.y + area.height; y++) {
    i32 fromEdge = smaller(y - frame.y, frame.y + frame.height - 1 - y);
    if (fromEdge >= WINDOW_RADIUS) continue;
    Rect row = rect(area.x, y, area.width, 1);
    Rect middle = intersection(row, rect(frame.x + WINDOW_RADIUS, y, frame.width - 2 * WINDOW_RADIUS, 1));
    if (!isEmpty(middle)) copyRows(&window->surface, middle.x - frame.x, y - frame.y, middle);
    paintCorners(window, row, fromEdge);
  }
}

/** Where nothing below the window is to be seen. */
static Rect interior(const Window *window) {
  Rect frame = window->frame;
  return rect(frame.x, frame.y + WINDOW_RADIUS, frame.width, frame.height - 2 * WINDOW_RADIUS);
}

/** The lowest `count` windows. What a window hides is not painted below it. */
static void paintStack(Rect part, u32 count) {
  if (isEmpty(part)) return;
  if (!count) {
    copyRows(&wallpaper, part.x, part.y, part);
    return;
  }
  const Window *window = stack[count - 1];
  Rect hidden = intersection(part, interior(window));
  if (isEmpty(hidden)) {
    paintStack(part, count - 1);
    paintEdges(window, part);
    return;
  }
  i32 right = hidden.x + hidden.width;
  i32 bottom = hidden.y + hidden.height;
  const Rect around[] = {
      rect(part.x, part.y, part.width, hidden.y - part.y),
      rect(part.x, hidden.y, hidden.x - part.x, hidden.height),
      rect(right, hidden.y, part.x + part.width - right, hidden.height),
      rect(part.x, bottom, part.width, part.y + part.height - bottom),
  };
  for (u32 i = 0; i < COUNT(around); i++) {
    if (isEmpty(around[i])) continue;
    paintStack(around[i], count - 1);
    paintEdges(window, around[i]);
  }
  copyRows(&window->surface, hidden.x - window->frame.x, hidden.y - window->frame.y, hidden);
}

static void paint(Rect part) {
  i32 top = screen.height - TASKBAR_HEIGHT;
  paintStack(intersection(part, rect(0, 0, screen.width, top)), stackHeight);
  paintNotice(part);
  Rect onBar = intersection(part, rect(0, top, screen.width, TASKBAR_HEIGHT));
  if (!isEmpty(onBar)) copyRows(&taskbar, onBar.x, onBar.y - top, onBar);
}

void compose(void) {
  for (u32 i = 0; i < damageCount; i++) {
    paint(damaged[i]);
    present(damaged[i]);
  }
  damageCount = 0;
}
