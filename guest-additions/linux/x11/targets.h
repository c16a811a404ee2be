// The forms in which X programs give and take data, by the names of ICCCM 2.6.2 and of today's programs.

#pragma once

#include "../lib/system.h"

#define TARGETS_MAX 8

typedef struct {
  const char *name;
  u32 format;    // TANDEM_CLIPBOARD_FORMAT_...
  bool isLatin1; // else UTF-8, or no text
  bool isVague;  // given, never taken: programs differ in what they code it in
} Target;

/** With a new connection to the X server. */
void targetsBegin(void);
const Target *targetNamed(u32 atom);
u32 targetAtom(const Target *target);
/** Of those in the list, the best for this format; 0: there is none. */
const Target *bestTarget(u32 format, const u8 *atoms, u32 count);
/** Atoms of all that can be given in these formats; returns their number. */
u32 targetsFor(u32 formats, u32 *atoms);
/** What a target's data is called once it is there. */
u32 targetType(const Target *target);
