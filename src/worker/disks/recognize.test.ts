import { expect, test } from "vitest";
import { TandemError } from "../../shared/errors";
import { checkImage, recognizeImage } from "./recognize";

function image(size: number, ...texts: [number, string][]): Uint8Array {
  const bytes = new Uint8Array(Math.min(size, 65536));
  for (const [at, text] of texts) {
    for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
  }
  return bytes;
}

const BOOT: [number, string] = [510, "\x55\xaa"];
const PARTITION: [number, string] = [446, "\x80\0\0\0\x0c\0\0\0\0\x08\0\0\0\0\x01\0"];
const CD: [number, string] = [32769, "CD001"];
const MULTIBOOT: [number, string] = [4096, "\x02\xb0\xad\x1b\0\0\0\0\xfe\x4f\x52\xe4"];

function problem(action: () => unknown): { code: string; message: string } {
  try {
    action();
  } catch (error) {
    if (error instanceof TandemError) return error.toData();
  }
  return { code: "none", message: "" };
}

test("floppies are told by their size, formatted or not", () => {
  for (const kilobytes of [160, 360, 720, 1200, 1440, 2880]) {
    const size = kilobytes * 1024;
    expect(recognizeImage(image(size), size)).toEqual({ kind: "floppy", bootable: false });
    expect(recognizeImage(image(size, BOOT), size)).toEqual({ kind: "floppy", bootable: true });
  }
});

test("a boot sector alone, or GRUB's short rescue floppy with its multiboot header, is a floppy", () => {
  expect(recognizeImage(image(512, BOOT), 512).kind).toBe("floppy");
  expect(recognizeImage(image(1_296_384, BOOT, MULTIBOOT), 1_296_384).kind).toBe("floppy");
});

test("a small image with a partition table is a disk, and so is a large one", () => {
  expect(recognizeImage(image(1 << 20, BOOT, PARTITION), 1 << 20).kind).toBe("disk");
  expect(recognizeImage(image(1 << 25), 1 << 25)).toEqual({ kind: "disk", bootable: false });
});

test("an ISO is a CD, also when it can start from a USB stick; El Torito makes it bootable", () => {
  expect(recognizeImage(image(1 << 20, CD, BOOT), 1 << 20)).toEqual({
    kind: "cdrom",
    bootable: false,
  });
  const elTorito: [number, string] = [34816, "\0CD001\x01EL TORITO SPECIFICATION"];
  expect(recognizeImage(image(1 << 20, CD, elTorito), 1 << 20).bootable).toBe(true);
});

test("kernels and RAM disks are told apart", () => {
  expect(recognizeImage(image(5 << 20, BOOT, [0x202, "HdrS"]), 5 << 20).kind).toBe("linux-kernel");
  expect(recognizeImage(image(500_000, [0, "\x7fELF"], MULTIBOOT), 500_000).kind).toBe(
    "multiboot-kernel",
  );
  expect(recognizeImage(image(4000, [0, "070701"]), 4000).kind).toBe("initrd");
  expect(recognizeImage(image(4000, [0, "\x1f\x8b\x08"]), 4000).kind).toBe("initrd");
});

test("containers say how to convert them", () => {
  const error = problem(() => recognizeImage(image(70000, [0, "QFI\xfb"]), 70000));
  expect(error.code).toBe("image-format");
  expect(error.message).toContain("qemu-img convert -f qcow2 -O raw");
  for (const [at, magic] of [
    [0, "KDMV"],
    [64, "\x7f\x10\xda\xbe"],
    [0, "vhdxfile"],
    [0, "PK\x03\x04"],
    [0, "<!DOCTYPE html><title>404"],
  ] as const) {
    expect(problem(() => recognizeImage(image(70000, [at, magic]), 70000)).code).toBe(
      "image-format",
    );
  }
});

test("an empty file is an error", () => {
  expect(problem(() => recognizeImage(new Uint8Array(0), 0)).code).toBe("image-empty");
});

test("what does not fit the drive is refused in words", () => {
  const large = 1 << 25;
  expect(problem(() => checkImage("floppy", image(large), large)).code).toBe("image-too-large");
  expect(problem(() => checkImage("hda", image(1000), 1000)).code).toBe("image-truncated");
  expect(problem(() => checkImage("cdrom", image(5000), 5000)).code).toBe("image-truncated");
  const kernel = image(5 << 20, BOOT, [0x202, "HdrS"]);
  expect(problem(() => checkImage("hda", kernel, 5 << 20)).code).toBe("image-unknown");
  expect(problem(() => checkImage("hda", image(large, BOOT), large)).code).toBe("none");
  expect(problem(() => checkImage("floppy", image(512, BOOT), 512)).code).toBe("none");
});
