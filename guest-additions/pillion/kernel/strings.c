// Memory and text without a library.

#include "kernel.h"

void *memcpy(void *to, const void *from, size_t bytes) {
  void *target = to;
  u32 words = bytes >> 2;
  u32 rest = bytes & 3;
  __asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(rest) : : "memory");
  return target;
}

void *memmove(void *to, const void *from, size_t bytes) {
  if ((u32)to <= (u32)from || (u32)to >= (u32)from + bytes) return memcpy(to, from, bytes);
  u8 *target = (u8 *)to + bytes - 1;
  const u8 *source = (const u8 *)from + bytes - 1;
  __asm__ volatile("std; rep movsb; cld" : "+D"(target), "+S"(source), "+c"(bytes) : : "memory");
  return to;
}

void *memset(void *to, int value, size_t bytes) {
  void *target = to;
  __asm__ volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(value) : "memory");
  return target;
}

int memcmp(const void *a, const void *b, size_t bytes) {
  const u8 *left = a;
  const u8 *right = b;
  for (size_t i = 0; i < bytes; i++)
    if (left[i] != right[i]) return left[i] - right[i];
  return 0;
}

void fill32(u32 *to, u32 value, u32 count) {
  __asm__ volatile("rep stosl" : "+D"(to), "+c"(count) : "a"(value) : "memory");
}

void copy32(u32 *to, const u32 *from, u32 count) {
  __asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

size_t strlen(const char *text) {
  size_t length = 0;
  while (text[length]) length++;
  return length;
}

int strcmp(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return (u8)*a - (u8)*b;
}

char *strchr(const char *text, int character) {
  for (; *text; text++)
    if (*text == (char)character) return (char *)text;
  return NULL;
}

bool startsWith(const char *text, const char *prefix) {
  while (*prefix)
    if (*text++ != *prefix++) return false;
  return true;
}

typedef struct {
  char *to;
  size_t size, length;
} Output;

static void put(Output *output, char character) {
  if (output->length + 1 < output->size) output->to[output->length++] = character;
}

static void putNumber(Output *output, u32 value, u32 base, bool negative, int width, bool zeros) {
  char digits[12];
  int count = 0;
  do {
    digits[count++] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value);
  int length = count + (negative ? 1 : 0);
  if (!zeros)
    for (; length < width; length++) put(output, ' ');
  if (negative) put(output, '-');
  for (; length < width; length++) put(output, '0');
  while (count) put(output, digits[--count]);
}

int formatList(char *to, size_t size, const char *pattern, __builtin_va_list values) {
  Output output = {to, size, 0};
  for (; *pattern; pattern++) {
    if (*pattern != '%') {
      put(&output, *pattern);
      continue;
    }
    pattern++;
    bool zeros = *pattern == '0';
    int width = 0;
    while (*pattern >= '0' && *pattern <= '9') width = width * 10 + *pattern++ - '0';
    switch (*pattern) {
      case 's': {
        const char *text = __builtin_va_arg(values, const char *);
        int length = 0;
        for (; *text; text++, length++) put(&output, *text);
        for (; length < width; length++) put(&output, ' ');
        break;
      }
      case 'c':
        put(&output, (char)__builtin_va_arg(values, int));
        break;
      case 'd': {
        i32 value = __builtin_va_arg(values, i32);
        putNumber(&output, value < 0 ? -(u32)value : (u32)value, 10, value < 0, width, zeros);
        break;
      }
      case 'u':
        putNumber(&output, __builtin_va_arg(values, u32), 10, false, width, zeros);
        break;
      case 'x':
        putNumber(&output, __builtin_va_arg(values, u32), 16, false, width, zeros);
        break;
      default:
        put(&output, *pattern);
        break;
    }
  }
  if (size) to[output.length] = 0;
  return (int)output.length;
}

int format(char *to, size_t size, const char *pattern, ...) {
  __builtin_va_list values;
  __builtin_va_start(values, pattern);
  int length = formatList(to, size, pattern, values);
  __builtin_va_end(values);
  return length;
}
