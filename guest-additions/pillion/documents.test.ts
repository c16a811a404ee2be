// The notepad, the picture viewer, and letters beyond ASCII.

import { afterEach, expect, test } from "vitest";
import { PillionMachine } from "./testing";

let pillion: PillionMachine;
afterEach(() => pillion.dispose());

test("a text is selected, replaced and moved about in with the keys", async () => {
  pillion = await PillionMachine.boot("open=notes");
  const { machine } = pillion;
  await machine.sendKeys("ctrl-a");
  await machine.typeText("one two three");
  expect(await pillion.ask("text", "TEXT")).toBe("TEXT one two three");
  await machine.sendKeys("ctrl-left");
  await machine.sendKeys("shift-ctrl-left");
  await machine.typeText("2 ");
  await machine.sendKeys("home");
  await machine.sendKeys("delete");
  await machine.typeText("O");
  expect(await pillion.ask("text", "TEXT")).toBe("TEXT One 2 three");
  await machine.sendKeys("ctrl-end");
  await machine.typeText("\nnext");
  await machine.sendKeys("up");
  await machine.sendKeys("end");
  await machine.typeText("!");
  expect(await pillion.ask("text", "TEXT")).toBe("TEXT One 2 three!");
  expect(await pillion.line("")).toBe("next");
});
