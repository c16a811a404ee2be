// USB: a UHCI controller and the HID devices behind it.

#pragma once

#include "../kernel/kernel.h"

void startUsb(void);
/** In the foreground: new and lost devices, steps of their enumeration. */
void updateUsb(void);
/** Once every slow tick: looks for devices. */
void pollUsbPorts(void);
bool usbPresent(void);
bool usbMousePresent(void);
bool usbTabletPresent(void);
bool usbKeyboardPresent(void);
/** Milliseconds between two polls of the pointing device in use, as programmed; 0 without one. */
u32 usbPollInterval(void);
u32 usbFrames(void);
