// Keyboard and mouse at the 8042 controller.

#pragma once

#include "../kernel/kernel.h"

void startPs2(bool withMouse);
bool ps2MousePresent(void);
u32 ps2MouseIrqs(void);
