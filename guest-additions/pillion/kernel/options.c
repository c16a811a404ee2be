// The command line: words, and options as name=value.

#include "kernel.h"

#define LENGTH_MAX 256

static char text[LENGTH_MAX];

/** Keeps a copy in which every word ends with 0, and the whole with an empty word. */
void setCommandLine(const char *line) {
  u32 length = 0;
  bool inWord = false;
  for (; *line && length < LENGTH_MAX - 2; line++) {
    if (*line != ' ') {
      text[length++] = *line;
      inWord = true;
    } else if (inWord) {
      text[length++] = 0;
      inWord = false;
    }
  }
  text[length] = 0;
  text[length + 1] = 0;
}

const char *option(const char *name, const char *fallback) {
  size_t length = strlen(name);
  for (const char *word = text; *word; word += strlen(word) + 1)
    if (startsWith(word, name) && word[length] == '=') return word + length + 1;
  return fallback;
}

bool optionIs(const char *name, const char *value) {
  return strcmp(option(name, ""), value) == 0;
}
