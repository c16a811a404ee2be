// Words and numbers, without a C library.

#pragma once

#include "system.h"

u32 lengthOf(const char *text);
bool isSame(const char *one, const char *other);
/** Copies with the zero at the end; returns where that lies. */
char *put(char *target, const char *text);
char *putNumber(char *target, u32 value);
/** Whether the whole text is a number. */
bool readNumber(const char *text, u32 *value);
void copyBytes(void *target, const void *source, u32 size);
void clearBytes(void *target, u32 size);

/** To standard error. */
void say(const char *text);
/** "PROGRAM: what: why". Returns 1, for the program's end. */
i32 fail(const char *what, const char *why);
/** Before `fail` is used. */
extern const char *programName;

/** What a small file begins with, as a text without the line's end; false: it cannot be read. */
bool readLine(const char *path, char *text, u32 size);
/** Writes a text into a file of /proc or /sys. */
bool writeLine(const char *path, const char *text);
