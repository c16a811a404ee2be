// The forms in which X programs give and take data.

#include "targets.h"
#include "../../common/protocol.gen.h"
#include "x.h"

/** Of one format, the best first. */
static const Target TARGETS[] = {
    {"UTF8_STRING", TANDEM_CLIPBOARD_FORMAT_TEXT, false, false},
    {"text/plain;charset=utf-8", TANDEM_CLIPBOARD_FORMAT_TEXT, false, false},
    {"STRING", TANDEM_CLIPBOARD_FORMAT_TEXT, true, false},
    {"text/plain", TANDEM_CLIPBOARD_FORMAT_TEXT, false, true},
    {"TEXT", TANDEM_CLIPBOARD_FORMAT_TEXT, false, true},
    {"text/html", TANDEM_CLIPBOARD_FORMAT_HTML, false, false},
    {"image/png", TANDEM_CLIPBOARD_FORMAT_PNG, false, false},
};
#define COUNT (sizeof TARGETS / sizeof *TARGETS)
_Static_assert(COUNT <= TARGETS_MAX, "lists are too short");

static u32 atoms[COUNT];

void targetsBegin(void) {
  for (u32 i = 0; i < COUNT; i++) atoms[i] = xAtom(TARGETS[i].name);
}

const Target *targetNamed(u32 atom) {
  for (u32 i = 0; i < COUNT; i++)
    if (atoms[i] == atom) return &TARGETS[i];
  return 0;
}

u32 targetAtom(const Target *target) {
  return atoms[target - TARGETS];
}

/** ICCCM 2.6.2: who asks for TEXT is told which kind it is. */
u32 targetType(const Target *target) {
  return target->isVague ? atoms[0] : targetAtom(target);
}

const Target *bestTarget(u32 format, const u8 *list, u32 count) {
  for (u32 i = 0; i < COUNT; i++) {
    if (TARGETS[i].format != format || TARGETS[i].isVague) continue;
    for (u32 n = 0; n < count; n++)
      if (get32(list, n * 4) == atoms[i]) return &TARGETS[i];
  }
  return 0;
}

u32 targetsFor(u32 formats, u32 *list) {
  u32 count = 0;
  for (u32 i = 0; i < COUNT; i++)
    if (formats & TARGETS[i].format) list[count++] = atoms[i];
  return count;
}
