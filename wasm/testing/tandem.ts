// A guest's driver for the Tandem port, for tests.

import type { Core, CoreHost } from "../../src/worker/core";
import {
  Command,
  HelloReply,
  ISA_BASE,
  Register,
  Request,
  REQUEST_HEADER_SIZE,
  RequestFlag,
} from "../protocol/tandem-port";
import { type TestMachine, testMachine } from "./machine";

export interface Answer {
  status: number;
  replySize: number;
  body: Uint8Array;
}

export interface RequestOptions {
  flags?: number;
  tag?: number;
  session?: number;
  /** Bytes of the whole block; without it: what the body needs. */
  size?: number;
  address?: number;
}

/** Where requests go that do not say it. */
export const BLOCK = 0x20_0000;

export class TandemDriver {
  readonly machine: TestMachine;
  readonly base: number;
  session = 0;
  features = 0;

  constructor(machine: TestMachine, base = ISA_BASE) {
    this.machine = machine;
    this.base = base;
  }

  get ram(): Uint8Array {
    const { core } = this.machine;
    return core.bytes(core.exports.RAM.value as number, core.exports.ramBytes());
  }

  read(register: Register, size: 1 | 2 | 4 = 2): number {
    const { inb, inw, inl } = this.machine;
    return (size === 1 ? inb : size === 2 ? inw : inl)(this.base + register);
  }

  write(register: Register, value: number, size: 1 | 2 | 4 = 2): void {
    const { outb, outw, outl } = this.machine;
    (size === 1 ? outb : size === 2 ? outw : outl)(this.base + register, value);
  }

  /** The bytes of a request block. */
  block(command: number, body: Uint8Array, options: RequestOptions = {}): Uint8Array {
    const size = options.size ?? REQUEST_HEADER_SIZE + body.length;
    const bytes = new Uint8Array(Math.max(size, REQUEST_HEADER_SIZE));
    const view = new DataView(bytes.buffer);
    view.setUint32(Request.Size, size, true);
    view.setUint16(Request.Command, command, true);
    view.setUint16(Request.Flags, options.flags ?? 0, true);
    view.setUint32(Request.Tag, options.tag ?? 0, true);
    view.setInt32(Request.Status, 0x5555, true);
    view.setUint32(Request.Session, options.session ?? this.session, true);
    bytes.set(body.subarray(0, bytes.length - REQUEST_HEADER_SIZE), REQUEST_HEADER_SIZE);
    return bytes;
  }

  request(
    command: number,
    body: Uint8Array = new Uint8Array(0),
    options: RequestOptions = {},
  ): Answer {
    const address = options.address ?? BLOCK;
    this.ram.set(this.block(command, body, options), address);
    this.write(Register.Doorbell, address, 4);
    return this.answer(address);
  }

  answer(address = BLOCK): Answer {
    const view = new DataView(this.ram.buffer, this.ram.byteOffset + address);
    const replySize = view.getUint32(Request.ReplySize, true);
    const start = address + REQUEST_HEADER_SIZE;
    return {
      status: view.getInt32(Request.Status, true),
      replySize,
      body: this.ram.slice(start, start + replySize),
    };
  }

  hello(features = 0xffff, system = 1): Answer {
    const answer = this.request(Command.Hello, words(system, 0x10000, features), { size: 64 });
    const view = new DataView(answer.body.buffer);
    this.session = view.getUint32(HelloReply.Session, true);
    this.features = view.getUint32(HelloReply.Features, true);
    return answer;
  }

  /** A request through the FIFO; `width`: bytes of each access. */
  pio(block: Uint8Array, width: 1 | 2 | 4 = 1): void {
    this.write(Register.PioLength, block.length);
    for (let at = 0; at < block.length; at += width) {
      let value = 0;
      for (let i = width - 1; i >= 0; i--) value = value * 256 + (block[at + i] ?? 0);
      this.write(Register.PioData, value, width);
    }
  }

  readPio(width: 1 | 2 | 4 = 1): Uint8Array {
    const length = this.read(Register.PioRemaining);
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += width) {
      const value = this.read(Register.PioData, width);
      for (let i = 0; i < width && at + i < length; i++) bytes[at + i] = (value >>> (8 * i)) & 0xff;
    }
    return bytes;
  }

  /** Takes the pointer's registers as an interrupt handler would. */
  latch(): Latched {
    const read = (register: Register): number => this.read(register);
    const sequence = read(Register.PointerSequence);
    const wheel = read(Register.PointerWheel);
    return {
      sequence,
      x: read(Register.PointerX),
      y: read(Register.PointerY),
      pixelX: read(Register.PointerPixelX),
      pixelY: read(Register.PointerPixelY),
      bits: read(Register.PointerButtons),
      deltaX: signed(read(Register.PointerDeltaX), 16),
      deltaY: signed(read(Register.PointerDeltaY), 16),
      wheel: signed(wheel & 0xff, 8),
      horizontal: signed(wheel >> 8, 8),
    };
  }
}

export interface Latched {
  sequence: number;
  x: number;
  y: number;
  pixelX: number;
  pixelY: number;
  bits: number;
  deltaX: number;
  deltaY: number;
  wheel: number;
  horizontal: number;
}

function signed(value: number, bits: number): number {
  return value >= 2 ** (bits - 1) ? value - 2 ** bits : value;
}

/** Little-endian u32 values. */
export function words(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setUint32(index * 4, value, true));
  return bytes;
}

export interface HostRequest {
  token: number;
  command: number;
  body: Uint8Array;
  canceled: boolean;
}

/** A host that keeps every request until the test answers it. */
export function patientHost(): {
  host: Partial<CoreHost>;
  requests: HostRequest[];
  events: [number, number, number][];
  use: (core: Core) => void;
} {
  const requests: HostRequest[] = [];
  const events: [number, number, number][] = [];
  let core: Core | undefined;
  return {
    requests,
    events,
    use: (target) => (core = target),
    host: {
      request(token, command, pointer, length) {
        const body = core?.bytes(pointer >>> 0, length).slice() ?? new Uint8Array(0);
        requests.push({ token, command, body, canceled: false });
      },
      cancelRequest(token) {
        const request = requests.find((candidate) => candidate.token === token);
        if (request) request.canceled = true;
      },
      event: (kind, a, b) => void events.push([kind, a, b]),
    },
  };
}

/** Answers as the worker does. False: the core no longer waits. */
export function complete(
  core: Core,
  token: number,
  status: number,
  body: Uint8Array = new Uint8Array(0),
): boolean {
  const buffer = core.exports.requestBuffer(token) >>> 0;
  if (buffer !== 0) core.bytes(buffer, body.length).set(body);
  return core.exports.completeRequest(token, status, body.length) !== 0;
}

export function tandemMachine(): {
  machine: TestMachine;
  driver: TandemDriver;
  requests: HostRequest[];
  events: [number, number, number][];
} {
  const { host, requests, events, use } = patientHost();
  const machine = testMachine({ host });
  use(machine.core);
  events.length = 0;
  return { machine, driver: new TandemDriver(machine), requests, events };
}

export const NOTIFY = RequestFlag.Notify;
