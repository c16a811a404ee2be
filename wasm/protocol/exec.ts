// Commands that the host runs in the guest, by an agent there. Commands 0610h to 061Fh.
//
// An agent that is allowed to asks for Feature.Exec in HELLO and then always has one NEXT under way; the host answers it when there is
// something to do. A command is a job; its number is never used again in a session. Texts are UTF-8.

export enum ExecCommand {
  Next = 0x0610, // no body, EXEC_ORDER_MAX bytes of room -> ExecOrder. Pending until there is an order
  Input = 0x0611, // body: u32 job -> bytes of its standard input, EXEC_CHUNK_MAX at most; none: its end. Pending until there are some
  Output = 0x0612, // body: ExecOutput, then the bytes. NoEntry: nobody wants the job any more, so the agent ends it
  Exit = 0x0613, // body: ExecExit. The job is over; all its output was sent before
}

/** Jobs at the same time. The host keeps the rest back. */
export const EXEC_JOBS_MAX = 8;
export const EXEC_ORDER_MAX = 4000;
export const EXEC_CHUNK_MAX = 4000;

/** Answer of NEXT. */
export enum ExecOrder {
  Kind = 0, // u32: see ExecOrderKind
  Job = 4, // u32
  // of Kill: u32 signal as on Unix. Of Start:
  Flags = 8, // u32: see ExecFlag
  CommandLength = 12, // u32: bytes of the command, for the guest's own shell
  DirectoryLength = 16, // u32: 0: where the agent is
  EnvironmentLength = 20, // u32: NAME=VALUE, each with a zero byte behind it
  TEXTS = 24, // the three
}

export enum ExecOrderKind {
  Start = 1,
  Kill = 2,
}

export enum ExecFlag {
  Input = 0x0001, // there is standard input; else it is empty
}

export enum ExecOutput {
  Job = 0, // u32
  Stream = 4, // u32: 1 output, 2 errors
  BYTES = 8,
}

export enum ExecExit {
  Job = 0, // u32
  Code = 4, // s32: as the command has it; 127: the guest could not start it
  Signal = 8, // u32: that ended it; 0
  SIZE = 12,
}
