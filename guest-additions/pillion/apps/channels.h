// What the desktop serves over channels of the page: "echo" and "notes".

#pragma once

/** A session with the host has begun: the names are open. */
void startChannels(void);
/** There is something new on a channel. */
void takeChannels(void);
