// From usages to characters: US layout, shift, caps lock, control.

#include "keyboard.h"

#define QUEUE_SIZE 64
#define RELEASED 0x100
#define FIRST_LETTER 0x04
#define FIRST_DIGIT 0x1e
#define FIRST_SIGN 0x2d
#define FIRST_KEYPAD 0x54
#define USAGES 256

static const char digits[] = "1234567890";
static const char digitsShifted[] = "!@#$%^&*()";
static const char signs[] = "-=[]\\\\;'`,./";
static const char signsShifted[] = "_+{}||:\"~<>?";
static const char keypad[] = "/*-+\n1234567890.";

static volatile u16 queue[QUEUE_SIZE];
static volatile u32 head, tail;
static bool down[USAGES];
static bool capsLock;
static u32 typed;

void postKey(u8 usage, bool pressed) {
  u32 flags = disableInterrupts();
  u32 next = (head + 1) % QUEUE_SIZE;
  if (next != tail) {
    queue[head] = usage | (pressed ? 0 : RELEASED);
    head = next;
  }
  restoreInterrupts(flags);
}

static char characterOf(u8 usage, bool shift) {
  if (usage >= FIRST_LETTER && usage < FIRST_LETTER + 26)
    return (char)((shift != capsLock ? 'A' : 'a') + usage - FIRST_LETTER);
  if (usage >= FIRST_DIGIT && usage < FIRST_DIGIT + 10)
    return (shift ? digitsShifted : digits)[usage - FIRST_DIGIT];
  if (usage >= FIRST_SIGN && usage < FIRST_SIGN + 12)
    return (shift ? signsShifted : signs)[usage - FIRST_SIGN];
  if (usage >= FIRST_KEYPAD && usage < FIRST_KEYPAD + 16) return keypad[usage - FIRST_KEYPAD];
  if (usage == KEY_ENTER) return '\n';
  if (usage == KEY_TAB) return '\t';
  return usage == 0x2c ? ' ' : 0;
}

bool takeKey(KeyEvent *event) {
  if (tail == head) return false;
  u16 entry = queue[tail];
  tail = (tail + 1) % QUEUE_SIZE;
  u8 usage = entry & 0xff;
  bool pressed = !(entry & RELEASED);
  if (usage == KEY_CAPS_LOCK && pressed && !down[usage]) capsLock = !capsLock;
  down[usage] = pressed;
  bool shift = down[KEY_SHIFT_LEFT] || down[KEY_SHIFT_RIGHT];
  bool control = down[KEY_CONTROL_LEFT] || down[KEY_CONTROL_LEFT + 4];
  *event = (KeyEvent){usage, control ? 0 : characterOf(usage, shift), pressed, control, shift};
  if (pressed) typed++;
  return true;
}

u32 keysTyped(void) {
  return typed;
}
