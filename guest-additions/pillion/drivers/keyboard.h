// Keys from the PS/2 and the USB keyboard, on a US layout.

#pragma once

#include "../kernel/kernel.h"

/** Usages of the HID keyboard page. */
enum {
  KEY_A = 0x04, // the other letters follow
  KEY_ENTER = 0x28,
  KEY_ESCAPE = 0x29,
  KEY_BACKSPACE = 0x2a,
  KEY_TAB = 0x2b,
  KEY_CAPS_LOCK = 0x39,
  KEY_F2 = 0x3b,
  KEY_F5 = 0x3e,
  KEY_INSERT = 0x49,
  KEY_HOME = 0x4a,
  KEY_PAGE_UP = 0x4b,
  KEY_DELETE = 0x4c,
  KEY_END = 0x4d,
  KEY_PAGE_DOWN = 0x4e,
  KEY_RIGHT = 0x4f,
  KEY_LEFT = 0x50,
  KEY_DOWN = 0x51,
  KEY_UP = 0x52,
  KEY_CONTROL_LEFT = 0xe0,
  KEY_SHIFT_LEFT = 0xe1,
  KEY_SHIFT_RIGHT = 0xe5,
};

typedef struct {
  u8 key;         // usage
  char character; // 0 when the key makes none
  bool pressed, control, shift;
} KeyEvent;

/** For drivers, also in interrupts: a key by its usage. */
void postKey(u8 usage, bool pressed);
/** The next key, with what shift and caps lock make of it; false when there is none. */
bool takeKey(KeyEvent *event);
u32 keysTyped(void);
