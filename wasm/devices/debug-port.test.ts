import { expect, test } from "vitest";
import { testMachine } from "../testing/machine";

test("SeaBIOS finds its debug console and prints to it", () => {
  let text = "";
  const { inb, outb } = testMachine({
    host: {
      debugCharacter(port, character) {
        expect(port).toBe(0x402);
        text += String.fromCharCode(character);
      },
    },
  });
  expect(inb(0x402)).toBe(0xe9);
  for (const character of "SeaBIOS\n") outb(0x402, character.charCodeAt(0));
  expect(text).toBe("SeaBIOS\n");
});

test("the POST code can be read back after a reset", () => {
  const { reset, inb, outb } = testMachine();
  outb(0x80, 0x5a);
  reset();
  expect(inb(0x80)).toBe(0x5a);
});
