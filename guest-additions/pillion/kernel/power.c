// PIIX4 power management (PCI 8086:7113): the 3.58 MHz timer, and switching off.

#include "kernel.h"

#define VENDOR_INTEL 0x8086
#define PIIX4_PM 0x7113
#define PM_BASE 0x40
#define PM_MISCELLANEOUS 0x80
#define PM_DECODE 1
#define PM_CONTROL 4
#define PM_TIMER 8
#define SLEEP_ENABLE 0x2000 // sleep type 0: soft off

static u16 base;

void startPower(void) {
  const PciFunction *pm = pciFind(VENDOR_INTEL, PIIX4_PM);
  if (!pm || !(pciRead(pm, PM_MISCELLANEOUS) & PM_DECODE)) return;
  base = pciRead(pm, PM_BASE) & 0xffc0;
}

/** 0 when there is none. */
u16 powerTimerPort(void) {
  return base ? base + PM_TIMER : 0;
}

void powerOff(void) {
  if (base) out16(base + PM_CONTROL, SLEEP_ENABLE);
}
