// The pointer: what the host's user does with it becomes input devices of the guest.

#pragma once

/** Before the port is opened. Without /dev/uinput the pointer stays with PS/2 and USB. */
void pointerOpen(void);
