// What the core asks of its host (src/worker/core.ts): the imports, all of them.

/** Monotonic time in milliseconds, with fractions. */
export declare function hostNow(): f64;

/** Wall clock: milliseconds since 1970-01-01 of the local time zone (UTC + offset). */
export declare function hostWallClock(): f64;

/** Minutes by which local time is behind Greenwich's. */
export declare function hostZoneWest(): i32;

/** Leaves all wasm frames by a host exception; `run` is entered again through `handleFault`. Never returns. */
export declare function hostUnwind(): void;

/** One character to the debug console (ports 402h and E9h). */
export declare function hostDebugCharacter(port: i32, character: i32): void;

/** One byte leaves serial port 0 or 1. */
export declare function hostSerialOutput(port: i32, byte: i32): void;

/**
 * A drive asks for data. The host answers with `diskComplete(drive, status)`, at once (before this returns) or later.
 * drive: 0-3 IDE (primary master, primary slave, secondary master, secondary slave), 4-5 floppy A and B.
 * operation: see DiskOperation in protocol/disk.ts. position: byte offset. length: bytes. pointer: address in core memory.
 */
export declare function hostDiskRequest(
  drive: i32,
  operation: i32,
  position: f64,
  length: i32,
  pointer: usize,
): void;

/** Something the page should know: see MachineEvent in protocol/events.ts. */
export declare function hostEvent(kind: i32, a: i32, b: i32): void;

/**
 * Compiles a module that exports a function `f` (i32) -> () and puts it into the table: at `index`, or at a new one for 0. Returns the
 * index, 0 when the browser refuses.
 */
export declare function hostCompile(module: usize, length: i32, index: i32): i32;

/** The function at this index of the table is not called any more. */
export declare function hostRelease(index: i32): void;

/** 32 random bits. */
export declare function hostRandom(): i32;

/**
 * A guest's driver asks for something on the Tandem port; its body lies at `body`. The host answers with `completeRequest(token)`, at
 * once (before this returns) or later; then it puts the answer's body at `requestBuffer(token)` first.
 */
export declare function hostRequest(token: i32, command: i32, body: usize, length: i32): void;

/** Nobody waits for the answer any more. */
export declare function hostCancel(token: i32): void;

/**
 * A request of the virtio device at `place`: `readable` buffers at `segments`, then `writable` ones (VirtioSegment of protocol/virtio.ts), which
 * hold until this returns. The host answers with `completeVirtio(token, written)`, at once or later.
 */
export declare function hostVirtioRequest(
  place: i32,
  token: i32,
  segments: usize,
  readable: i32,
  writable: i32,
): void;

/** The driver of a virtio function has gone: its requests are not wanted any more. */
export declare function hostVirtioReset(place: i32): void;
