// The daemon's socket, through which tools use the port: /run/tandem.sock.
//
// A sequence of packets (SOCK_SEQPACKET). A tool sends
//   u32 command   a command of wasm/protocol: pointer 01xx (not MODE), clipboard 03xx, display 04xx, time 05xx, channels 07xx,
//                 drag-and-drop 08xx; or one of the daemon's, below
//   u32 tag       the tool's own
//   body          TOOL_BODY_MAX bytes at most
// and gets, as soon as the host has answered, in the order of the answers
//   s32 status    a request status of tandem-port.ts: 0 when all went well
//   u32 tag
//   body          of the answer, or words about an error: as many bytes as there are, and at most TOOL_BODY_MAX
// A tool may send TOOL_REQUESTS_MAX before it reads answers. What is under way when it closes the socket is canceled, its channels
// are closed as failed, and a cursor that it has given to the host is the guest's again.
// A tool should not let a request wait for long, as others need the daemon's blocks: ChannelFlag.NoWait, and events.
//
// Events that it has asked for come as packets with the status TOOL_EVENT; the body is the event as the port has it: kind in bits 24
// to 31, payload below. TOOL_EVENT_NEW_SESSION (kind 0): the host has forgotten what the tool had there.

#pragma once

#include "system.h"

#define TOOL_SOCKET "/run/tandem.sock"
#define TOOL_HEADER_SIZE 8
#define TOOL_BODY_MAX 4072
#define TOOL_REQUESTS_MAX 4

/** The daemon's own commands. */
#define TOOL_COMMAND_EVENTS 1 // body: u32, bit n: events of kind n are wanted
#define TOOL_COMMAND_MOUNT 2  // body: u32 folder, then the directory and a 0; root only

#define TOOL_EVENT 0x7fffffff
#define TOOL_EVENT_NEW_SESSION 0

/** An address that holds the socket's path. */
struct UnixAddress toolAddress(void);
/** A connection to the daemon, or a negative number. */
i32 connectToDaemon(void);
