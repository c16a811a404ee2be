// Channels on the Tandem port: streams of bytes, each with a name, between programs of the guest and the host. Commands 0700h to 07FFh.
//
// A channel is there when both sides have opened its name, whoever was first; one program of the guest has it. Each way is a stream
// of its own: it ends when its writer says so, behind all bytes, or when its reader wants no more. When both ways are over, or one
// side has given up, the name is free for another channel. What the host keeps for a reader is bounded: a writer that is faster waits.
//
// A driver waits for an answer, or asks with ChannelFlag.NoWait and looks again after Event.Channel: there are bytes or room on a
// channel, it was opened by the host, or it is over. Events of several channels are one: look at all of them. Payload 0: the host
// has opened a name that the guest has not, see LIST. Channels end with the session; what a guest has closed still reaches the host.

export enum ChannelCommand {
  Open = 0x0701, // body: ChannelOpen, then the name -> u32 channel, never 0. Never pending: see STATE. Exists: another program has it
  Read = 0x0702, // body: ChannelRead -> bytes, none at the stream's end. Pending until there are some. Reset: see ChannelPhase
  Write = 0x0703, // body: ChannelWrite, then the bytes -> u32 bytes taken, at least one. Pending until there is room. Pipe: nobody reads
  End = 0x0704, // body: u32 channel. The guest's stream ends here
  Close = 0x0705, // body: ChannelClose, then words for the host's user. The guest reads and writes no more, the number is gone
  State = 0x0706, // body: u32 channel -> ChannelState
  List = 0x0707, // -> names that the host has opened and the guest has not, each with a zero byte behind it
}

/** Of one session, those that are over but not closed included. NoMemory: there are so many. */
export const CHANNELS_MAX = 16;
/** Bytes of a name: UTF-8 without control characters, at least one. */
export const CHANNEL_NAME_MAX = 64;
/** Bytes that the host keeps for a reader, each way. */
export const CHANNEL_BUFFER = 262144;
/** Bytes of one READ: what a request block has room for. */
export const CHANNEL_READ_MAX = 65512;
/** Bytes of words in CLOSE, and of those that come with Reset. */
export const CHANNEL_WORDS_MAX = 256;

export enum ChannelFlag {
  NoWait = 0x0001, // of READ and WRITE: Again instead of pending; of OPEN: NoEntry unless the host has opened the name
}

export enum ChannelOpen {
  Flags = 0, // u32: see ChannelFlag
  NAME = 4, // to the block's end, or a zero byte
}

export enum ChannelRead {
  Channel = 0, // u32
  Flags = 4, // u32
  Maximum = 8, // u32: bytes that the block has room for. With less room than this they are lost
  SIZE = 12,
}

export enum ChannelWrite {
  Channel = 0, // u32
  Flags = 4, // u32
  Length = 8, // u32: of the bytes
  BYTES = 12,
}

export enum ChannelClose {
  Channel = 0, // u32
  Failed = 4, // u32: 0: all went well, and what was written still arrives; else all is given up, and the words say why
  WORDS = 8, // to the block's end, or a zero byte
}

/** Answer of STATE. */
export enum ChannelState {
  Phase = 0, // u32: see ChannelPhase
  Readable = 4, // u32: bytes that wait for the guest
  Room = 8, // u32: bytes that WRITE would take at once
  SIZE = 12,
}

export enum ChannelPhase {
  Waiting = 0, // the host has not opened the name
  Open = 1,
  Over = 2, // both ways have ended
  Failed = 3, // the host has given up: READ, WRITE and END are answered with Reset and the host's words
}
