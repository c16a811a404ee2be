// Which tool has which channel: nobody else reads or writes there, and a tool that ends takes its channels with it.

#pragma once

#include "port.h"

/** Whether the tool may send this. */
bool channelsAllow(const void *tool, u32 command, const u8 *body, u32 length);
/** What the host has answered to it; `channel` is that of the request. */
void channelsNote(const void *tool, u32 command, u32 channel, const Block *answer);
/** The tool has gone. */
void channelsDrop(const void *tool);
/** A new session: there are none any more. */
void channelsForget(void);
