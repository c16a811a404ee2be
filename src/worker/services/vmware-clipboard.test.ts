import { expect, test } from "vitest";
import type { MachineEvent } from "../../shared/api";
import { MachineEvent as CoreEvent } from "../../../wasm/protocol/events";
import { MAGIC, PORT, TEXT_MAX, VmwareCommand } from "../../../wasm/protocol/vmport";
import { testMachine } from "../../../wasm/testing/machine";
import { IntegrationHub } from "./integration-hub";

const EAX = 0;
const ECX = 1;
const EBX = 3;
const NONE = 0xffff_ffff;
const utf8 = (text: string) => new TextEncoder().encode(text);

/** A guest's program that looks for text and copies, and a host whose clipboard holds `text`. */
function setUp(allows = true) {
  const events: MachineEvent[] = [];
  const state = { text: "", asked: 0 };
  const hub: IntegrationHub = new IntegrationHub(
    (event) => {
      events.push(event);
      if (event.type !== "clipboard-wanted") return;
      state.asked++;
      queueMicrotask(() => hub.clipboard.supply(event.request, allows ? utf8(state.text) : undefined)); // prettier-ignore
    },
    () => {},
  );
  const machine = testMachine({
    host: {
      event: (kind: CoreEvent, a: number) => {
        if (kind === CoreEvent.TextWanted) hub.vmwareClipboard.wanted();
        else if (kind === CoreEvent.TextCopied) hub.vmwareClipboard.copied(a);
      },
    },
  });
  const { exports } = machine.core;
  hub.connect(machine.core);
  const call = (command: VmwareCommand, argument = 0): number => {
    exports.setRegister(EAX, MAGIC);
    exports.setRegister(EBX, argument);
    exports.setRegister(ECX, command);
    return machine.inl(PORT);
  };
  const length = (): number => call(VmwareCommand.GetSelectionLength);
  const pieces = (bytes: number): Uint8Array =>
    new Uint8Array(Uint32Array.from({ length: Math.ceil(bytes / 4) }, () => call(VmwareCommand.GetNextPiece)).buffer, 0, bytes); // prettier-ignore
  /** Looks, gives the browser its time, and looks again. */
  const pull = async (): Promise<Uint8Array | undefined> => {
    length();
    await new Promise((resolve) => setTimeout(resolve));
    const found = length();
    return found === NONE ? undefined : pieces(found);
  };
  const copy = (bytes: Uint8Array): void => {
    call(VmwareCommand.SetSelectionLength, bytes.length);
    const words = new Uint8Array((bytes.length + 3) & ~3).fill(0xee);
    words.set(bytes);
    for (const word of new Uint32Array(words.buffer)) call(VmwareCommand.SetNextPiece, word);
  };
  const offer = (text: string): void => {
    state.text = text;
    hub.clipboard.offer(["text/plain"]);
  };
  const copied = async (): Promise<string> =>
    new TextDecoder().decode(await hub.clipboard.read("text/plain"));
  return { hub, state, events, machine, call, length, pieces, pull, copy, offer, copied };
}

test("the guest finds a text once, in the code page of Windows, and the browser is asked once", async () => {
  const { state, length, pull, offer } = setUp();
  expect(await pull()).toBeUndefined();
  expect(state.asked).toBe(0);
  offer("Grüße:\n3 € „ok“ 🙂");
  expect(state.asked).toBe(0); // nobody has looked yet
  expect(Buffer.from((await pull()) ?? []).toString("latin1")).toBe(
    "Grüße:\r\n3 \x80 \x84ok\x93 ?",
  );
  expect(await pull()).toBeUndefined();
  expect(length()).toBe(NONE);
  expect(state.asked).toBe(1);
  offer("x");
  expect(Buffer.from((await pull()) ?? []).toString()).toBe("x");
});

test.each([1, 2, 3, 4, 5, 1000, TEXT_MAX])(
  "a text of %i bytes goes both ways whole",
  async (size) => {
    const text = "abcdefg".repeat(Math.ceil(size / 7)).slice(0, size);
    const { offer, pull, copy, copied } = setUp();
    offer(text);
    expect(Buffer.from((await pull()) ?? []).toString()).toBe(text);
    copy(utf8(text));
    expect(await copied()).toBe(text);
  },
);

test("a text that is not read to its end can be read again", async () => {
  const { offer, length, pieces, pull } = setUp();
  offer("12345678");
  await pull();
  offer("12345678");
  length();
  await new Promise((resolve) => setTimeout(resolve));
  expect(length()).toBe(8);
  pieces(4);
  expect(length()).toBe(8);
  expect(Buffer.from(pieces(8)).toString()).toBe("12345678");
});

test("what the guest copies reaches the host, from Windows' code page or from UTF-8; it then gets UTF-8", async () => {
  const { copy, copied, offer, pull, events } = setUp();
  copy(Buffer.from("na\xefve \x80\r\nend", "latin1"));
  expect(await copied()).toBe("naïve €\nend");
  expect(events.at(-1)).toMatchObject({ type: "clipboard-offer", formats: ["text/plain"] });
  offer("é");
  expect([...((await pull()) ?? [])]).toEqual([0xe9]);
  copy(utf8("snow ☃\0rest"));
  expect(await copied()).toBe("snow ☃");
  offer("☃\n");
  expect(await pull()).toEqual(utf8("☃\n"));
});

test("what is too long is refused, and the user is told", async () => {
  const { call, copied, offer, pull, events } = setUp();
  expect(call(VmwareCommand.SetSelectionLength, TEXT_MAX + 1)).toBe(NONE);
  expect(call(VmwareCommand.SetNextPiece, 0x41414141)).toBe(NONE);
  await expect(copied()).rejects.toThrow("copied nothing");
  offer("y".repeat(TEXT_MAX + 1));
  expect(await pull()).toBeUndefined();
  expect(events.at(-1)).toMatchObject({ type: "error", error: { code: "clipboard" } });
});

test("each way has its switch; what has not been read is taken back", async () => {
  const { hub, offer, length, pieces, copy, copied, state } = setUp();
  offer("secret");
  length();
  await new Promise((resolve) => setTimeout(resolve));
  expect(length()).toBe(6);
  hub.clipboard.set("to-host");
  expect([...pieces(8)]).toEqual(Array(8).fill(0));
  expect(length()).toBe(NONE);
  offer("secret");
  expect(length()).toBe(NONE);
  expect(state.asked).toBe(1);
  copy(utf8("mine"));
  expect(await copied()).toBe("mine");
  hub.clipboard.set("to-guest");
  copy(utf8("more"));
  await expect(copied()).rejects.toThrow("copied nothing");
});

test("a browser that refuses is not asked again at each look", async () => {
  const { state, offer, pull } = setUp(false);
  offer("secret");
  for (let i = 0; i < 5; i++) expect(await pull()).toBeUndefined();
  expect(state.asked).toBe(1);
});

test("a reset forgets what was under way", async () => {
  const { machine, call, offer, pull, length } = setUp();
  call(VmwareCommand.SetSelectionLength, 8);
  offer("12345678");
  await pull();
  machine.reset();
  expect(call(VmwareCommand.SetNextPiece, 1)).toBe(NONE);
  expect(length()).toBe(NONE);
});

test("the page hears of the program once, when it begins to look", () => {
  const { length, events } = setUp();
  for (let look = 0; look < 5; look++) expect(length()).toBe(NONE);
  expect(events).toEqual([{ type: "clipboard-guest" }]);
});
