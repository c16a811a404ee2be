// Distance between the host's and the guest's cursor, of two kinds that are never mixed.
//
// Static: the hand has rested for REST_MS or longer. What is left is an offset: no lag can explain it.
// Dynamic: the hand moves. It holds the offset and the way the hand makes during the lag.
// What is between - the hand has just stopped, the guest may still be catching up - counts as neither.

import { distance, type Position, type PositionHistory } from "./position";

export const REST_MS = 150;
/** A hand that moves reports every 8 ms or more often; one that is silent for longer than this does not move. */
export const MOVING_MS = 50;

export type Phase = "static" | "dynamic" | "settling";

export interface DistanceSample {
  time: number;
  distance: number;
  phase: Phase;
}

export function phaseAt(hand: PositionHistory, time: number): Phase | undefined {
  const since = hand.restingSince(time);
  if (since === undefined) return undefined;
  const rested = time - since;
  if (rested >= REST_MS) return "static";
  return rested <= MOVING_MS ? "dynamic" : "settling";
}

/** What a frame shows: the guest's cursor is there while the host's is where the hand is at this time. */
export function measureDistance(
  hand: PositionHistory,
  guest: Position,
  time: number,
): DistanceSample | undefined {
  const host = hand.at(time);
  const phase = phaseAt(hand, time);
  if (!host || !phase) return undefined;
  return { time, distance: distance(host, guest), phase };
}
