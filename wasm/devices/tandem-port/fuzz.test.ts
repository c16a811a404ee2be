// A hostile guest: random registers, blocks, lengths, addresses and FIFO traffic. It may hang itself; it may not trap the core, reach
// memory that its requests do not name, or spoil the port for the driver that comes next.

import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { BLOCK, complete, TandemDriver, tandemMachine, words } from "../../testing/tandem";
import {
  Command,
  ISA_BASE,
  Register,
  Request,
  REQUEST_HEADER_SIZE,
  REQUEST_SIZE_MAX,
  RequestStatus,
} from "../../protocol/tandem-port";
import { ChannelCommand } from "../../protocol/channels";
import { DisplayCommand } from "../../protocol/display";
import { PointerCommand } from "../../protocol/pointer";
import { TimeCommand } from "../../protocol/time";

const CASES = 120_000;
const BATCH = 1000;
const BAR = 0xc100;
const RAM_SIZE = 4 << 20;
/** wasm/layout.ts */
const VRAM = 0x0400_0000;
const VRAM_SIZE = 0x0100_0000;
/** Legacy video memory and ROMs: not RAM for a request. */
const HOLE = [0xa_0000, 0x10_0000] as const;

function randomNumbers(seed: number) {
  let state = seed;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  const below = (limit: number): number => next() % limit;
  const pick = <T>(values: readonly T[]): T => values[below(values.length)] as T;
  return { next, below, pick };
}

test(`${CASES} random accesses touch nothing but the request blocks`, { timeout: 120_000 }, () => {
  const { next, below, pick } = randomNumbers(0x7464_1234);
  const { machine, driver, requests } = tandemMachine();
  const { core } = machine;
  const ram = Buffer.from(driver.ram.buffer, driver.ram.byteOffset, driver.ram.length);
  const vram = Buffer.from(core.memory.buffer, VRAM, VRAM_SIZE);
  const hash = (bytes: Buffer): string => createHash("md5").update(bytes).digest("hex");
  const vramBefore = hash(vram);
  machine.outl(0xcf8, 0x8000_2810);
  machine.outl(0xcfc, BAR);
  machine.outl(0xcf8, 0x8000_2804);
  machine.outw(0xcfc, 1);
  const before = Buffer.alloc(RAM_SIZE);
  /** Places that blocks of this batch may have changed. */
  let allowed: [number, number][] = [];
  /** The block of each request that the host has not answered. */
  const open = new Map<number, [number, number]>();

  const isRam = (address: number, size: number): boolean =>
    address + size <= RAM_SIZE && (address + size <= HOLE[0] || address >= HOLE[1]);

  const ringing = (address: number): [number, number] | undefined => {
    if (!isRam(address, REQUEST_HEADER_SIZE)) return undefined;
    const size = ram.readUInt32LE(address + Request.Size);
    if (size < REQUEST_HEADER_SIZE) return undefined;
    return size <= REQUEST_SIZE_MAX && isRam(address, size)
      ? [address, address + size]
      : [address + Request.Status, address + REQUEST_HEADER_SIZE];
  };

  let doorbell = 0;
  const ring = (address: number): void => {
    const range = ringing(address);
    if (range) allowed.push(range);
    const asked = requests.length;
    machine.outl(pick([ISA_BASE, BAR]) + Register.Doorbell, address);
    if (range && requests.length > asked) open.set(requests.at(-1)?.token ?? 0, range);
  };

  const commands = [
    ...Array.from({ length: 10 }, (_, i) => i),
    ...Array.from({ length: 9 }, (_, i) => PointerCommand.Mode + i - 1),
    0x0200,
    ...Array.from({ length: 4 }, (_, i) => DisplayCommand.Hint + i - 1),
    ...Array.from({ length: 4 }, (_, i) => TimeCommand.Get + i - 1),
    ...Array.from({ length: 9 }, (_, i) => ChannelCommand.Open + i - 1),
    0xffff,
  ];
  const sizes = [0, 1, 12, 23, 24, 25, 28, 36, 44, 64, 100, 4096, 0xfff0, 0x1_0000, 0x1_0001];

  const randomAddress = (): number => {
    switch (below(8)) {
      case 0:
        return next();
      case 1:
        return RAM_SIZE - below(200);
      case 2:
        return pick(HOLE) - below(100) + below(100);
      case 3:
        return (0x1_0000_0000 - below(200)) >>> 0;
      case 4:
        return (below(1023) << 12) + 4096 - below(64); // across pages
      default:
        return below(RAM_SIZE);
    }
  };

  const plantBlock = (address: number): void => {
    if (!isRam(address, REQUEST_HEADER_SIZE + 64)) return;
    for (let i = 0; i < 64; i += 4)
      ram.writeUInt32LE(below(4) ? below(300) : next(), address + 24 + i);
    ram.writeUInt32LE(below(10) ? pick(sizes) : next(), address + Request.Size);
    ram.writeUInt16LE(below(20) ? pick(commands) : below(0x1_0000), address + Request.Command);
    ram.writeUInt16LE(below(4), address + Request.Flags);
    ram.writeUInt32LE(below(50), address + Request.Tag);
    ram.writeUInt32LE(below(8) ? driver.session : next(), address + Request.Session);
  };

  const answerSomething = (): void => {
    const request = requests.splice(below(requests.length), 1)[0];
    if (!request) return;
    const { token } = request;
    const range = open.get(token);
    const body = new Uint8Array(pick([0, 0, 1, 4, 20, 100, 5000, REQUEST_SIZE_MAX])).fill(0xa5);
    if (complete(core, token, -below(130), body) && range) allowed.push(range);
    open.delete(token);
  };

  const act = (): void => {
    const base = pick([ISA_BASE, BAR]);
    switch (below(16)) {
      case 0:
      case 1:
      case 2: {
        const [read, width] = pick([
          [machine.inb, 1],
          [machine.inw, 2],
          [machine.inl, 4],
        ] as const);
        read(base + below(64 + 4) - below(width));
        break;
      }
      case 3:
      case 4: {
        const offset = below(64);
        const value = next();
        const size = pick([1, 2, 4]);
        // What a write to the doorbell's last byte rings with is known here too.
        for (let i = 0; i < size; i++) {
          const byte = offset + i - Register.Doorbell;
          if (byte < 0 || byte > 3 || offset === Register.PioData) continue;
          const given = ((value >>> (8 * i)) & 0xff) << (8 * byte);
          doorbell = ((doorbell & ~(0xff << (8 * byte))) | given) >>> 0;
          const range = byte === 3 ? ringing(doorbell) : undefined;
          if (range) allowed.push(range);
        }
        const asked = requests.length;
        if (size === 1) machine.outb(base + offset, value);
        else if (size === 2) machine.outw(base + offset, value);
        else machine.outl(base + offset, value);
        if (requests.length > asked) {
          const range = ringing(doorbell);
          if (range && offset !== Register.PioData) open.set(requests.at(-1)?.token ?? 0, range);
        }
        break;
      }
      case 5: {
        const block = driver.block(pick(commands), words(next(), next(), below(300), next()), {
          size: pick(sizes),
          session: below(4) ? driver.session : next(),
        });
        machine.outw(
          base + Register.PioLength,
          below(3) ? Math.min(block.length, 80) : below(0x1_0000),
        );
        for (let i = 0; i < Math.min(block.length, 80); i++)
          machine.outb(base + Register.PioData, block[i] ?? 0);
        break;
      }
      case 6:
        for (let i = below(70); i > 0; i--) machine.inl(base + Register.PioData);
        break;
      case 7:
        answerSomething();
        break;
      case 8: {
        const { exports } = core;
        exports.pointerPosition(below(1000) / 999, below(1000) / 999, below(100));
        exports.pointerButtons(below(32), 0);
        exports.pointerMotion(next() | 0, next() | 0, 0);
        break;
      }
      case 9:
        if (below(50) === 0) machine.reset();
        else if (below(20) === 0) machine.advance(below(30));
        break;
      default: {
        const address = randomAddress();
        if (below(4)) {
          // The guest's own writes are not the port's.
          plantBlock(address);
          if (isRam(address, 88)) before.set(ram.subarray(address, address + 88), address);
        }
        doorbell = address;
        ring(address);
      }
    }
  };

  let requestsSeen = 0;
  for (let done = 0; done < CASES; done += BATCH) {
    for (let i = 0; i < 64; i++) plantBlock(randomAddress());
    for (let i = 0; i < 1000; i++) ram[below(RAM_SIZE)] = below(256);
    ram.copy(before);
    for (const token of open.keys())
      if (core.exports.requestBuffer(token) === 0) open.delete(token);
    allowed = [...open.values()]; // BYE and CANCEL answer them
    for (let i = 0; i < BATCH; i++) {
      if (i % 100 === 0) {
        machine.outl(0xcf8, 0x8000_2810);
        machine.outl(0xcfc, BAR);
        machine.outl(0xcf8, 0x8000_2804);
        machine.outw(0xcfc, below(8) ? 1 : 0x401);
        allowed.push([BLOCK, BLOCK + 64]);
        driver.hello();
        doorbell = BLOCK;
      }
      act();
    }
    for (const [from, to] of allowed) ram.copy(before, from, from, to);
    if (!before.equals(ram)) {
      const at = before.findIndex((byte, index) => byte !== ram[index]);
      expect.fail(`batch at ${done}: memory at ${at.toString(16)}h was changed`);
    }
    requestsSeen += requests.length;
    requests.length = Math.min(requests.length, 40);
  }
  expect(requestsSeen).toBeGreaterThan(100);
  expect(hash(vram)).toBe(vramBefore);

  // The next driver finds everything as it should be.
  machine.reset();
  const fresh = new TandemDriver(machine);
  expect(fresh.hello().status).toBe(RequestStatus.Ok);
  expect(fresh.read(Register.Pending)).toBe(0);
  expect(fresh.read(Register.Status)).toBe(0);
  expect(fresh.request(Command.Ping, words(1, 2, 3))).toMatchObject({
    status: RequestStatus.Ok,
    body: words(1, 2, 3),
  });
  core.exports.pointerPosition(0.5, 0.5, 0);
  fresh.latch(); // buttons that are held
  expect(fresh.latch().pixelX).toBeGreaterThan(0);
});
