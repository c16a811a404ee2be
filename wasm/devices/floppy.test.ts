import { expect, test } from "vitest";
import { type DiskTestMachine, diskTestMachine, patternDisk } from "../testing/disks";

const DRIVE_A = 4;
const SIZE = 1440 * 1024;
const TRACK = 18;

interface FloppyMachine extends DiskTestMachine {
  /** Sends a command's bytes. */
  send(...bytes: number[]): void;
  /** Lets the controller work, then takes the result bytes. */
  result(): number[];
  irq6(): boolean;
  ram: Uint8Array;
}

function withFloppy(
  options: Parameters<typeof diskTestMachine>[0] = {},
  size = SIZE,
): FloppyMachine {
  const machine = diskTestMachine(options);
  const { inb, outb, advance } = machine;
  machine.media.set(DRIVE_A, patternDisk(size));
  machine.core.exports.setMedium(DRIVE_A, size, 0);
  for (const [port, value] of [
    [0x20, 0x11],
    [0x21, 0x08],
    [0x21, 0x04],
    [0x21, 0x01],
  ] as const) {
    outb(port, value);
  }
  const result = (): number[] => {
    advance(1000, 0.5);
    const bytes: number[] = [];
    while ((inb(0x3f4) & 0xc0) === 0xc0) bytes.push(inb(0x3f5));
    return bytes;
  };
  const send = (...bytes: number[]): void => {
    for (const byte of bytes) {
      expect(inb(0x3f4) & 0xc0).toBe(0x80);
      outb(0x3f5, byte);
    }
  };
  const floppy = {
    ...machine,
    send,
    result,
    irq6: () => {
      outb(0x20, 0x0a);
      return (inb(0x20) & 0x40) !== 0;
    },
    ram: machine.core.bytes(machine.core.exports.ramAddress(), 1 << 20),
  };
  outb(0x3f2, 0x1c);
  advance(1, 0.1);
  for (let i = 0; i < 4; i++) {
    send(0x08);
    expect(result()).toEqual([0xc0 | i, 0]);
  }
  outb(0x3f7, 0);
  send(0x03, 0xaf, 0x02);
  return floppy;
}

/** Programs DMA channel 2: 46h writes to memory, 4Ah reads from it. */
function programDma(machine: FloppyMachine, mode: number, address: number, length: number): void {
  const { outb } = machine;
  outb(0x08, 0);
  outb(0x0a, 0x06);
  outb(0x0c, 0);
  outb(0x04, address & 0xff);
  outb(0x04, (address >> 8) & 0xff);
  outb(0x81, address >> 16);
  outb(0x05, (length - 1) & 0xff);
  outb(0x05, (length - 1) >> 8);
  outb(0x0b, mode);
  outb(0x0a, 0x02);
}

function seek(machine: FloppyMachine, cylinder: number): void {
  machine.send(0x0f, 0x00, cylinder);
  machine.advance(50, 1);
  expect(machine.irq6()).toBe(true);
  machine.send(0x08);
  expect(machine.result()).toEqual([0x20, cylinder]);
}

test("after a reset four SENSE INTERRUPT answers wait, then there are none", () => {
  const machine = withFloppy();
  machine.send(0x08);
  expect(machine.result()).toEqual([0x80]);
});

test("a reset is not instant: a BIOS prepares for its interrupt after it", () => {
  const machine = withFloppy();
  machine.outb(0x3f2, 0x18);
  machine.outb(0x3f2, 0x1c);
  expect(machine.irq6()).toBe(false);
  machine.advance(1, 0.1);
  expect(machine.irq6()).toBe(true);
});

test("READ DATA moves sectors by DMA and ends at the terminal count", () => {
  const machine = withFloppy();
  seek(machine, 3);
  programDma(machine, 0x46, 0x8000, 2 * 512);
  machine.send(0xe6, 0x04, 3, 1, 5, 2, 18, 0x1b, 0xff);
  expect(machine.inb(0x3f4)).toBe(0x10);
  machine.advance(50, 1);
  expect(machine.irq6()).toBe(true);
  expect(machine.result()).toEqual([0x04, 0, 0, 3, 1, 7, 2]);
  expect(machine.irq6()).toBe(false);
  const first = ((3 * 2 + 1) * TRACK + 4) * 512;
  expect(machine.ram.slice(0x8000, 0x8400)).toEqual(
    machine.media.get(DRIVE_A)!.slice(first, first + 1024),
  );
});

test("a multi-track read goes on with the second head, also with a slow host", () => {
  const machine = withFloppy({ delayed: true });
  programDma(machine, 0x46, 0x8000, 20 * 512);
  machine.send(0xe6, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff);
  machine.advance(20, 1);
  expect(machine.inb(0x3f4)).toBe(0x10);
  machine.answer();
  machine.advance(20, 1);
  machine.answer();
  expect(machine.result()).toEqual([0x04, 0, 0, 0, 1, 3, 2]);
  expect(machine.ram[0x8000 + 19 * 512]).toBe(19);
});

test("a terminal count at the last sector of the cylinder is a normal end", () => {
  const machine = withFloppy();
  programDma(machine, 0x46, 0x8000, 36 * 512);
  machine.send(0xe6, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff);
  expect(machine.result()).toEqual([0x04, 0, 0, 1, 0, 1, 2]);
});

test("WRITE DATA stores sectors", () => {
  const machine = withFloppy();
  machine.ram.fill(0x5a, 0x9000, 0x9400);
  programDma(machine, 0x4a, 0x9000, 1024);
  machine.send(0xc5, 0x00, 0, 0, 2, 2, 18, 0x1b, 0xff);
  expect(machine.result()).toEqual([0, 0, 0, 0, 0, 4, 2]);
  const disk = machine.media.get(DRIVE_A)!;
  expect(disk.slice(512, 1536).every((byte) => byte === 0x5a)).toBe(true);
  expect(disk[1536]).toBe(3);
});

test("a write-protected disk refuses to be written", () => {
  const machine = withFloppy();
  machine.core.exports.setMedium(DRIVE_A, SIZE, 1);
  programDma(machine, 0x4a, 0x9000, 512);
  machine.send(0xc5, 0x00, 0, 0, 2, 2, 18, 0x1b, 0xff);
  expect(machine.result().slice(0, 3)).toEqual([0x40, 0x02, 0]);
  machine.send(0x04, 0x00);
  expect(machine.result()[0]! & 0x40).toBe(0x40);
});

test("without DMA the bytes go through the data port, and EOT ends the transfer", () => {
  const machine = withFloppy();
  machine.send(0x03, 0xaf, 0x03);
  machine.send(0x46, 0x00, 0, 0, 17, 2, 18, 0x1b, 0xff);
  machine.advance(20, 1);
  const bytes: number[] = [];
  while (machine.inb(0x3f4) === 0xf0) bytes.push(machine.inb(0x3f5));
  expect(bytes.length).toBe(1024);
  expect([bytes[0], bytes[512]]).toEqual([16, 17]);
  expect(machine.result()).toEqual([0x40, 0x80, 0, 1, 0, 1, 2]);
});

test("a wrong data rate finds no address mark: that is how drivers tell the media", () => {
  const machine = withFloppy();
  machine.outb(0x3f7, 2);
  machine.send(0x4a, 0x00);
  expect(machine.result().slice(0, 2)).toEqual([0x40, 0x01]);
  machine.outb(0x3f7, 0);
  machine.send(0x4a, 0x00);
  const [st0, , , cylinder, head, sector, size] = machine.result();
  expect([st0, cylinder, head, size]).toEqual([0, 0, 0, 2]);
  expect(sector).toBeLessThanOrEqual(TRACK);
});

test("a 360 KB image has 9 sectors and 40 cylinders", () => {
  const machine = withFloppy({}, 360 * 1024);
  machine.outb(0x3f7, 2);
  seek(machine, 39);
  programDma(machine, 0x46, 0x8000, 512);
  machine.send(0xe6, 0x04, 39, 1, 9, 2, 9, 0x1b, 0xff);
  expect(machine.result()[0]).toBe(0x04);
  expect(machine.ram[0x8000]! | (machine.ram[0x8001]! << 8)).toBe(719);
});

test("sectors past the end of a short image read as zeros", () => {
  const machine = withFloppy({}, SIZE - 100 * 512);
  seek(machine, 79);
  machine.ram.fill(0xee, 0x8000, 0x8200);
  programDma(machine, 0x46, 0x8000, 512);
  machine.send(0xe6, 0x04, 79, 1, 18, 2, 18, 0x1b, 0xff);
  expect(machine.result()[0]).toBe(0x04);
  expect(machine.ram.slice(0x8000, 0x8200).every((byte) => byte === 0)).toBe(true);
});

test("a sector that the track does not have, or another cylinder, is an error", () => {
  const machine = withFloppy();
  programDma(machine, 0x46, 0x8000, 512);
  machine.send(0xe6, 0x00, 0, 0, 19, 2, 19, 0x1b, 0xff);
  expect(machine.result().slice(0, 3)).toEqual([0x40, 0x04, 0]);
  machine.send(0xe6, 0x00, 5, 0, 1, 2, 18, 0x1b, 0xff);
  expect(machine.result().slice(0, 3)).toEqual([0x40, 0x04, 0x10]);
});

test("the change line tells of a new medium until the head is moved", () => {
  const machine = withFloppy();
  expect(machine.inb(0x3f7)).toBe(0x80);
  seek(machine, 1);
  expect(machine.inb(0x3f7)).toBe(0);
  machine.core.exports.setMedium(DRIVE_A, 0, 0);
  seek(machine, 0);
  expect(machine.inb(0x3f7)).toBe(0x80); // empty: stays
  machine.core.exports.setMedium(DRIVE_A, SIZE, 0);
  expect(machine.inb(0x3f7)).toBe(0x80);
  seek(machine, 1);
  expect(machine.inb(0x3f7)).toBe(0);
});

test("RECALIBRATE finds track 0; a drive that is not there does not", () => {
  const machine = withFloppy();
  seek(machine, 40);
  machine.send(0x07, 0x00);
  expect(machine.inb(0x3f4) & 1).toBe(1);
  machine.advance(50, 1);
  machine.send(0x08);
  expect(machine.result()).toEqual([0x20, 0]);
  machine.send(0x07, 0x01);
  machine.advance(50, 1);
  machine.send(0x08);
  expect(machine.result()).toEqual([0x71, 0]);
});

test("FORMAT TRACK fills the track", () => {
  const machine = withFloppy();
  for (let i = 0; i < TRACK; i++) machine.ram.set([0, 1, i + 1, 2], 0x8000 + i * 4);
  programDma(machine, 0x4a, 0x8000, TRACK * 4);
  machine.send(0x4d, 0x04, 2, TRACK, 0x54, 0xf6);
  expect(machine.result().slice(0, 3)).toEqual([0x04, 0, 0]);
  const disk = machine.media.get(DRIVE_A)!;
  expect(disk.slice(TRACK * 512, 2 * TRACK * 512).every((byte) => byte === 0xf6)).toBe(true);
  expect(disk[2 * TRACK * 512]).toBe(2 * TRACK);
});

test("Linux identifies an 82077: VERSION, LOCK, DUMPREG, and no PART ID", () => {
  const machine = withFloppy();
  machine.send(0x10);
  expect(machine.result()).toEqual([0x90]);
  machine.send(0x13, 0x00, 0x57, 0x00);
  machine.send(0x94);
  expect(machine.result()).toEqual([0x10]);
  machine.send(0x0e);
  expect(machine.result()).toEqual([0, 0, 0, 0, 0xaf, 0x02, 0, 0x80, 0x57, 0]);
  machine.send(0x18);
  expect(machine.result()).toEqual([0x80]);
});

test("a reset in the middle of a read waits for the host", () => {
  const machine = withFloppy({ delayed: true });
  programDma(machine, 0x46, 0x8000, 512);
  machine.send(0xe6, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff);
  machine.outb(0x3f2, 0x18);
  machine.outb(0x3f2, 0x1c);
  machine.advance(1, 0.1);
  expect(machine.irq6()).toBe(false);
  machine.answer();
  machine.advance(1, 0.1);
  expect(machine.irq6()).toBe(true);
  expect(machine.inb(0x3f4)).toBe(0x80);
});
