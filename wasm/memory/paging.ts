// Paging: from linear to physical addresses.
//
// Not implemented yet: everything but paging off.

import { Physical } from "./physical";
import { fillTlb } from "./tlb";

/**
 * Translates a linear address for a data access, fills the soft TLB, raises #PF where the access is not allowed.
 * Sets accessed and dirty bits. Returns the physical address after A20.
 */
export function translate(linear: u32, user: bool, write: bool): u32 {
  const physical = Physical.bus(linear);
  fillTlb(linear, physical, user, true, false);
  return physical;
}

/** The same for an instruction fetch (NX). */
export function translateFetch(linear: u32, user: bool): u32 {
  return translate(linear, user, false);
}
