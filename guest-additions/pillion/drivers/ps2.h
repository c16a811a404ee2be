// Keyboard and mouse at the 8042 controller.

#pragma once

#include "../kernel/kernel.h"

void startPs2(void);
/** Lets the mouse report, or silences it. */
void usePs2Mouse(bool use);
