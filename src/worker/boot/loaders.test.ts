// The loaders with images made here: what a kernel finds in memory and registers at its first instruction.

import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { testMachine } from "../../../wasm/testing/machine";
import type { Core } from "../core";
import { recogniseKernel } from "./image";
import { initrdAddress, loadLinux, parseLinux } from "./linux";
import { loadMultiboot } from "./multiboot";

const noVideo = (): undefined => undefined;
const EAX = 0;
const EBX = 3;
const ESI = 6;
const CS = 1;

function read32(core: Core, address: number): number {
  return core.exports.readPhysical(address, 4) >>> 0;
}

function readText(core: Core, address: number): string {
  let text = "";
  for (let at = address; ; at++) {
    const byte = core.exports.readPhysical(at, 1) & 0xff;
    if (byte === 0) return text;
    text += String.fromCharCode(byte);
  }
}

/** Two set-up sectors and 1000 bytes of kernel. */
function bzImage(version = 0x020f): Uint8Array<ArrayBuffer> {
  const image = new Uint8Array(3 * 512 + 1000);
  const view = new DataView(image.buffer);
  image[0x1f1] = 2;
  view.setUint16(0x1fe, 0xaa55, true);
  image[0x200] = 0xeb;
  image[0x201] = 0x6a; // header ends at 26Ch
  view.setUint32(0x202, 0x53726448, true);
  view.setUint16(0x206, version, true);
  image[0x211] = 1;
  view.setUint32(0x214, 0x10_0000, true);
  view.setUint32(0x22c, 0x37ffffff, true);
  view.setUint32(0x238, 2047, true);
  view.setUint32(0x260, 0x8_0000, true);
  image.fill(0x90, 3 * 512);
  image[3 * 512] = 0xf4;
  return image;
}

describe("Linux", () => {
  test("a bzImage is entered at 1 MiB with the zero page in ESI", () => {
    const { core } = testMachine({ megabytes: 4 });
    const initrd = Uint8Array.of(1, 2, 3, 4, 5);
    loadLinux(core, bzImage(), initrd, "console=ttyS0", noVideo);
    const cpu = core.exports;
    expect(cpu.getEip() >>> 0).toBe(0x10_0000);
    expect(cpu.getSegmentSelector(CS)).toBe(0x10);
    expect(cpu.getControlRegister(0) & 1).toBe(1);
    expect(cpu.readPhysical(0x10_0000, 1) & 0xff).toBe(0xf4);

    const page = cpu.getRegister(ESI) >>> 0;
    expect(readText(core, read32(core, page + 0x228))).toBe("console=ttyS0");
    const ramDisk = read32(core, page + 0x218);
    expect(ramDisk).toBe(4 * 0x10_0000 - 0x1000);
    expect(read32(core, page + 0x21c)).toBe(5);
    expect(cpu.readPhysical(ramDisk + 4, 1) & 0xff).toBe(5);
    expect(cpu.readPhysical(page + 0x210, 1) & 0xff).toBe(0xff);
  });

  test("the memory map leaves out the hole below 1 MiB and ends with the RAM", () => {
    const { core } = testMachine({ megabytes: 4 });
    loadLinux(core, bzImage(), undefined, "", noVideo);
    const page = core.exports.getRegister(ESI) >>> 0;
    const count = core.exports.readPhysical(page + 0x1e8, 1) & 0xff;
    const last = page + 0x2d0 + (count - 1) * 20;
    expect(read32(core, page + 0x2d0 + 8)).toBe(0x9_fc00);
    expect(read32(core, last)).toBe(0x10_0000);
    expect(read32(core, last + 8)).toBe(3 * 0x10_0000);
    expect(read32(core, last + 16)).toBe(1);
  });

  test("the kernel gets random numbers, other ones at each start", () => {
    const seeds = [1, 2].map(() => {
      const { core } = testMachine({ megabytes: 4 });
      loadLinux(core, bzImage(), undefined, "", noVideo);
      const page = core.exports.getRegister(ESI) >>> 0;
      const node = read32(core, page + 0x250);
      const words = Array.from({ length: 4 }, (_, index) => read32(core, node + index * 4));
      expect(words).toEqual([0, 0, 9, 32]);
      return Array.from({ length: 8 }, (_, index) => read32(core, node + 16 + index * 4));
    });
    expect(seeds[0]).not.toEqual(seeds[1]);
  });

  test("a kernel older than the list of set-up data gets none", () => {
    const { core } = testMachine({ megabytes: 4 });
    loadLinux(core, bzImage(0x0208), undefined, "", noVideo);
    expect(read32(core, (core.exports.getRegister(ESI) >>> 0) + 0x250)).toBe(0);
  });

  test("vga=788 gives a picture of 800 by 600 in 16 bits", () => {
    const { core } = testMachine({ megabytes: 4 });
    loadLinux(core, bzImage(), undefined, "quiet vga=788", (width, height, depth) => ({
      address: 0xe000_0000,
      pitch: width * 2,
      width,
      height,
      depth,
    }));
    const page = core.exports.getRegister(ESI) >>> 0;
    expect(core.exports.readPhysical(page + 0x0f, 1) & 0xff).toBe(0x23);
    expect(read32(core, page + 0x12)).toBe((600 << 16) | 800);
    expect(read32(core, page + 0x18)).toBe(0xe000_0000);
    expect(core.exports.readPhysical(page + 0x24, 2) & 0xffff).toBe(1600);
    expect(core.exports.readPhysical(page + 0x28, 1) & 0xff).toBe(6); // green
  });

  test("a RAM disk stays below what the kernel can read", () => {
    const image = parseLinux(bzImage());
    expect(initrdAddress(image, 0x1001, 0x4000_0000)).toBe(0x3800_0000 - 0x2000);
  });

  test("too little memory, a cut file and a real-mode kernel are told in words", () => {
    const { core } = testMachine({ megabytes: 2 });
    expect(() => loadLinux(core, bzImage(), new Uint8Array(0x10_0000), "", noVideo)).toThrow(
      "need at least 3 MiB of memory, but the machine has 2",
    );
    expect(() => loadLinux(core, bzImage().subarray(0, 1500), undefined, "", noVideo)).toThrow(
      "not complete",
    );
    expect(() => loadLinux(core, bzImage(0x0203), undefined, "", noVideo)).toThrow("needs a BIOS");
    expect(() => loadLinux(core, bzImage(), undefined, "x".repeat(3000), noVideo)).toThrow(
      "takes 2047",
    );
  });
});

/** A header at 16, code at 48; without addresses it is an ELF file whose entry is a linear address. */
function multibootElf(): Uint8Array<ArrayBuffer> {
  const image = new Uint8Array(0x200);
  const view = new DataView(image.buffer);
  view.setUint32(0, 0x464c457f, true);
  image[4] = 1;
  view.setUint32(24, 0xc010_0100, true); // entry
  view.setUint32(28, 52, true); // program headers
  view.setUint16(42, 32, true);
  view.setUint16(44, 1, true);
  [1, 0x100, 0xc010_0100, 0x10_0100, 0x80, 0x2000].forEach((value, index) =>
    view.setUint32(52 + index * 4, value, true),
  );
  putHeader(view, 0x100, 0);
  return image;
}

function putHeader(view: DataView, at: number, flags: number): void {
  view.setUint32(at, 0x1badb002, true);
  view.setUint32(at + 4, flags, true);
  view.setUint32(at + 8, -(0x1badb002 + flags), true);
}

describe("multiboot", () => {
  test("an ELF kernel goes to its physical addresses and its modules behind it", () => {
    const { core } = testMachine({ megabytes: 4 });
    const modules = [
      { bytes: Uint8Array.of(7, 8), commandLine: "first arg" },
      { bytes: Uint8Array.of(9), commandLine: "second" },
    ];
    loadMultiboot(core, multibootElf(), modules, "root=x", () => undefined);
    const cpu = core.exports;
    expect(cpu.getEip() >>> 0).toBe(0x10_0100);
    expect(cpu.getRegister(EAX) >>> 0).toBe(0x2bad_b002);
    const info = cpu.getRegister(EBX) >>> 0;
    expect(read32(core, info) & 0x4d).toBe(0x4d);
    expect(read32(core, info + 8)).toBe(3 * 1024);
    expect(readText(core, read32(core, info + 16))).toBe("root=x");
    expect(read32(core, info + 20)).toBe(2);
    const table = read32(core, info + 24);
    expect(read32(core, table)).toBe(0x10_3000);
    expect(read32(core, table + 4)).toBe(0x10_3002);
    expect(readText(core, read32(core, table + 8))).toBe("first arg");
    expect(read32(core, table + 16)).toBe(0x10_4000);
    expect(cpu.readPhysical(0x10_4000, 1) & 0xff).toBe(9);
    expect(read32(core, read32(core, info + 48))).toBe(20);
  });

  test("a kernel with addresses in its header is loaded by them", () => {
    const { core } = testMachine({ megabytes: 4 });
    const image = new Uint8Array(256);
    const view = new DataView(image.buffer);
    putHeader(view, 16, 1 << 16);
    // header, load, load end, bss end, entry
    [0x20_0010, 0x20_0000, 0, 0x20_1000, 0x20_0030].forEach((value, index) =>
      view.setUint32(28 + index * 4, value, true),
    );
    image[0x30] = 0xf4;
    loadMultiboot(core, image, [], "", () => undefined);
    expect(core.exports.getEip() >>> 0).toBe(0x20_0030);
    expect(core.exports.readPhysical(0x20_0030, 1) & 0xff).toBe(0xf4);
  });

  test("a kernel that asks for a picture gets it described", () => {
    const { core } = testMachine({ megabytes: 4 });
    const image = new Uint8Array(256);
    const view = new DataView(image.buffer);
    putHeader(view, 16, (1 << 16) | 4);
    [0x20_0010, 0x20_0000, 0, 0, 0x20_0040, 0, 800, 600, 32].forEach((value, index) =>
      view.setUint32(28 + index * 4, value, true),
    );
    loadMultiboot(core, image, [], "", (width, height, depth) => ({
      address: 0xe000_0000,
      pitch: width * 4,
      width,
      height,
      depth,
    }));
    const info = core.exports.getRegister(EBX) >>> 0;
    expect(read32(core, info) & (1 << 12)).not.toBe(0);
    expect(read32(core, info + 88)).toBe(0xe000_0000);
    expect(read32(core, info + 96)).toBe(3200);
    expect(read32(core, info + 104)).toBe(600);
    expect(core.exports.readPhysical(info + 108, 1) & 0xff).toBe(32);
  });
});

describe("recognition", () => {
  test("kernels are known by their content, gzipped or not", async () => {
    expect((await recogniseKernel(bzImage())).kind).toBe("linux");
    const packed = new Uint8Array(gzipSync(multibootElf()));
    expect(await recogniseKernel(packed)).toEqual({
      kind: "multiboot",
      bytes: multibootElf(),
      needsFirmware: false,
    });
  });

  test("a kernel without a 32-bit entry needs firmware: iPXE", async () => {
    const image = bzImage(0x0207);
    new DataView(image.buffer).setUint32(0x214, 0, true);
    expect((await recogniseKernel(image)).needsFirmware).toBe(true);
    expect((await recogniseKernel(bzImage())).needsFirmware).toBe(false);
  });

  test("anything else is refused in words", async () => {
    await expect(recogniseKernel(new Uint8Array(0))).rejects.toThrow("empty file");
    await expect(recogniseKernel(new Uint8Array(1000))).rejects.toThrow("neither a Linux bzImage");
    const cut = new Uint8Array(gzipSync(multibootElf())).slice(0, 40);
    await expect(recogniseKernel(cut)).rejects.toThrow("damaged gzip");
  });
});
