// PIIX4 power management (PCI 8086:7113): the 3.58 MHz timer, the power button, and switching off.

#include "kernel.h"

#define VENDOR_INTEL 0x8086
#define PIIX4_PM 0x7113
#define PM_BASE 0x40
#define PM_MISCELLANEOUS 0x80
#define PM_DECODE 1
#define PM_STATUS 0
#define PM_ENABLE 2
#define PM_CONTROL 4
#define PM_TIMER 8
#define POWER_BUTTON 0x0100
#define CONTROL_ACPI 0x0001
#define APM_CONTROL 0xb2
#define APM_ACPI_ON 0xf1 // as SeaBIOS's tables say
#define IRQ_ACPI 9
#define KEYBOARD_CONTROLLER 0x64
#define PULSE_RESET 0xfe
#define SLEEP_ENABLE 0x2000 // sleep type 0: soft off

static u16 base;
static volatile bool buttonPressed;

static void takeIrq(void) {
  u16 status = in16(base + PM_STATUS);
  out16(base + PM_STATUS, status);
  if (status & POWER_BUTTON) buttonPressed = true;
}

void startPower(void) {
  const PciFunction *pm = pciFind(VENDOR_INTEL, PIIX4_PM);
  if (!pm || !(pciRead(pm, PM_MISCELLANEOUS) & PM_DECODE)) return;
  base = pciRead(pm, PM_BASE) & 0xffc0;
  if (!(in16(base + PM_CONTROL) & CONTROL_ACPI)) out8(APM_CONTROL, APM_ACPI_ON);
  out16(base + PM_STATUS, POWER_BUTTON);
  out16(base + PM_ENABLE, POWER_BUTTON);
  onIrq(IRQ_ACPI, takeIrq);
}

bool isPowerButtonPressed(void) {
  return buttonPressed;
}

/** 0 when there is none. */
u16 powerTimerPort(void) {
  return base ? base + PM_TIMER : 0;
}

void powerOff(void) {
  if (base) out16(base + PM_CONTROL, SLEEP_ENABLE);
}

/** By the keyboard controller, as PCs always could. */
void resetMachine(void) {
  out8(KEYBOARD_CONTROLLER, PULSE_RESET);
}
