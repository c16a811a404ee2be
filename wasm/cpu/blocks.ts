// Decoded blocks, found by physical address and mode; forgotten when their bytes are written.

/** Bytes at a physical address (not crossing a page) are about to change: forget the code decoded from them. */
export function invalidateCode(_address: u32, _size: i32): void {}
