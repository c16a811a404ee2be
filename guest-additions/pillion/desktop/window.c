// Windows: their order, moving them, title bars and controls; the task bar with one button for each app.

#include "window.h"

#include "../apps/apps.h"
#include "../drivers/display.h"
#include "../drivers/pointer.h"
#include "../drivers/usb.h"
#include "compositor.h"

#define WINDOWS_MAX 16
#define FRAME_TIME 15000 // microseconds between two pictures
#define TITLE_BUTTON 28
#define TITLE_BUTTON_GAP 4
#define CLOSE_BUTTON (-2)
#define MINIMISE_BUTTON (-3)
#define NOTICE_SECONDS 4
#define TASK_WIDTH 118
#define TASK_GAP 4
#define TASK_ICON 42 // of one without its name
#define TASK_LEFT 12
#define TASK_RIGHT 230 // room for the pointer's label and the clock
#define BAR_TINT 0x10182c
#define BAR_INK 0xf2f4fa
#define BAR_SOFT 0xaab4cc

static Window windows[WINDOWS_MAX];
static u32 count;
Window *stack[WINDOWS_MAX];
u32 stackHeight;

static i32 pointerX, pointerY;
static u32 pointerButtons;
static Window *captor; // has seen a button go down and gets everything until all are up
static Window *dragged;
static i32 dragX, dragY;
static Window *under;
static i32 hoveredTask = -1;
static u32 lastFrame;
static bool barChanged;
static u8 shownMinute;
static char notice[80];
static u32 noticeEnd;
static bool logUi;

bool logsClicks(void) {
  return logUi;
}

// ---- order ----

Window *windowAt(u32 index) {
  return &windows[index];
}

u32 windowCount(void) {
  return count;
}

Window *windowNamed(const char *name) {
  for (u32 i = 0; i < count; i++)
    if (strcmp(windows[i].app->name, name) == 0) return &windows[i];
  return NULL;
}

bool isVisible(const Window *window) {
  return window->open && !window->minimised;
}

bool isFocused(const Window *window) {
  return stackHeight && stack[stackHeight - 1] == window;
}

i32 windowLevel(const Window *window) {
  for (u32 i = 0; i < stackHeight; i++)
    if (stack[i] == window) return (i32)i;
  return -1;
}

static void drawTitle(Window *window);

static void restyle(Window *window) {
  drawTitle(window);
  damage(withShadow(window->frame));
}

static void takeFromStack(Window *window) {
  i32 level = windowLevel(window);
  if (level < 0) return;
  for (u32 i = (u32)level; i + 1 < stackHeight; i++) stack[i] = stack[i + 1];
  stackHeight--;
}

static void focus(Window *window) {
  if (isFocused(window)) return;
  Window *before = stackHeight ? stack[stackHeight - 1] : NULL;
  takeFromStack(window);
  stack[stackHeight++] = window;
  if (before && before != window) restyle(before);
  restyle(window);
  redrawTaskbar();
}

static void hide(Window *window) {
  takeFromStack(window);
  damage(withShadow(window->frame));
  if (captor == window) captor = NULL;
  if (dragged == window) dragged = NULL;
  if (under == window) under = NULL;
  if (stackHeight) restyle(stack[stackHeight - 1]);
  redrawTaskbar();
}

bool openWindow(Window *window) {
  if (!window->surface.pixels) {
    i32 width = window->frame.width;
    i32 height = window->frame.height;
    u32 *pixels = allocate((u32)(width * height) * 4);
    if (!pixels) {
      notify("There is not enough memory for this window.");
      return false;
    }
    window->surface = surfaceOf(pixels, width, height, width);
    window->controlCount = 0;
    if (window->app->open && !window->app->open(window)) {
      release(pixels);
      window->surface.pixels = NULL;
      notify("There is not enough memory for this window.");
      return false;
    }
  }
  if (isVisible(window)) {
    focus(window);
    return true;
  }
  window->open = true;
  window->minimised = false;
  window->hovered = window->pressed = -1;
  Window *before = stackHeight ? stack[stackHeight - 1] : NULL;
  stack[stackHeight++] = window;
  if (before) restyle(before);
  redraw(window);
  damage(withShadow(window->frame));
  redrawTaskbar();
  return true;
}

void closeWindow(Window *window) {
  if (!window->open) return;
  bool wasVisible = isVisible(window);
  window->open = false;
  if (wasVisible) hide(window);
  release(window->surface.pixels);
  window->surface.pixels = NULL;
}

void minimiseWindow(Window *window) {
  if (!isVisible(window)) return;
  window->minimised = true;
  hide(window);
}

static void showAt(Window *window, i32 x, i32 y) {
  if (x == window->frame.x && y == window->frame.y) return;
  if (isVisible(window)) damage(withShadow(window->frame));
  window->frame.x = x;
  window->frame.y = y;
  if (isVisible(window)) damage(withShadow(window->frame));
}

void moveWindow(Window *window, i32 x, i32 y) {
  // The title bar stays within reach.
  x = limit(x, 80 - window->frame.width, screen.width - 80);
  y = limit(y, 0, screen.height - TASKBAR_HEIGHT - TITLE_HEIGHT / 2);
  window->homeX = x;
  window->homeY = y;
  showAt(window, x, y);
}

/** Where it has been put, or as near to that as the whole window can be seen; at least its upper left corner. */
static void keepOnScreen(Window *window) {
  i32 right = screen.width - window->frame.width;
  i32 bottom = screen.height - TASKBAR_HEIGHT - window->frame.height;
  showAt(window, limit(window->homeX, 0, larger(right, 0)), limit(window->homeY, 0, larger(bottom, 0)));
}

// ---- what a window looks like ----

Rect contentOf(const Window *window) {
  return rect(0, TITLE_HEIGHT, window->frame.width, window->frame.height - TITLE_HEIGHT);
}

void changed(Window *window, Rect part) {
  if (!isVisible(window)) return;
  damage(moved(intersection(part, rect(0, 0, window->frame.width, window->frame.height)), window->frame.x, window->frame.y));
}

static Rect titleButton(const Window *window, i32 which) {
  i32 fromRight = which == CLOSE_BUTTON ? 1 : 2;
  i32 x = window->frame.width - 8 - fromRight * TITLE_BUTTON - (fromRight - 1) * TITLE_BUTTON_GAP;
  return rect(x, (TITLE_HEIGHT - TITLE_BUTTON) / 2, TITLE_BUTTON, TITLE_BUTTON);
}

static void drawTitleButton(Window *window, i32 which, const Icon *icon) {
  Rect place = titleButton(window, which);
  bool hot = window->hovered == which;
  Colour colour = INK_SOFT;
  if (hot) {
    fillRound(&window->surface, place, 8, which == CLOSE_BUTTON ? BAD : 0xe3e7f0, 256);
    if (which == CLOSE_BUTTON) colour = CARD;
    else colour = INK;
  }
  i32 gap = (TITLE_BUTTON - icon->size) / 2;
  drawIcon(&window->surface, icon, place.x + gap, place.y + gap, colour);
}

static void drawTitle(Window *window) {
  Surface *surface = &window->surface;
  if (!surface->pixels) return;
  bool focused = isFocused(window);
  fillRect(surface, rect(0, 0, window->frame.width, TITLE_HEIGHT), focused ? CARD : 0xf1f3f8);
  fillRect(surface, rect(0, TITLE_HEIGHT - 1, window->frame.width, 1), LINE);
  Rect tile = rect(10, 8, 24, 24);
  fillRound(surface, tile, 7, focused ? window->app->tile : mix(window->app->tile, 0xf1f3f8, 110), 256);
  drawIcon(surface, window->app->icon, tile.x + 2, tile.y + 2, CARD);
  i32 room = titleButton(window, MINIMISE_BUTTON).x - 43 - 8;
  drawTextWithin(surface, &fontBold, 43, 11, room, focused ? INK : INK_FAINT, window->title);
  drawTitleButton(window, CLOSE_BUTTON, &iconClose);
  drawTitleButton(window, MINIMISE_BUTTON, &iconMinimise);
}

Control *addControl(Window *window, Rect place, ControlKind kind, u32 id, const char *label) {
  if (window->controlCount == CONTROLS_MAX) panic("Too many controls in %s.", window->app->name);
  Control *control = &window->controls[window->controlCount++];
  *control = (Control){.place = place, .kind = kind, .id = id, .label = label};
  return control;
}

static void drawControl(Window *window, i32 index) {
  Control *control = &window->controls[index];
  if (control->hidden) return;
  Surface *surface = &window->surface;
  Rect place = control->place;
  bool hot = window->hovered == index;
  bool down = hot && window->pressed == index;
  switch (control->kind) {
    case CONTROL_BUTTON: {
      Colour inside = down ? 0xdde3f0 : hot ? 0xeef1f8 : CARD;
      if (control->checked) inside = 0xe4ecfd;
      strokeRound(surface, place, 8, control->checked ? ACCENT : hot ? 0xc3cad9 : LINE, inside);
      drawTextCentred(surface, &fontRegular, place, control->checked ? ACCENT_DARK : INK, control->label);
      break;
    }
    case CONTROL_PRIMARY:
      fillRound(surface, place, 8, down ? ACCENT_DARK : hot ? 0x4581f5 : ACCENT, 256);
      drawTextCentred(surface, &fontBold, place, CARD, control->label);
      break;
    case CONTROL_CHECK: {
      fillRect(surface, place, PAPER);
      Rect box = rect(place.x, place.y + (place.height - 18) / 2, 18, 18);
      if (control->checked) fillRound(surface, box, 5, hot ? 0x4581f5 : ACCENT, 256);
      else strokeRound(surface, box, 5, hot ? ACCENT : 0xb7bfd0, CARD);
      if (control->checked) drawIcon(surface, &iconCheck, box.x + 2, box.y + 2, CARD);
      drawText(surface, &fontRegular, place.x + 26, place.y + (place.height - fontRegular.lineHeight) / 2, INK, control->label);
      break;
    }
    case CONTROL_SWATCH: {
      fillRect(surface, place, PAPER);
      i32 x = (place.x * 2 + place.width) * 8;
      i32 y = (place.y * 2 + place.height) * 8;
      if (control->checked) {
        fillDisc(surface, x, y, 13 * 16, ACCENT, 256);
        fillDisc(surface, x, y, 11 * 16, PAPER, 256);
      } else if (hot) {
        fillDisc(surface, x, y, 12 * 16, 0xd5dbe8, 256);
      }
      fillDisc(surface, x, y, 9 * 16, control->colour, 256);
      break;
    }
  }
}

void redraw(Window *window) {
  if (!window->surface.pixels) return;
  window->surface.clip = rect(0, 0, window->frame.width, window->frame.height);
  drawTitle(window);
  window->app->draw(window);
  for (i32 i = 0; i < (i32)window->controlCount; i++) drawControl(window, i);
  changed(window, rect(0, 0, window->frame.width, window->frame.height));
}

// ---- notices ----

static Rect noticePlace(void) {
  i32 width = textWidth(&fontRegular, notice) + 40;
  return rect((screen.width - width) / 2, screen.height - TASKBAR_HEIGHT - 56, width, 38);
}

void paintNotice(Rect part) {
  if (!notice[0]) return;
  Rect place = noticePlace();
  if (isEmpty(intersection(part, place))) return;
  backBuffer.clip = part;
  fillRound(&backBuffer, place, 19, INK, 236);
  drawTextCentred(&backBuffer, &fontRegular, place, CARD, notice);
  backBuffer.clip = rect(0, 0, screen.width, screen.height);
}

static void hideNotice(void) {
  damage(noticePlace());
  notice[0] = 0;
}

void notify(const char *text) {
  if (notice[0]) hideNotice();
  format(notice, sizeof notice, "%s", text);
  noticeEnd = milliseconds() + NOTICE_SECONDS * 1000;
  damage(noticePlace());
}

// ---- task bar ----

/** Where not all have room for their names, those that are open have, and where even these do not, none. */
static i32 taskWidth(u32 index) {
  i32 room = screen.width - TASK_LEFT - TASK_RIGHT;
  i32 opened = 0;
  for (u32 i = 0; i < count; i++) opened += windows[i].open;
  i32 all = (i32)count * (TASK_WIDTH + TASK_GAP);
  i32 some = opened * (TASK_WIDTH + TASK_GAP) + ((i32)count - opened) * (TASK_ICON + TASK_GAP);
  return all <= room || (some <= room && windows[index].open) ? TASK_WIDTH : TASK_ICON;
}

static Rect taskPlace(u32 index) {
  i32 x = TASK_LEFT;
  for (u32 i = 0; i < index; i++) x += taskWidth(i) + TASK_GAP;
  return rect(x, 7, taskWidth(index), TASKBAR_HEIGHT - 14);
}

static i32 taskAt(i32 x, i32 y) {
  i32 inBar = y - (screen.height - TASKBAR_HEIGHT);
  for (u32 i = 0; i < count; i++)
    if (contains(taskPlace(i), x, inBar)) return (i32)i;
  return -1;
}

static const char *pointerLabel(const PointerState *pointer) {
  switch (pointer->source) {
    case SOURCE_TANDEM:
      return pointer->relative ? "Captured" : "Integrated";
    case SOURCE_USB_TABLET:
      return "USB tablet";
    case SOURCE_USB_MOUSE:
      return "USB mouse";
    case SOURCE_PS2:
      return "PS/2 mouse";
    default:
      return "No pointer";
  }
}

static void drawTaskbar(void) {
  i32 top = screen.height - TASKBAR_HEIGHT;
  for (i32 y = 0; y < TASKBAR_HEIGHT; y++) {
    // The dunes are dark and flat here: one colour a row is enough.
    Colour base = wallpaper.pixels[(top + y) * wallpaper.stride];
    fill32(taskbar.pixels + y * taskbar.stride, mix(base, BAR_TINT, 190), (u32)taskbar.width);
  }
  fillRect(&taskbar, rect(0, 0, taskbar.width, 1), 0x3a4a72);
  for (u32 i = 0; i < count; i++) {
    Window *window = &windows[i];
    Rect place = taskPlace(i);
    bool focused = isFocused(window) && isVisible(window);
    if (focused) fillRound(&taskbar, place, 9, CARD, 44);
    else if (hoveredTask == (i32)i) fillRound(&taskbar, place, 9, CARD, 24);
    Rect tile = rect(place.x + 8, place.y + 6, 26, 26);
    fillRound(&taskbar, tile, 7, window->app->tile, 256);
    drawIcon(&taskbar, window->app->icon, tile.x + 3, tile.y + 3, CARD);
    Colour ink = window->open ? BAR_INK : BAR_SOFT;
    const Font *font = focused ? &fontBold : &fontRegular;
    if (place.width > TASK_ICON) drawText(&taskbar, font, tile.x + 35, place.y + 10, ink, window->app->title);
    if (window->open) {
      i32 width = focused ? 18 : 6;
      fillRound(&taskbar, rect(tile.x + 13 - width / 2, TASKBAR_HEIGHT - 5, width, 3), 1, focused ? 0x8fb4ff : BAR_SOFT, 256);
    }
  }
  const PointerState *pointer = pointerState();
  Date date = readDate();
  char text[32];
  format(text, sizeof text, "%02u:%02u", date.hour, date.minute);
  shownMinute = date.minute;
  i32 right = taskbar.width - 18;
  drawTextRight(&taskbar, &fontBold, right, 17, BAR_INK, text);
  const char *label = pointerLabel(pointer);
  i32 width = textWidth(&fontRegular, label) + 34;
  Rect pill = rect(right - 56 - width, 12, width, 28);
  fillRound(&taskbar, pill, 14, CARD, 28);
  fillDisc(&taskbar, (pill.x + 14) * 16, (pill.y + 14) * 16, 4 * 16, pointer->source == SOURCE_TANDEM ? 0x5fd38d : 0xf4b860, 256);
  drawText(&taskbar, &fontRegular, pill.x + 24, pill.y + 5, BAR_INK, label);
  damage(rect(0, top, taskbar.width, TASKBAR_HEIGHT));
}

void redrawTaskbar(void) {
  barChanged = true;
}

static void clickTask(i32 index) {
  Window *window = &windows[index];
  if (logUi) serialPrint("UI task %s\n", window->app->name);
  if (isVisible(window) && isFocused(window)) minimiseWindow(window);
  else openWindow(window);
}

// ---- pointer ----

static Window *windowUnder(i32 x, i32 y) {
  for (u32 i = stackHeight; i > 0; i--)
    if (contains(stack[i - 1]->frame, x, y)) return stack[i - 1];
  return NULL;
}

static i32 controlUnder(Window *window, i32 x, i32 y) {
  if (contains(titleButton(window, CLOSE_BUTTON), x, y)) return CLOSE_BUTTON;
  if (contains(titleButton(window, MINIMISE_BUTTON), x, y)) return MINIMISE_BUTTON;
  for (i32 i = 0; i < (i32)window->controlCount; i++)
    if (!window->controls[i].hidden && contains(window->controls[i].place, x, y)) return i;
  return -1;
}

static void redrawControl(Window *window, i32 index) {
  if (index == -1 || !window->surface.pixels) return;
  if (index < 0) {
    drawTitle(window);
    changed(window, rect(0, 0, window->frame.width, TITLE_HEIGHT));
  } else if (index < (i32)window->controlCount) {
    drawControl(window, index);
    changed(window, inset(window->controls[index].place, -2));
  }
}

static void hover(Window *window, i32 index) {
  i32 before = window->hovered;
  if (index == before) return;
  window->hovered = index;
  redrawControl(window, before);
  redrawControl(window, index);
}

static void send(Window *window, PointerKind kind, u32 changedButton, i32 wheel, u32 time) {
  if (!window->app->pointer) return;
  PointerEvent event = {kind, pointerX - window->frame.x, pointerY - window->frame.y, pointerButtons, changedButton, wheel, time};
  window->app->pointer(window, &event);
}

static void activate(Window *window, i32 index) {
  if (index == CLOSE_BUTTON || index == MINIMISE_BUTTON) {
    bool close = index == CLOSE_BUTTON;
    if (logUi) serialPrint("UI %s %s\n", close ? "close" : "minimise", window->app->name);
    window->hovered = -1;
    if (close) closeWindow(window);
    else minimiseWindow(window);
    return;
  }
  Control *control = &window->controls[index];
  if (control->kind == CONTROL_CHECK) control->checked = !control->checked;
  if (logUi) serialPrint("UI button %s %u %s\n", window->app->name, control->id, control->label ? control->label : "");
  if (window->app->control) window->app->control(window, control);
  if (window->surface.pixels) redrawControl(window, index);
}

static void press(Window *window, u32 button, u32 time) {
  if (!window) return;
  focus(window);
  captor = window;
  i32 x = pointerX - window->frame.x;
  i32 y = pointerY - window->frame.y;
  i32 index = controlUnder(window, x, y);
  if (button == 1 && index != -1) {
    window->pressed = index;
    window->hovered = index;
    redrawControl(window, index);
  } else if (button == 1 && y < TITLE_HEIGHT) {
    dragged = window;
    dragX = x;
    dragY = y;
  } else {
    send(window, POINTER_DOWN, button, 0, time);
  }
}

static void releaseButton(u32 button, u32 time) {
  Window *window = captor;
  if (!window) return;
  if (button == 1 && window->pressed != -1) {
    i32 index = window->pressed;
    window->pressed = -1;
    bool still = controlUnder(window, pointerX - window->frame.x, pointerY - window->frame.y) == index;
    redrawControl(window, index);
    if (still) activate(window, index);
  } else if (button == 1 && dragged == window) {
    dragged = NULL;
    if (logUi) serialPrint("UI moved %s %d %d\n", window->app->name, window->frame.x, window->frame.y);
  } else {
    send(window, POINTER_UP, button, 0, time);
  }
  if (!pointerButtons) captor = NULL;
}

static void chooseCursor(void) {
  Window *window = captor ? captor : under;
  CursorKind kind = CURSOR_ARROW;
  if (dragged) {
    kind = CURSOR_MOVE;
  } else if (hoveredTask >= 0 && !captor) {
    kind = CURSOR_HAND;
  } else if (window) {
    i32 x = pointerX - window->frame.x;
    i32 y = pointerY - window->frame.y;
    if (window->hovered != -1) kind = CURSOR_HAND;
    else if (y >= TITLE_HEIGHT && window->app->cursor) kind = window->app->cursor(window, x, y);
  }
  setCursorKind(kind);
}

static void move(u32 time) {
  if (dragged) {
    moveWindow(dragged, pointerX - dragX, pointerY - dragY);
    return;
  }
  bool onBar = pointerY >= screen.height - TASKBAR_HEIGHT;
  i32 task = onBar && !captor ? taskAt(pointerX, pointerY) : -1;
  if (task != hoveredTask) {
    hoveredTask = task;
    redrawTaskbar();
  }
  Window *now = captor ? captor : onBar ? NULL : windowUnder(pointerX, pointerY);
  if (under && under != now) {
    hover(under, -1);
    send(under, POINTER_LEAVE, 0, 0, time);
  }
  under = now;
  if (!now) return;
  i32 index = controlUnder(now, pointerX - now->frame.x, pointerY - now->frame.y);
  // While a button is held, only the control that it went down on lights up.
  if (captor && index != now->pressed) index = -1;
  hover(now, index);
  send(now, POINTER_MOVE, 0, 0, time);
}

void desktopPointer(i32 x, i32 y, u32 buttons, i32 wheel, u32 time) {
  u32 before = pointerButtons;
  bool hasMoved = x != pointerX || y != pointerY;
  pointerX = x;
  pointerY = y;
  if (hasMoved) move(time);
  for (u32 button = 1; button <= 0x10; button <<= 1) {
    if (!((before ^ buttons) & button)) continue;
    bool down = (buttons & button) != 0;
    pointerButtons = down ? pointerButtons | button : pointerButtons & ~button;
    if (!down) {
      releaseButton(button, time);
    } else if (captor) {
      send(captor, POINTER_DOWN, button, 0, time);
    } else if (y >= screen.height - TASKBAR_HEIGHT) {
      i32 task = taskAt(x, y);
      if (button == 1 && task >= 0) clickTask(task);
    } else {
      press(windowUnder(x, y), button, time);
    }
    if (!down && !captor) move(time); // what lies below now is hovered
  }
  Window *target = captor ? captor : windowUnder(x, y);
  if (wheel && target) send(target, POINTER_WHEEL, 0, wheel, time);
  chooseCursor();
}

static bool isEditKey(const KeyEvent *event, Edit *edit) {
  if (!event->pressed) return false;
  bool letter = event->control && !event->shift;
  if ((letter && event->key == KEY_A + 'c' - 'a') || (event->control && event->key == KEY_INSERT)) *edit = EDIT_COPY;
  else if ((letter && event->key == KEY_A + 'x' - 'a') || (event->shift && event->key == KEY_DELETE)) *edit = EDIT_CUT;
  else if ((letter && event->key == KEY_A + 'v' - 'a') || (event->shift && event->key == KEY_INSERT)) *edit = EDIT_PASTE;
  else return false;
  return true;
}

void desktopKey(const KeyEvent *event) {
  Window *window = stackHeight ? stack[stackHeight - 1] : NULL;
  Edit edit;
  if (window && window->app->edit && isEditKey(event, &edit)) window->app->edit(window, edit);
  else if (window && window->app->key) window->app->key(window, event);
}

// ---- time ----

bool updateDesktop(void) {
  if (!barChanged && !isDamaged()) return false;
  u32 now = microseconds();
  if (now - lastFrame < FRAME_TIME) return true;
  lastFrame = now;
  if (barChanged) {
    barChanged = false;
    drawTaskbar();
  }
  compose();
  return false;
}

void tickDesktop(void) {
  if (slowTicks() % 4 == 0 && readDate().minute != shownMinute) redrawTaskbar();
  if (notice[0] && (i32)(milliseconds() - noticeEnd) >= 0) hideNotice();
  for (u32 i = 0; i < count; i++)
    if (isVisible(&windows[i]) && windows[i].app->tick) windows[i].app->tick(&windows[i]);
}

void startDesktop(void) {
  logUi = optionIs("log", "ui") || optionIs("ui", "log");
  lastFrame = microseconds() - FRAME_TIME;
  for (u32 i = 0; i < appCount && i < WINDOWS_MAX; i++) {
    windows[count].app = apps[i];
    windows[count].title = apps[i]->title;
    windows[count].frame = apps[i]->place;
    windows[count].homeX = apps[i]->place.x;
    windows[count].homeY = apps[i]->place.y;
    windows[count].hovered = windows[count].pressed = -1;
    count++;
  }
  drawWallpaper();
  damage(rect(0, 0, screen.width, screen.height));
  redrawTaskbar();
}

// ---- another size ----

static bool takeSize(i32 width, i32 height) {
  i32 oldWidth = screen.width;
  i32 oldHeight = screen.height;
  if (!sizeCompositor(width, height)) {
    // What was given back for it is still there.
    if (!sizeCompositor(oldWidth, oldHeight)) panic("There is not enough memory for the screen.");
    return false;
  }
  drawWallpaper();
  if (changeMode(width, height)) return true;
  if (!sizeCompositor(screen.width, screen.height)) panic("There is not enough memory for the screen.");
  return screen.width != oldWidth || screen.height != oldHeight;
}

void resizeDesktop(i32 width, i32 height) {
  if (!width || !height) {
    width = STANDARD_WIDTH;
    height = STANDARD_HEIGHT;
  }
  width = limit(width, TANDEM_DISPLAY_WIDTH_MIN, TANDEM_DISPLAY_WIDTH_MAX);
  height = limit(height, TANDEM_DISPLAY_HEIGHT_MIN, TANDEM_DISPLAY_HEIGHT_MAX);
  if ((width == screen.width && height == screen.height) || !canChangeMode()) return;
  if (notice[0]) hideNotice();
  i32 oldWidth = screen.width;
  i32 oldHeight = screen.height;
  bool taken = takeSize(width, height);
  if (!taken || screen.width != width || screen.height != height) drawWallpaper();
  hoveredTask = -1;
  for (u32 i = 0; i < count; i++) keepOnScreen(&windows[i]);
  damage(rect(0, 0, screen.width, screen.height));
  scalePointer(oldWidth, oldHeight);
  barChanged = false;
  drawTaskbar();
  compose();
  if (!taken) notify("There is not enough memory for a screen of that size.");
  serialPrint("DISPLAY %dx%d\n", screen.width, screen.height);
}
