// The guest's clock follows the host's.

#pragma once

/** Before the port is opened. */
void timeOpen(void);
