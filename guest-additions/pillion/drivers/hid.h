// HID reports: where in a report a pointer's values are, as its report descriptor says.

#pragma once

#include "../kernel/kernel.h"

typedef struct {
  u16 offset; // in bits
  u8 bits;    // 0: not there
  bool relative;
  i32 minimum, maximum;
} HidField;

typedef struct {
  u8 reportId; // 0: reports have none
  HidField x, y, wheel;
  u16 buttonOffset;
  u8 buttonCount;
} HidPointer;

/** False when the descriptor is not that of a pointer. */
bool parsePointerDescriptor(const u8 *descriptor, u32 length, HidPointer *pointer);
i32 hidValue(const HidField *field, const u8 *report, u32 length);
u32 hidButtons(const HidPointer *pointer, const u8 *report, u32 length);
