import { expect, test } from "vitest";
import { DiskStatus } from "../../protocol/disk";
import { MachineEvent } from "../../protocol/events";
import { type DiskTestMachine, diskTestMachine, patternDisk } from "../../testing/disks";

const BASE = 0x170;
const DRIVE = 2;
const SECTORS = 400;
const DONE = 0x50;
const DATA = 0x58;
const FAILED = 0x51;

function withCdRom(options: Parameters<typeof diskTestMachine>[0] = {}): DiskTestMachine {
  const machine = diskTestMachine(options);
  machine.media.set(DRIVE, patternDisk(SECTORS * 2048, 2048));
  machine.core.exports.attachDisk(DRIVE, 1, SECTORS * 2048);
  return machine;
}

/** Sends a packet; `limit` is the byte count limit, or -1 for DMA. */
function packet(machine: DiskTestMachine, bytes: number[], limit = 0xfffe): void {
  machine.outb(BASE + 6, 0xa0);
  machine.outb(BASE + 1, limit < 0 ? 1 : 0);
  machine.outb(BASE + 4, limit & 0xff);
  machine.outb(BASE + 5, (limit >> 8) & 0xff);
  machine.outb(BASE + 7, 0xa0);
  expect(machine.inb(BASE + 7)).toBe(DATA);
  expect(machine.inb(BASE + 2)).toBe(1); // command wanted
  for (let i = 0; i < 12; i += 2) {
    machine.outw(BASE, (bytes[i] ?? 0) | ((bytes[i + 1] ?? 0) << 8));
  }
}

/** Reads the data of a packet command block by block; returns the bytes and the blocks' sizes. */
function receive(machine: DiskTestMachine): { bytes: number[]; blocks: number[] } {
  const bytes: number[] = [];
  const blocks: number[] = [];
  while (machine.inb(BASE + 7) === DATA) {
    expect(machine.inb(BASE + 2)).toBe(2);
    const size = machine.inb(BASE + 4) | (machine.inb(BASE + 5) << 8);
    blocks.push(size);
    for (let i = 0; i < size; i += 2) {
      const word = machine.inw(BASE);
      bytes.push(word & 0xff);
      if (i + 1 < size) bytes.push(word >> 8);
    }
  }
  expect(machine.inb(BASE + 2)).toBe(3);
  return { bytes, blocks };
}

/** Runs a command that has to succeed. */
function ask(machine: DiskTestMachine, bytes: number[]): number[] {
  packet(machine, bytes);
  const answer = receive(machine).bytes;
  expect(machine.inb(BASE + 7)).toBe(DONE);
  return answer;
}

/** Runs a command that has to fail; returns sense key, code and qualifier. */
function refuse(machine: DiskTestMachine, bytes: number[]): number[] {
  packet(machine, bytes);
  expect(machine.inb(BASE + 7)).toBe(FAILED);
  const key = machine.inb(BASE + 1) >> 4;
  const sense = ask(machine, [0x03, 0, 0, 0, 18]);
  expect(sense[2]).toBe(key);
  return [sense[2]!, sense[12]!, sense[13]!];
}

test("a reset leaves the signature of a packet drive, and IDENTIFY DEVICE is refused with it", () => {
  const machine = withCdRom();
  expect([4, 5].map((i) => machine.inb(BASE + i))).toEqual([0x14, 0xeb]);
  machine.outb(BASE + 4, 0);
  machine.outb(BASE + 7, 0xec);
  expect([machine.inb(BASE + 7), machine.inb(BASE + 1)]).toEqual([FAILED, 0x04]);
  expect([4, 5].map((i) => machine.inb(BASE + i))).toEqual([0x14, 0xeb]);
});

test("IDENTIFY PACKET DEVICE tells a removable CD-ROM with 12-byte packets", () => {
  const machine = withCdRom();
  machine.outb(BASE + 7, 0xa1);
  expect(machine.inb(BASE + 7)).toBe(DATA);
  expect(machine.inw(BASE)).toBe(0x85c0);
  for (let i = 1; i < 256; i++) machine.inw(BASE);
  expect(machine.inb(BASE + 7)).toBe(DONE);
});

test("INQUIRY gives a CD-ROM by name, cut to the room the guest has", () => {
  const machine = withCdRom();
  const data = ask(machine, [0x12, 0, 0, 0, 36]);
  expect(data.slice(0, 2)).toEqual([5, 0x80]);
  expect(String.fromCharCode(...data.slice(8, 24))).toBe("TANDEM  CD-ROM  ");
  expect(ask(machine, [0x12, 0, 0, 0, 5]).length).toBe(5);
});

test("READ CAPACITY gives the last sector", () => {
  const machine = withCdRom();
  expect(ask(machine, [0x25])).toEqual([0, 0, (SECTORS - 1) >> 8, (SECTORS - 1) & 255, 0, 0, 8, 0]);
});

test("READ(10) moves blocks within the byte count limit", () => {
  const machine = withCdRom();
  packet(machine, [0x28, 0, 0, 0, 0, 20, 0, 0, 3], 2048);
  const { bytes, blocks } = receive(machine);
  expect(blocks).toEqual([2048, 2048, 2048]);
  const expected = machine.media.get(DRIVE)!.slice(20 * 2048, 23 * 2048);
  expect(Buffer.compare(Buffer.from(bytes), expected)).toBe(0);
  packet(machine, [0x28, 0, 0, 0, 0, 20, 0, 0, 1], 512);
  expect(receive(machine).blocks).toEqual([512, 512, 512, 512]);
});

test("READ(12) by DMA is longer than the buffer", () => {
  const machine = withCdRom();
  machine.outl(0xcf8, 0x8000_0920);
  machine.outl(0xcfc, 0xc001);
  machine.outl(0xcf8, 0x8000_0904);
  machine.outl(0xcfc, 0x0005);
  const { writePhysical, ramAddress } = machine.core.exports;
  for (let i = 0; i < 4; i++) {
    writePhysical(0x1000 + i * 8, 4, 0x10_0000 + i * 0x1_0000);
    writePhysical(0x1004 + i * 8, 4, i === 3 ? 0x8000_0000 | 0 : 0);
  }
  machine.outl(0xc00c, 0x1000);
  packet(machine, [0xa8, 0, 0, 0, 0, 7, 0, 0, 0, 128], -1);
  machine.outb(0xc008, 0x09);
  expect(machine.inb(0xc00a) & 7).toBe(4);
  expect(machine.inb(BASE + 7)).toBe(DONE);
  const memory = machine.core.bytes(ramAddress() + 0x10_0000, 0x4_0000);
  const expected = machine.media.get(DRIVE)!.subarray(7 * 2048, 135 * 2048);
  expect(Buffer.compare(memory, expected)).toBe(0);
});

test("READ CD gives user data, or whole raw sectors with their headers", () => {
  const machine = withCdRom();
  expect(ask(machine, [0xbe, 0, 0, 0, 0, 33, 0, 0, 1, 0x10])[0]).toBe(33);
  const raw = ask(machine, [0xbe, 0, 0, 0, 0, 33, 0, 0, 2, 0xf8]);
  expect(raw.length).toBe(2 * 2352);
  expect(raw.slice(0, 18)).toEqual([0, ...Array(10).fill(255), 0, 0x00, 0x02, 0x33, 1, 33, 0]);
  expect(raw[2352 + 16]).toBe(34);
});

test("a read past the end is an illegal request; one that the host cannot do, a medium error", () => {
  const machine = withCdRom();
  expect(refuse(machine, [0x28, 0, 0, 0, 1, 0x90, 0, 0, 1])).toEqual([5, 0x21, 0]);
  machine.failWith(DiskStatus.Error);
  expect(refuse(machine, [0x28, 0, 0, 0, 0, 1, 0, 0, 1])).toEqual([3, 0x11, 0]);
});

test("commands that a CD-ROM does not have are illegal", () => {
  expect(refuse(withCdRom(), [0x2a])).toEqual([5, 0x20, 0]);
});

test("READ TOC has one data track and the lead-out, as sectors and as minutes", () => {
  const machine = withCdRom();
  expect(ask(machine, [0x43, 0, 0, 0, 0, 0, 0, 0, 100])).toEqual([
    0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0, 0, 0x14, 0xaa, 0, 0, 0, 1, 0x90,
  ]);
  expect(ask(machine, [0x43, 2, 0, 0, 0, 0, 0xaa, 0, 100]).slice(8)).toEqual([0, 0, 7, 25]);
  expect(ask(machine, [0x43, 0, 1, 0, 0, 0, 0, 0, 12]).slice(0, 4)).toEqual([0, 10, 1, 1]);
  expect(ask(machine, [0x43, 2, 2, 0, 0, 0, 0, 0, 100]).length).toBe(48);
});

test("MODE SENSE has the capabilities page: tray, eject, lock", () => {
  const machine = withCdRom();
  const data = ask(machine, [0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 128]);
  expect([data[1], data[8], data[9], data[14]]).toEqual([28, 0x2a, 20, 0x29]);
  expect(ask(machine, [0x1a, 0, 0x2a, 0, 128])[4]).toBe(0x2a);
  expect(refuse(machine, [0x5a, 0, 0x31, 0, 0, 0, 0, 0, 128])).toEqual([5, 0x24, 0]);
});

test("GET CONFIGURATION tells the profile of the disc", () => {
  const machine = withCdRom();
  const data = ask(machine, [0x46, 0, 0, 0, 0, 0, 0, 1, 0]);
  expect(data.slice(6, 8)).toEqual([0, 8]);
  expect(data.slice(8, 12)).toEqual([0, 0, 3, 8]);
  expect(data.length).toBe(((data[2]! << 8) | data[3]!) + 4);
});

test("an empty drive has no medium; a new disc is told by a unit attention and an event", () => {
  const machine = withCdRom();
  machine.core.exports.setMedium(DRIVE, 0, 0);
  expect(refuse(machine, [0x00])).toEqual([2, 0x3a, 2]);
  const event = [0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8];
  expect(ask(machine, event)).toEqual([0, 6, 4, 0x10, 3, 1, 0, 0]);
  machine.core.exports.setMedium(DRIVE, SECTORS * 2048, 1);
  expect(ask(machine, event)).toEqual([0, 6, 4, 0x10, 2, 2, 0, 0]);
  expect(ask(machine, event)[4]).toBe(0);
  expect(refuse(machine, [0x00])).toEqual([6, 0x28, 0]);
  ask(machine, [0x00]);
});

test("the guest opens and closes the tray, unless it has locked it", () => {
  const machine = withCdRom();
  ask(machine, [0x1e, 0, 0, 0, 1]);
  expect(refuse(machine, [0x1b, 0, 0, 0, 2])).toEqual([5, 0x53, 2]);
  expect(machine.core.exports.ejectMedium(DRIVE, 0)).toBe(0);
  expect(ask(machine, [0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8])[4]).toBe(1); // eject request
  ask(machine, [0x1e]);
  ask(machine, [0x1b, 0, 0, 0, 2]);
  ask(machine, [0x1b, 0, 0, 0, 3]);
  const trays = machine.events.filter(([kind]) => kind !== Number(MachineEvent.DiskActivity));
  expect(trays).toEqual([
    [MachineEvent.TrayOpen, DRIVE, 0],
    [MachineEvent.TrayClose, DRIVE, 0],
  ]);
});

test("DEVICE RESET ends a transfer and leaves the signature", () => {
  const machine = withCdRom();
  packet(machine, [0x28, 0, 0, 0, 0, 20, 0, 0, 3], 2048);
  machine.inw(BASE);
  machine.outb(BASE + 7, 0x08);
  expect(machine.inb(BASE + 7)).toBe(0);
  expect([2, 3, 4, 5].map((i) => machine.inb(BASE + i))).toEqual([1, 1, 0x14, 0xeb]);
});
