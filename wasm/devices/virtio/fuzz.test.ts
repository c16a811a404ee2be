// A hostile guest: random registers, rings, descriptors and buffers. It may stop its device; it may not trap the core, reach memory
// that its requests do not name, or spoil the device for the driver that comes next.

import { expect, test } from "vitest";
import {
  BAR,
  EVENT_INDEX,
  INDIRECT,
  NEXT,
  VirtioDriver,
  virtioMachine,
  WRITE,
} from "../../testing/virtio";

const CASES = 100_000;
const RAM_SIZE = 4 << 20;
const HOLE = [0xa_0000, 0x10_0000] as const;
const UNDER_WAY_MAX = 32;
const SEGMENTS_MAX = 1024;

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

test(`${CASES} random accesses lead the host to RAM only`, { timeout: 120_000 }, () => {
  const { next, below, pick } = randomNumbers(0x1af4_105a);
  const { machine, core, requests } = virtioMachine("a", "b");
  const driver = new VirtioDriver(machine);
  const { exports } = core;
  const { ram } = driver;
  let queues = driver.start(INDIRECT, 16);
  let seen = 0;

  const isRam = ([address, length]: [number, number]): boolean =>
    length > 0 && address + length <= RAM_SIZE && (address + length <= HOLE[0] || address >= HOLE[1]); // prettier-ignore

  const randomAddress = (): number => {
    switch (below(8)) {
      case 0:
        return next();
      case 1:
        return RAM_SIZE - below(200);
      case 2:
        return pick(HOLE) - below(100) + below(100);
      case 3:
        return BAR + below(0x2000);
      case 4:
        return 0x1_0000 * (1 + below(2)) + below(0x9000); // the rings themselves
      default:
        return below(RAM_SIZE);
    }
  };

  const plantDescriptors = (table: number): void => {
    for (let index = 0; index < 16; index++) {
      const at = table + index * 16;
      if (at + 16 > RAM_SIZE) return;
      ram.writeUInt32LE(randomAddress(), at);
      ram.writeUInt32LE(below(20) ? 0 : next(), at + 4);
      ram.writeUInt32LE(below(10) ? below(3) * 16 + below(300) : next(), at + 8);
      ram.writeUInt16LE(below(20) ? pick([0, NEXT, WRITE, NEXT | WRITE, 4]) : below(65536), at + 12); // prettier-ignore
      ram.writeUInt16LE(below(20) ? below(16) : below(65536), at + 14);
    }
  };

  const offer = (): void => {
    const queue = pick(queues);
    if (below(3)) plantDescriptors(queue.rings.table);
    if (below(4) === 0) plantDescriptors(randomAddress() % RAM_SIZE);
    for (let count = below(4); count >= 0; count--) queue.offer(below(50) ? below(16) : next() & 0xffff); // prettier-ignore
    queue.notify();
  };

  const answer = (): void => {
    const request = requests.splice(below(requests.length), 1)[0];
    if (request) exports.completeVirtio(request.token, below(100));
    if (below(20) === 0) exports.completeVirtio(next() | 0, below(100));
  };

  for (let done = 0; done < CASES; done++) {
    switch (below(8)) {
      case 0: {
        const size = pick([1, 2, 4]);
        exports.writePhysical(BAR + below(0x1000 - size), size, below(3) ? below(64) : next());
        break;
      }
      case 1:
        exports.readPhysical(BAR + below(0x1000 - 4), pick([1, 2, 4]));
        break;
      case 2: {
        const size = pick([1, 2, 4] as const);
        const at = below(2) ? 0x40 + below(0x60) : below(256);
        // The BAR stays where it is, for the test's own sake.
        if (at + size <= 0x04 || (at >= 0x14 && below(4))) driver.setConfig(at, size, next());
        else driver.config(at, size);
        break;
      }
      case 3:
        answer();
        break;
      case 4:
        ram[below(RAM_SIZE)] = below(256);
        break;
      case 5:
        if (below(40) === 0) {
          machine.reset();
          driver.setConfig(0x10, 4, BAR);
          driver.setConfig(0x04, 2, 6);
        }
        break;
      default:
        offer();
    }
    if (done % 50 === 0) {
      driver.setConfig(0x04, 2, 6);
      queues = driver.start(pick([0, INDIRECT, EVENT_INDEX | INDIRECT]), 16);
    }
    if (requests.length === seen) continue;
    for (const { readable, writable } of requests.slice(seen)) {
      expect(readable.length + writable.length).toBeLessThanOrEqual(SEGMENTS_MAX);
      const wrong = [...readable, ...writable].filter((one) => !isRam(one));
      if (wrong.length > 0) expect.fail(`after ${done}: the host is led to ${String(wrong)}`);
    }
    seen = requests.length;
    if (seen > 4 * UNDER_WAY_MAX) requests.splice(0, seen - UNDER_WAY_MAX);
    seen = requests.length;
  }

  // The next driver finds everything as it should be.
  machine.reset();
  requests.length = 0;
  const [, queue] = new VirtioDriver(machine).start();
  queue?.describe(0, { address: 0x4_0000, length: 40 });
  queue?.offer(0);
  queue?.notify();
  expect(requests).toMatchObject([{ readable: [[0x4_0000, 40]] }]);
  expect(exports.completeVirtio(requests[0]?.token ?? 0, 0)).toBe(1);
  expect(queue?.taken()).toEqual([{ head: 0, written: 0 }]);
});
