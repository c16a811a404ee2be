// The framebuffer from the loader; without one (QEMU's loader sets no mode), the Bochs display interface, PCI 1234:1111.

#include "display.h"

#define VBE_INDEX 0x1ce
#define VBE_DATA 0x1cf
#define VBE_ID 0
#define VBE_WIDTH 1
#define VBE_HEIGHT 2
#define VBE_DEPTH 3
#define VBE_ENABLE 4
#define VBE_ENABLED_LINEAR 0x41
#define VBE_ID_PREFIX 0xb0c0

#define PCI_CLASS_VGA 0x030000
#define FRAMEBUFFER_RGB 1
#define WIDTH 1024
#define HEIGHT 768
#define DEPTH 32

Screen screen;

static void writeVbe(u16 index, u16 value) {
  out16(VBE_INDEX, index);
  out16(VBE_DATA, value);
}

static bool setMode(void) {
  const PciFunction *card = pciFindClass(PCI_CLASS_VGA);
  out16(VBE_INDEX, VBE_ID);
  if (!card || (in16(VBE_DATA) & 0xfff0) != VBE_ID_PREFIX) return false;
  pciEnable(card);
  writeVbe(VBE_ENABLE, 0);
  writeVbe(VBE_WIDTH, WIDTH);
  writeVbe(VBE_HEIGHT, HEIGHT);
  writeVbe(VBE_DEPTH, DEPTH);
  writeVbe(VBE_ENABLE, VBE_ENABLED_LINEAR);
  screen = (Screen){(u32 *)(pciRead(card, PCI_BAR0) & ~0xfu), WIDTH, HEIGHT, WIDTH};
  return true;
}

bool startDisplay(const BootInformation *boot) {
  bool ready = (boot->flags & BOOT_FRAMEBUFFER) && boot->type == FRAMEBUFFER_RGB && boot->depth == DEPTH;
  if (!ready) return setMode();
  screen = (Screen){(u32 *)(u32)boot->framebuffer, (i32)boot->width, (i32)boot->height, (i32)(boot->pitch / 4)};
  return true;
}
