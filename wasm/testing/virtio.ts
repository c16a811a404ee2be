// A guest's virtio driver, for tests: finds a function by its capabilities, sets its queues up in RAM, and makes requests.

import type { Core, CoreHost } from "../../src/worker/core";
import { VirtioSegment } from "../protocol/virtio";
import { testMachine, type TestMachine } from "./machine";

export const FIRST_DEVICE = 8;
export const BAR = 0xe000_0000;
export const [COMMON, NOTIFY, ISR, DEVICE, ACCESS] = [1, 2, 3, 4, 5] as const;

/** Offsets in the common configuration. */
export enum Field {
  DeviceFeatureSelect = 0x00,
  DeviceFeature = 0x04,
  DriverFeatureSelect = 0x08,
  DriverFeature = 0x0c,
  Vector = 0x10,
  Queues = 0x12,
  Status = 0x14,
  QueueSelect = 0x16,
  QueueSize = 0x18,
  QueueEnable = 0x1c,
  QueueNotify = 0x1e,
  QueueTable = 0x20,
  QueueDriver = 0x28,
  QueueDevice = 0x30,
}

export const STATUS = { acknowledge: 1, driver: 2, driverOk: 4, featuresOk: 8, needsReset: 0x40 };
export const INDIRECT = 1 << 28;
export const EVENT_INDEX = 1 << 29;

export const [NEXT, WRITE, INDIRECT_TABLE] = [1, 2, 4] as const;
export interface Descriptor {
  address: number;
  length: number;
  flags?: number;
  next?: number;
}

/** Where a queue lies in RAM. */
export interface Rings {
  size: number;
  table: number;
  driver: number;
  device: number;
}

export class VirtioDriver {
  readonly machine: TestMachine;
  readonly ram: Buffer;
  readonly #function: number;
  readonly #bar: number;
  /** Offset in the BAR, and length, by kind of capability. */
  readonly capabilities = new Map<number, { at: number; offset: number; length: number }>();

  constructor(machine: TestMachine, place = 0) {
    this.machine = machine;
    const { exports, memory } = machine.core;
    this.ram = Buffer.from(memory.buffer, exports.ramAddress() >>> 0, exports.ramBytes());
    this.#function = (FIRST_DEVICE + place) << 3;
    this.#bar = BAR + place * 0x1000;
    if (this.config(0, 2) === 0xffff) return;
    this.setConfig(0x10, 4, this.#bar);
    this.setConfig(0x04, 2, 6);
    for (let at = this.config(0x34, 1); at !== 0; at = this.config(at + 1, 1))
      this.capabilities.set(this.config(at + 3, 1), {
        at,
        offset: this.config(at + 8, 4),
        length: this.config(at + 12, 4),
      });
  }

  #select(register: number): void {
    this.machine.outl(0xcf8, (0x8000_0000 | (this.#function << 8) | (register & 0xfc)) >>> 0);
  }

  config(register: number, size: 1 | 2 | 4): number {
    this.#select(register);
    const port = 0xcfc + (register & 3);
    const { inb, inw, inl } = this.machine;
    return size === 1 ? inb(port) : size === 2 ? inw(port) : inl(port);
  }

  setConfig(register: number, size: 1 | 2 | 4, value: number): void {
    this.#select(register);
    this.machine.core.exports.writePort(0xcfc + (register & 3), size, value);
  }

  read(capability: number, offset: number, size: number): number {
    const address = this.#bar + (this.capabilities.get(capability)?.offset ?? 0) + offset;
    return this.machine.core.exports.readPhysical(address, size) >>> 0;
  }

  write(capability: number, offset: number, size: number, value: number): void {
    const address = this.#bar + (this.capabilities.get(capability)?.offset ?? 0) + offset;
    this.machine.core.exports.writePhysical(address, size, value);
  }

  get status(): number {
    return this.read(COMMON, Field.Status, 1);
  }

  set status(value: number) {
    this.write(COMMON, Field.Status, 1, value);
  }

  accept(features: number, high = 1): void {
    this.write(COMMON, Field.DriverFeatureSelect, 4, 0);
    this.write(COMMON, Field.DriverFeature, 4, features);
    this.write(COMMON, Field.DriverFeatureSelect, 4, 1);
    this.write(COMMON, Field.DriverFeature, 4, high);
  }

  enable(index: number, rings: Rings): void {
    this.write(COMMON, Field.QueueSelect, 2, index);
    this.write(COMMON, Field.QueueSize, 2, rings.size);
    for (const [field, value] of [
      [Field.QueueTable, rings.table],
      [Field.QueueDriver, rings.driver],
      [Field.QueueDevice, rings.device],
    ] as const) {
      this.write(COMMON, field, 4, value);
      this.write(COMMON, field + 4, 4, 0);
    }
    this.write(COMMON, Field.QueueEnable, 2, 1);
  }

  /** As far as a driver comes before its first request. Queue `index` lies at 10000h * (index + 1). */
  start(features = INDIRECT, size = 8): VirtioQueue[] {
    this.status = 0;
    this.status = STATUS.acknowledge;
    this.status = STATUS.acknowledge | STATUS.driver;
    this.accept(features);
    this.status = this.status | STATUS.featuresOk;
    const queues = [0, 1].map((index) => {
      const at = 0x1_0000 * (index + 1);
      this.ram.fill(0, at, at + 0x1_0000);
      const rings = { size, table: at, driver: at + 0x5000, device: at + 0x8000 };
      this.enable(index, rings);
      return new VirtioQueue(this, index, rings);
    });
    this.status = this.status | STATUS.driverOk;
    return queues;
  }
}

export class VirtioQueue {
  readonly rings: Rings;
  readonly #driver: VirtioDriver;
  readonly #index: number;
  #made = 0;
  #seen = 0;

  constructor(driver: VirtioDriver, index: number, rings: Rings) {
    this.#driver = driver;
    this.#index = index;
    this.rings = rings;
  }

  describe(
    index: number,
    { address, length, flags = 0, next = 0 }: Descriptor,
    table = this.rings.table,
  ): void {
    // prettier-ignore
    const { ram } = this.#driver;
    const at = table + index * 16;
    ram.writeUInt32LE(address, at);
    ram.writeUInt32LE(0, at + 4);
    ram.writeUInt32LE(length, at + 8);
    ram.writeUInt16LE(flags, at + 12);
    ram.writeUInt16LE(next, at + 14);
  }

  /** Descriptors `head`, `head` + 1, … in a row. */
  chain(head: number, descriptors: readonly Descriptor[], table?: number): void {
    descriptors.forEach((one, offset) => {
      const isLast = offset === descriptors.length - 1;
      const flags = (one.flags ?? 0) | (isLast ? 0 : NEXT);
      this.describe(head + offset, { ...one, flags, next: isLast ? 0 : head + offset + 1 }, table);
    });
  }

  /** Puts a request into the ring. */
  offer(head: number): void {
    const { ram } = this.#driver;
    const { driver, size } = this.rings;
    ram.writeUInt16LE(head, driver + 4 + (this.#made % size) * 2);
    this.#made = (this.#made + 1) & 0xffff;
    ram.writeUInt16LE(this.#made, driver + 2);
  }

  notify(): void {
    this.#driver.write(NOTIFY, this.#index * 4, 2, this.#index);
  }

  /** What the device has given back since the last time. */
  taken(): { head: number; written: number }[] {
    const { ram } = this.#driver;
    const { device, size } = this.rings;
    const entries: { head: number; written: number }[] = [];
    for (const end = ram.readUInt16LE(device + 2); this.#seen !== end;) {
      const at = device + 4 + (this.#seen % size) * 8;
      entries.push({ head: ram.readUInt32LE(at), written: ram.readUInt32LE(at + 4) });
      this.#seen = (this.#seen + 1) & 0xffff;
    }
    return entries;
  }
}

export interface VirtioRequest {
  place: number;
  token: number;
  readable: [number, number][];
  writable: [number, number][];
}

/** A machine with file systems of these names, whose requests the test answers. */
export function virtioMachine(...names: string[]): {
  machine: TestMachine;
  core: Core;
  requests: VirtioRequest[];
  resets: number[];
} {
  const requests: VirtioRequest[] = [];
  const resets: number[] = [];
  let core: Core | undefined;
  const host: Partial<CoreHost> = {
    virtioRequest(place, token, segments, readable, writable) {
      const all = segmentsOf(core as Core, segments, readable + writable);
      requests.push({
        place,
        token,
        readable: all.slice(0, readable),
        writable: all.slice(readable),
      });
    },
    virtioReset: (place) => void resets.push(place),
  };
  const machine = testMachine({ host });
  core = machine.core;
  for (const name of names) plugVirtioFs(core, name);
  resets.length = 0;
  return { machine, core, requests, resets };
}

export function plugVirtioFs(core: Core, name: string): number {
  const bytes = new TextEncoder().encode(name);
  const buffer = core.exports.HOST_BUFFERS.value as number;
  core.bytes(buffer, bytes.length).set(bytes);
  return core.exports.addVirtioFs(buffer, bytes.length);
}

function segmentsOf(core: Core, at: number, count: number): [number, number][] {
  const words = new Uint32Array(core.memory.buffer, at, (count * VirtioSegment.SIZE) / 4);
  return Array.from({ length: count }, (_, index) => [
    words[index * 2] ?? 0,
    words[index * 2 + 1] ?? 0,
  ]);
}
