import { expect, test } from "vitest";
import { DiskOperation, DiskStatus } from "../../protocol/disk";
import { type DiskTestMachine, diskTestMachine, patternDisk } from "../../testing/disks";

const BASE = 0x1f0;
const CONTROL = 0x3f6;
const SECTORS = 4096;
const IDLE = 0x50;
const DATA = 0x58;
const FAILED = 0x51;

function withDisk(options: Parameters<typeof diskTestMachine>[0] = {}): DiskTestMachine {
  const machine = diskTestMachine(options);
  machine.media.set(0, patternDisk(SECTORS * 512));
  machine.core.exports.attachDisk(0, 0, SECTORS * 512);
  // All lines of both controllers unmasked, so that IRQ 14 is seen in the slave's request register.
  machine.outb(0x20, 0x11);
  machine.outb(0x21, 0x08);
  machine.outb(0x21, 0x04);
  machine.outb(0x21, 0x01);
  machine.outb(0xa0, 0x11);
  machine.outb(0xa1, 0x70);
  machine.outb(0xa1, 0x02);
  machine.outb(0xa1, 0x01);
  return machine;
}

function irq14(machine: DiskTestMachine): boolean {
  machine.outb(0xa0, 0x0a);
  return (machine.inb(0xa0) & 0x40) !== 0;
}

function command(machine: DiskTestMachine, code: number, lba = 0, count = 1, device = 0xe0): void {
  machine.outb(BASE + 6, device | ((lba >> 24) & 15));
  machine.outb(BASE + 2, count);
  machine.outb(BASE + 3, lba & 0xff);
  machine.outb(BASE + 4, (lba >> 8) & 0xff);
  machine.outb(BASE + 5, (lba >> 16) & 0xff);
  machine.outb(BASE + 7, code);
}

function command48(machine: DiskTestMachine, code: number, lba: number, count: number): void {
  machine.outb(BASE + 6, 0xe0);
  for (const high of [true, false]) {
    machine.outb(BASE + 2, high ? count >> 8 : count & 0xff);
    for (let i = 0; i < 3; i++) {
      machine.outb(BASE + 3 + i, Math.floor(lba / 2 ** ((high ? 24 : 0) + i * 8)) & 0xff);
    }
  }
  machine.outb(BASE + 7, code);
}

function readWords(machine: DiskTestMachine, words: number): Uint8Array {
  const bytes = new Uint8Array(words * 2);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < words; i++) view.setUint16(i * 2, machine.inw(BASE), true);
  return bytes;
}

/** An ATA string of an IDENTIFY page. */
function text(page: Uint8Array, word: number, words: number): string {
  let result = "";
  for (let i = word * 2; i < (word + words) * 2; i++) result += String.fromCharCode(page[i ^ 1]!);
  return result.trim();
}

/** Enables the bus master at C000h and writes a descriptor table to 1000h: [address, length]. */
function setUpBusMaster(machine: DiskTestMachine, entries: [number, number][]): void {
  const config = (register: number, value: number): void => {
    machine.outl(0xcf8, 0x8000_0900 | register);
    machine.outl(0xcfc, value);
  };
  config(0x20, 0xc001);
  config(0x04, 0x0005);
  entries.forEach(([address, length], i) => {
    const last = i === entries.length - 1 ? 0x8000_0000 : 0;
    machine.core.exports.writePhysical(0x1000 + i * 8, 4, address);
    machine.core.exports.writePhysical(0x1004 + i * 8, 4, (length & 0xffff) | last);
  });
  machine.outl(0xc004, 0x1000);
}

test("the controller is an 8086:7010 with compatible ports and a bus master", () => {
  const machine = withDisk();
  machine.outl(0xcf8, 0x8000_0900);
  expect(machine.inl(0xcfc)).toBe(0x7010_8086);
  machine.outl(0xcf8, 0x8000_0908);
  expect(machine.inl(0xcfc) >>> 8).toBe(0x010180);
  machine.outl(0xcf8, 0x8000_0920);
  machine.outl(0xcfc, 0xffff_ffff);
  expect(machine.inl(0xcfc)).toBe(0xffff_fff1); // 16 ports
});

test("Linux finds both channels enabled in IDETIM without a BIOS", () => {
  const machine = withDisk();
  machine.outl(0xcf8, 0x8000_0940);
  expect(machine.inl(0xcfc) & 0x8000_8000).toBe(0x8000_8000 | 0);
});

test("a channel without drives reads 7Fh, a missing slave 00h", () => {
  const machine = withDisk();
  expect(machine.inb(0x177)).toBe(0x7f);
  expect(machine.inb(0x376)).toBe(0x7f);
  machine.outb(BASE + 6, 0xb0);
  expect(machine.inb(BASE + 7)).toBe(0);
  machine.outb(BASE + 7, 0xec); // nobody takes it
  expect(machine.inb(BASE + 7)).toBe(0);
  machine.outb(BASE + 6, 0xa0);
  expect(machine.inb(BASE + 7)).toBe(IDLE);
});

test("IDENTIFY DEVICE tells model, geometry and size", () => {
  const machine = withDisk();
  command(machine, 0xec);
  expect(machine.inb(BASE + 7)).toBe(DATA);
  const page = readWords(machine, 256);
  const words = new Uint16Array(page.buffer);
  expect(text(page, 27, 20)).toBe("Tandem hard disk");
  expect(text(page, 10, 10)).toBe("TANDEM-0001");
  expect([words[1], words[3], words[6]]).toEqual([4, 16, 63]);
  expect(words[60]! | (words[61]! << 16)).toBe(SECTORS);
  expect(words[100]).toBe(SECTORS);
  expect(machine.inb(BASE + 7)).toBe(IDLE);
});

test("READ SECTORS interrupts once per sector, and reading the status takes the interrupt back", () => {
  const machine = withDisk();
  command(machine, 0x20, 5, 2);
  expect(irq14(machine)).toBe(true);
  expect(machine.inb(BASE + 7)).toBe(DATA);
  expect(irq14(machine)).toBe(false);
  const disk = machine.media.get(0)!;
  expect(readWords(machine, 256)).toEqual(disk.slice(5 * 512, 6 * 512));
  expect(irq14(machine)).toBe(true);
  expect(machine.inb(BASE + 7)).toBe(DATA);
  expect(readWords(machine, 256)).toEqual(disk.slice(6 * 512, 7 * 512));
  expect(irq14(machine)).toBe(false);
  expect(machine.inb(BASE + 7)).toBe(IDLE);
  expect(machine.inb(BASE + 2)).toBe(0);
  expect(machine.inb(BASE + 3)).toBe(6);
});

test("nIEN keeps the line low; a request that waits shows when it is cleared", () => {
  const machine = withDisk();
  machine.outb(CONTROL, 2);
  command(machine, 0x20);
  expect(irq14(machine)).toBe(false);
  expect(machine.inb(CONTROL)).toBe(DATA); // does not acknowledge
  machine.outb(CONTROL, 0);
  expect(irq14(machine)).toBe(true);
});

test("32-bit reads of the data port give the same bytes", () => {
  const machine = withDisk();
  command(machine, 0x20, 9, 1);
  const bytes = new Uint32Array(128);
  for (let i = 0; i < 128; i++) bytes[i] = machine.inl(BASE);
  expect(new Uint8Array(bytes.buffer)).toEqual(machine.media.get(0)!.slice(9 * 512, 10 * 512));
  expect(machine.inb(BASE + 7)).toBe(IDLE);
});

test("CHS addresses follow INITIALIZE DEVICE PARAMETERS", () => {
  const machine = withDisk();
  machine.outb(BASE + 2, 17);
  machine.outb(BASE + 6, 0xa3); // 4 heads
  machine.outb(BASE + 7, 0x91);
  expect(machine.inb(BASE + 7)).toBe(IDLE);
  // Cylinder 2, head 1, sector 3.
  machine.outb(BASE + 2, 1);
  machine.outb(BASE + 3, 3);
  machine.outb(BASE + 4, 2);
  machine.outb(BASE + 5, 0);
  machine.outb(BASE + 6, 0xa1);
  machine.outb(BASE + 7, 0x20);
  const sector = (2 * 4 + 1) * 17 + 2;
  expect(machine.inw(BASE)).toBe(sector);
});

test("WRITE SECTORS stores what the guest writes, and a DRQ comes without an interrupt first", () => {
  const machine = withDisk();
  command(machine, 0x30, 100, 2);
  expect(irq14(machine)).toBe(false);
  expect(machine.inb(BASE + 7)).toBe(DATA);
  for (let i = 0; i < 256; i++) machine.outw(BASE, 0x1234);
  expect(irq14(machine)).toBe(true);
  expect(machine.inb(BASE + 7)).toBe(DATA);
  for (let i = 0; i < 128; i++) machine.outl(BASE, 0x89ab_cdef);
  expect(irq14(machine)).toBe(true);
  expect(machine.inb(BASE + 7)).toBe(IDLE);
  const disk = machine.media.get(0)!;
  expect([disk[51200], disk[51201], disk[51712], disk[52223]]).toEqual([0x34, 0x12, 0xef, 0x89]);
  expect(disk[52224]).toBe(102);
});

test("READ MULTIPLE moves blocks as SET MULTIPLE says, the last one shorter", () => {
  const machine = withDisk();
  command(machine, 0xc4, 0, 4);
  expect(machine.inb(BASE + 7)).toBe(FAILED); // not set yet
  command(machine, 0xc6, 0, 8);
  command(machine, 0xc4, 16, 20);
  let interrupts = 0;
  const all = new Uint8Array(20 * 512);
  for (const sectors of [8, 8, 4]) {
    interrupts += irq14(machine) ? 1 : 0;
    expect(machine.inb(BASE + 7)).toBe(DATA);
    all.set(readWords(machine, sectors * 256), interrupts * 4096 - 4096);
  }
  expect(interrupts).toBe(3);
  expect(all).toEqual(machine.media.get(0)!.slice(16 * 512, 36 * 512));
  expect(machine.inb(BASE + 7)).toBe(IDLE);
});

test("a transfer longer than the buffer goes on in chunks, in both directions", () => {
  const machine = withDisk();
  command48(machine, 0x24, 7, 600);
  expect(readWords(machine, 600 * 256)).toEqual(machine.media.get(0)!.slice(7 * 512, 607 * 512));
  expect(machine.requests.map((request) => request[3])).toEqual([131072, 131072, 88 * 512]);
  command48(machine, 0x34, 1000, 300);
  for (let i = 0; i < 300 * 256; i++) machine.outw(BASE, i & 0xffff);
  expect(machine.inb(BASE + 7)).toBe(IDLE);
  const written = new Uint16Array(machine.media.get(0)!.buffer, 1000 * 512, 300 * 256);
  expect(written.every((word, i) => word === (i & 0xffff))).toBe(true);
});

test("the drive is busy until a slow host has answered", () => {
  const machine = withDisk({ delayed: true });
  command(machine, 0x20, 3, 1);
  expect(machine.inb(BASE + 7)).toBe(0x80);
  expect(irq14(machine)).toBe(false);
  command(machine, 0xec); // ignored while busy
  machine.answer();
  expect(irq14(machine)).toBe(true);
  expect(machine.inb(BASE + 7)).toBe(DATA);
  expect(machine.inw(BASE)).toBe(3);
});

test("a soft reset during a request waits for the host, which still owns the buffer", () => {
  const machine = withDisk({ delayed: true });
  command(machine, 0x20, 3, 1);
  machine.outb(CONTROL, 4);
  machine.outb(CONTROL, 0);
  expect(machine.inb(BASE + 7)).toBe(0x80);
  machine.answer();
  expect(machine.inb(BASE + 7)).toBe(IDLE);
  expect(machine.inw(BASE)).toBe(0xffff);
  expect(irq14(machine)).toBe(false);
});

test("a soft reset leaves the signature of a disk", () => {
  const machine = withDisk();
  command(machine, 0x20, 3, 1);
  machine.outb(CONTROL, 4);
  expect(machine.inb(BASE + 7)).toBe(0x80);
  machine.outb(CONTROL, 0);
  expect([1, 2, 3, 4, 5].map((i) => machine.inb(BASE + i))).toEqual([1, 1, 1, 0, 0]);
  expect(machine.inb(BASE + 7)).toBe(IDLE);
});

test("addresses past the end and unknown commands are errors", () => {
  const machine = withDisk();
  command(machine, 0x20, SECTORS - 1, 2);
  expect([machine.inb(BASE + 7), machine.inb(BASE + 1)]).toEqual([FAILED, 0x10]);
  command(machine, 0x20, SECTORS - 1, 1);
  expect(machine.inb(BASE + 7)).toBe(DATA);
  command(machine, 0xb0); // SMART
  expect([machine.inb(BASE + 7), machine.inb(BASE + 1)]).toEqual([FAILED, 0x04]);
});

test("a block that the host cannot read is an uncorrectable error at its address", () => {
  const machine = withDisk();
  machine.failWith(DiskStatus.Error);
  command(machine, 0x20, 77, 1);
  expect([machine.inb(BASE + 7), machine.inb(BASE + 1)]).toEqual([FAILED, 0x40]);
  expect(machine.inb(BASE + 3)).toBe(77);
  expect(irq14(machine)).toBe(false);
});

test("FLUSH CACHE reaches the host", () => {
  const machine = withDisk();
  command(machine, 0xe7);
  expect(machine.requests).toEqual([[0, DiskOperation.Flush, 0, 0]]);
  expect(machine.inb(BASE + 7)).toBe(IDLE);
});

test("a disk above 4 GB is addressed with 48 bits", () => {
  const machine = withDisk();
  const bytes = 300 * 2 ** 30;
  machine.core.exports.attachDisk(1, 0, bytes);
  machine.outb(BASE + 6, 0xf0);
  machine.outb(BASE + 7, 0x27); // READ NATIVE MAX ADDRESS EXT
  const low = [3, 4, 5].map((i) => machine.inb(BASE + i));
  machine.outb(CONTROL, 0x80);
  const high = [3, 4, 5].map((i) => machine.inb(BASE + i));
  const last = [...low, ...high].reduce((sum, byte, i) => sum + byte * 2 ** (i * 8), 0);
  expect(last).toBe(bytes / 512 - 1);
  for (const value of [0, 0, 0x25, 0, 0]) machine.outb(BASE + 3, value); // only the last two count
  machine.outb(BASE + 2, 0);
  machine.outb(BASE + 2, 1);
  machine.outb(BASE + 3, 0x20);
  machine.outb(BASE + 3, 0x01);
  machine.outb(BASE + 4, 0);
  machine.outb(BASE + 4, 0);
  machine.outb(BASE + 5, 0);
  machine.outb(BASE + 5, 0);
  machine.outb(BASE + 6, 0xf0);
  machine.outb(BASE + 7, 0x24);
  expect(machine.requests).toEqual([[1, DiskOperation.Read, 0x2000_0001 * 512, 512]]);
});

test("READ DMA scatters over descriptors and interrupts at the end", () => {
  const machine = withDisk();
  setUpBusMaster(machine, [
    [0x10000, 0x300],
    [0x20000, 0x500],
  ]);
  command(machine, 0xc8, 11, 4);
  expect(irq14(machine)).toBe(false);
  machine.outb(0xc000, 0x09);
  expect(irq14(machine)).toBe(true);
  expect(machine.inb(0xc002) & 7).toBe(4); // interrupt, no longer active
  machine.outb(0xc000, 0);
  expect(machine.inb(BASE + 7)).toBe(IDLE);
  const ram = machine.core.bytes(machine.core.exports.ramAddress(), 0x30000);
  const disk = machine.media.get(0)!.subarray(11 * 512);
  expect(ram.slice(0x10000, 0x10300)).toEqual(disk.slice(0, 0x300));
  expect(ram.slice(0x20000, 0x20500)).toEqual(disk.slice(0x300, 0x800));
  machine.outb(0xc002, 4);
  expect(machine.inb(0xc002) & 7).toBe(0);
});

test("WRITE DMA gathers; started before the command, with a slow host, above one chunk", () => {
  const machine = withDisk({ delayed: true });
  const ram = machine.core.bytes(machine.core.exports.ramAddress(), 0x100000);
  for (let i = 0; i < 0x50000; i++) ram[0x20000 + i] = i * 13;
  setUpBusMaster(machine, [
    [0x20000, 0],
    [0x30000, 0],
    [0x40000, 0],
  ]);
  machine.outb(0xc000, 0x01);
  command48(machine, 0x35, 50, 384);
  expect(machine.inb(BASE + 7)).toBe(0x80);
  machine.answer();
  expect(machine.inb(0xc002) & 7).toBe(0); // the last 64 KB are taken, but not stored
  machine.answer();
  expect(machine.inb(BASE + 7)).toBe(IDLE);
  expect(machine.media.get(0)!.slice(50 * 512, 434 * 512)).toEqual(ram.slice(0x20000, 0x50000));
});

test("descriptors longer than the data leave the bus master active", () => {
  const machine = withDisk();
  setUpBusMaster(machine, [[0x10000, 0x1000]]);
  machine.outb(0xc000, 0x09);
  command(machine, 0xc8, 0, 1);
  expect(machine.inb(0xc002) & 7).toBe(5);
});

test("descriptors shorter than the data end without an interrupt, and a new table goes on", () => {
  const machine = withDisk();
  setUpBusMaster(machine, [[0x10000, 0x200]]);
  machine.outb(0xc000, 0x09);
  command(machine, 0xc8, 0, 2);
  expect(machine.inb(0xc002) & 7).toBe(0);
  machine.outb(0xc000, 0);
  machine.outb(0xc000, 0x09);
  expect(machine.inb(0xc002) & 7).toBe(4);
  expect(machine.core.exports.readPhysical(0x10000, 2)).toBe(1);
});

test("EXECUTE DEVICE DIAGNOSTIC passes and interrupts", () => {
  const machine = withDisk();
  machine.outb(BASE + 6, 0xa0);
  machine.outb(BASE + 7, 0x90);
  expect(irq14(machine)).toBe(true);
  expect(machine.inb(BASE + 1)).toBe(1);
  expect(machine.inb(BASE + 7)).toBe(IDLE);
});

test("a read-only image refuses writes", () => {
  const machine = withDisk();
  machine.core.exports.insertMedium(0, SECTORS * 512, 1);
  command(machine, 0x30, 0, 1);
  expect([machine.inb(BASE + 7), machine.inb(BASE + 1)]).toEqual([FAILED, 0x04]);
});
