import { expect, test } from "vitest";
import { BLOCK, complete, NOTIFY, TandemDriver, tandemMachine, words } from "../testing/tandem";
import { testMachine } from "../testing/machine";
import { MachineEvent } from "../protocol/events";
import { PointerCommand } from "../protocol/pointer";
import {
  Command,
  Feature,
  GuestSystem,
  IrqCause,
  ISA_BASE,
  PCI_DEVICE,
  PCI_VENDOR,
  Register,
  Request,
  REQUEST_HEADER_SIZE,
  REQUEST_SIZE_MAX,
  RequestFlag,
  REQUESTS_MAX,
  RequestStatus,
  SIGNATURE,
  Status,
  VERSION,
} from "../protocol/tandem-port";

const FUNCTION = 0x8000_2800; // 00:05.0
const BAR = 0xc100;
/** A service's command that the host is asked about. */
const ASKED = PointerCommand.CursorShow;
const HIDE = words(0);

function pci(machine: ReturnType<typeof testMachine>) {
  return {
    read(register: number, size: 1 | 2 | 4): number {
      machine.outl(0xcf8, FUNCTION + (register & 0xfc));
      const port = 0xcfc + (register & 3);
      return size === 4 ? machine.inl(port) : size === 2 ? machine.inw(port) : machine.inb(port);
    },
    write(register: number, value: number, size: 1 | 2 | 4): void {
      machine.outl(0xcf8, FUNCTION + (register & 0xfc));
      const port = 0xcfc + (register & 3);
      if (size === 4) machine.outl(port, value);
      else if (size === 2) machine.outw(port, value);
      else machine.outb(port, value);
    },
  };
}

// --- Discovery ---

test("the signature can be read at its fixed place, a byte at a time", () => {
  const { inb, inw, inl } = testMachine();
  expect([0, 1, 2, 3].map((i) => String.fromCharCode(inb(ISA_BASE + i))).join("")).toBe("TDM1");
  expect(inl(ISA_BASE)).toBe(SIGNATURE);
  expect(inw(ISA_BASE + Register.Version)).toBe(VERSION);
  expect(inw(ISA_BASE + Register.Features) & Feature.Pointer).toBe(Feature.Pointer);
  expect(inb(ISA_BASE - 1)).toBe(0xff);
  expect(inb(ISA_BASE + 64)).toBe(0xff);
});

test("it is a PCI function of its own, with the same registers where BAR 0 is put", () => {
  const machine = testMachine();
  const { read, write } = pci(machine);
  expect(read(0, 4)).toBe(PCI_VENDOR | (PCI_DEVICE << 16));
  expect(read(0x09, 1) | (read(0x0a, 2) << 8)).toBe(0x08_8000);
  expect(read(0x3d, 1)).toBe(1);
  expect(read(0x2c, 4)).not.toBe(0);
  write(0x10, 0xffff_ffff, 4);
  expect(read(0x10, 4)).toBe(0xffff_ffc1);
  write(0x10, BAR, 4);
  expect(machine.inl(BAR)).toBe(0xffff_ffff);
  write(0x04, 1, 2);
  expect(machine.inl(BAR)).toBe(SIGNATURE);
  expect(machine.inl(ISA_BASE)).toBe(SIGNATURE);
  write(0x10, BAR + 0x40, 4);
  expect(machine.inl(BAR)).toBe(0xffff_ffff);
  expect(new TandemDriver(machine, BAR + 0x40).hello().status).toBe(RequestStatus.Ok);
});

test("a BAR that is put over the fixed place and taken away again leaves it there", () => {
  const machine = testMachine();
  const { write } = pci(machine);
  write(0x10, ISA_BASE, 4);
  write(0x04, 1, 2);
  expect(machine.inl(ISA_BASE)).toBe(SIGNATURE);
  write(0x04, 0, 2);
  expect(machine.inl(ISA_BASE)).toBe(SIGNATURE);
});

// --- Sessions ---

test("HELLO begins a session and agrees on features", () => {
  const { driver, events } = tandemMachine();
  const answer = driver.hello(Feature.Pointer | 0x8000, GuestSystem.Pillion);
  expect(answer.status).toBe(RequestStatus.Ok);
  expect(answer.replySize).toBe(20);
  expect(driver.session).not.toBe(0);
  expect(driver.features).toBe(Feature.Pointer);
  expect(new DataView(answer.body.buffer).getUint32(16, true)).toBe(REQUEST_SIZE_MAX);
  expect(events).toContainEqual([MachineEvent.GuestHello, GuestSystem.Pillion, Feature.Pointer]);
});

test("the epoch is the host's random number", () => {
  let next = 0;
  const machine = testMachine({ host: { random: () => (next += 0x1111_1111) } });
  const { body } = new TandemDriver(machine).hello();
  expect(body.slice(8, 16)).toEqual(words(0x1111_1111, 0x2222_2222));
});

test("a new HELLO ends the session before, and its number is no longer valid", () => {
  const { driver, events } = tandemMachine();
  driver.hello();
  const old = driver.session;
  driver.hello();
  expect(driver.session).not.toBe(old);
  expect(events.map(([kind]) => kind)).toContain(MachineEvent.GuestBye);
  const answer = driver.request(Command.EventMask, words(0), { session: old });
  expect(answer.status).toBe(RequestStatus.BadSession);
});

test("commands need a session; PING, LOG and HELLO do not", () => {
  const { driver, requests } = tandemMachine();
  expect(driver.request(Command.EventMask, words(0)).status).toBe(RequestStatus.BadSession);
  expect(driver.request(ASKED, HIDE).status).toBe(RequestStatus.BadSession);
  const body = new TextEncoder().encode("are you there");
  const { status, body: echo } = driver.request(Command.Ping, body);
  expect(status).toBe(RequestStatus.Ok);
  expect(echo).toEqual(body);
  driver.request(Command.Log, body);
  expect(requests.map(({ command }) => command)).toEqual([Command.Log]);
});

test("a reset ends the session, and so does BYE", () => {
  const { driver, machine, events } = tandemMachine();
  const byes = (): number => events.filter(([kind]) => kind === MachineEvent.GuestBye).length;
  driver.hello();
  machine.reset();
  expect(byes()).toBe(1);
  expect(driver.request(Command.EventMask, words(0)).status).toBe(RequestStatus.BadSession);
  driver.hello();
  expect(driver.request(Command.Bye).status).toBe(RequestStatus.Ok);
  expect(byes()).toBe(2);
  expect(driver.request(Command.Bye).status).toBe(RequestStatus.BadSession);
});

// --- Request blocks ---

test("a 16-bit guest rings with two halves, an 8-bit one with four bytes", () => {
  const { driver } = tandemMachine();
  const { ram } = driver;
  const block = driver.block(Command.Ping, words(1));
  for (const size of [1, 2] as const) {
    ram.set(block, BLOCK);
    for (let at = 0; at < 4; at += size) {
      expect(driver.answer().status).toBe(0x5555);
      driver.write(
        Register.Doorbell + at,
        (BLOCK >>> (at * 8)) & (size === 1 ? 0xff : 0xffff),
        size,
      );
    }
    expect(driver.answer().status).toBe(RequestStatus.Ok);
  }
});

test("unknown commands are told so", () => {
  const { driver } = tandemMachine();
  driver.hello();
  for (const command of [0, 0x0008, 0x00ff])
    expect(driver.request(command).status).toBe(RequestStatus.NoCommand);
});

test("bodies that are too short are invalid", () => {
  const { driver } = tandemMachine();
  expect(driver.request(Command.Hello, words(1, 2)).status).toBe(RequestStatus.Invalid);
  driver.hello();
  for (const command of [Command.EventMask, Command.Cancel, PointerCommand.Mode])
    expect(driver.request(command, new Uint8Array(3)).status).toBe(RequestStatus.Invalid);
  expect(driver.request(PointerCommand.Mode, words(3)).status).toBe(RequestStatus.Invalid);
});

test("an answer that does not fit is refused, or cut when the guest says so", () => {
  const { driver } = tandemMachine();
  const body = words(1, 0, 0xffff);
  const refused = driver.request(Command.Hello, body);
  expect(refused).toMatchObject({ status: RequestStatus.TooBig, replySize: 20 });
  const cut = driver.request(Command.Hello, body, { flags: RequestFlag.Truncate });
  expect(cut).toMatchObject({ status: RequestStatus.Ok, replySize: 12 });
});

test("a block that is not wholly in RAM is not touched", () => {
  const { driver, machine } = tandemMachine();
  const end = driver.ram.length;
  const block = driver.block(Command.Ping, new Uint8Array(0));
  // Header in RAM, body beyond it.
  driver.ram.set(driver.block(Command.Ping, new Uint8Array(40)).subarray(0, 24), end - 24);
  driver.write(Register.Doorbell, end - 24, 4);
  expect(driver.answer(end - 24).status).toBe(RequestStatus.Invalid);
  // Even the header is not: nothing happens, wherever it points.
  const before = Buffer.from(driver.ram);
  for (const address of [end - 23, end, 0xa_0000, 0xb_fff0, 0xf_0000, 0xffff_fff0, 0x8000_0000]) {
    driver.write(Register.Doorbell, address, 4);
  }
  expect(before.equals(driver.ram)).toBe(true);
  // Exactly at the end is fine.
  driver.ram.set(block, end - block.length);
  driver.write(Register.Doorbell, end - block.length, 4);
  expect(driver.answer(end - block.length).status).toBe(RequestStatus.Ok);
  expect(machine.inl(ISA_BASE)).toBe(SIGNATURE);
});

test("sizes that make no sense are refused", () => {
  const { driver } = tandemMachine();
  for (const size of [0, 1, 23]) {
    const answer = driver.request(Command.Ping, new Uint8Array(0), { size });
    expect(answer.status).toBe(0x5555); // no block, no answer
  }
  const huge = driver.block(Command.Ping, new Uint8Array(0));
  for (const size of [REQUEST_SIZE_MAX + 1, 0x8000_0000, 0xffff_ffff]) {
    new DataView(huge.buffer).setUint32(Request.Size, size, true);
    driver.ram.set(huge, BLOCK);
    driver.write(Register.Doorbell, BLOCK, 4);
    expect(driver.answer().status).toBe(RequestStatus.Invalid);
  }
  const largest = driver.request(
    Command.Ping,
    new Uint8Array(REQUEST_SIZE_MAX - REQUEST_HEADER_SIZE),
  );
  expect(largest.status).toBe(RequestStatus.Ok);
});

// --- The host's answers ---

test("what the host does not answer at once is pending, then done, with an interrupt", () => {
  const { driver, machine, requests } = tandemMachine();
  driver.hello();
  driver.write(Register.IrqMask, IrqCause.Request);
  const pending = driver.request(ASKED, HIDE, { flags: NOTIFY, size: 64 });
  expect(pending.status).toBe(RequestStatus.Pending);
  expect(driver.read(Register.Pending)).toBe(1);
  expect(driver.read(Register.Status)).toBe(0);
  expect(requests[0]?.body.subarray(0, 4)).toEqual(HIDE);

  const body = Uint8Array.of(1, 2, 3);
  expect(complete(machine.core, requests[0]?.token ?? 0, RequestStatus.Ok, body)).toBe(true);
  const done = driver.answer();
  expect(done).toEqual({ status: RequestStatus.Ok, replySize: 3, body });
  expect(driver.read(Register.Pending)).toBe(0);
  expect(driver.read(Register.Status)).toBe(Status.Request);
  expect(driver.read(Register.IrqCause)).toBe(IrqCause.Request);
  driver.write(Register.IrqCause, IrqCause.Request);
  expect(driver.read(Register.IrqCause)).toBe(0);
  expect(driver.read(Register.Status)).toBe(0);
  expect(complete(machine.core, requests[0]?.token ?? 0, RequestStatus.Ok)).toBe(false);
});

test("without Notify there is no interrupt", () => {
  const { driver, machine, requests } = tandemMachine();
  driver.hello();
  driver.request(ASKED, HIDE);
  complete(machine.core, requests[0]?.token ?? 0, RequestStatus.NoEntry);
  expect(driver.answer().status).toBe(RequestStatus.NoEntry);
  expect(driver.read(Register.IrqCause)).toBe(0);
  expect(driver.read(Register.Status)).toBe(Status.Request);
});

test("more than so many requests at once are turned away, and CANCEL still works", () => {
  const { driver, requests, machine } = tandemMachine();
  driver.hello();
  const place = (i: number): number => BLOCK + i * 64;
  for (let i = 0; i < REQUESTS_MAX; i++)
    expect(driver.request(ASKED, HIDE, { tag: i, address: place(i) }).status).toBe(1);
  const extra = { tag: 99, address: place(99) };
  expect(driver.request(ASKED, HIDE, extra).status).toBe(RequestStatus.Again);
  expect(driver.request(Command.Cancel, words(7), extra).status).toBe(RequestStatus.Ok);
  expect(driver.answer(place(7)).status).toBe(RequestStatus.Canceled);
  expect(requests[7]?.canceled).toBe(true);
  expect(driver.request(Command.Cancel, words(7), extra).status).toBe(RequestStatus.NoEntry);
  expect(complete(machine.core, requests[7]?.token ?? 0, RequestStatus.Ok)).toBe(false);
  expect(driver.answer(place(7)).status).toBe(RequestStatus.Canceled);
  expect(driver.request(ASKED, HIDE, extra).status).toBe(RequestStatus.Pending);
});

test("BYE cancels what is under way; a driver that is loaded anew finds its memory untouched", () => {
  const { driver, requests, machine } = tandemMachine();
  driver.hello();
  driver.request(ASKED, HIDE);
  driver.request(Command.Bye, undefined, { address: BLOCK + 64 });
  expect(driver.answer().status).toBe(RequestStatus.Canceled);

  for (const end of ["hello", "reset"] as const) {
    driver.hello();
    requests.length = 0;
    driver.request(ASKED, HIDE, { address: BLOCK + 128 });
    if (end === "reset") machine.reset();
    else driver.hello();
    expect(requests[0]?.canceled).toBe(true);
    expect(complete(machine.core, requests[0]?.token ?? 0, RequestStatus.Ok)).toBe(false);
    expect(driver.answer(BLOCK + 128).status).toBe(RequestStatus.Pending);
    expect(driver.read(Register.Pending)).toBe(0);
  }
});

// --- FIFO ---

test.each([1, 2, 4] as const)("a request through the FIFO, %i bytes at a time", (width) => {
  const { driver } = tandemMachine();
  const body = new TextEncoder().encode("no physical address here");
  expect(driver.read(Register.PioRemaining)).toBe(0);
  driver.pio(driver.block(Command.Ping, body), width);
  expect(driver.read(Register.Status)).toBe(Status.Pio);
  const answer = driver.readPio(width);
  expect(new DataView(answer.buffer).getInt32(Request.Status, true)).toBe(RequestStatus.Ok);
  expect(answer.subarray(REQUEST_HEADER_SIZE)).toEqual(body);
  expect(driver.read(Register.PioRemaining)).toBe(0);
  expect(driver.read(Register.Status)).toBe(0);
});

test("the FIFO waits for the host, and a new request drops the one before", () => {
  const { driver, machine, requests } = tandemMachine();
  driver.hello();
  driver.pio(driver.block(ASKED, HIDE, { size: 200 }));
  expect(driver.read(Register.PioRemaining)).toBe(0xffff);
  complete(machine.core, requests[0]?.token ?? 0, RequestStatus.Ok, Uint8Array.of(9, 8));
  expect(driver.read(Register.IrqCause)).toBe(IrqCause.Pio);
  expect(driver.readPio().subarray(REQUEST_HEADER_SIZE)).toEqual(Uint8Array.of(9, 8));

  driver.pio(driver.block(ASKED, HIDE));
  driver.write(Register.PioLength, 30);
  expect(requests[1]?.canceled).toBe(true);
  expect(complete(machine.core, requests[1]?.token ?? 0, RequestStatus.Ok)).toBe(false);
  expect(driver.read(Register.PioRemaining)).toBe(0xffff);
});

// --- Interrupt ---

test("the interrupt is level-triggered, and PCI can mask it and see it", () => {
  const { driver, machine, requests } = tandemMachine();
  const { read, write } = pci(machine);
  machine.outl(0xcf8, 0x8000_0860); // PIIX3: PIRQ A to line 10
  machine.outb(0xcfc, 10);
  machine.outb(0x4d1, 0x04); // line 10 is level-triggered
  const line = (): number => {
    machine.outb(0xa0, 0x0a);
    return (machine.inb(0xa0) >> 2) & 1;
  };
  driver.hello();
  driver.request(ASKED, HIDE, { flags: NOTIFY });
  complete(machine.core, requests[0]?.token ?? 0, RequestStatus.Ok);
  expect(line()).toBe(0); // masked in the port
  driver.write(Register.IrqMask, IrqCause.Request);
  expect(line()).toBe(1);
  expect(read(0x06, 2) & 0x08).toBe(0x08);
  write(0x04, 0x0400, 2); // as uio_pci_generic does
  expect(read(0x04, 2)).toBe(0x0400);
  expect(line()).toBe(0);
  expect(read(0x06, 2) & 0x08).toBe(0x08);
  write(0x04, 0, 2);
  expect(line()).toBe(1);
  driver.write(Register.IrqCause, 0xffff);
  expect(line()).toBe(0);
  expect(read(0x06, 2) & 0x08).toBe(0);
});

test("a hidden page is told to the guest", () => {
  const { driver, machine } = tandemMachine();
  machine.core.exports.setDetached(1);
  expect(driver.read(Register.Status)).toBe(Status.Detached);
  machine.core.exports.setDetached(0);
  expect(driver.read(Register.Status)).toBe(0);
});
