// The screen: a linear framebuffer of 32 bits a pixel.

#pragma once

#include "../../common/protocol.gen.h"
#include "../kernel/kernel.h"

typedef struct {
  u32 *pixels;
  i32 width, height;
  i32 stride; // in pixels
} Screen;

extern Screen screen;

/** Where nobody says another size. */
#define STANDARD_WIDTH 1024
#define STANDARD_HEIGHT 768

/** What of the multiboot information Pillion reads. */
typedef struct __attribute__((packed)) {
  u32 flags, memoryLower, memoryUpper, bootDevice;
  const char *commandLine;
  u32 modules, moduleTable;
  u32 symbols[4];
  u32 mapLength, map;
  u32 drives[2], configuration;
  const char *loader;
  u32 apm, vbe[2];
  u16 vbeMode[4];
  u64 framebuffer;
  u32 pitch, width, height;
  u8 depth, type;
} BootInformation;

#define BOOT_COMMAND_LINE (1 << 2)
#define BOOT_FRAMEBUFFER (1 << 12)

/** Takes the framebuffer that the loader has set up, or sets one up on a Bochs display. */
bool startDisplay(const BootInformation *boot);
/** Whether it is a display that takes other sizes. */
bool canChangeMode(void);
/** Sets another size; `screen` says which it is now. False when it was not taken. What is in the framebuffer has to be drawn anew. */
bool changeMode(i32 width, i32 height);
