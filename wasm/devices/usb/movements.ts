// USB: what the hand did and the guest has not polled yet, in order, for mouse and tablet.
//
// Motion joins the last entry; what follows a change of buttons gets one of its own, so that each change is reported, in its
// place.

const CAPACITY: u32 = 32;

/** Buttons as they are after it. Down and right are positive. */
@unmanaged
export class Movement {
  x: i32; // tablet: position; mouse: motion that is not reported yet
  y: i32;
  wheel: i32;
  pan: i32;
  buttons: u32;
  id: u32; // the host's number of the newest input in it
}
const MOVEMENT_SIZE = <i32>offsetof<Movement>();

@unmanaged
export class Movements {
  head: u32;
  count: u32;
  buttons: u32; // as the host said last
  reported: u32; // buttons in the last report

  static at(queue: Movements, index: u32): Movement {
    const place = (queue.head + index) % CAPACITY;
    const first = changetype<usize>(queue) + offsetof<Movements>();
    return changetype<Movement>(first + <usize>place * <usize>MOVEMENT_SIZE);
  }

  static clear(queue: Movements): void {
    queue.count = 0;
    queue.buttons = 0;
    queue.reported = 0;
  }

  /** The entry that motion belongs to; null when there is no room. */
  static current(queue: Movements): Movement | null {
    const count = queue.count;
    if (count) {
      const last = Movements.at(queue, count - 1);
      const before = count > 1 ? Movements.at(queue, count - 2).buttons : queue.reported;
      if (last.buttons == before) return last;
    }
    return Movements.append(queue, queue.buttons);
  }

  /** A new entry with nothing in it but the buttons; null when there is no room. */
  static append(queue: Movements, buttons: u32): Movement | null {
    if (queue.count == CAPACITY) return null;
    const fresh = Movements.at(queue, queue.count++);
    memory.fill(changetype<usize>(fresh), 0, <usize>MOVEMENT_SIZE);
    fresh.buttons = buttons;
    queue.buttons = buttons;
    return fresh;
  }

  /** The first entry has been reported in whole. */
  static drop(queue: Movements): void {
    queue.head = (queue.head + 1) % CAPACITY;
    queue.count--;
  }
}

export const MOVEMENTS_SIZE = <i32>offsetof<Movements>() + 32 * MOVEMENT_SIZE;

/** As much of a sum as a signed byte holds. */
export function limited(value: i32): i32 {
  return min<i32>(max<i32>(value, -127), 127);
}
