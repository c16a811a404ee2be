// PNG (ISO/IEC 15948): all colour types and depths, interlaced or not, with tRNS; zlib streams (RFC 1950, 1951). Windows bitmaps:
// 1, 4, 8, 16, 24 and 32 bits.
//
// Not implemented: check sums are not compared when reading, colours are taken as sRGB whatever gAMA and iCCP say, 16-bit samples
// lose their lower byte; BMP with run lengths, JPEG or PNG inside. Files that are written are not compressed.

#include "png.h"

#define SIDE_MAX 16384
#define AREA_MAX (64u << 20)

// ---- inflate ----

#define CODE_BITS_MAX 15
#define FAST_BITS 9
#define LITERALS 288
#define DISTANCES 32

typedef struct {
  u16 fast[1 << FAST_BITS]; // symbol * 16 + length of its code; 0: longer than FAST_BITS
  u16 count[CODE_BITS_MAX + 1];
  u16 symbols[LITERALS];
} Huffman;

/** The compressed bytes lie in pieces: the IDAT chunks. */
typedef struct {
  const u8 *at, *pieceEnd, *fileEnd;
  u32 bits, count;
  u32 missing; // bits that were made up behind the end
  Huffman literals, distances;
} Stream;

static Stream stream; // too large for a stack

static u32 bigEndian32(const u8 *at) {
  return (u32)at[0] << 24 | (u32)at[1] << 16 | (u32)at[2] << 8 | at[3];
}

static bool isChunk(const u8 *type, const char *name) {
  for (u32 i = 0; i < 4; i++)
    if (type[i] != (u8)name[i]) return false;
  return true;
}

/** Goes on in the next IDAT chunk, which must follow at once. */
static bool nextPiece(void) {
  const u8 *chunk = stream.pieceEnd + 4; // behind the check sum
  if (stream.fileEnd - chunk < 12 || !isChunk(chunk + 4, "IDAT")) return false;
  u32 length = bigEndian32(chunk);
  if (length > (u32)(stream.fileEnd - chunk) - 12) length = (u32)(stream.fileEnd - chunk) - 12;
  stream.at = chunk + 8;
  stream.pieceEnd = stream.at + length;
  return true;
}

static void fill(u32 wanted) {
  while (stream.count < wanted) {
    u32 byte = 0;
    while (stream.at == stream.pieceEnd && nextPiece()) {
    }
    if (stream.at < stream.pieceEnd) byte = *stream.at++;
    else stream.missing += 8;
    stream.bits |= byte << stream.count;
    stream.count += 8;
  }
}

static u32 takeBits(u32 wanted) {
  fill(wanted);
  u32 value = stream.bits & ((1u << wanted) - 1);
  stream.bits >>= wanted;
  stream.count -= wanted;
  return value;
}

/** False when the lengths are more than a code can have. */
static bool makeCode(Huffman *code, const u8 *lengths, u32 symbols) {
  for (u32 i = 0; i <= CODE_BITS_MAX; i++) code->count[i] = 0;
  for (u32 i = 0; i < symbols; i++) code->count[lengths[i]]++;
  code->count[0] = 0;
  u32 offsets[CODE_BITS_MAX + 2] = {0};
  u32 next[CODE_BITS_MAX + 2] = {0};
  u32 first = 0;
  for (u32 bits = 1; bits <= CODE_BITS_MAX; bits++) {
    next[bits] = first;
    first += code->count[bits];
    if (first > 1u << bits) return false;
    first <<= 1;
    offsets[bits + 1] = offsets[bits] + code->count[bits];
  }
  for (u32 i = 0; i < 1 << FAST_BITS; i++) code->fast[i] = 0;
  for (u32 symbol = 0; symbol < symbols; symbol++) {
    u32 bits = lengths[symbol];
    if (!bits) continue;
    code->symbols[offsets[bits]++] = (u16)symbol;
    u32 value = next[bits]++;
    if (bits > FAST_BITS) continue;
    u32 turned = 0; // codes come with their first bit lowest
    for (u32 i = 0; i < bits; i++) turned |= (value >> i & 1) << (bits - 1 - i);
    for (u32 i = turned; i < 1 << FAST_BITS; i += 1u << bits) code->fast[i] = (u16)(symbol << 4 | bits);
  }
  return true;
}

/** -1 for a code that is none. */
static i32 takeSymbol(const Huffman *code) {
  fill(CODE_BITS_MAX);
  u32 entry = code->fast[stream.bits & ((1 << FAST_BITS) - 1)];
  if (entry) {
    stream.bits >>= entry & 15;
    stream.count -= entry & 15;
    return (i32)(entry >> 4);
  }
  i32 value = 0;
  i32 first = 0;
  u32 index = 0;
  for (u32 bits = 1; bits <= CODE_BITS_MAX; bits++) {
    value |= (i32)(stream.bits >> (bits - 1) & 1);
    i32 count = code->count[bits];
    if (value - first < count) {
      stream.bits >>= bits;
      stream.count -= bits;
      return code->symbols[index + (u32)(value - first)];
    }
    index += (u32)count;
    first = (first + count) << 1;
    value <<= 1;
  }
  return -1;
}

static bool fixedCodes(void) {
  u8 lengths[LITERALS];
  for (u32 i = 0; i < LITERALS; i++) lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
  makeCode(&stream.literals, lengths, LITERALS);
  for (u32 i = 0; i < 30; i++) lengths[i] = 5;
  return makeCode(&stream.distances, lengths, 30);
}

static bool dynamicCodes(void) {
  static const u8 order[] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
  u32 literals = takeBits(5) + 257;
  u32 distances = takeBits(5) + 1;
  u32 lengthCodes = takeBits(4) + 4;
  u8 lengths[LITERALS + DISTANCES] = {0};
  for (u32 i = 0; i < lengthCodes; i++) lengths[order[i]] = (u8)takeBits(3);
  if (literals > 286 || !makeCode(&stream.literals, lengths, 19)) return false;
  u32 at = 0;
  u8 all[LITERALS + DISTANCES];
  while (at < literals + distances) {
    i32 symbol = takeSymbol(&stream.literals);
    if (symbol < 0 || stream.missing > 64) return false;
    if (symbol < 16) {
      all[at++] = (u8)symbol;
      continue;
    }
    u8 value = 0;
    if (symbol == 16) {
      if (!at) return false;
      value = all[at - 1];
    }
    u32 times = symbol == 16 ? 3 + takeBits(2) : symbol == 17 ? 3 + takeBits(3) : 11 + takeBits(7);
    if (at + times > literals + distances) return false;
    while (times--) all[at++] = value;
  }
  return makeCode(&stream.literals, all, literals) && makeCode(&stream.distances, all + literals, distances);
}

/** Decompresses up to `room` bytes; returns how many there were before the end or the first mistake. */
static u32 inflate(u8 *to, u32 room) {
  static const u16 lengthBases[] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                    31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
  static const u8 lengthBits[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
  static const u16 distanceBases[] = {1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
                                      193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
  u32 done = 0;
  bool last = false;
  while (!last && stream.missing <= 64) {
    last = takeBits(1);
    u32 kind = takeBits(2);
    if (kind == 3) return done;
    if (kind == 0) {
      takeBits(stream.count & 7);
      u32 length = takeBits(16);
      takeBits(16); // its complement
      while (length--) {
        if (done == room || stream.missing) return done;
        to[done++] = (u8)takeBits(8);
      }
      continue;
    }
    if (!(kind == 1 ? fixedCodes() : dynamicCodes())) return done;
    for (;;) {
      i32 symbol = takeSymbol(&stream.literals);
      if (symbol == 256) break;
      if (symbol < 0 || symbol > 285 || done == room || stream.missing > 64) return done;
      if (symbol < 256) {
        to[done++] = (u8)symbol;
        continue;
      }
      u32 length = lengthBases[symbol - 257] + takeBits(lengthBits[symbol - 257]);
      i32 far = takeSymbol(&stream.distances);
      if (far < 0 || far > 29) return done;
      u32 distance = distanceBases[far] + takeBits(far < 4 ? 0 : (u32)far / 2 - 1);
      if (distance > done) return done;
      if (length > room - done) length = room - done;
      const u8 *from = to + done - distance;
      for (u32 i = 0; i < length; i++) to[done + i] = from[i];
      done += length;
    }
  }
  return done;
}

// ---- PNG ----

#define PNG_HEAD 33 // signature and IHDR

typedef enum { GREY = 0, TRUE_COLOUR = 2, PALETTE = 3, GREY_ALPHA = 4, TRUE_COLOUR_ALPHA = 6 } ColourType;

typedef struct {
  u32 width, height;
  u8 depth, type, interlaced;
  u8 channels;
  const u8 *palette, *transparency;
  u32 paletteSize, transparencySize;
} Png;

/** The passes of an interlaced picture: where each begins, and its steps. */
static const u8 passX[] = {0, 4, 0, 2, 0, 1, 0}, passY[] = {0, 0, 4, 0, 2, 0, 1};
static const u8 stepX[] = {8, 8, 4, 4, 2, 2, 1}, stepY[] = {8, 8, 8, 4, 4, 2, 2};

static u32 rowBytes(const Png *png, u32 width) {
  return (width * png->channels * png->depth + 7) / 8;
}

static u32 passSide(u32 side, u32 from, u32 step) {
  return side > from ? (side - from + step - 1) / step : 0;
}

static u32 rawSize(const Png *png) {
  if (!png->interlaced) return (rowBytes(png, png->width) + 1) * png->height;
  u32 size = 0;
  for (u32 pass = 0; pass < 7; pass++) {
    u32 width = passSide(png->width, passX[pass], stepX[pass]);
    if (width) size += (rowBytes(png, width) + 1) * passSide(png->height, passY[pass], stepY[pass]);
  }
  return size;
}

static const char *checkSize(u32 width, u32 height) {
  if (!width || !height) return "The picture has no pixels.";
  if (width > SIDE_MAX || height > SIDE_MAX || (u64)width * height > AREA_MAX) return "The picture is too large.";
  return NULL;
}

static const char *readHead(const u8 *bytes, u32 length, Png *png) {
  *png = (Png){0};
  if (length < PNG_HEAD || !isChunk(bytes + 12, "IHDR")) return "The picture is damaged.";
  png->width = bigEndian32(bytes + 16);
  png->height = bigEndian32(bytes + 20);
  png->depth = bytes[24];
  png->type = bytes[25];
  png->interlaced = bytes[28];
  bool small = png->depth == 1 || png->depth == 2 || png->depth == 4;
  bool whole = png->depth == 8 || png->depth == 16;
  bool known = false;
  switch (png->type) {
    case GREY:
      known = small || whole;
      png->channels = 1;
      break;
    case PALETTE:
      known = small || png->depth == 8;
      png->channels = 1;
      break;
    case GREY_ALPHA:
      known = whole;
      png->channels = 2;
      break;
    case TRUE_COLOUR:
      known = whole;
      png->channels = 3;
      break;
    case TRUE_COLOUR_ALPHA:
      known = whole;
      png->channels = 4;
      break;
  }
  if (!known || png->interlaced > 1 || bytes[26] || bytes[27]) return "This kind of PNG is not known.";
  return checkSize(png->width, png->height);
}

static u32 paeth(u32 a, u32 b, u32 c) {
  i32 estimate = (i32)(a + b) - (i32)c;
  i32 toA = estimate > (i32)a ? estimate - (i32)a : (i32)a - estimate;
  i32 toB = estimate > (i32)b ? estimate - (i32)b : (i32)b - estimate;
  i32 toC = estimate > (i32)c ? estimate - (i32)c : (i32)c - estimate;
  return toA <= toB && toA <= toC ? a : toB <= toC ? b : c;
}

/** Makes a filtered row what it was; `above` is null for the first one. False for a filter that is none. */
static bool unfilter(u8 filter, u8 *row, const u8 *above, u32 bytes, u32 pixel) {
  switch (filter) {
    case 0:
      return true;
    case 1:
      for (u32 i = pixel; i < bytes; i++) row[i] += row[i - pixel];
      return true;
    case 2:
      for (u32 i = 0; above && i < bytes; i++) row[i] += above[i];
      return true;
    case 3:
      for (u32 i = 0; i < bytes; i++) {
        u32 left = i >= pixel ? row[i - pixel] : 0;
        row[i] += (u8)((left + (above ? above[i] : 0)) / 2);
      }
      return true;
    case 4:
      for (u32 i = 0; i < bytes; i++) {
        u32 left = i >= pixel ? row[i - pixel] : 0;
        u32 corner = above && i >= pixel ? above[i - pixel] : 0;
        row[i] += (u8)paeth(left, above ? above[i] : 0, corner);
      }
      return true;
    default:
      return false;
  }
}

/** Sample `index` of a row, of less than 8 bits as it is, of 16 the upper byte. */
static u32 sampleOf(const Png *png, const u8 *row, u32 index) {
  if (png->depth == 8) return row[index];
  if (png->depth == 16) return row[index * 2];
  u32 bit = index * png->depth;
  return row[bit / 8] >> (8 - png->depth - bit % 8) & ((1u << png->depth) - 1);
}

/** The colour that tRNS makes transparent, by all its bits. */
static bool isKey(const Png *png, const u8 *row, u32 index) {
  if (!png->transparency || png->transparencySize < png->channels * 2u) return false;
  for (u32 i = 0; i < png->channels; i++) {
    u32 key = (u32)png->transparency[i * 2] << 8 | png->transparency[i * 2 + 1];
    u32 sample = sampleOf(png, row, index + i);
    if (png->depth == 16) sample = sample << 8 | row[(index + i) * 2 + 1];
    if (sample != key) return false;
  }
  return true;
}

static u32 pixelOf(const Png *png, const u8 *row, u32 column) {
  u32 index = column * png->channels;
  u32 value = sampleOf(png, row, index);
  if (png->type == PALETTE) {
    if (value >= png->paletteSize) return 0xff000000;
    const u8 *colour = png->palette + value * 3;
    u32 alpha = png->transparency && value < png->transparencySize ? png->transparency[value] : 255;
    return alpha << 24 | (u32)colour[0] << 16 | (u32)colour[1] << 8 | colour[2];
  }
  u32 alpha = 255;
  if (png->type & 4) alpha = sampleOf(png, row, index + png->channels - 1);
  else if (isKey(png, row, index)) alpha = 0;
  if (png->type & 2) return alpha << 24 | value << 16 | sampleOf(png, row, index + 1) << 8 | sampleOf(png, row, index + 2);
  if (png->depth < 8) value = value * 255 / ((1u << png->depth) - 1);
  return alpha << 24 | value * 0x010101;
}

/** One pass, or the picture. Moves `raw` behind it; false when the data ended or was wrong. */
static bool readPass(const Png *png, u8 **raw, const u8 *end, u32 *pixels, u32 pass) {
  bool all = !png->interlaced;
  u32 x = all ? 0 : passX[pass], dx = all ? 1 : stepX[pass];
  u32 y = all ? 0 : passY[pass], dy = all ? 1 : stepY[pass];
  u32 columns = passSide(png->width, x, dx);
  if (!columns) return true;
  u32 bytes = rowBytes(png, columns);
  u32 pixel = png->channels * png->depth / 8u;
  const u8 *above = NULL;
  for (; y < png->height; y += dy) {
    u8 *row = *raw + 1;
    if (row + bytes > end || !unfilter(**raw, row, above, bytes, pixel ? pixel : 1)) return false;
    u32 *to = pixels + y * png->width + x;
    for (u32 column = 0; column < columns; column++, to += dx) *to = pixelOf(png, row, column);
    above = row;
    *raw = row + bytes;
  }
  return true;
}

static const char *decodePng(const u8 *bytes, u32 length, u32 *pixels, u8 *work, u32 workSize) {
  Png png;
  const char *problem = readHead(bytes, length, &png);
  if (problem) return problem;
  const u8 *end = bytes + length;
  const u8 *chunk = bytes + 8;
  for (; end - chunk >= 12 && !isChunk(chunk + 4, "IDAT"); chunk += bigEndian32(chunk) + 12) {
    u32 size = bigEndian32(chunk);
    if (size > (u32)(end - chunk) - 12) return "The picture is damaged.";
    if (isChunk(chunk + 4, "PLTE")) {
      png.palette = chunk + 8;
      png.paletteSize = size / 3;
    } else if (isChunk(chunk + 4, "tRNS")) {
      png.transparency = chunk + 8;
      png.transparencySize = size;
    }
  }
  if (end - chunk < 12 || (png.type == PALETTE && !png.palette)) return "The picture is damaged.";
  stream.at = stream.pieceEnd = chunk - 4; // so that the first piece is the next one
  stream.fileEnd = end;
  stream.bits = stream.count = stream.missing = 0;
  stream.at = stream.pieceEnd;
  u32 method = takeBits(8);
  u32 flags = takeBits(8);
  if ((method & 15) != 8 || flags & 0x20) return "The picture is damaged.";
  u32 size = inflate(work, workSize);
  u8 *raw = work;
  for (u32 pass = 0; pass < (png.interlaced ? 7u : 1u); pass++)
    if (!readPass(&png, &raw, work + size, pixels, pass)) return "The picture is damaged; the rest of it is missing.";
  return NULL;
}

// ---- BMP ----

#define BMP_HEAD 54

typedef struct {
  u32 width, height, depth;
  bool topDown;
  u32 masks[4]; // red, green, blue, alpha
  const u8 *palette, *pixels;
  u32 paletteSize, paletteEntry, rowBytes;
} Bmp;

static u32 littleEndian16(const u8 *at) {
  return at[0] | (u32)at[1] << 8;
}

static u32 littleEndian32(const u8 *at) {
  return littleEndian16(at) | littleEndian16(at + 2) << 16;
}

static const char *readBmpHead(const u8 *bytes, u32 length, Bmp *bmp) {
  *bmp = (Bmp){0};
  if (length < 26) return "The picture is damaged.";
  u32 header = littleEndian32(bytes + 14);
  bool old = header == 12;
  if ((!old && header < 40) || length < BMP_HEAD || header > length - 14) return "This kind of BMP is not known.";
  i32 height = old ? (i32)littleEndian16(bytes + 20) : (i32)littleEndian32(bytes + 22);
  bmp->width = old ? littleEndian16(bytes + 18) : littleEndian32(bytes + 18);
  bmp->topDown = height < 0;
  bmp->height = height < 0 ? -(u32)height : (u32)height;
  bmp->depth = littleEndian16(bytes + (old ? 24 : 28));
  u32 compression = old ? 0 : littleEndian32(bytes + 30);
  const char *problem = checkSize(bmp->width, bmp->height);
  if (problem) return problem;
  u32 depth = bmp->depth;
  bool indexed = depth == 1 || depth == 4 || depth == 8;
  bool fields = (compression == 3 || compression == 6) && (depth == 16 || depth == 32);
  if ((compression && !fields) || (!indexed && depth != 16 && depth != 24 && depth != 32)) return "This kind of BMP is not known.";
  static const u32 masks16[] = {0x7c00, 0x03e0, 0x001f, 0}, masks32[] = {0xff0000, 0x00ff00, 0x0000ff, 0};
  bool hasAlpha = header >= 56 || compression == 6;
  for (u32 i = 0; i < 4; i++) {
    bmp->masks[i] = depth == 16 ? masks16[i] : masks32[i];
    if (fields && (i < 3 || hasAlpha) && length >= 54 + i * 4 + 4) bmp->masks[i] = littleEndian32(bytes + 54 + i * 4);
  }
  bmp->palette = bytes + 14 + header;
  bmp->paletteEntry = old ? 3 : 4;
  u32 used = old ? 0 : littleEndian32(bytes + 46);
  bmp->paletteSize = indexed ? (used && used < 1u << depth ? used : 1u << depth) : 0;
  if (bmp->paletteSize * bmp->paletteEntry > length - 14 - header) return "The picture is damaged.";
  u32 offset = littleEndian32(bytes + 10);
  bmp->rowBytes = (bmp->width * depth + 31) / 32 * 4;
  if (offset > length) return "The picture is damaged.";
  bmp->pixels = bytes + offset;
  return NULL;
}

/** What a mask takes out of a pixel, as 8 bits. */
static u32 masked(u32 value, u32 mask) {
  if (!mask) return 0;
  u32 shift = (u32)__builtin_ctz(mask);
  u32 most = mask >> shift;
  u32 field = (value & mask) >> shift;
  while (most > 255) {
    most >>= 1;
    field >>= 1;
  }
  return field * 255 / most;
}

static u32 bmpPixel(const Bmp *bmp, const u8 *row, u32 x) {
  if (bmp->depth <= 8) {
    u32 bit = x * bmp->depth;
    u32 index = row[bit / 8] >> (8 - bmp->depth - bit % 8) & ((1u << bmp->depth) - 1);
    if (index >= bmp->paletteSize) return 0xff000000;
    const u8 *colour = bmp->palette + index * bmp->paletteEntry;
    return 0xff000000 | (u32)colour[2] << 16 | (u32)colour[1] << 8 | colour[0];
  }
  if (bmp->depth == 24) return 0xff000000 | (u32)row[x * 3 + 2] << 16 | (u32)row[x * 3 + 1] << 8 | row[x * 3];
  u32 value = bmp->depth == 16 ? littleEndian16(row + x * 2) : littleEndian32(row + x * 4);
  u32 alpha = bmp->masks[3] ? masked(value, bmp->masks[3]) : 255;
  return alpha << 24 | masked(value, bmp->masks[0]) << 16 | masked(value, bmp->masks[1]) << 8 | masked(value, bmp->masks[2]);
}

static const char *decodeBmp(const u8 *bytes, u32 length, u32 *pixels) {
  Bmp bmp;
  const char *problem = readBmpHead(bytes, length, &bmp);
  if (problem) return problem;
  const u8 *row = bmp.pixels;
  for (u32 line = 0; line < bmp.height; line++, row += bmp.rowBytes) {
    if ((u32)(bytes + length - row) < bmp.rowBytes) return "The picture is damaged; the rest of it is missing.";
    u32 *to = pixels + (bmp.topDown ? line : bmp.height - 1 - line) * bmp.width;
    for (u32 x = 0; x < bmp.width; x++) to[x] = bmpPixel(&bmp, row, x);
  }
  return NULL;
}

// ---- both ----

static const u8 signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

static bool isPng(const u8 *bytes, u32 length) {
  if (length < sizeof signature) return false;
  for (u32 i = 0; i < sizeof signature; i++)
    if (bytes[i] != signature[i]) return false;
  return true;
}

bool isPicture(const u8 *bytes, u32 length) {
  return isPng(bytes, length) || (length > BMP_HEAD && bytes[0] == 'B' && bytes[1] == 'M' && !bytes[6] && !bytes[7]);
}

const char *pictureInfo(const u8 *bytes, u32 length, PictureInfo *info) {
  *info = (PictureInfo){0};
  if (isPng(bytes, length)) {
    Png png;
    const char *problem = readHead(bytes, length, &png);
    if (problem) return problem;
    *info = (PictureInfo){png.width, png.height, rawSize(&png), false};
    return NULL;
  }
  if (length < 2 || bytes[0] != 'B' || bytes[1] != 'M') return "This is neither a PNG nor a BMP.";
  Bmp bmp;
  const char *problem = readBmpHead(bytes, length, &bmp);
  if (problem) return problem;
  *info = (PictureInfo){bmp.width, bmp.height, 0, true};
  return NULL;
}

const char *pictureDecode(const u8 *bytes, u32 length, const PictureInfo *info, u32 *pixels, u8 *work) {
  for (u32 i = 0; i < info->width * info->height; i++) pixels[i] = 0xff000000;
  return info->bmp ? decodeBmp(bytes, length, pixels) : decodePng(bytes, length, pixels, work, info->workSize);
}

// ---- writing ----

#define STORED_MAX 65535
#define ADLER_PRIME 65521
#define CRC_POLYNOMIAL 0xedb88320
#define AROUND 64 // signature, IHDR, heads and ends of IDAT and IEND

static u32 crcTable[256];

static u32 crcOf(const u8 *bytes, u32 length) {
  for (u32 i = 0; !crcTable[255] && i < 256; i++) {
    u32 value = i;
    for (u32 bit = 0; bit < 8; bit++) value = value & 1 ? CRC_POLYNOMIAL ^ value >> 1 : value >> 1;
    crcTable[i] = value;
  }
  u32 crc = ~0u;
  for (u32 i = 0; i < length; i++) crc = crcTable[(crc ^ bytes[i]) & 0xff] ^ crc >> 8;
  return ~crc;
}

static u8 *putBig32(u8 *to, u32 value) {
  to[0] = (u8)(value >> 24);
  to[1] = (u8)(value >> 16);
  to[2] = (u8)(value >> 8);
  to[3] = (u8)value;
  return to + 4;
}

static u8 *putBytes(u8 *to, const void *from, u32 count) {
  for (u32 i = 0; i < count; i++) to[i] = ((const u8 *)from)[i];
  return to + count;
}

/** `body` is the chunk's type and what follows. */
static u8 *finishChunk(u8 *start, u8 *end) {
  putBig32(start, (u32)(end - start) - 8);
  return putBig32(end, crcOf(start + 4, (u32)(end - start) - 4));
}

u32 pngSizeMax(u32 width, u32 height) {
  u32 raw = (width * 4 + 1) * height;
  return AROUND + raw + (raw / STORED_MAX + 1) * 5 + 16;
}

/** The data of IDAT, a byte at a time: cut into stored blocks, with its check sum. */
typedef struct {
  u8 *to;
  u32 left, room; // of the raw data; of the block
  u32 a, b;
} Storing;

static void store(Storing *out, u8 byte) {
  if (!out->room) {
    out->room = out->left < STORED_MAX ? out->left : STORED_MAX;
    u32 size = out->room;
    u8 head[] = {out->left <= STORED_MAX, (u8)size, (u8)(size >> 8), (u8)~size, (u8)(~size >> 8)};
    out->to = putBytes(out->to, head, sizeof head);
  }
  *out->to++ = byte;
  out->room--;
  out->left--;
  out->a += byte;
  if (out->a >= ADLER_PRIME) out->a -= ADLER_PRIME;
  out->b += out->a;
  if (out->b >= ADLER_PRIME) out->b -= ADLER_PRIME;
}

u32 pngEncode(u8 *to, const u32 *pixels, u32 width, u32 height, u32 stride, bool withAlpha) {
  u8 *at = putBytes(to, signature, sizeof signature);
  u8 *chunk = at;
  at = putBytes(at + 4, "IHDR", 4);
  at = putBig32(putBig32(at, width), height);
  const u8 kind[] = {8, withAlpha ? TRUE_COLOUR_ALPHA : TRUE_COLOUR, 0, 0, 0};
  at = finishChunk(chunk, putBytes(at, kind, sizeof kind));
  chunk = at;
  at = putBytes(at + 4, "IDAT\x78\x01", 6);
  u32 channels = withAlpha ? 4 : 3;
  Storing out = {at, (width * channels + 1) * height, 0, 1, 0};
  for (u32 y = 0; y < height; y++) {
    store(&out, 0);
    for (u32 x = 0; x < width; x++) {
      u32 pixel = pixels[y * stride + x];
      store(&out, (u8)(pixel >> 16));
      store(&out, (u8)(pixel >> 8));
      store(&out, (u8)pixel);
      if (withAlpha) store(&out, (u8)(pixel >> 24));
    }
  }
  at = finishChunk(chunk, putBig32(out.to, out.b << 16 | out.a));
  chunk = at;
  at = finishChunk(chunk, putBytes(at + 4, "IEND", 4));
  return (u32)(at - to);
}
