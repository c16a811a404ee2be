// Media for device tests: bytes that a test holds, given to the core at once or when the test says so.

import { DiskOperation, DiskStatus } from "../protocol/disk";
import { type TestMachine, testMachine, type TestMachineOptions } from "./machine";

export interface DiskTestMachine extends TestMachine {
  /** What the drives hold, by drive number. */
  media: Map<number, Uint8Array>;
  /** Events of the core: kind, a, b. */
  events: [number, number, number][];
  /** Requests in the order they came: drive, operation, position, length. */
  requests: [number, number, number, number][];
  /** With `delayed`: answers the oldest request. */
  answer(status?: DiskStatus): void;
  /** Without `delayed`: the status of the answers from now on. */
  failWith(status: DiskStatus): void;
}

export function diskTestMachine(
  options: TestMachineOptions & { delayed?: boolean } = {},
): DiskTestMachine {
  const media = new Map<number, Uint8Array>();
  const events: [number, number, number][] = [];
  const requests: [number, number, number, number][] = [];
  const waiting: (() => void)[] = [];
  let status = DiskStatus.Ok;
  const machine = testMachine({
    ...options,
    host: {
      ...options.host,
      event: (kind, a, b) => events.push([kind, a, b]),
      diskRequest: (drive, operation, position, length, pointer) => {
        requests.push([drive, operation, position, length]);
        const perform = (): void => {
          const medium = media.get(drive);
          const bytes = machine.core.bytes(pointer, length);
          if (medium && status === DiskStatus.Ok) {
            if (operation === DiskOperation.Read) {
              bytes.fill(0).set(medium.subarray(position, position + length));
            } else if (operation === DiskOperation.Write) {
              medium.set(bytes, position);
            }
          }
          machine.core.exports.diskComplete(drive, status);
        };
        if (options.delayed) waiting.push(perform);
        else perform();
      },
    },
  });
  return {
    ...machine,
    media,
    events,
    requests,
    answer(answered = DiskStatus.Ok) {
      status = answered;
      waiting.shift()?.();
    },
    failWith(failure) {
      status = failure;
    },
  };
}

/** Bytes that tell where they come from: sector number and offset. */
export function patternDisk(bytes: number, sectorSize = 512): Uint8Array {
  const disk = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) {
    disk[i] = i % sectorSize < 2 ? (Math.floor(i / sectorSize) >> ((i % 2) * 8)) & 0xff : i * 7;
  }
  return disk;
}
