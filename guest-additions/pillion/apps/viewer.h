// The picture that the viewer shows, for others: the clipboard, files.

#pragma once

#include "../kernel/kernel.h"

typedef struct {
  u32 *pixels; // 0xAARRGGBB, rows without gaps; null: none
  u32 width, height;
} Picture;

const Picture *viewerPicture(void);
/** Shows pixels of the heap, which are the viewer's from now on. False when the window cannot be opened; they are released then. */
bool showPicture(const char *name, u32 *pixels, u32 width, u32 height);
/** Shows a PNG or BMP. Null, or words for the user; a damaged picture is shown as far as it goes. */
const char *showPictureFile(const char *name, const u8 *bytes, u32 length);
