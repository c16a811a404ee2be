// Page side of commands that run in the guest: text or bytes in and out, streams, signals.

import type { RunRequest } from "../../shared/api";
import { TandemError } from "../../shared/errors";
import type { MachineClient } from "../machine-client";

/** What a command reads: text is sent as UTF-8. */
export type CommandInput = string | Uint8Array | Blob | ReadableStream<Uint8Array>;

export interface RunOptions<Data extends string | Uint8Array = string> {
  stdin?: CommandInput;
  /** Variables beside those that the guest's agent has. */
  env?: Record<string, string>;
  /** Directory to run in. */
  cwd?: string;
  /** Milliseconds until it is killed, and fails with "timeout"; without it there is no limit. */
  timeout?: number;
  /** Kills it, and fails with "aborted". */
  signal?: AbortSignal;
  /** Bytes of output and errors together; more fail with "output-limit". 16 MiB. */
  maxOutput?: number;
  /** With one of these, what is written comes as it does, without a limit, and the result has none. */
  onstdout?: (data: Data) => void;
  onstderr?: (data: Data) => void;
  /** Without it, text: what is not UTF-8 comes as U+FFFD. */
  encoding?: Data extends string ? "utf-8" : "bytes";
}

export interface CommandResult<Data extends string | Uint8Array = string> {
  /** 0: all went well; 127: there is no such command; -1: a signal has ended it. */
  exitCode: number;
  /** The number of that signal, else 0. */
  signal: number;
  stdout: Data;
  stderr: Data;
}

export interface RunningCommand<Data extends string | Uint8Array = string> extends Promise<
  CommandResult<Data>
> {
  /** Sends a signal, by its number on Unix: 15 ends most programs, 9 all. */
  kill(signal?: number): void;
}

const OUTPUT_MAX = 16 << 20;
const SIGNAL_TERMINATE = 15;

type Stream = "stdout" | "stderr";
let lastId = 0;

export function runCommand<Data extends string | Uint8Array = string>(
  machine: MachineClient,
  command: string,
  options: RunOptions<Data> = {},
): RunningCommand<Data> {
  const id = ++lastId;
  const kill = (signal = SIGNAL_TERMINATE): void => void machine.api.runKill(id, signal);
  return Object.assign(run(machine, id, command, options), { kill });
}

async function run<Data extends string | Uint8Array>(
  machine: MachineClient,
  id: number,
  command: string,
  options: RunOptions<Data>,
): Promise<CommandResult<Data>> {
  const { stdin, signal, onstdout, onstderr } = options;
  if (signal?.aborted) throw new TandemError("aborted", "The command was aborted.");
  const request: RunRequest = {
    command,
    cwd: options.cwd ?? "",
    env: options.env ?? {},
    hasInput: stdin !== undefined,
    maxOutput: options.maxOutput ?? OUTPUT_MAX,
    streamed: onstdout !== undefined || onstderr !== undefined,
    ...(options.timeout !== undefined && { timeout: options.timeout }),
  };
  const asBytes = options.encoding === "bytes";
  const output = new Output(asBytes, { stdout: onstdout, stderr: onstderr } as Listeners);
  const stopListening = machine.listen((event) => {
    if (event.type === "exec-output" && event.id === id) output.take(event.stream, event.bytes);
  });
  const onAbort = (): void => void machine.api.runAbort(id);
  signal?.addEventListener("abort", onAbort);
  try {
    const ended = machine.call((api) => api.run(id, request));
    const [result] = await Promise.all([ended, feed(machine, id, stdin, ended)]);
    await output.all(result.streamed);
    const decode = (bytes: Uint8Array): Data => (asBytes ? bytes : decoded(bytes)) as Data;
    return {
      exitCode: result.exitCode,
      signal: result.signal,
      stdout: decode(result.stdout),
      stderr: decode(result.stderr),
    };
  } finally {
    signal?.removeEventListener("abort", onAbort);
    stopListening();
  }
}

/** What cannot be read ends the command. */
async function feed(
  machine: MachineClient,
  id: number,
  stdin: CommandInput | undefined,
  ended: Promise<unknown>,
): Promise<void> {
  if (stdin === undefined) return;
  if (typeof stdin === "string" || stdin instanceof Uint8Array) {
    const bytes = typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin;
    void machine.api.runInput(id, new Uint8Array(bytes));
  } else {
    const stream = stdin instanceof Blob ? stdin.stream() : stdin;
    const reader = stream.getReader();
    let isOver = false;
    const over = (): void => {
      isOver = true;
      void reader.cancel().catch(() => {});
    };
    ended.then(over, over);
    try {
      for (let part = await reader.read(); !part.done; part = await reader.read())
        await machine.api.runInput(id, new Uint8Array(part.value));
    } catch (error) {
      if (isOver) return;
      void machine.api.runAbort(id);
      throw TandemError.from(error, "file-unreadable");
    }
  }
  void machine.api.runInput(id, undefined);
}

type Listeners = Record<Stream, ((data: string | Uint8Array) => void) | undefined>;

/** What is streamed: events may come behind the command's end, which says how much there is. */
class Output {
  readonly #listeners: Listeners;
  readonly #decoders: Record<Stream, TextDecoder> | undefined;
  #received = 0;
  #expected = Infinity;
  #complete: () => void = () => {};

  constructor(asBytes: boolean, listeners: Listeners) {
    this.#listeners = listeners;
    // A character may be spread over two pieces.
    if (!asBytes) this.#decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  }

  take(stream: Stream, bytes: Uint8Array): void {
    this.#received += bytes.length;
    this.#give(stream, this.#decoders?.[stream].decode(bytes, { stream: true }) ?? bytes);
    if (this.#received >= this.#expected) this.#complete();
  }

  async all(length: number): Promise<void> {
    this.#expected = length;
    if (this.#received < length) await new Promise<void>((resolve) => (this.#complete = resolve));
    for (const stream of ["stdout", "stderr"] as const)
      this.#give(stream, this.#decoders?.[stream].decode() ?? "");
  }

  #give(stream: Stream, data: string | Uint8Array): void {
    if (data.length > 0) this.#listeners[stream]?.(data);
  }
}

function decoded(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
