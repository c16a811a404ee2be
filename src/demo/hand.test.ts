import { expect, test } from "vitest";
import { Hand, type HandInput } from "./hand";

function listened(): { hand: Hand; inputs: HandInput[]; buttons: number[] } {
  const hand = new Hand(1000, 500);
  const inputs: HandInput[] = [];
  const buttons: number[] = [];
  hand.listen({
    handMoved: (input) => inputs.push(input),
    handButtons: (bits) => buttons.push(bits),
  });
  return { hand, inputs, buttons };
}

test("places become fractions for the absolute machines and counts for the relative one", () => {
  const { hand, inputs } = listened();
  hand.place(100, 100, 1);
  hand.place(110.5, 95, 2);
  hand.place(111, 95, 3);
  expect(inputs.map(({ counts }) => counts)).toEqual([
    { x: 0, y: 0 },
    { x: 10, y: -5 },
    { x: 1, y: 0 },
  ]);
  expect(inputs[1]).toMatchObject({ x: 0.1105, y: 0.19, event: 2 });
});

test("where the hand comes down again is no movement", () => {
  const { hand, inputs, buttons } = listened();
  hand.place(100, 100, 1);
  hand.press(1);
  hand.lift();
  hand.place(900, 400, 2);
  expect(inputs[1]?.counts).toEqual({ x: 0, y: 0 });
  expect(inputs[1]?.x).toBe(0.9);
  expect(buttons).toEqual([1, 0]);
});

test("counts go on beyond the edges, the place does not", () => {
  const { hand, inputs } = listened();
  hand.place(990, 10, 1);
  hand.move(50, -50, 2);
  expect(inputs[1]?.counts).toEqual({ x: 50, y: -50 });
  expect(hand.position).toEqual({ x: 999, y: 0 });
  expect(inputs[1]?.x).toBeLessThan(1);
});
