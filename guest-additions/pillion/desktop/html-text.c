// Tags go, some of them end a line; so do scripts and styles; white space becomes one space; entities become their characters.
//
// Not implemented: lists and tables other than line by line, entities by name beyond the common ones.

#include "html-text.h"

typedef struct {
  const char *at, *end;
} Input;

static const char *const LINES[] = {"br", "/p", "/div", "/li", "/tr", "/h1", "/h2", "/h3", "/h4", "/h5", "/h6", "hr", "/blockquote"};
static const char *const SILENT[] = {"script", "style", "title"};
static const struct {
  const char *name, *text;
} ENTITIES[] = {{"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"quot", "\""}, {"apos", "'"}, {"nbsp", " "}};

static char lower(char character) {
  return character >= 'A' && character <= 'Z' ? (char)(character + 'a' - 'A') : character;
}

/** Whether it goes on with this word, in letters of either case, and the word ends there. */
static bool goesOn(Input in, const char *word, bool whole) {
  for (; *word; word++, in.at++)
    if (in.at == in.end || lower(*in.at) != *word) return false;
  char next = in.at == in.end ? ' ' : lower(*in.at);
  return !whole || !((next >= 'a' && next <= 'z') || (next >= '0' && next <= '9'));
}

static void skipBehind(Input *in, const char *word) {
  while (in->at < in->end && !goesOn(*in, word, false)) in->at++;
  for (; *word && in->at < in->end; word++) in->at++;
}

/** At "<". Says whether a line ends with the tag. */
static bool skipTag(Input *in) {
  in->at++;
  if (goesOn(*in, "!--", false)) {
    skipBehind(in, "-->");
    return false;
  }
  bool line = false;
  for (u32 i = 0; i < COUNT(LINES); i++) line = line || goesOn(*in, LINES[i], true);
  for (u32 i = 0; i < COUNT(SILENT); i++) {
    char closing[16];
    if (!goesOn(*in, SILENT[i], true)) continue;
    format(closing, sizeof closing, "</%s", SILENT[i]);
    skipBehind(in, closing);
  }
  skipBehind(in, ">");
  return line;
}

static char *putCharacter(char *to, u32 code) {
  if (code < 0x80) {
    *to++ = (char)code;
  } else if (code < 0x800) {
    *to++ = (char)(0xc0 | code >> 6);
    *to++ = (char)(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    *to++ = (char)(0xe0 | code >> 12);
    *to++ = (char)(0x80 | (code >> 6 & 0x3f));
    *to++ = (char)(0x80 | (code & 0x3f));
  } else {
    *to++ = (char)(0xf0 | code >> 18);
    *to++ = (char)(0x80 | (code >> 12 & 0x3f));
    *to++ = (char)(0x80 | (code >> 6 & 0x3f));
    *to++ = (char)(0x80 | (code & 0x3f));
  }
  return to;
}

/** At "&#": its code, 0 when it is none. */
static u32 numberOf(Input in, const char **behind) {
  in.at += 2;
  bool hexadecimal = in.at < in.end && lower(*in.at) == 'x';
  if (hexadecimal) in.at++;
  u32 code = 0;
  for (; in.at < in.end && *in.at != ';'; in.at++) {
    char digit = lower(*in.at);
    u32 value = digit >= '0' && digit <= '9' ? (u32)(digit - '0') : hexadecimal && digit >= 'a' && digit <= 'f' ? (u32)(digit - 'a' + 10) : 99;
    if (value == 99 || code > 0x10ffff) return 0;
    code = code * (hexadecimal ? 16 : 10) + value;
  }
  if (in.at == in.end || code > 0x10ffff) return 0;
  *behind = in.at + 1;
  return code;
}

/** At "&": what it stands for is never longer than it. */
static char *putEntity(char *to, Input *in) {
  if (in->at + 1 < in->end && in->at[1] == '#') {
    const char *behind;
    u32 code = numberOf(*in, &behind);
    if (code) {
      in->at = behind;
      return putCharacter(to, code);
    }
  }
  for (u32 i = 0; i < COUNT(ENTITIES); i++) {
    Input name = {in->at + 1, in->end};
    u32 length = (u32)strlen(ENTITIES[i].name);
    if (!goesOn(name, ENTITIES[i].name, false) || name.at + length >= name.end || name.at[length] != ';') continue;
    in->at = name.at + length + 1;
    *to++ = *ENTITIES[i].text;
    return to;
  }
  *to++ = *in->at++;
  return to;
}

u32 textOfHtml(char *text, const char *html, u32 length) {
  Input in = {html, html + length};
  char *to = text;
  bool space = false;
  while (in.at < in.end) {
    char next = *in.at;
    if (next == '<' && in.at + 1 < in.end && (lower(in.at[1]) >= 'a' || in.at[1] == '/' || in.at[1] == '!')) {
      if (skipTag(&in) && to > text) {
        space = false;
        *to++ = '\n';
      }
    } else if (next == ' ' || next == '\t' || next == '\n' || next == '\r') {
      space = to > text && to[-1] != '\n';
      in.at++;
    } else {
      if (space) *to++ = ' ';
      space = false;
      if (next == '&') to = putEntity(to, &in);
      else *to++ = *in.at++;
    }
  }
  while (to > text && to[-1] == '\n') to--;
  *to = 0;
  return (u32)(to - text);
}
