// VGA: the registers as the guest wrote them, and what the renderer derives from them.
//
// Video memory is kept as the adapter's four planes side by side: byte `offset * 4 + plane`. Chain-4 addresses and the linear
// framebuffer are then plain offsets into VRAM, and one 32-bit access reaches all four planes.

import { VRAM, VRAM_SIZE } from "../../layout";
import { VRAM_DIRTY } from "../../memory/physical";

/** In VRAM_DIRTY: written through the window's handler, which sees every write; 1 is for pages written through the TLB. */
export const DIRTY_BY_HANDLER: u8 = 2;

export const SEQ_RESET = 0;
export const SEQ_CLOCKING = 1;
export const SEQ_MAP_MASK = 2;
export const SEQ_CHARACTER_MAP = 3;
export const SEQ_MEMORY_MODE = 4;
export const CLOCKING_8_DOTS: u32 = 0x01;
export const CLOCKING_HALF: u32 = 0x08;
export const CLOCKING_SCREEN_OFF: u32 = 0x20;
export const MEMORY_MODE_NOT_ODD_EVEN: u32 = 0x04;
export const MEMORY_MODE_CHAIN_4: u32 = 0x08;

export const GC_SET_RESET = 0;
export const GC_ENABLE_SET_RESET = 1;
export const GC_COLOUR_COMPARE = 2;
export const GC_ROTATE = 3;
export const GC_READ_MAP = 4;
export const GC_MODE = 5;
export const GC_MISC = 6;
export const GC_COLOUR_DONT_CARE = 7;
export const GC_BIT_MASK = 8;
export const GC_MODE_WRITE: u32 = 0x03;
export const GC_MODE_READ_COMPARE: u32 = 0x08;
export const GC_MODE_ODD_EVEN: u32 = 0x10;
export const GC_MODE_INTERLEAVED: u32 = 0x20;
export const GC_MODE_256: u32 = 0x40;
export const GC_MISC_GRAPHICS: u32 = 0x01;

export const CRTC_OVERFLOW = 0x07;
export const CRTC_PRESET_ROW = 0x08;
export const CRTC_MAX_SCAN = 0x09;
export const CRTC_CURSOR_START = 0x0a;
export const CRTC_CURSOR_END = 0x0b;
export const CRTC_START_HIGH = 0x0c;
export const CRTC_START_LOW = 0x0d;
export const CRTC_CURSOR_HIGH = 0x0e;
export const CRTC_CURSOR_LOW = 0x0f;
export const CRTC_RETRACE_START = 0x10;
export const CRTC_RETRACE_END = 0x11;
export const CRTC_DISPLAY_END = 0x12;
export const CRTC_OFFSET = 0x13;
export const CRTC_UNDERLINE = 0x14;
export const CRTC_MODE = 0x17;
export const CRTC_LINE_COMPARE = 0x18;
export const CRTC_COUNT = 0x19;
export const UNDERLINE_DOUBLEWORD: u32 = 0x40;
export const CRTC_MODE_ROW_TO_A13: u32 = 0x01; // both: 0 puts the row scan bit on the address line
export const CRTC_MODE_ROW_TO_A14: u32 = 0x02;
export const CRTC_MODE_WRAP_64K: u32 = 0x20;
export const CRTC_MODE_BYTE: u32 = 0x40;

export const ATTR_MODE = 0x10;
export const ATTR_PLANE_ENABLE = 0x12;
export const ATTR_PANNING = 0x13;
export const ATTR_COLOUR_SELECT = 0x14;
export const ATTR_COUNT = 0x15;
export const ATTR_MODE_LINE_GRAPHICS: u32 = 0x04;
export const ATTR_MODE_BLINK: u32 = 0x08;
export const ATTR_MODE_PANNING_TOP_ONLY: u32 = 0x20;
export const ATTR_MODE_256: u32 = 0x40;
export const ATTR_MODE_P54S: u32 = 0x80;
export const ATTR_INDEX_DISPLAY: u32 = 0x20; // in the index register: the palette drives the screen

export const MISC_COLOUR_PORTS: u32 = 0x01;
export const MISC_MEMORY: u32 = 0x02;

export const DISPI_ID = 0;
export const DISPI_XRES = 1;
export const DISPI_YRES = 2;
export const DISPI_BPP = 3;
export const DISPI_ENABLE = 4;
export const DISPI_BANK = 5;
export const DISPI_VIRTUAL_WIDTH = 6;
export const DISPI_VIRTUAL_HEIGHT = 7;
export const DISPI_X_OFFSET = 8;
export const DISPI_Y_OFFSET = 9;
export const DISPI_MEMORY_64K = 10;
export const DISPI_COUNT = 11;
export const ENABLE_ON: u32 = 0x01;
export const ENABLE_GET_CAPS: u32 = 0x02;
export const ENABLE_8_BIT_DAC: u32 = 0x20;
export const ENABLE_NO_CLEAR: u32 = 0x80;

@unmanaged
class VgaState {
  misc: u32;
  feature: u32;
  sequencerIndex: u32;
  graphicsIndex: u32;
  crtcIndex: u32;
  attributeIndex: u32;
  attributeData: u32; // the flip-flop: 1 when the next write to 3C0h is data
  dacMask: u32;
  dacReadIndex: u32;
  dacWriteIndex: u32;
  dacComponent: u32; // next of R, G, B
  dacState: u32; // as read from 3C7h: 3 after a read index was set, 0 after a write index
  latch: u32; // four planes
  dispiIndex: u32;
}

const SEQUENCER_SIZE = 8;
const GRAPHICS_SIZE = 16;
const CRTC_SIZE = 32;
const ATTRIBUTE_SIZE = 32;
const DAC_SIZE = 768;
const DISPI_SIZE = 32;
const CONFIG_SIZE = 256;

/** The register files, the PCI configuration space, then the fields. */
export const STATE_SIZE =
  SEQUENCER_SIZE +
  GRAPHICS_SIZE +
  CRTC_SIZE +
  ATTRIBUTE_SIZE +
  DAC_SIZE +
  DISPI_SIZE +
  CONFIG_SIZE +
  <i32>offsetof<VgaState>();
export const STATE = memory.data(STATE_SIZE, 8);
export const SEQUENCER = STATE;
export const GRAPHICS = SEQUENCER + SEQUENCER_SIZE;
export const CRTC = GRAPHICS + GRAPHICS_SIZE;
export const ATTRIBUTE = CRTC + CRTC_SIZE;
export const DAC = ATTRIBUTE + ATTRIBUTE_SIZE;
export const DISPI = DAC + DAC_SIZE;
export const CONFIG = DISPI + DISPI_SIZE;
export const vga = changetype<VgaState>(CONFIG + CONFIG_SIZE);

/** What follows from the registers; made anew at reset and when they change. */
@unmanaged
class DerivedState {
  changed: u32; // the whole picture may look different
  paletteChanged: u32;
  fontChanged: u32; // plane 2 was written
  cursorChanged: u32;
  timingChanged: u32;
  windowKey: u32; // what is mapped at A0000h, see memory.ts
  windowBase: u32;
  planeBank: u32; // added to the offset in a plane: VBE banks of 4-bit modes
  lineTime: u32; // nanoseconds
  totalLines: u32;
  displayLines: u32;
  retraceLine: u32;
  retraceEnd: u32;
  displayTime: u32; // nanoseconds of a line that show pixels
}
export const derived = changetype<DerivedState>(memory.data(offsetof<DerivedState>(), 8));

export class Vga {
  @inline static sequencer(index: usize): u32 {
    return <u32>load<u8>(SEQUENCER + index);
  }
  @inline static graphics(index: usize): u32 {
    return <u32>load<u8>(GRAPHICS + index);
  }
  @inline static crtc(index: usize): u32 {
    return <u32>load<u8>(CRTC + index);
  }
  @inline static attribute(index: usize): u32 {
    return <u32>load<u8>(ATTRIBUTE + index);
  }
  @inline static dispi(index: usize): u32 {
    return <u32>load<u16>(DISPI + (index << 1));
  }
  @inline static setDispi(index: usize, value: u32): void {
    store<u16>(DISPI + (index << 1), <u16>value);
  }

  /** Whether a Bochs VBE mode is on the screen. */
  @inline static isVbe(): bool {
    return (Vga.dispi(DISPI_ENABLE) & ENABLE_ON) != 0;
  }
  /** Whether it is one with packed pixels; the 4-bit modes are planar VGA with other dimensions. */
  @inline static isPacked(): bool {
    return Vga.isVbe() && Vga.dispi(DISPI_BPP) > 4;
  }

  @inline static isDac8Bit(): bool {
    return (Vga.dispi(DISPI_ENABLE) & ENABLE_8_BIT_DAC) != 0;
  }

  /** Scan lines on display, from the CRTC. */
  static displayLines(): u32 {
    const overflow = Vga.crtc(CRTC_OVERFLOW);
    return (Vga.crtc(CRTC_DISPLAY_END) | ((overflow & 0x02) << 7) | ((overflow & 0x40) << 3)) + 1;
  }

  /** Four planes at an offset within a plane. */
  @inline static plane(offset: u32): usize {
    return VRAM + ((<usize>(offset & (VRAM_SIZE / 4 - 1))) << 2);
  }

  @inline static markDirty(host: usize): void {
    const page = VRAM_DIRTY + ((host - VRAM) >>> 12);
    store<u8>(page, load<u8>(page) | DIRTY_BY_HANDLER);
  }

  /** Plane bits 0-3 to a mask of the four bytes of a latch. */
  @inline static expand(planes: u32): u32 {
    return (
      ((planes & 1) | ((planes & 2) << 7) | ((planes & 4) << 14) | ((planes & 8) << 21)) * 0xff
    );
  }
}
