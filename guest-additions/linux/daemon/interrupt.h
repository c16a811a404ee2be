// The port's interrupt, by the kernel's uio_pci_generic.

#pragma once

#include "../lib/system.h"

/** Where there is none, the others below do nothing. */
void openInterrupt(void);
void closeInterrupt(void);
/** Events wake the daemon always, `answers` as well. Returns whether there is an interrupt. */
bool allowInterrupt(bool answers);
