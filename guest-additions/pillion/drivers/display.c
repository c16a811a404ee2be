// The framebuffer from the loader; without one (QEMU's loader sets no mode), the Bochs display interface, PCI 1234:1111.

#include "display.h"

#define VBE_INDEX 0x1ce
#define VBE_DATA 0x1cf
#define VBE_ID 0
#define VBE_WIDTH 1
#define VBE_HEIGHT 2
#define VBE_DEPTH 3
#define VBE_ENABLE 4
#define VBE_VIRTUAL_WIDTH 6
#define VBE_ENABLED_LINEAR 0x41
#define VBE_ID_PREFIX 0xb0c0

#define PCI_CLASS_VGA 0x030000
#define FRAMEBUFFER_RGB 1
#define DEPTH 32

Screen screen;

static void writeVbe(u16 index, u16 value) {
  out16(VBE_INDEX, index);
  out16(VBE_DATA, value);
}

static u16 readVbe(u16 index) {
  out16(VBE_INDEX, index);
  return in16(VBE_DATA);
}

static const PciFunction *findCard(void) {
  const PciFunction *card = pciFindClass(PCI_CLASS_VGA);
  return card && (readVbe(VBE_ID) & 0xfff0) == VBE_ID_PREFIX ? card : NULL;
}

static u32 *framebufferOf(const PciFunction *card) {
  return (u32 *)(pciRead(card, PCI_BAR0) & ~0xfu);
}

static bool setMode(void) {
  const PciFunction *card = findCard();
  if (!card) return false;
  pciEnable(card);
  writeVbe(VBE_ENABLE, 0);
  writeVbe(VBE_WIDTH, STANDARD_WIDTH);
  writeVbe(VBE_HEIGHT, STANDARD_HEIGHT);
  writeVbe(VBE_DEPTH, DEPTH);
  writeVbe(VBE_ENABLE, VBE_ENABLED_LINEAR);
  screen = (Screen){framebufferOf(card), STANDARD_WIDTH, STANDARD_HEIGHT, STANDARD_WIDTH};
  return true;
}

bool canChangeMode(void) {
  const PciFunction *card = findCard();
  // A framebuffer of something else cannot be changed by these registers.
  return card && screen.pixels == framebufferOf(card);
}

bool changeMode(i32 width, i32 height) {
  // While the display stays on, nothing else is to be seen in between. Not every card has that, and then it is switched off before.
  writeVbe(VBE_WIDTH, (u16)width);
  writeVbe(VBE_HEIGHT, (u16)height);
  writeVbe(VBE_VIRTUAL_WIDTH, (u16)width);
  if (readVbe(VBE_WIDTH) != width || readVbe(VBE_HEIGHT) != height || readVbe(VBE_VIRTUAL_WIDTH) != width) {
    writeVbe(VBE_ENABLE, 0);
    writeVbe(VBE_WIDTH, (u16)width);
    writeVbe(VBE_HEIGHT, (u16)height);
    writeVbe(VBE_DEPTH, DEPTH);
    writeVbe(VBE_ENABLE, VBE_ENABLED_LINEAR);
  }
  i32 gotWidth = readVbe(VBE_WIDTH);
  i32 gotHeight = readVbe(VBE_HEIGHT);
  screen.width = gotWidth;
  screen.height = gotHeight;
  screen.stride = readVbe(VBE_VIRTUAL_WIDTH);
  return gotWidth == width && gotHeight == height;
}

bool startDisplay(const BootInformation *boot) {
  bool ready = (boot->flags & BOOT_FRAMEBUFFER) && boot->type == FRAMEBUFFER_RGB && boot->depth == DEPTH;
  if (!ready) return setMode();
  screen = (Screen){(u32 *)(u32)boot->framebuffer, (i32)boot->width, (i32)boot->height, (i32)(boot->pitch / 4)};
  return true;
}
