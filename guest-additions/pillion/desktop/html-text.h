// The words of a piece of HTML.

#pragma once

#include "../kernel/kernel.h"

/** `text` has room for as many bytes as the HTML, and a zero. Returns the length. */
u32 textOfHtml(char *text, const char *html, u32 length);
