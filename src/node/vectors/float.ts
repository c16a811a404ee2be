// Comparing floating-point results, exactly or within what a case tolerates.

/** Transcendental results: the processor's and ours may each be one unit from the true value. */
const TRANSCENDENTAL_UNITS = 2n;

/**
 * RCPPS and RSQRTPS may each be 1.5 * 2^-12 from the true value (relative), so ours from the processor's twice as much.
 */
const RECIPROCAL_ERROR = 3 / 4096;

function sameBytes(found: Uint8Array, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (found[i] !== expected[i]) return false;
  return true;
}

/** As written in a manual: most significant byte first. */
function reversedHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).reverse().toString("hex");
}

function extended(bytes: Uint8Array): { negative: boolean; magnitude: bigint; exponent: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 10);
  const top = view.getUint16(8, true);
  const exponent = top & 0x7fff;
  const significand = view.getBigUint64(0, true);
  const magnitude =
    (BigInt(exponent) << 63n) + (exponent ? significand & 0x7fff_ffff_ffff_ffffn : significand);
  return { negative: top >> 15 === 1, magnitude, exponent };
}

/** Distance of two extended numbers of the same sign in units of the last place; undefined when the signs differ. */
export function extendedDifference(found: Uint8Array, expected: Uint8Array): bigint | undefined {
  const a = extended(found);
  const b = extended(expected);
  if (a.negative !== b.negative) return undefined;
  return a.magnitude > b.magnitude ? a.magnitude - b.magnitude : b.magnitude - a.magnitude;
}

/** A message when the 10-byte register is not as expected. */
export function compareFloatRegister(
  found: Uint8Array,
  expected: Uint8Array,
  transcendental: boolean,
): string {
  if (sameBytes(found, expected)) return "";
  const text = `${reversedHex(found)}, expected ${reversedHex(expected)}`;
  if (!transcendental) return text;
  const units = extendedDifference(found, expected);
  if (units !== undefined && units <= TRANSCENDENTAL_UNITS) return "";
  return units === undefined ? `${text} (sign)` : `${text} (${units} units)`;
}

/** A message when the 16-byte register is not as expected; `reciprocal`: four approximations. */
export function compareXmm(found: Uint8Array, expected: Uint8Array, reciprocal: boolean): string {
  if (sameBytes(found, expected)) return "";
  if (reciprocal) {
    const a = new DataView(found.buffer, found.byteOffset, 16);
    const b = new DataView(expected.buffer, expected.byteOffset, 16);
    let close = true;
    for (let at = 0; at < 16; at += 4) {
      if (a.getUint32(at, true) === b.getUint32(at, true)) continue;
      const x = a.getFloat32(at, true);
      const y = b.getFloat32(at, true);
      if (!(Math.abs(x - y) <= Math.abs(y) * RECIPROCAL_ERROR)) close = false;
    }
    if (close) return "";
  }
  return `${reversedHex(found)}, expected ${reversedHex(expected)}`;
}
