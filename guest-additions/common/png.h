// Pictures as files: PNG in and out, BMP in. No library and no memory of its own; whole pictures only.

#pragma once

#include "io.h"

typedef struct {
  u32 width, height;
  u32 workSize; // bytes that decoding needs beside the pixels
  bool bmp;
} PictureInfo;

/** By how it begins. */
bool isPicture(const u8 *bytes, u32 length);
/** What kind of picture it is; null, or words for the user. The picture's pixels need width * height * 4 bytes. */
const char *pictureInfo(const u8 *bytes, u32 length, PictureInfo *info);
/** Pixels 0xAARRGGBB, rows without gaps. Null, or words for the user; the pixels are black then, where nothing was read. */
const char *pictureDecode(const u8 *bytes, u32 length, const PictureInfo *info, u32 *pixels, u8 *work);

/** At most so many bytes has the file of a picture. */
u32 pngSizeMax(u32 width, u32 height);
/** Writes a file, without compression; `withAlpha`: pixels may be transparent. Returns its length. */
u32 pngEncode(u8 *to, const u32 *pixels, u32 width, u32 height, u32 stride, bool withAlpha);
