// A small UHCI driver for device tests: it builds frame lists and descriptors in guest memory and watches what becomes of them.

import { UsbDevice } from "../protocol/input";
import { type TestMachine, type TestMachineOptions, testMachine } from "./machine";

export const BASE = 0xc000;
export const COMMAND = BASE;
export const STATUS = BASE + 2;
export const INTERRUPTS = BASE + 4;
export const FRAME = BASE + 6;
export const LIST = BASE + 8;
export const PORT1 = BASE + 0x10;
export const PORT2 = BASE + 0x12;

export const CONFIG = 0x8000_0a00; // 00:01.2
const FRAME_LIST = 0x10_0000;
/** Two queues that every frame visits: control, then interrupt. */
export const CONTROL_QUEUE = 0x10_1000;
export const INTERRUPT_QUEUE = 0x10_1020;
const TRANSFERS = 0x10_2000;
export const REPORT_TRANSFER = 0x10_3000;
const BUFFERS = 0x10_4000;
export const REPORT_BUFFER = 0x10_5000;

export const TERMINATE = 1;
export const QUEUE = 2;
export const DEPTH_FIRST = 4;
export const ACTIVE = 1 << 23;
export const STALLED = 1 << 22;
export const BABBLE = 1 << 20;
export const NAKED = 1 << 19;
export const TIMED_OUT = 1 << 18;
export const IOC = 1 << 24;
export const SHORT = 1 << 29;
export const THREE_ERRORS = 3 << 27;
export enum Pid {
  In = 0x69,
  Out = 0xe1,
  Setup = 0x2d,
}

export interface Transfer {
  pid: number;
  address: number;
  endpoint: number;
  toggle: number;
  length: number;
  buffer: number;
  control?: number;
  link?: number;
}

export class UsbDriver {
  readonly machine: TestMachine;
  readonly #read: (address: number, size: number) => number;
  readonly #write: (address: number, size: number, value: number) => void;
  /** Of the device that is polled. */
  #toggle = 0;
  #asked = false;

  constructor(options?: TestMachineOptions) {
    this.machine = testMachine(options);
    this.#read = this.machine.core.exports.readPhysical;
    this.#write = this.machine.core.exports.writePhysical;
  }

  read(address: number): number {
    return this.#read(address, 4) >>> 0;
  }

  write(address: number, value: number): void {
    this.#write(address, 4, value);
  }

  bytes(address: number, length: number): number[] {
    return Array.from({ length }, (_unused, index) => this.#read(address + index, 1) & 0xff);
  }

  writeBytes(address: number, bytes: readonly number[]): void {
    bytes.forEach((byte, index) => this.#write(address + index, 1, byte));
  }

  /** Gives the controller its ports and starts it with empty queues. */
  start(): this {
    const { outl, outw } = this.machine;
    outl(0xcf8, CONFIG + 0x20);
    outl(0xcfc, BASE);
    outl(0xcf8, CONFIG + 4);
    outw(0xcfc, 5);
    for (let i = 0; i < 1024; i++) this.write(FRAME_LIST + i * 4, CONTROL_QUEUE | QUEUE);
    this.write(CONTROL_QUEUE, INTERRUPT_QUEUE | QUEUE);
    this.write(CONTROL_QUEUE + 4, TERMINATE);
    this.write(INTERRUPT_QUEUE, TERMINATE);
    this.write(INTERRUPT_QUEUE + 4, TERMINATE);
    outl(LIST, FRAME_LIST);
    outw(COMMAND, 1);
    return this;
  }

  plug(device: UsbDevice): number {
    return this.machine.core.exports.usbPlug(device, 1);
  }

  resetPort(port: number): void {
    const { outw } = this.machine;
    outw(port, 0x200);
    this.machine.advance(20, 1);
    outw(port, 0);
    outw(port, 4);
  }

  frames(count: number): void {
    this.machine.advance(count, 1);
  }

  putTransfer(at: number, transfer: Transfer): void {
    const { pid, address, endpoint, toggle, length, buffer } = transfer;
    const lengthField = (length - 1) & 0x7ff;
    this.write(at, transfer.link ?? TERMINATE);
    this.write(at + 4, transfer.control ?? ACTIVE | THREE_ERRORS);
    this.write(
      at + 8,
      ((lengthField << 21) | (toggle << 19) | (endpoint << 15) | (address << 8) | pid) >>> 0,
    );
    this.write(at + 12, buffer);
  }

  /** A control transfer as Linux builds it. `undefined`: the device refused. */
  control(
    address: number,
    setup: readonly [type: number, request: number, value: number, index: number, length: number],
    data: readonly number[] = [],
  ): number[] | undefined {
    const [type, request, value, index, length] = setup;
    const isIn = (type & 0x80) !== 0;
    this.writeBytes(BUFFERS, [
      type,
      request,
      value & 0xff,
      value >> 8,
      index & 0xff,
      index >> 8,
      length & 0xff,
      length >> 8,
    ]);
    this.writeBytes(BUFFERS + 0x100, data);
    const transfers: Transfer[] = [
      { pid: Pid.Setup, address, endpoint: 0, toggle: 0, length: 8, buffer: BUFFERS },
    ];
    for (let at = 0; at < length; at += 8) {
      transfers.push({
        pid: isIn ? Pid.In : Pid.Out,
        address,
        endpoint: 0,
        toggle: transfers.length & 1,
        length: Math.min(8, length - at),
        buffer: BUFFERS + 0x100 + at,
        control: ACTIVE | THREE_ERRORS | SHORT,
      });
    }
    const status: Transfer = {
      pid: isIn && length > 0 ? Pid.Out : Pid.In,
      address,
      endpoint: 0,
      toggle: 1,
      length: 0,
      buffer: 0,
      control: ACTIVE | THREE_ERRORS | IOC,
    };
    transfers.push(status);
    transfers.forEach((transfer, number) => {
      const at = TRANSFERS + number * 32;
      const isLast = number === transfers.length - 1;
      this.putTransfer(at, { ...transfer, link: isLast ? TERMINATE : (at + 32) | DEPTH_FIRST });
    });
    this.write(CONTROL_QUEUE + 4, TRANSFERS);
    this.frames(3);
    let received = 0;
    const count = transfers.length;
    for (let number = 0; number < count; number++) {
      const control = this.read(TRANSFERS + number * 32 + 4);
      if (control & (STALLED | TIMED_OUT)) {
        this.write(CONTROL_QUEUE + 4, TERMINATE);
        return undefined;
      }
      if (control & ACTIVE) {
        // A short packet: what is left is the status stage.
        this.write(CONTROL_QUEUE + 4, TRANSFERS + (count - 1) * 32);
        this.frames(1);
        if (this.read(TRANSFERS + (count - 1) * 32 + 4) & ACTIVE) return undefined;
        break;
      }
      if (isIn && number > 0 && number < count - 1) received += (control + 1) & 0x7ff;
    }
    return this.bytes(BUFFERS + 0x100, received);
  }

  /** Resets the device at a port, gives it an address and configures it. */
  configure(port: number, address: number): void {
    this.resetPort(port);
    this.control(0, [0x00, 5, address, 0, 0]);
    this.control(address, [0x00, 9, 1, 0, 0]);
    this.#toggle = 0;
    this.#asked = false;
  }

  /** Hands one transfer to the interrupt queue. */
  ask(address: number, control = ACTIVE | THREE_ERRORS | IOC): void {
    this.putTransfer(REPORT_TRANSFER, {
      pid: Pid.In,
      address,
      endpoint: 1,
      toggle: this.#toggle,
      length: 8,
      buffer: REPORT_BUFFER,
      control,
    });
    this.write(INTERRUPT_QUEUE + 4, REPORT_TRANSFER);
    this.#asked = true;
  }

  /** What came of `ask`, if it has ended. */
  answer(): number[] | undefined {
    const control = this.read(REPORT_TRANSFER + 4);
    if (control & (ACTIVE | STALLED)) return undefined;
    this.#toggle ^= 1;
    this.#asked = false;
    return this.bytes(REPORT_BUFFER, (control + 1) & 0x7ff);
  }

  /** All reports that wait, one frame each. What was asked for before may have been answered meanwhile. */
  reports(address: number): number[][] {
    const all: number[][] = [];
    for (;;) {
      if (!this.#asked) this.ask(address);
      this.frames(1);
      const report = this.answer();
      if (!report) return all;
      all.push(report);
    }
  }
}

/** Which frames visit the interrupt queue: every so many. */
export function pollEvery(driver: UsbDriver, frames: number): void {
  for (let i = 0; i < 1024; i++) {
    const first = i % frames === 0 ? INTERRUPT_QUEUE | QUEUE : TERMINATE;
    driver.write(FRAME_LIST + i * 4, first);
  }
}
