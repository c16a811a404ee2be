// Shutting down and restarting when the host wishes it.

#pragma once

void powerOpen(void);
