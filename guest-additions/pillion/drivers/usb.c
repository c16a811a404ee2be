// UHCI: comes next.

#include "usb.h"

void startUsb(void) {}
void updateUsb(void) {}
void pollUsbPorts(void) {}
bool usbPresent(void) { return false; }
bool usbMousePresent(void) { return false; }
bool usbTabletPresent(void) { return false; }
bool usbKeyboardPresent(void) { return false; }
u32 usbPollInterval(void) { return 0; }
u32 usbFrames(void) { return 0; }
