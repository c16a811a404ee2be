import { expect, test } from "vitest";
import { MachineEvent } from "../../protocol/events";
import { testMachine, type TestMachineOptions } from "../../testing/machine";

const GRAPHICS_WINDOW = 0xa0000;
const TEXT_WINDOW = 0xb8000;
const LFB = 0xe0000000;
const REGISTERS = 0xf0000000;
const BLACK = 0xff000000;
const GREY = 0xffaaaaaa;

function machine(options: TestMachineOptions = {}) {
  const test = testMachine(options);
  const { core, outb, inb, outw, inw, outl, inl } = test;
  const { readPhysical, writePhysical } = core.exports;
  const indexed = (port: number) => (index: number, value: number) => {
    outb(port, index);
    outb(port + 1, value);
  };
  const attribute = (index: number, value: number) => {
    inb(0x3da);
    outb(0x3c0, index);
    outb(0x3c0, value);
    outb(0x3c0, 0x20);
  };
  const view = {
    ...test,
    sequencer: indexed(0x3c4),
    graphics: indexed(0x3ce),
    crtc: indexed(0x3d4),
    attribute,
    dispi(index: number, value: number) {
      outw(0x1ce, index);
      outw(0x1cf, value);
    },
    readDispi(index: number) {
      outw(0x1ce, index);
      return inw(0x1cf);
    },
    readConfig(offset: number) {
      outl(0xcf8, 0x80001000 | offset);
      return inl(0xcfc);
    },
    writeConfig(offset: number, value: number) {
      outl(0xcf8, 0x80001000 | offset);
      outl(0xcfc, value);
    },
    peek: (address: number, size = 1) => readPhysical(address, size) >>> 0,
    poke: (address: number, value: number, size = 1) => writePhysical(address, size, value),
    render: () => core.exports.renderFrame(),
    size: () => [core.exports.frameWidth(), core.exports.frameHeight()],
    dirty: () => [
      core.exports.dirtyX(),
      core.exports.dirtyY(),
      core.exports.dirtyWidth(),
      core.exports.dirtyHeight(),
    ],
    /** R | G << 8 | B << 16 | alpha << 24 */
    pixel(x: number, y: number) {
      const at = core.exports.FRAMEBUFFER.value + (y * core.exports.frameWidth() + x) * 4;
      return new DataView(core.memory.buffer).getUint32(at, true);
    },
  };
  return view;
}

type Machine = ReturnType<typeof machine>;

/** 640x480, 16 colours, as the manual has it for mode 12h. */
function setPlanarMode(m: Machine) {
  m.outb(0x3c2, 0xe3);
  [0x03, 0x01, 0x0f, 0x00, 0x06].forEach((value, i) => m.sequencer(i, value));
  m.crtc(0x11, 0x0c);
  [
    0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0x0b, 0x3e, 0x00, 0x40, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0xea, 0x8c, 0xdf, 0x28, 0x00, 0xe7, 0x04, 0xe3, 0xff,
  ].forEach((value, i) => {
    if (i !== 0x11) m.crtc(i, value);
  });
  [0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x0f, 0xff].forEach((v, i) => m.graphics(i, v));
  m.attribute(0x10, 0x01);
  m.attribute(0x13, 0x00);
}

/** 320x200, 256 colours. */
function setMode13(m: Machine) {
  m.outb(0x3c2, 0x63);
  [0x03, 0x01, 0x0f, 0x00, 0x0e].forEach((value, i) => m.sequencer(i, value));
  m.crtc(0x11, 0x0e);
  [
    0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0x00, 0x41, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x9c, 0x0e, 0x8f, 0x28, 0x40, 0x96, 0xb9, 0xa3, 0xff,
  ].forEach((value, i) => m.crtc(i, value));
  [0x00, 0x00, 0x00, 0x00, 0x00, 0x40, 0x05, 0x0f, 0xff].forEach((v, i) => m.graphics(i, v));
  m.attribute(0x10, 0x41);
  m.attribute(0x13, 0x00);
}

/** 320x200, 4 colours, as the CGA had it. */
function setMode4(m: Machine) {
  m.outb(0x3c2, 0x63);
  [0x03, 0x09, 0x03, 0x00, 0x02].forEach((value, i) => m.sequencer(i, value));
  m.crtc(0x11, 0x0e);
  [
    0x2d, 0x27, 0x28, 0x90, 0x2b, 0x80, 0xbf, 0x1f, 0x00, 0xc1, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x9c, 0x0e, 0x8f, 0x14, 0x00, 0x96, 0xb9, 0xa2, 0xff,
  ].forEach((value, i) => m.crtc(i, value));
  [0x00, 0x00, 0x00, 0x00, 0x00, 0x30, 0x0f, 0x00, 0xff].forEach((v, i) => m.graphics(i, v));
  m.attribute(0x10, 0x01);
  m.attribute(0x12, 0x03);
  m.attribute(0x13, 0x00);
}

function setVbe(m: Machine, width: number, height: number, bpp: number, flags = 0x41) {
  m.dispi(4, 0);
  m.dispi(1, width);
  m.dispi(2, height);
  m.dispi(3, bpp);
  m.dispi(4, flags);
}

function planesAt(m: Machine, offset: number): number[] {
  const planes = [];
  for (let plane = 0; plane < 4; plane++) {
    m.graphics(4, plane);
    planes.push(m.peek(GRAPHICS_WINDOW + offset));
  }
  return planes;
}

function setPlanes(m: Machine, offset: number, values: number[]) {
  values.forEach((value, plane) => {
    m.sequencer(2, 1 << plane);
    m.poke(GRAPHICS_WINDOW + offset, value);
  });
  m.sequencer(2, 15);
}

test("write mode 0 rotates, sets planes from set/reset, combines with the latches under the bit mask", () => {
  const m = machine();
  setPlanarMode(m);
  setPlanes(m, 0, [0x11, 0x22, 0x44, 0x88]);
  m.peek(GRAPHICS_WINDOW);
  m.graphics(3, 1); // rotate right by one
  m.poke(GRAPHICS_WINDOW + 1, 0x81);
  expect(planesAt(m, 1)).toEqual([0xc0, 0xc0, 0xc0, 0xc0]);

  m.peek(GRAPHICS_WINDOW);
  m.graphics(3, 0x18); // XOR
  m.graphics(1, 0x03);
  m.graphics(0, 0x01);
  m.graphics(8, 0xf0);
  m.poke(GRAPHICS_WINDOW + 2, 0x0f);
  expect(planesAt(m, 2)).toEqual([0xe1, 0x22, 0x44, 0x88]);

  m.peek(GRAPHICS_WINDOW);
  m.graphics(1, 0);
  m.graphics(8, 0xff);
  m.graphics(3, 0x08); // AND
  m.poke(GRAPHICS_WINDOW + 3, 0x0f);
  m.peek(GRAPHICS_WINDOW);
  m.graphics(3, 0x10); // OR
  m.poke(GRAPHICS_WINDOW + 4, 0x0f);
  expect(planesAt(m, 3)).toEqual([0x01, 0x02, 0x04, 0x08]);
  expect(planesAt(m, 4)).toEqual([0x1f, 0x2f, 0x4f, 0x8f]);
});

test("write mode 1 copies the latches to the selected planes", () => {
  const m = machine();
  setPlanarMode(m);
  setPlanes(m, 0, [1, 2, 3, 4]);
  m.peek(GRAPHICS_WINDOW);
  m.graphics(5, 1);
  m.sequencer(2, 0x0b);
  m.poke(GRAPHICS_WINDOW + 100, 0xff);
  m.graphics(5, 0);
  expect(planesAt(m, 100)).toEqual([1, 2, 0, 4]);
});

test("write mode 2 takes a colour, under the bit mask", () => {
  const m = machine();
  setPlanarMode(m);
  setPlanes(m, 0, [0xff, 0x00, 0xff, 0x00]);
  m.peek(GRAPHICS_WINDOW);
  m.graphics(5, 2);
  m.graphics(8, 0x0f);
  m.poke(GRAPHICS_WINDOW, 0x0a);
  m.graphics(5, 0);
  expect(planesAt(m, 0)).toEqual([0xf0, 0x0f, 0xf0, 0x0f]);
});

test("write mode 3 takes the colour of set/reset, with the byte as a further bit mask", () => {
  const m = machine();
  setPlanarMode(m);
  setPlanes(m, 0, [0, 0, 0, 0]);
  m.peek(GRAPHICS_WINDOW);
  m.graphics(0, 0x05);
  m.graphics(5, 3);
  m.graphics(8, 0x3c);
  m.poke(GRAPHICS_WINDOW, 0xf0);
  m.graphics(5, 0);
  expect(planesAt(m, 0)).toEqual([0x30, 0, 0x30, 0]);
});

test("read mode 1 tells the pixels of a colour, but for the planes not cared about", () => {
  const m = machine();
  setPlanarMode(m);
  setPlanes(m, 0, [0b1100, 0b1010, 0, 0]);
  m.graphics(5, 8);
  m.graphics(2, 0x03);
  m.graphics(7, 0x0f);
  expect(m.peek(GRAPHICS_WINDOW)).toBe(0b1000);
  m.graphics(7, 0x01);
  expect(m.peek(GRAPHICS_WINDOW)).toBe(0b1100);
});

test("16-bit and 32-bit accesses reach consecutive addresses", () => {
  const m = machine();
  setPlanarMode(m);
  m.poke(GRAPHICS_WINDOW + 8, 0x44332211, 4);
  expect(m.peek(GRAPHICS_WINDOW + 10, 2)).toBe(0x4433);
  expect(m.peek(GRAPHICS_WINDOW + 8, 4)).toBe(0x44332211);
});

test("text memory holds characters in plane 0 and attributes in plane 1", () => {
  const m = machine();
  m.poke(TEXT_WINDOW, 0x1f41, 2);
  expect(m.peek(TEXT_WINDOW, 4)).toBe(0x07201f41);
  m.sequencer(4, 0x06);
  m.graphics(5, 0);
  m.graphics(6, 0x04);
  expect(planesAt(m, 0).slice(0, 2)).toEqual([0x41, 0x1f]);
});

test("the DAC steps through red, green and blue, for writing and for reading", () => {
  const m = machine();
  m.outb(0x3c8, 0x10);
  expect(m.inb(0x3c7)).toBe(0);
  for (const value of [1, 2, 3, 4, 5, 0xc6]) m.outb(0x3c9, value);
  m.outb(0x3c7, 0x10);
  expect(m.inb(0x3c7)).toBe(3);
  const read = Array.from({ length: 6 }, () => m.inb(0x3c9));
  expect(read).toEqual([1, 2, 3, 4, 5, 6]);
  expect(m.inb(0x3c8)).toBe(0x12);
});

test("the attribute controller's flip-flop is reset by reading input status 1", () => {
  const m = machine();
  m.inb(0x3da);
  m.outb(0x3c0, 0x31);
  m.outb(0x3c0, 0x2a);
  m.outb(0x3c0, 0x31);
  m.inb(0x3da);
  m.outb(0x3c0, 0x31);
  expect(m.inb(0x3c1)).toBe(0x2a);
});

test("the CRTC answers at 3B4h instead of 3D4h when the monochrome ports are selected", () => {
  const m = machine();
  m.outb(0x3c2, 0x66);
  m.outb(0x3b4, 0x0e);
  m.outb(0x3b5, 0x12);
  expect(m.inb(0x3b5)).toBe(0x12);
  expect(m.inb(0x3d5)).toBe(0xff);
});

test("CRTC registers 0-7 are protected, but for bit 8 of the line compare", () => {
  const m = machine();
  m.crtc(0x11, 0x8e);
  m.crtc(0x00, 0x11);
  m.outb(0x3d4, 0);
  expect(m.inb(0x3d5)).toBe(0x5f);
  m.crtc(0x07, 0x00);
  m.outb(0x3d4, 7);
  expect(m.inb(0x3d5)).toBe(0x0f);
});

test("vertical retrace comes about 70 times a second in text mode", () => {
  const m = machine();
  let retraces = 0;
  let before = 0;
  for (let i = 0; i < 10_000; i++) {
    m.advance(0.1);
    const now = m.inb(0x3da) & 8;
    if (now && !before) retraces++;
    before = now;
  }
  expect(retraces).toBeGreaterThanOrEqual(69);
  expect(retraces).toBeLessThanOrEqual(71);
});

test("a text character is drawn with its font, colours and the ninth dot", () => {
  const m = machine();
  m.render();
  expect(m.size()).toEqual([720, 400]);
  // Glyph of C4h: all dots in line 7.
  m.sequencer(2, 4);
  m.sequencer(4, 6);
  m.graphics(5, 0);
  m.graphics(6, 4);
  for (let i = 0; i < 16; i++) {
    m.poke(GRAPHICS_WINDOW + 0xc4 * 32 + i, i === 7 ? 0xff : 0);
    m.poke(GRAPHICS_WINDOW + 0x41 * 32 + i, i === 7 ? 0xff : 0);
  }
  m.sequencer(2, 3);
  m.sequencer(4, 2);
  m.graphics(5, 0x10);
  m.graphics(6, 0x0e);
  m.poke(TEXT_WINDOW + 2, 0x17c4, 2);
  m.poke(TEXT_WINDOW + 4, 0x1741, 2);
  expect(m.render()).toBe(1);
  const blue = 0xffaa0000;
  expect(m.pixel(9, 7)).toBe(GREY);
  expect(m.pixel(17, 7)).toBe(GREY);
  expect(m.pixel(18, 7)).toBe(GREY);
  expect(m.pixel(26, 7)).toBe(blue);
  expect(m.pixel(9, 6)).toBe(blue);
  expect(m.pixel(27, 7)).toBe(BLACK);
});

test("an idle text screen changes only where the cursor blinks, and one character dirties its cell", () => {
  const m = machine();
  m.crtc(0x0e, 0x00);
  m.crtc(0x0f, 0x05);
  m.render();
  expect(m.render()).toBe(0);
  m.poke(TEXT_WINDOW + (10 * 80 + 20) * 2, 0x41);
  expect(m.render()).toBe(1);
  expect(m.dirty()).toEqual([20 * 9, 160, 9, 16]);
  m.advance(8 * 14.3);
  expect(m.render()).toBe(1);
  expect(m.dirty()).toEqual([5 * 9, 0, 9, 16]);
  m.advance(8 * 14.3);
  m.render();
  expect([12, 13, 14, 15].map((y) => m.pixel(45, y))).toEqual([BLACK, GREY, GREY, BLACK]);
});

test("the text screen can be read as characters", () => {
  const m = machine();
  [..."Tandem"].forEach((c, i) => m.poke(TEXT_WINDOW + (80 + i) * 2, c.charCodeAt(0)));
  const buffer = m.core.exports.HOST_BUFFERS.value;
  expect(m.core.exports.textScreen(buffer)).toBe((80 << 16) | 25);
  const text = String.fromCharCode(...m.core.bytes(buffer, 2000));
  expect(text.slice(80, 87)).toBe("Tandem ");
  setMode13(m);
  expect(m.core.exports.textScreen(buffer)).toBe(0);
});

test("mode 13h shows a byte per pixel, mapped through the DAC", () => {
  const m = machine();
  setMode13(m);
  m.outb(0x3c8, 200);
  for (const value of [63, 32, 0]) m.outb(0x3c9, value);
  m.poke(GRAPHICS_WINDOW + 320 * 5 + 7, 200, 2);
  m.render();
  expect(m.size()).toEqual([320, 200]);
  expect(m.core.exports.frameAspect()).toBeCloseTo(4 / 3);
  expect(m.pixel(7, 5)).toBe(0xff0082ff);
  expect(m.pixel(8, 5)).toBe(BLACK);
});

test("unchained 256-colour modes have four pixels at each address", () => {
  const m = machine();
  setMode13(m);
  m.sequencer(4, 0x06);
  m.crtc(0x14, 0x00);
  m.crtc(0x17, 0xe3);
  setPlanes(m, 80 * 2 + 3, [0, 0, 63, 0]);
  m.render();
  expect(m.size()).toEqual([320, 200]);
  expect(m.pixel(14, 2)).toBe(0xffffffff);
  expect(m.pixel(13, 2)).toBe(BLACK);
});

test("planar pixels take their colour from four planes, and only their line gets dirty", () => {
  const m = machine();
  setPlanarMode(m);
  m.render();
  expect(m.size()).toEqual([640, 480]);
  setPlanes(m, 80 * 100 + 1, [0x80, 0, 0x80, 0]);
  expect(m.render()).toBe(1);
  expect(m.pixel(8, 100)).toBe(0xffaa00aa);
  expect(m.pixel(9, 100)).toBe(BLACK);
  expect(m.dirty()).toEqual([8, 100, 4, 1]);
});

test("CGA graphics interleave even and odd lines and hold two bits per pixel", () => {
  const m = machine();
  setMode4(m);
  m.poke(TEXT_WINDOW, 0b00_01_10_11);
  m.poke(TEXT_WINDOW + 1, 0b11_00_00_00);
  m.poke(TEXT_WINDOW + 0x2000 + 80, 0b01_00_00_00);
  m.render();
  expect(m.size()).toEqual([320, 200]);
  const row = [0, 1, 2, 3, 4, 5].map((x) => m.pixel(x, 0));
  expect(row).toEqual([BLACK, 0xffaa0000, 0xff00aa00, 0xffaaaa00, 0xffaaaa00, BLACK]);
  expect(m.pixel(0, 3)).toBe(0xffaa0000);
});

test("line compare shows address 0 below the split, and panning can be kept to the part above", () => {
  const m = machine();
  setPlanarMode(m);
  setPlanes(m, 0, [0xff, 0, 0, 0]);
  setPlanes(m, 0x4000, [0x40, 0x40, 0, 0]);
  m.crtc(0x0c, 0x40);
  m.crtc(0x18, 99);
  m.crtc(0x07, 0x2e);
  m.crtc(0x09, 0x00);
  m.attribute(0x10, 0x21);
  m.attribute(0x13, 1);
  m.render();
  expect(m.pixel(0, 0)).toBe(0xffaaaa00);
  expect(m.pixel(1, 0)).toBe(BLACK);
  expect(m.pixel(0, 99)).toBe(BLACK);
  expect(m.pixel(0, 100)).toBe(0xffaa0000);
  expect(m.pixel(7, 100)).toBe(0xffaa0000);
  m.attribute(0x10, 0x01);
  m.render();
  expect(m.pixel(7, 100)).toBe(BLACK);
});

test("a blanked screen is black and comes back", () => {
  const m = machine();
  m.poke(TEXT_WINDOW, 0x7720, 2);
  m.render();
  expect(m.pixel(0, 0)).toBe(GREY);
  m.sequencer(1, 0x20);
  expect(m.render()).toBe(1);
  expect(m.pixel(0, 0)).toBe(BLACK);
  m.sequencer(1, 0x00);
  m.render();
  expect(m.pixel(0, 0)).toBe(GREY);
});

test("VBE: 32-bit pixels through the banked window, offsets and the size told to the host", () => {
  const events: number[][] = [];
  const m = machine({ host: { event: (...event) => events.push(event) } });
  setVbe(m, 1024, 768, 32);
  m.dispi(5, 3);
  m.poke(GRAPHICS_WINDOW + 4, 0x00112233, 4);
  m.render();
  expect(m.size()).toEqual([1024, 768]);
  expect(m.pixel(1, 48)).toBe(0xff332211);
  m.poke(GRAPHICS_WINDOW + 8, 0x00ffffff, 4);
  expect(m.render()).toBe(1);
  expect(m.dirty()).toEqual([0, 48, 4, 1]);
  m.dispi(6, 2048);
  m.dispi(8, 1);
  m.dispi(9, 24);
  m.render();
  expect(m.pixel(0, 0)).toBe(0xff332211);
  expect(events).toEqual([[MachineEvent.VideoMode, 1024, 768]]);
});

test("VBE: 8, 15, 16 and 24 bits", () => {
  const m = machine();
  const first = (bpp: number, value: number) => {
    setVbe(m, 640, 480, bpp);
    m.poke(GRAPHICS_WINDOW, value, 4);
    m.render();
    return m.pixel(0, 0);
  };
  expect(first(8, 4)).toBe(0xff0000aa);
  expect(first(15, 0x7c00)).toBe(0xff0000ff);
  expect(first(16, 0x07e0)).toBe(0xff00ff00);
  expect(first(24, 0x0a0b0c)).toBe(0xff0c0b0a);
});

test("VBE: 8-bit DAC", () => {
  const m = machine();
  setVbe(m, 640, 480, 8, 0x61);
  m.outb(0x3c8, 1);
  for (const value of [0x81, 0xfe, 0x03]) m.outb(0x3c9, value);
  m.poke(GRAPHICS_WINDOW, 1);
  m.render();
  expect(m.pixel(0, 0)).toBe(0xff03fe81);
});

test("VBE: identifies itself, tells its limits, clears memory unless told not to", () => {
  const m = machine();
  expect(m.readDispi(0)).toBe(0xb0c5);
  expect(m.readDispi(10)).toBe(256);
  m.dispi(4, 2);
  expect([m.readDispi(1), m.readDispi(2), m.readDispi(3)]).toEqual([2560, 1600, 32]);
  setVbe(m, 800, 600, 16);
  expect([m.readDispi(6), m.readDispi(7)]).toEqual([800, 10485]);
  m.poke(GRAPHICS_WINDOW, 0x1234, 2);
  setVbe(m, 800, 600, 16, 0xc1);
  expect(m.peek(GRAPHICS_WINDOW, 2)).toBe(0x1234);
  setVbe(m, 800, 600, 16, 0x41);
  expect(m.peek(GRAPHICS_WINDOW, 2)).toBe(0);
});

test("VBE: 4-bit modes are planar, 800x600", () => {
  const m = machine();
  setPlanarMode(m);
  setVbe(m, 800, 600, 4);
  setPlanes(m, 100 * 599 + 99, [0x01, 0x01, 0, 0]);
  m.render();
  expect(m.size()).toEqual([800, 600]);
  expect(m.pixel(799, 599)).toBe(0xffaaaa00);
});

test("PCI: 1234:1111, a display, whose base registers tell their sizes", () => {
  const m = machine();
  expect(m.readConfig(0x00)).toBe(0x11111234);
  expect(m.readConfig(0x08)).toBe(0x03000002);
  for (const offset of [0x10, 0x18, 0x30]) m.writeConfig(offset, 0xffffffff);
  expect(m.readConfig(0x10)).toBe(0xff000008);
  expect(m.readConfig(0x18)).toBe(0xfffff000);
  expect(m.readConfig(0x30)).toBe(0);
});

test("PCI: the linear framebuffer is video memory, also for the renderer", () => {
  const m = machine();
  m.writeConfig(0x10, LFB);
  expect(m.peek(LFB, 4)).toBe(0xffffffff);
  m.writeConfig(0x04, 2);
  setVbe(m, 640, 480, 32);
  m.render();
  m.poke(LFB + (640 * 479 + 639) * 4, 0x123456, 4);
  expect(m.render()).toBe(1);
  expect(m.pixel(639, 479)).toBe(0xff563412);
  expect(m.dirty()).toEqual([636, 479, 4, 1]);
  expect(m.render()).toBe(0);
  m.writeConfig(0x04, 0);
  expect(m.peek(LFB, 4)).toBe(0xffffffff);
});

test("PCI: RAM comes back where a base register covered it", () => {
  const m = machine({ megabytes: 32 });
  m.poke(0x1000000, 0x55);
  m.writeConfig(0x10, 0x1000000);
  m.writeConfig(0x04, 2);
  m.poke(0x1000000, 0x66);
  m.writeConfig(0x10, LFB);
  expect(m.peek(0x1000000)).toBe(0x55);
  expect(m.peek(LFB)).toBe(0x66);
});

test("PCI: EDID, VGA ports and DISPI registers in memory, as Linux's bochs driver uses them", () => {
  const m = machine();
  m.writeConfig(0x18, REGISTERS);
  m.writeConfig(0x04, 2);
  const edid = Array.from({ length: 128 }, (_, i) => m.peek(REGISTERS + i));
  expect(edid.slice(0, 8)).toEqual([0, 255, 255, 255, 255, 255, 255, 0]);
  expect(edid.reduce((sum, byte) => sum + byte) & 0xff).toBe(0);
  const active = (low: number, high: number) => edid[low]! | ((edid[high]! & 0xf0) << 4);
  expect([active(56, 58), active(59, 61)]).toEqual([1024, 768]);
  expect(m.peek(REGISTERS + 0x500, 2)).toBe(0xb0c5);
  m.poke(REGISTERS + 0x502, 800, 2);
  expect(m.readDispi(1)).toBe(800);
  m.poke(REGISTERS + 0x408, 7);
  expect(m.inb(0x3c8)).toBe(7);
});

test("PCI: the VGA BIOS appears in the ROM's base register", () => {
  const m = machine();
  m.core.bytes(m.core.exports.VGA_ROM.value, 2).set([0x55, 0xaa]);
  m.core.exports.setVgaRom(39936);
  m.writeConfig(0x30, 0xfffffffe);
  expect(m.readConfig(0x30)).toBe(0xffff0000);
  m.writeConfig(0x30, 0xfe000001);
  m.writeConfig(0x04, 2);
  expect(m.peek(0xfe000000, 2)).toBe(0xaa55);
  expect(m.peek(0xfe000000 + 0xffff)).toBe(0xff);
});

test("without a BIOS there is a font: letters differ, lines reach the edges", () => {
  const m = machine();
  m.crtc(0x0a, 0x20);
  [0x41, 0x42, 0xc4, 0xba, 0xdb].forEach((code, i) => m.poke(TEXT_WINDOW + i * 2, code));
  m.render();
  const glyph = (column: number) =>
    Array.from({ length: 16 }, (_, y) =>
      Array.from({ length: 8 }, (_, x) => (m.pixel(column * 9 + x, y) === BLACK ? "." : "#")).join(
        "",
      ),
    );
  expect(glyph(0)).not.toEqual(glyph(1));
  expect(glyph(0).join("")).toContain("#");
  expect(glyph(2)[7]).toBe("########");
  expect(new Set(glyph(3))).toEqual(new Set([".##..##."]));
  expect(new Set(glyph(4))).toEqual(new Set(["########"]));
});
