// Where everything lies in the core's linear memory. One place; nothing else in the project repeats an address.
//
// The regions below RAM are fixed. Untouched parts cost no memory: a host backs wasm memory lazily.

export const PAGE_SIZE: u32 = 4096;
export const PAGE_MASK: u32 = 4095;

/** Registers and everything the CPU remembers (cpu/state.ts). */
export const CPU_STATE: usize = 0x0000_1000;
export const CPU_STATE_SIZE: usize = 0x1000;

/** One handler-slot number (u16) per I/O port (bus/ports.ts). */
export const PORT_MAP: usize = 0x0002_0000;
/** The slots: six function indices each. */
export const PORT_SLOTS: usize = 0x0004_0000;
export const PORT_SLOTS_END: usize = 0x0008_0000;

/** `memory.data` blocks of all modules begin here: `memoryBase` in asconfig.json. */
export const STATIC_DATA: usize = 0x0010_0000;
export const STATIC_DATA_END: usize = 0x0100_0000;

/** Physical page map: host address for reading and for writing, 0 where an access needs a handler (memory/physical.ts). */
export const PAGE_READ: usize = 0x0100_0000;
export const PAGE_WRITE: usize = 0x0140_0000;
/** Handler number (u8) of each physical page that has no host address. */
export const PAGE_HANDLER: usize = 0x0180_0000;
/** Bitmap (u64) per physical page below 4 GiB of 64-byte lines that hold decoded code. 8 MB, touched where code is. */
export const CODE_LINES: usize = 0x0700_0000;

/** Lists of linear pages (u32 number each) with soft-TLB entries, so that a flush clears only those: ordinary, then global ones. */
export const TLB_PAGES: usize = 0x0190_0000;
export const TLB_GLOBAL_PAGES: usize = 0x0196_0000;
export const TLB_PAGES_CAPACITY: i32 = 0x1_8000;
/** In which of these lists each linear page is (u8). */
export const TLB_LISTED: usize = 0x01a0_0000;

/** Recently run blocks (u32 address each) by EIP (cpu/blocks.ts). */
export const RECENT_BLOCKS: usize = 0x01b0_0000;
export const RECENT_BLOCKS_SIZE: usize = 0x2_0000;

/** Soft TLB for instruction fetches: a u32 per linear page. */
export const TLB_CODE: usize = 0x01c0_0000;
/** Soft TLB: four tables of 1M u32: supervisor read, supervisor write, user read, user write (memory/tlb.ts). */
export const TLB: usize = 0x0200_0000;
export const TLB_TABLE_SIZE: usize = 0x0040_0000;

/** Decoded blocks: the map from physical address and mode to records, then the records (cpu/blocks.ts). */
export const BLOCK_MAP: usize = 0x0300_0000;
export const BLOCK_MAP_SIZE: usize = 0x0010_0000;
export const BLOCK_ARENA: usize = 0x0310_0000;
export const BLOCK_ARENA_END: usize = 0x0400_0000;

/** Video memory, and the picture made from it: 32-bit pixels, R G B A in memory order. */
export const VRAM: usize = 0x0400_0000;
export const VRAM_SIZE: u32 = 0x0100_0000;
export const FRAMEBUFFER: usize = 0x0500_0000;
export const FRAMEBUFFER_SIZE: u32 = 0x0100_0000;

/** Firmware images as loaded: system ROM (ends at 4 GiB), then option ROMs. */
export const SYSTEM_ROM: usize = 0x0600_0000;
export const SYSTEM_ROM_MAX: u32 = 0x0010_0000;
export const VGA_ROM: usize = 0x0610_0000;
export const VGA_ROM_MAX: u32 = 0x0002_0000;

/** Buffers that host and core exchange data through. */
export const HOST_BUFFERS: usize = 0x0620_0000;
export const HOST_BUFFERS_END: usize = 0x0660_0000;

/** Bodies of requests on the Tandem port, 64 KB each: those under way, then the one being looked at. */
export const TANDEM_BODIES: usize = 0x0660_0000;
export const TANDEM_BODIES_END: usize = 0x0690_0000;
/** The port's own state, with its FIFO: as static data it would swell the core's file. */
export const TANDEM_STATE: usize = 0x0690_0000;
export const TANDEM_STATE_END: usize = 0x0698_0000;
/** State of the virtio functions, then the buffers of the request being looked at (devices/virtio). */
export const VIRTIO_STATE: usize = 0x0698_0000;
export const VIRTIO_SEGMENTS: usize = 0x069c_0000;
export const VIRTIO_SEGMENTS_END: usize = 0x06a0_0000;

/** Data of the files that the host gives the firmware (devices/fw-cfg.ts). */
export const FIRMWARE_FILES: usize = 0x06a0_0000;
export const FIRMWARE_FILES_END: usize = 0x06c0_0000;

/** First block (u32 address) of each physical page that has decoded code (cpu/blocks.ts). */
export const PAGE_BLOCKS: usize = 0x06c0_0000;

/** A TLB table that never holds an entry, for code that runs with alignment checks: every access takes the slow path. */
export const TLB_NONE: usize = 0x0780_0000;

/** The translator: a module being written, its working tables, nodes; records that translated code uses; entries of regions. */
export const JIT_CODE: usize = 0x07c0_0000;
export const JIT_CODE_END: usize = 0x07c8_0000;
export const JIT_TABLES: usize = 0x07c8_0000;
export const JIT_TABLES_END: usize = 0x07cd_0000;
export const JIT_SCORES: usize = 0x07cd_0000; // u8 of each entry of each region
export const JIT_NODES: usize = 0x07cf_0000;
export const JIT_NODES_END: usize = 0x07d0_0000;
export const JIT_RECORDS: usize = 0x07d0_0000;
export const JIT_RECORDS_END: usize = 0x07e0_0000;
export const JIT_ENTRIES: usize = 0x07e0_0000; // 512 of 4 KB

/** Guest RAM, last: host address = RAM + physical address. */
export const RAM: usize = 0x0800_0000;
