// Worker side of commands that the host runs in the guest: jobs that the guest's agent takes, feeds and reports.
//
// A job ends once: by its exit, by what the caller asks, or with the session. The guest hears of the latter two as soon as it can.

import type { MachineEvent, RunRequest, RunResult } from "../../shared/api";
import { TandemError } from "../../shared/errors";
import {
  EXEC_CHUNK_MAX,
  EXEC_JOBS_MAX,
  EXEC_ORDER_MAX,
  ExecCommand,
  ExecExit,
  ExecFlag,
  ExecOrder,
  ExecOrderKind,
  ExecOutput,
} from "../../../wasm/protocol/exec";
import { Feature, RequestStatus } from "../../../wasm/protocol/tandem-port";
import { INVALID, NO_COMMAND, OK, type Reply, type Service } from "./service";

const SIGNAL_KILL = 9;
const STREAMS = ["stdout", "stderr"] as const;
const NOTHING = new Uint8Array(0);
const NO_ENTRY: Reply = { status: RequestStatus.NoEntry };

interface Job {
  id: number;
  number: number;
  order: Uint8Array<ArrayBuffer>;
  request: RunRequest;
  started: boolean;
  stdin: Uint8Array<ArrayBuffer>[];
  stdinEnded: boolean;
  /** The agent waits for input. */
  askInput: ((reply: Reply) => void) | undefined;
  output: Record<"stdout" | "stderr", Uint8Array<ArrayBuffer>[]>;
  length: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  resolve(result: RunResult): void;
  reject(error: TandemError): void;
}

export class ExecService implements Service {
  readonly range = 0x06;
  readonly #tell: (event: MachineEvent) => void;
  readonly #wake: () => void;
  readonly #jobs = new Map<number, Job>();
  /** Not yet given to the agent. */
  #waiting: Job[] = [];
  /** Signals that the agent has not heard of. */
  #kills: { number: number; signal: number }[] = [];
  #askNext: ((reply: Reply) => void) | undefined;
  #features: number | undefined;
  #lastNumber = 0;

  constructor(tell: (event: MachineEvent) => void, wake: () => void) {
    this.#tell = tell;
    this.#wake = wake;
  }

  // ---- for the host ----

  /** `id`: the caller's, for input, signals and the event "exec-output". @throws TandemError */
  async run(id: number, request: RunRequest): Promise<RunResult> {
    if (this.#features === undefined)
      throw new TandemError("no-agent", "The guest has no driver that could run commands.");
    if (!(this.#features & Feature.Exec))
      throw new TandemError("not-allowed", "The guest's driver is not allowed to run commands.");
    const number = ++this.#lastNumber;
    const order = startOrder(number, request);
    return new Promise((resolve, reject) => {
      const job: Job = {
        id,
        number,
        order,
        request,
        started: false,
        stdin: [],
        stdinEnded: false,
        askInput: undefined,
        output: { stdout: [], stderr: [] },
        length: 0,
        timer: undefined,
        resolve,
        reject,
      };
      if (request.timeout !== undefined)
        job.timer = setTimeout(() => this.#giveUp(job, timeOut(request)), request.timeout);
      this.#jobs.set(number, job);
      this.#waiting.push(job);
      this.#order();
    });
  }

  /** More for the job's standard input; undefined: its end. */
  input(id: number, bytes: Uint8Array<ArrayBuffer> | undefined): void {
    const job = this.#jobOf(id);
    if (!job || job.stdinEnded) return;
    for (let at = 0; bytes && at < bytes.length; at += EXEC_CHUNK_MAX)
      job.stdin.push(bytes.slice(at, at + EXEC_CHUNK_MAX));
    if (!bytes) job.stdinEnded = true;
    const ask = job.askInput;
    if (!ask) return;
    const reply = takeInput(job);
    if (!reply) return;
    job.askInput = undefined;
    ask(reply);
    this.#wake();
  }

  /** The job's processes get the signal; how it ends, `run` tells. */
  kill(id: number, signal: number): void {
    const job = this.#jobOf(id);
    if (!job) return;
    if (job.started) this.#signal(job.number, signal);
    else this.#end(job, () => job.resolve(resultOf(job, -1, signal)));
  }

  /** `run` fails with this, and what runs in the guest is killed. */
  abort(id: number): void {
    const job = this.#jobOf(id);
    if (job) this.#giveUp(job, new TandemError("aborted", "The command was aborted."));
  }

  // ---- for the guest ----

  hello(_system: number, features: number): void {
    this.#endAll();
    this.#features = features;
  }

  endSession(): void {
    this.#features = undefined;
    this.#endAll();
  }

  flush(): void {}

  request(
    command: number,
    body: Uint8Array<ArrayBuffer>,
    signal: AbortSignal,
  ): Reply | Promise<Reply> {
    const view = new DataView(body.buffer, body.byteOffset, body.length);
    switch (command as ExecCommand) {
      case ExecCommand.Next:
        return this.#next(signal);
      case ExecCommand.Input:
        return body.length < 4 ? INVALID : this.#input(view.getUint32(0, true), signal);
      case ExecCommand.Output:
        return body.length < ExecOutput.BYTES ? INVALID : this.#output(view, body);
      case ExecCommand.Exit:
        return body.length < ExecExit.SIZE ? INVALID : this.#exit(view);
      default:
        return NO_COMMAND;
    }
  }

  #next(signal: AbortSignal): Promise<Reply> {
    return new Promise((resolve) => {
      // One agent has one request; of two, the older gets nothing.
      this.#askNext?.({ status: RequestStatus.Again });
      this.#askNext = resolve;
      onAbort(signal, () => {
        if (this.#askNext === resolve) this.#askNext = undefined;
        resolve({ status: RequestStatus.Canceled });
      });
      this.#order();
    });
  }

  #input(number: number, signal: AbortSignal): Reply | Promise<Reply> {
    const job = this.#jobs.get(number);
    if (!job) return NO_ENTRY;
    const reply = takeInput(job);
    if (reply) return reply;
    return new Promise((resolve) => {
      job.askInput = resolve;
      onAbort(signal, () => {
        if (job.askInput === resolve) job.askInput = undefined;
        resolve({ status: RequestStatus.Canceled });
      });
    });
  }

  #output(view: DataView, body: Uint8Array<ArrayBuffer>): Reply {
    const job = this.#jobs.get(view.getUint32(ExecOutput.Job, true));
    const stream = STREAMS[view.getUint32(ExecOutput.Stream, true) - 1];
    if (!job) return NO_ENTRY;
    if (!stream) return INVALID;
    const bytes = body.slice(ExecOutput.BYTES);
    job.length += bytes.length;
    if (job.request.streamed) {
      this.#tell({ type: "exec-output", id: job.id, stream, bytes });
      return OK;
    }
    job.output[stream].push(bytes);
    if (job.length <= job.request.maxOutput) return OK;
    const limit = `The command has written more than ${job.request.maxOutput} bytes.`;
    this.#giveUp(job, new TandemError("output-limit", limit));
    return NO_ENTRY;
  }

  #exit(view: DataView): Reply {
    const job = this.#jobs.get(view.getUint32(ExecExit.Job, true));
    if (!job) return OK; // given up
    const code = view.getInt32(ExecExit.Code, true);
    const signal = view.getUint32(ExecExit.Signal, true);
    this.#end(job, () => job.resolve(resultOf(job, code, signal)));
    return OK;
  }

  // ---- jobs ----

  #jobOf(id: number): Job | undefined {
    return [...this.#jobs.values()].find((job) => job.id === id);
  }

  /** Gives the agent what there is to do: first signals, then what is to be started while there is room. */
  #order(): void {
    const ask = this.#askNext;
    if (!ask) return;
    const kill = this.#kills.shift();
    const running = [...this.#jobs.values()].filter((job) => job.started).length;
    const job = !kill && running < EXEC_JOBS_MAX ? this.#waiting.shift() : undefined;
    if (!kill && !job) return;
    this.#askNext = undefined;
    if (job) job.started = true;
    ask({ status: RequestStatus.Ok, body: kill ? killOrder(kill) : (job?.order ?? NOTHING) });
    this.#wake();
  }

  #signal(number: number, signal: number): void {
    this.#kills.push({ number, signal });
    this.#order();
  }

  #giveUp(job: Job, error: TandemError): void {
    if (!this.#jobs.has(job.number)) return;
    if (job.started) this.#kills.push({ number: job.number, signal: SIGNAL_KILL });
    this.#end(job, () => job.reject(error));
  }

  #end(job: Job, settle: () => void): void {
    clearTimeout(job.timer);
    this.#jobs.delete(job.number);
    this.#waiting = this.#waiting.filter((other) => other !== job);
    job.askInput?.(NO_ENTRY);
    settle();
    this.#order();
  }

  #endAll(): void {
    this.#kills = [];
    this.#askNext = undefined;
    const gone = new TandemError("session-ended", "The guest's driver has ended or was restarted.");
    for (const job of this.#jobs.values()) {
      clearTimeout(job.timer);
      job.reject(gone);
    }
    this.#jobs.clear();
    this.#waiting = [];
  }
}

/** Undefined: there is nothing yet. */
function takeInput(job: Job): Reply | undefined {
  const body = job.stdin.shift();
  if (body) return { status: RequestStatus.Ok, body };
  return job.stdinEnded ? { status: RequestStatus.Ok, body: NOTHING } : undefined;
}

function onAbort(signal: AbortSignal, aborted: () => void): void {
  signal.addEventListener("abort", aborted, { once: true });
}

function timeOut({ timeout = 0 }: RunRequest): TandemError {
  return new TandemError("timeout", `The command has not ended in ${timeout / 1000} s.`);
}

function resultOf(job: Job, exitCode: number, signal: number): RunResult {
  return {
    exitCode,
    signal,
    stdout: joined(job.output.stdout),
    stderr: joined(job.output.stderr),
    streamed: job.request.streamed ? job.length : 0,
  };
}

function joined(parts: Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** @throws TandemError bad-argument for what cannot be told to a guest */
function startOrder(number: number, request: RunRequest): Uint8Array<ArrayBuffer> {
  const variables = Object.entries(request.env);
  if (variables.some(([name]) => !name || name.includes("=")))
    throw new TandemError("bad-argument", "The name of a variable of env is empty or has a =.");
  const all = [request.command, request.cwd, ...variables.flat()];
  if (all.some((text) => text.includes("\0")))
    throw new TandemError("bad-argument", "A command, its cwd and env cannot have zero bytes.");
  const encoder = new TextEncoder();
  const texts = [
    request.command,
    request.cwd,
    variables.map(([name, value]) => `${name}=${value}\0`).join(""),
  ].map((text) => encoder.encode(text));
  const length = texts.reduce((sum, text) => sum + text.length, ExecOrder.TEXTS as number);
  if (length > EXEC_ORDER_MAX)
    throw new TandemError(
      "bad-argument",
      `A command, its cwd and env together have at most ${EXEC_ORDER_MAX - ExecOrder.TEXTS} bytes; the rest may come by stdin.`,
    );
  const order = new Uint8Array(length);
  const view = new DataView(order.buffer);
  view.setUint32(ExecOrder.Kind, ExecOrderKind.Start, true);
  view.setUint32(ExecOrder.Job, number, true);
  view.setUint32(ExecOrder.Flags, request.hasInput ? ExecFlag.Input : 0, true);
  const lengths = [ExecOrder.CommandLength, ExecOrder.DirectoryLength, ExecOrder.EnvironmentLength];
  let at: number = ExecOrder.TEXTS;
  for (const [index, text] of texts.entries()) {
    view.setUint32(lengths[index] ?? 0, text.length, true);
    order.set(text, at);
    at += text.length;
  }
  return order;
}

function killOrder({ number, signal }: { number: number; signal: number }): Uint8Array {
  const order = new Uint8Array(ExecOrder.CommandLength);
  const view = new DataView(order.buffer);
  view.setUint32(ExecOrder.Kind, ExecOrderKind.Kill, true);
  view.setUint32(ExecOrder.Job, number, true);
  view.setUint32(ExecOrder.Flags, signal, true);
  return order;
}
