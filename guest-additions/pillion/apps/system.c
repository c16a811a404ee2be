// System: processor, memory, time, and what is on the PCI bus.

#include "../drivers/tandem-port.h"
#include "../drivers/usb.h"
#include "apps.h"

#define ROW 21
#define LABEL_X 20
#define VALUE_X 130
#define TOP (TITLE_HEIGHT + 16)
#define LIVE_ROWS 2

typedef struct {
  u32 id;
  const char *name;
} Known;

/** By vendor and product. */
static const Known known[] = {
    {0x12378086, "Intel 440FX host bridge"}, {0x70008086, "Intel PIIX3 ISA bridge"}, {0x70108086, "Intel PIIX3 IDE"},
    {0x70208086, "Intel PIIX3 USB (UHCI)"},  {0x71138086, "Intel PIIX4 power"},      {0x11111234, "Bochs display"},
    {0x74641234, "Tandem port"},             {0x100e8086, "Intel 82540EM network"}};

static void cpuid(u32 leaf, u32 *registers) {
  __asm__ volatile("cpuid" : "=a"(registers[0]), "=b"(registers[1]), "=c"(registers[2]), "=d"(registers[3]) : "a"(leaf), "c"(0));
}

static void processorName(char *to) {
  u32 registers[4];
  cpuid(0x80000000, registers);
  if (registers[0] >= 0x80000004) {
    for (u32 i = 0; i < 3; i++) cpuid(0x80000002 + i, (u32 *)(to + i * 16));
    to[48] = 0;
  } else {
    cpuid(0, registers);
    memcpy(to, &registers[1], 4);
    memcpy(to + 4, &registers[3], 4);
    memcpy(to + 8, &registers[2], 4);
    to[12] = 0;
  }
  u32 skip = 0;
  while (to[skip] == ' ') skip++;
  memmove(to, to + skip, strlen(to + skip) + 1);
}

static void drawRow(Window *window, i32 y, const char *label, const char *value) {
  Surface *surface = &window->surface;
  fillRect(surface, rect(LABEL_X, y, window->frame.width - LABEL_X - 16, 18), PAPER);
  drawText(surface, &fontRegular, LABEL_X, y, INK_SOFT, label);
  drawText(surface, &fontRegular, VALUE_X, y, INK, value);
}

static void drawLive(Window *window) {
  char text[100];
  u32 seconds = milliseconds() / 1000;
  Date date = readDate();
  int length = format(text, sizeof text, "%u:%02u:%02u, now %u-%02u-%02u %02u:%02u:%02u", seconds / 3600, seconds / 60 % 60, seconds % 60,
                      date.year, date.month, date.day, date.hour, date.minute, date.second);
  if (tandemTimesAsked()) format(text + length, sizeof text - (u32)length, ", as on the host");
  drawRow(window, TOP + 2 * ROW, "Up for", text);
  u32 irqs = 0;
  for (u32 line = 0; line < 16; line++) irqs += irqCount(line);
  format(text, sizeof text, "%u, of which timer %u, clock %u", irqs, irqCount(0), irqCount(8));
  drawRow(window, TOP + 3 * ROW, "Interrupts", text);
}

static void draw(Window *window) {
  Surface *surface = &window->surface;
  fillRect(surface, contentOf(window), PAPER);
  char text[100];
  processorName(text);
  drawRow(window, TOP, "Processor", text);
  format(text, sizeof text, "%u MiB, %u KiB of the heap free", (heapSize() >> 20) + 2, heapFree() >> 10);
  drawRow(window, TOP + ROW, "Memory", text);
  drawLive(window);
  if (tandemPresent()) format(text, sizeof text, "at %04xh, features %04xh", tandemBase(), tandemFeatures());
  else format(text, sizeof text, "not there");
  drawRow(window, TOP + 4 * ROW, "Tandem port", text);

  i32 y = TOP + 5 * ROW + 10;
  fillRect(surface, rect(LABEL_X, y - 6, window->frame.width - 2 * LABEL_X, 1), LINE);
  drawText(surface, &fontBold, LABEL_X, y, INK, "On the PCI bus");
  y += ROW + 2;
  for (u32 i = 0; i < pciCount() && y + ROW < window->frame.height; i++, y += ROW) {
    const PciFunction *function = pciAt(i);
    const char *name = "Unknown device";
    for (u32 k = 0; k < COUNT(known); k++)
      if (known[k].id == ((u32)function->product << 16 | function->vendor)) name = known[k].name;
    format(text, sizeof text, "%02u.%u   %04x:%04x", function->device, function->function, function->vendor, function->product);
    drawText(surface, &fontRegular, LABEL_X, y, INK_SOFT, text);
    drawText(surface, &fontRegular, VALUE_X + 50, y, INK, name);
  }
}

static void tick(Window *window) {
  if (slowTicks() % 4) return;
  drawLive(window);
  changed(window, rect(0, TOP + 2 * ROW, window->frame.width, LIVE_ROWS * ROW));
}

const App systemApp = {
    .name = "system",
    .title = "System",
    .icon = &iconSystem,
    .tile = 0x6b55c9,
    .place = {300, 150, 430, 360},
    .draw = draw,
    .tick = tick,
};
