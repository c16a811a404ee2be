// Words and numbers, without a C library.

#include "text.h"

const char *programName;

u32 lengthOf(const char *text) {
  u32 length = 0;
  while (text[length]) length++;
  return length;
}

bool isSame(const char *one, const char *other) {
  while (*one && *one == *other) one++, other++;
  return *one == *other;
}

char *put(char *target, const char *text) {
  while (*text) *target++ = *text++;
  *target = 0;
  return target;
}

char *putNumber(char *target, u32 value) {
  if (value >= 10) target = putNumber(target, value / 10);
  *target++ = '0' + value % 10;
  *target = 0;
  return target;
}

bool readNumber(const char *text, u32 *value) {
  *value = 0;
  if (!*text) return false;
  for (; *text; text++) {
    if (*text < '0' || *text > '9') return false;
    *value = *value * 10 + (*text - '0');
  }
  return true;
}

void copyBytes(void *target, const void *source, u32 size) {
  __asm__ volatile("rep movsb" : "+D"(target), "+S"(source), "+c"(size) : : "memory");
}

void clearBytes(void *target, u32 size) {
  __asm__ volatile("rep stosb" : "+D"(target), "+c"(size) : "a"(0) : "memory");
}

/** The compiler calls these for structures. */
void *memcpy(void *target, const void *source, size_t size) {
  copyBytes(target, source, size);
  return target;
}

void *memset(void *target, int value, size_t size) {
  void *at = target;
  __asm__ volatile("rep stosb" : "+D"(at), "+c"(size) : "a"(value) : "memory");
  return target;
}

void say(const char *text) {
  writeFile(2, text, lengthOf(text));
}

i32 fail(const char *what, const char *why) {
  say(programName);
  say(": ");
  say(what);
  say(": ");
  say(why);
  say("\n");
  return 1;
}

bool readLine(const char *path, char *text, u32 size) {
  i32 file = openFile(path, O_RDONLY);
  if (file < 0) return false;
  i32 length = readFile(file, text, size - 1);
  closeFile(file);
  if (length < 0) return false;
  if (length > 0 && text[length - 1] == '\n') length--;
  text[length] = 0;
  return true;
}

bool writeLine(const char *path, const char *text) {
  i32 file = openFile(path, O_WRONLY);
  if (file < 0) return false;
  i32 written = writeFile(file, text, lengthOf(text));
  closeFile(file);
  return written >= 0;
}
