// Report descriptors (HID 1.11, section 6.2.2), as far as mice and tablets need them: one report with X, Y, a wheel and buttons.
//
// Not implemented: long items, push and pop, several reports of one device.

#include "hid.h"

#define PAGE_DESKTOP 0x01
#define PAGE_BUTTON 0x09
#define USAGE_X 0x30
#define USAGE_Y 0x31
#define USAGE_WHEEL 0x38
#define INPUT_RELATIVE 0x04
#define INPUT_CONSTANT 0x01
#define USAGES_MAX 16
#define LONG_ITEM 0xfe

typedef enum {
  ITEM_INPUT = 0x80,
  ITEM_USAGE_PAGE = 0x04,
  ITEM_LOGICAL_MINIMUM = 0x14,
  ITEM_LOGICAL_MAXIMUM = 0x24,
  ITEM_REPORT_SIZE = 0x74,
  ITEM_REPORT_ID = 0x84,
  ITEM_REPORT_COUNT = 0x94,
  ITEM_USAGE = 0x08,
  ITEM_USAGE_MINIMUM = 0x18,
} Item;

static i32 signedValue(u32 value, u32 bytes) {
  if (bytes == 1) return (i8)value;
  return bytes == 2 ? (i16)value : (i32)value;
}

bool parsePointerDescriptor(const u8 *descriptor, u32 length, HidPointer *pointer) {
  u32 page = 0, size = 0, count = 0, bit = 0;
  i32 minimum = 0, maximum = 0;
  u32 usages[USAGES_MAX];
  u32 usageCount = 0;
  memset(pointer, 0, sizeof *pointer);
  for (u32 at = 0; at < length;) {
    u8 head = descriptor[at++];
    if (head == LONG_ITEM) return false;
    u32 bytes = (head & 3) == 3 ? 4 : head & 3;
    if (at + bytes > length) return false;
    u32 value = 0;
    for (u32 i = 0; i < bytes; i++) value |= (u32)descriptor[at + i] << (i * 8);
    at += bytes;
    u8 item = head & 0xfc;
    switch (item) {
      case ITEM_USAGE_PAGE:
        page = value;
        break;
      case ITEM_LOGICAL_MINIMUM:
        minimum = signedValue(value, bytes);
        break;
      case ITEM_LOGICAL_MAXIMUM:
        maximum = signedValue(value, bytes);
        break;
      case ITEM_REPORT_SIZE:
        size = value;
        break;
      case ITEM_REPORT_COUNT:
        count = value;
        break;
      case ITEM_REPORT_ID:
        pointer->reportId = (u8)value;
        bit = 8;
        break;
      case ITEM_USAGE:
        if (usageCount < USAGES_MAX) usages[usageCount++] = value;
        break;
      case ITEM_INPUT:
        if (size > 32 || count > 64) return false;
        if (page == PAGE_BUTTON && !(value & INPUT_CONSTANT) && !pointer->buttonCount && size == 1) {
          pointer->buttonOffset = (u16)bit;
          pointer->buttonCount = (u8)count;
        }
        for (u32 i = 0; i < count && page == PAGE_DESKTOP && usageCount; i++) {
          u32 usage = usages[i < usageCount ? i : usageCount - 1];
          HidField *field = usage == USAGE_X ? &pointer->x : usage == USAGE_Y ? &pointer->y : usage == USAGE_WHEEL ? &pointer->wheel : NULL;
          if (field && !field->bits)
            *field = (HidField){(u16)(bit + i * size), (u8)size, (value & INPUT_RELATIVE) != 0, minimum, maximum};
        }
        bit += size * count;
        break;
      default:
        break;
    }
    // Main items end what was said of usages.
    if ((head & 0x0c) == 0) usageCount = 0;
  }
  return pointer->x.bits && pointer->y.bits;
}

static u32 bitsAt(const u8 *report, u32 length, u32 offset, u32 bits) {
  u32 value = 0;
  for (u32 i = 0; i < bits; i++) {
    u32 at = offset + i;
    if (at / 8 < length && (report[at / 8] >> (at & 7) & 1)) value |= 1u << i;
  }
  return value;
}

i32 hidValue(const HidField *field, const u8 *report, u32 length) {
  if (!field->bits) return 0;
  u32 value = bitsAt(report, length, field->offset, field->bits);
  if (field->minimum < 0 && field->bits < 32 && (value >> (field->bits - 1) & 1)) value |= ~0u << field->bits;
  return (i32)value;
}

u32 hidButtons(const HidPointer *pointer, const u8 *report, u32 length) {
  return bitsAt(report, length, pointer->buttonOffset, pointer->buttonCount < 5 ? pointer->buttonCount : 5);
}
