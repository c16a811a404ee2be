// The start, and the loop: take input, compose, halt until the next interrupt.
//
// The command line, words of the form name=value:
//   pointer=auto|tandem|usb-tablet|usb-mouse|ps2  the device that moves the cursor; auto: any, the Tandem port first
//   accel=on|off       whether relative motion is accelerated (pointer.c says how)
//   cursor=test        the test cursor (cursor.h says what it looks like)
//   draw=guest         Pillion draws the cursor in integrated mode too
//   truth=off          does not tell the host where the cursor is
//   open=NAME|none     only this window at the start, or no window
//   log=pointer|ui     each report, or each thing that is clicked, as a line on the serial port; ui=log for both
//   tandem=isa         looks for the Tandem port at its fixed place only, and polls it
// Commands on the serial port: see commands.c, or send `help`.

#include "../apps/apps.h"
#include "../desktop/compositor.h"
#include "../drivers/display.h"
#include "../drivers/pointer.h"
#include "../drivers/ps2.h"
#include "../drivers/tandem-port.h"
#include "../drivers/usb.h"
#include "commands.h"

#define LOADER_MAGIC 0x2badb002
#define MEBIBYTE 0x100000
#define MEMORY_MINIMUM 14 // MiB above the first

extern u8 imageEnd[];
_Noreturn void kernelMain(u32 magic, const BootInformation *boot);

static void openFirstWindows(void) {
  static const char *const names[] = {"inspector", "paint", "welcome"};
  const char *wanted = option("open", "");
  for (u32 i = 0; i < COUNT(names) && !*wanted; i++) openWindow(windowNamed(names[i]));
  Window *window = windowNamed(wanted);
  if (window) openWindow(window);
}

static void takeInput(void) {
  takeTandemEvents();
  takeDisplaySize();
  takePointer();
  KeyEvent key;
  while (takeKey(&key)) desktopKey(&key);
  if (isPowerButtonPressed()) shutDown();
  for (const char *line = serialLine(); line; line = serialLine()) runCommand(line);
}

void kernelMain(u32 magic, const BootInformation *boot) {
  startSerial();
  startInterrupts();
  if (magic != LOADER_MAGIC) panic("Pillion was not started by a multiboot loader.");
  setCommandLine(boot->flags & BOOT_COMMAND_LINE ? boot->commandLine : "");
  startPci();
  startPower();
  startTime();
  if (!startDisplay(boot)) panic("There is no screen of 32 bits a pixel.");
  if (boot->memoryUpper / 1024 < MEMORY_MINIMUM) panic("Pillion needs %u MiB of memory.", MEMORY_MINIMUM + 2);
  startHeap((u32)imageEnd, MEBIBYTE + boot->memoryUpper * 1024);
  if (!startCompositor()) panic("There is not enough memory for the screen.");
  startPointer();
  startTandem(isChosen(SOURCE_TANDEM));
  startDesktop();
  choosePointerSource();
  takeDisplaySize();
  if (!optionIs("open", "none")) openFirstWindows();
  updateDesktop();

  startPs2();
  startUsb();
  serialPrint("PILLION-READY driver=%s %dx%d\n", sourceName(pointerState()->source), screen.width, screen.height);

  u32 lastTick = slowTicks();
  for (;;) {
    takeInput();
    runTasks();
    updateUsb();
    if (slowTicks() != lastTick) {
      lastTick = slowTicks();
      pollUsbPorts();
      tickDesktop();
      takePointer();
    }
    needTicks(TICK_FRAMES, updateDesktop());
    disableInterrupts();
    if (pointerWaits() || tasksWait()) __asm__ volatile("sti");
    else halt();
  }
}
