// What a service of the Tandem port is.

import type { Core } from "../core";
import { RequestStatus } from "../../../wasm/protocol/tandem-port";

export interface Reply {
  status: RequestStatus;
  body?: Uint8Array;
}

/** One feature of the port. Its commands share the upper byte; power and exec share theirs. */
export interface Service {
  readonly range: number;
  /** `body` is the service's own copy; `signal`: the guest no longer waits. */
  request(
    command: number,
    body: Uint8Array<ArrayBuffer>,
    signal: AbortSignal,
  ): Reply | Promise<Reply>;
  /** A core that was just made; undefined: the machine is off. */
  connect?(core: Core | undefined): void;
  /** A driver has begun a session; `features` that it uses. */
  hello?(system: number, features: number): void;
  /** The guest's driver has gone: everything of it is given back. */
  endSession(): void;
  /** After each slice: what the page should know. A guest may say it much more often. */
  flush(): void;
}

/** A service's answer to a command it does not have, or a body that makes no sense. */
export const NO_COMMAND: Reply = { status: RequestStatus.NoCommand };
export const INVALID: Reply = { status: RequestStatus.Invalid };
export const OK: Reply = { status: RequestStatus.Ok };
