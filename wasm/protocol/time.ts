// The host's time on the Tandem port. Commands 0500h to 05FFh.
//
// A guest asks when it starts and whenever Event.TimeStepped says that the two clocks went apart: the machine was paused, the page was
// frozen, the computer slept, or the host's clock or time zone was changed. In between, both run equally fast.

export enum TimeCommand {
  Get = 0x0501, // no body -> TimeReply; answered at once
  Zone = 0x0502, // no body -> the time zone's name in the IANA database ("Europe/Vienna"), UTF-8, no zero behind it; empty where unknown
}

/** Answer of GET. */
export enum TimeReply {
  Nanoseconds = 0, // u64: since 1970-01-01, UTC; in steps of a microsecond or so
  OffsetMinutes = 8, // s32: local time is UTC and so much more
  Reserved = 12, // u32
  SIZE = 16,
}

/** Bytes of a zone's name. */
export const TIME_ZONE_MAX = 64;
