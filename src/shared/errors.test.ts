import { expect, test } from "vitest";
import { TandemError } from "./errors";

test("code and sentence survive the way to the other thread", () => {
  const data = structuredClone(new TandemError("image-empty", "The image is empty.").toData());
  const error = TandemError.from(data);
  expect(error.code).toBe("image-empty");
  expect(error.message).toBe("The image is empty.");
});

test("anything else that was thrown counts as a fault of the emulator", () => {
  expect(TandemError.from(new RangeError("out of bounds")).code).toBe("core-crash");
  expect(TandemError.from("odd").message).toBe("odd");
});
