// Commands on the serial port, one a line; for tests and for curious people. `help` lists them.

#pragma once

#include "kernel.h"

void runCommand(const char *line);
/** Says so and switches the machine off. */
void shutDown(void);
void restart(void);
