// The main loop.

/** Runs about `budget` instructions. */
export function run(_budget: i32): i32 {
  return 0;
}
/** After the host caught an unwind. */
export function handleFault(): void {}
