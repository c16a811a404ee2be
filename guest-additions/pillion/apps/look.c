// Look around: a view that turns with the hand. It asks for the pointer to itself, as games do: only motion counts, and that has no end
// at the edges of the screen. A click gives the pointer back.

#include "../drivers/pointer.h"
#include "apps.h"

#define MARGIN 16
#define VIEW_TOP (TITLE_HEIGHT + 52)
/** Steps of a whole turn; one is a pixel of the view. */
#define TURN 4096
#define PITCH_MAX 110
#define STRIP 2 // pixels that share a height of the hills

enum { START = 1 };

static struct {
  i32 yaw, pitch;
  bool pressed;
} look;

static Rect view(const Window *window) {
  return rect(MARGIN, VIEW_TOP, window->frame.width - 2 * MARGIN, window->frame.height - VIEW_TOP - MARGIN);
}

/** The same for the same place, with no order in it. */
static i32 noise(u32 place, u32 seed) {
  u32 value = place * 0x9e3779b1u ^ seed * 0x85ebca6bu;
  value ^= value >> 15;
  value *= 0x2c1b3c6du;
  value ^= value >> 12;
  return (i32)(value & 0xff);
}

/** Hills: random heights at even steps of the turn, lines between them. */
static i32 hill(i32 yaw, i32 step, i32 height, u32 seed) {
  u32 cell = (u32)(yaw / step);
  u32 next = (cell + 1) % (u32)(TURN / step);
  i32 within = yaw % step;
  return (noise(cell, seed) * (step - within) + noise(next, seed) * within) / step * height >> 8;
}

static void drawSky(Surface *surface, Rect in, i32 horizon) {
  for (i32 y = in.y; y < in.y + in.height; y++) {
    i32 above = horizon - y;
    Colour colour = above > 0 ? mix(0xfbe3c0, 0x3f7fd0, (u32)smaller(above, 256)) : mix(0x6b8f4e, 0x39552f, (u32)smaller(-above * 2, 256));
    fillRect(surface, rect(in.x, y, in.width, 1), colour);
  }
}

static void drawHills(Surface *surface, Rect in, i32 horizon) {
  static const struct {
    i32 step, height;
    u32 seed;
    Colour colour;
  } ranges[] = {{256, 90, 1, 0x8aa4c8}, {128, 46, 2, 0x5f7f78}, {64, 20, 3, 0x4f7446}};
  for (u32 i = 0; i < COUNT(ranges); i++)
    for (i32 x = 0; x < in.width; x += STRIP) {
      i32 yaw = (look.yaw + x - in.width / 2 + TURN) % TURN;
      i32 height = hill(yaw, ranges[i].step, ranges[i].height, ranges[i].seed) + 2;
      fillRect(surface, rect(in.x + x, horizon - height, smaller(STRIP, in.width - x), height), ranges[i].colour);
    }
}

/** North, east, south and west stand on the horizon. */
static void drawMarks(Surface *surface, Rect in, i32 horizon) {
  static const char *const names[] = {"North", "East", "South", "West"};
  for (i32 i = 0; i < 4; i++) {
    i32 x = (i * (TURN / 4) - look.yaw + TURN + TURN / 2) % TURN - TURN / 2 + in.x + in.width / 2;
    drawTextCentred(surface, &fontBold, rect(x - 40, horizon - 4, 80, 28), CARD, names[i]);
  }
  i32 sun = (TURN * 5 / 8 - look.yaw + TURN + TURN / 2) % TURN - TURN / 2 + in.x + in.width / 2;
  fillDisc(surface, sun * 16, (horizon - 130) * 16, 22 * 16, 0xfff3c4, 256);
}

static void draw(Window *window) {
  Surface *surface = &window->surface;
  fillRect(surface, contentOf(window), PAPER);
  bool grabbed = pointerIsGrabbed();
  const char *words = grabbed ? "Move to look around. A click ends it." : "It will ask for your mouse.";
  drawText(surface, &fontRegular, MARGIN + 152, TITLE_HEIGHT + 18, INK_SOFT, words);
  Rect in = view(window);
  i32 horizon = in.y + in.height / 2 + 30 + look.pitch;
  Rect before = surface->clip;
  surface->clip = intersection(before, in);
  drawSky(surface, in, horizon);
  drawHills(surface, in, horizon);
  drawMarks(surface, in, horizon);
  surface->clip = before;
}

static void stop(void) {
  ungrabPointer();
  Window *window = windowNamed("look");
  redraw(window);
  serialPrint("LOOK %d %d ended\n", look.yaw, look.pitch);
}

static void motion(i32 dx, i32 dy, u32 buttons) {
  Window *window = windowNamed("look");
  // Ended when the button comes up: what lies under the cursor is not clicked.
  bool clicked = look.pressed && !buttons;
  look.pressed = buttons != 0;
  if (clicked || !isVisible(window)) {
    stop();
    return;
  }
  if (!dx && !dy) return;
  look.yaw = ((look.yaw + dx) % TURN + TURN) % TURN;
  look.pitch = limit(look.pitch - dy, -PITCH_MAX, PITCH_MAX);
  redraw(window);
}

void lookCommand(const char *rest) {
  Window *window = windowNamed("look");
  if (strcmp(rest, "start") == 0 && openWindow(window)) {
    look.pressed = false;
    grabPointer(motion);
    redraw(window);
  } else if (strcmp(rest, "stop") == 0) {
    stop();
  }
  serialPrint("LOOK %d %d %s\n", look.yaw, look.pitch, pointerIsGrabbed() ? "grabbed" : "free");
}

static bool open(Window *window) {
  addControl(window, rect(MARGIN, TITLE_HEIGHT + 10, 136, 32), CONTROL_PRIMARY, START, "Look around");
  return true;
}

static void control(Window *window, Control *pressed) {
  (void)window;
  (void)pressed;
  lookCommand("start");
}

static bool key(Window *window, const KeyEvent *event) {
  (void)window;
  if (!pointerIsGrabbed() || !event->pressed || (event->key != KEY_ESCAPE && event->key != KEY_ENTER)) return false;
  stop();
  return true;
}

const App lookApp = {
    .name = "look",
    .title = "Look",
    .icon = &iconLook,
    .tile = 0x3f7fd0,
    .place = {300, 130, 560, 430},
    .open = open,
    .draw = draw,
    .control = control,
    .key = key,
};
