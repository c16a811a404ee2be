// x87 transcendental functions.
//
// Not implemented: the functions themselves; all of them give real indefinite.

import { setInvalid } from "./float80";

export function exponential2Minus1(_am: u64, _ae: u32): void {
  setInvalid();
}
export function logarithm2(_am: u64, _ae: u32, _bm: u64, _be: u32): void {
  setInvalid();
}
export function logarithm2Plus1(_am: u64, _ae: u32, _bm: u64, _be: u32): void {
  setInvalid();
}
export function arcTangent(_am: u64, _ae: u32, _bm: u64, _be: u32): void {
  setInvalid();
}
export function sine(_am: u64, _ae: u32): bool {
  setInvalid();
  return true;
}
export function cosine(_am: u64, _ae: u32): bool {
  setInvalid();
  return true;
}
export function tangent(_am: u64, _ae: u32): bool {
  setInvalid();
  return true;
}
