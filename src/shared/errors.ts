// Errors that a user may see: a code for programs, a sentence for people.

/** What went wrong. A code, once shipped, keeps its meaning. */
export type ErrorCode =
  | "bad-config" // the machine's configuration; the message names the key
  | "bad-argument" // a call or command-line argument
  | "image-empty"
  | "image-truncated"
  | "image-unknown" // not a kind of image that this drive takes
  | "image-too-large"
  | "image-wrong-size" // not the size that the configuration tells
  | "image-format" // recognised, but in a container or an archive; the message says what to do
  | "http-status"
  | "http-no-range"
  | "http-failed" // no answer at all: network, CORS
  | "file-unreadable"
  | "firmware-missing"
  | "kernel-bad"
  | "folder" // a shared folder; the message says what
  | "clipboard" // the shared clipboard; the message says what
  | "channel" // a channel to a program of the guest; the message says what
  | "no-agent" // no driver in the guest that could do it
  | "not-allowed" // the guest's driver is not allowed to
  | "session-ended" // the guest's driver went before the answer came
  | "output-limit" // a command has written more than was allowed
  | "timeout"
  | "core-crash" // a bug in the emulator
  | "not-running"
  | "aborted" // another call has taken the place of this one
  | "refused" // the browser does not allow it here
  | "not-yet"; // announced, but not there yet

/** The error as it travels between the threads. */
export interface ErrorData {
  code: ErrorCode;
  message: string;
}

export class TandemError extends Error {
  override readonly name = "TandemError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }

  /** Plain data: comlink passes a thrown object on as it is, but keeps only name and message of an Error. */
  toData(): ErrorData {
    return { code: this.code, message: this.message };
  }

  /** Whatever was thrown, here or in the other thread. */
  static from(thrown: unknown, code: ErrorCode = "core-crash"): TandemError {
    if (thrown instanceof TandemError) return thrown;
    if (isErrorData(thrown)) return new TandemError(thrown.code, thrown.message);
    return new TandemError(code, thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function isErrorData(value: unknown): value is ErrorData {
  return (
    typeof value === "object" &&
    value !== null &&
    "code" in value &&
    typeof value.code === "string" &&
    "message" in value &&
    typeof value.message === "string"
  );
}
