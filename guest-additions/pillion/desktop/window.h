// Windows, their controls, and the task bar.

#pragma once

#include "../drivers/keyboard.h"
#include "cursor.h"
#include "draw.h"

#define TITLE_HEIGHT 40
#define TASKBAR_HEIGHT 52
#define CONTROLS_MAX 16

/** The palette. */
#define PAPER 0xf7f8fb
#define CARD 0xffffff
#define LINE 0xdfe3ec
#define INK 0x1c2333
#define INK_SOFT 0x5b6579
#define INK_FAINT 0x8e97a9
#define ACCENT 0x2f6fed
#define ACCENT_DARK 0x1f57c8
#define GOOD 0x18875a
#define BAD 0xc8372d

typedef enum { POINTER_MOVE, POINTER_DOWN, POINTER_UP, POINTER_WHEEL, POINTER_LEAVE } PointerKind;

/** Positions are the window's own, in pixels from its corner. */
typedef struct {
  PointerKind kind;
  i32 x, y;
  u32 buttons; // after the event
  u32 changed; // the button that went down or up
  i32 wheel;   // notches, positive towards the user
  u32 time;    // microseconds
} PointerEvent;

typedef enum { CONTROL_BUTTON, CONTROL_PRIMARY, CONTROL_CHECK, CONTROL_SWATCH } ControlKind;

typedef struct {
  Rect place;
  ControlKind kind;
  u32 id;
  const char *label;
  Colour colour; // of a swatch
  bool checked;  // or chosen, for a swatch and a button
  bool hidden;
} Control;

typedef struct Window Window;

/** With the clipboard. */
typedef enum { EDIT_COPY, EDIT_CUT, EDIT_PASTE } Edit;

typedef struct {
  const char *name; // one word: for commands, the log and tests
  const char *title;
  const Icon *icon;
  Colour tile;
  Rect place; // at first
  bool (*open)(Window *window);
  void (*draw)(Window *window);
  void (*pointer)(Window *window, const PointerEvent *event);
  void (*control)(Window *window, Control *control);
  bool (*key)(Window *window, const KeyEvent *event);
  /** Four times a second while it is to be seen. */
  void (*tick)(Window *window);
  CursorKind (*cursor)(Window *window, i32 x, i32 y);
  /** Control-C, X and V (or Insert and Delete, as of old), and what the host's user pastes. */
  void (*edit)(Window *window, Edit what);
} App;

struct Window {
  const App *app;
  const char *title; // the app's at first
  Surface surface; // pixels are null while it has never been open
  Rect frame;      // on the screen
  i32 homeX, homeY; // where the user has put it; on a small screen it may have to stand elsewhere
  bool open, minimised;
  Control controls[CONTROLS_MAX];
  u32 controlCount;
  i32 hovered, pressed; // controls; -1 none, -2 and -3 the title bar's
};

/** The visible windows, the lowest first. */
extern Window *stack[];
extern u32 stackHeight;

void startDesktop(void);
/** Makes the screen as large as this, or as near to it as can be; 0: its standard size. All windows stay within reach. */
void resizeDesktop(i32 width, i32 height);
/** Composes what has changed; to be called when all input has been taken. Says whether more is waiting for its time. */
bool updateDesktop(void);
void tickDesktop(void);

Window *windowNamed(const char *name);
Window *windowAt(u32 index);
u32 windowCount(void);
/** 0 is the lowest of the visible ones, -1 invisible. */
i32 windowLevel(const Window *window);
bool openWindow(Window *window);
void closeWindow(Window *window);
void minimiseWindow(Window *window);
void moveWindow(Window *window, i32 x, i32 y);
bool isVisible(const Window *window);
bool isFocused(const Window *window);

Control *addControl(Window *window, Rect place, ControlKind kind, u32 id, const char *label);
/** Draws the whole window anew. */
void redraw(Window *window);
/** A part of the surface has been drawn on. */
void changed(Window *window, Rect part);
Rect contentOf(const Window *window);

/** For tests: what is clicked, and where the next target is, goes to the serial port. */
bool logsClicks(void);

/** A line of text near the task bar for a few seconds. */
void notify(const char *text);
void paintNotice(Rect part);

void desktopPointer(i32 x, i32 y, u32 buttons, i32 wheel, u32 time);
void desktopKey(const KeyEvent *event);
void redrawTaskbar(void);
