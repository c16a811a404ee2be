// USB: devices at the two ports, from plugging in to their reports.

#pragma once

#include "../kernel/kernel.h"

void startUsb(void);
/** In the foreground: the next steps of what is being set up. */
void updateUsb(void);
/** Every slow tick: has something been plugged in or out? */
void pollUsbPorts(void);
/** Which pointing devices are wanted; the others are left alone. */
void useUsbPointers(bool mouse, bool tablet);
bool usbMousePresent(void);
bool usbTabletPresent(void);
/** Milliseconds between two polls of the pointing device, as programmed; 0 without one. */
u32 usbPollInterval(void);
