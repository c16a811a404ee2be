// The last screen: what went wrong, in words, with registers; the same on the serial port.

#include "../desktop/draw.h"
#include "../drivers/display.h"
#include "kernel.h"

#define PANIC_GROUND 0x23304f
#define PANIC_INK 0xf2f4fa
#define PANIC_SOFT 0xaab4cc
#define LINES_MAX 12

static const char *const exceptions[] = {
    "Division error", "Debug trap", "Non-maskable interrupt", "Breakpoint", "Overflow", "Bound range exceeded",
    "Invalid instruction", "No coprocessor", "Double fault", "Coprocessor overrun", "Invalid task state",
    "Segment not present", "Stack fault", "General protection fault", "Page fault", "Reserved exception",
    "Floating point error", "Misaligned access", "Machine check", "SIMD error"};

static void show(const char *title, const char *const *lines, u32 count) {
  serialPrint("PANIC %s\n", title);
  for (u32 i = 0; i < count; i++) serialPrint("PANIC %s\n", lines[i]);
  if (!screen.pixels) return;
  Surface surface = surfaceOf(screen.pixels, screen.width, screen.height, screen.stride);
  fillRect(&surface, surface.clip, PANIC_GROUND);
  i32 x = screen.width / 8;
  i32 y = screen.height / 5;
  drawText(&surface, &fontLarge, x, y, PANIC_INK, "Pillion has stopped.");
  drawText(&surface, &fontBold, x, y + 52, PANIC_INK, title);
  for (u32 i = 0; i < count; i++)
    drawText(&surface, &fontRegular, x, y + 88 + (i32)i * 22, PANIC_SOFT, lines[i]);
  drawText(&surface, &fontRegular, x, y + 110 + (i32)count * 22, PANIC_SOFT, "Reset the machine to start again.");
}

static _Noreturn void stop(void) {
  for (;;) __asm__ volatile("cli; hlt");
}

void panic(const char *pattern, ...) {
  char text[160];
  disableInterrupts();
  __builtin_va_list values;
  __builtin_va_start(values, pattern);
  formatList(text, sizeof text, pattern, values);
  __builtin_va_end(values);
  show(text, NULL, 0);
  stop();
}

void panicException(const Frame *frame) {
  static char text[LINES_MAX][100];
  const char *lines[LINES_MAX];
  u32 count = 0;
  u32 cr2;
  __asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
  format(text[count++], sizeof text[0], "at %08x, error code %x, address %08x", frame->eip, frame->error, cr2);
  format(text[count++], sizeof text[0], "EAX %08x  EBX %08x  ECX %08x  EDX %08x", frame->eax, frame->ebx, frame->ecx, frame->edx);
  format(text[count++], sizeof text[0], "ESI %08x  EDI %08x  EBP %08x  ESP %08x", frame->esi, frame->edi, frame->ebp, (u32)(frame + 1));
  format(text[count++], sizeof text[0], "EFLAGS %08x  CS %04x", frame->eflags, frame->cs & 0xffff);
  for (u32 i = 0; i < count; i++) lines[i] = text[i];
  show(frame->vector < COUNT(exceptions) ? exceptions[frame->vector] : "Reserved exception", lines, count);
  stop();
}
