import { expect, test } from "vitest";
import type { CoreHost } from "../../src/worker/core";
import { MachineEvent } from "../protocol/events";
import { PointerDevice, PointerMode, PointerRoute } from "../protocol/input";
import {
  CPUID_FIRST,
  CPUID_FREQUENCIES,
  Hypervisor,
  INTERFACE_VERSION,
  MAGIC,
  PacketFlag,
  POINTER_VERSION,
  PointerRequest,
  PointerRestriction,
  PORT,
  VmwareCommand,
} from "../protocol/vmport";
import { testMachine } from "../testing/machine";

const EAX = 0;
const ECX = 1;
const EDX = 2;
const EBX = 3;
const ESI = 6;
const EDI = 7;
const FAILED = 0xffff_ffff;
const OFF = 0xffff_0000;

interface Registers {
  eax: number;
  ebx: number;
  ecx: number;
  edx: number;
  esi: number;
  edi: number;
}

/** A guest's driver: IN or OUT with all its registers. */
function driver(host: Partial<CoreHost> = {}) {
  const events: number[][] = [];
  const machine = testMachine({
    host: { ...host, event: (kind, a, b) => events.push([kind, a, b]) },
  });
  const { exports } = machine.core;
  const call = (command: number, argument = 0, eax = MAGIC): Registers => {
    exports.setRegister(EAX, eax);
    exports.setRegister(EBX, argument);
    exports.setRegister(ECX, command);
    exports.setRegister(EDX, PORT);
    exports.setRegister(ESI, 0x1111);
    exports.setRegister(EDI, 0x2222);
    const result = machine.inl(PORT); // what the CPU puts into EAX
    const of = (register: number): number => exports.getRegister(register) >>> 0;
    return { eax: result, ebx: of(EBX), ecx: of(ECX), edx: of(EDX), esi: of(ESI), edi: of(EDI) };
  };
  const pointer = (request: PointerRequest): number =>
    call(VmwareCommand.AbsolutePointerCommand, request).eax;
  const status = (): number => call(VmwareCommand.AbsolutePointerStatus).eax;
  const packet = (): number[] => {
    const { eax, ebx, ecx, edx } = call(VmwareCommand.AbsolutePointerData, 4);
    return [eax, ebx | 0, ecx | 0, edx | 0];
  };
  /** As Linux does it. */
  const enable = (request = PointerRequest.Absolute): void => {
    pointer(PointerRequest.Enable);
    expect(call(VmwareCommand.AbsolutePointerData, 1).eax).toBe(POINTER_VERSION);
    pointer(request);
  };
  /** The mode and device that were told last. */
  const listening = (): number[] | undefined =>
    events
      .filter(([kind]) => kind === MachineEvent.Pointer)
      .at(-1)
      ?.slice(1);
  return { machine, exports, events, call, pointer, status, packet, enable, listening };
}

/** PS/2 bytes, as the interrupt handler reads them. */
function readMouse({ machine }: ReturnType<typeof driver>): number[] {
  const bytes: number[] = [];
  for (let idle = 0; idle < 20; idle++) {
    if (machine.inb(0x64) & 1) {
      bytes.push(machine.inb(0x60));
      idle = 0;
    }
    machine.advance(0.1);
  }
  return bytes;
}

function enablePs2(guest: ReturnType<typeof driver>): void {
  guest.machine.outb(0x64, 0xd4);
  guest.machine.outb(0x60, 0xf4);
  expect(readMouse(guest)).toEqual([0xfa]);
}

test("GETVERSION answers in EAX, EBX and ECX, to IN and to OUT", () => {
  const { machine, exports, call } = driver();
  const answer = { eax: INTERFACE_VERSION, ebx: MAGIC, ecx: 4 };
  expect(call(VmwareCommand.GetVersion, ~MAGIC)).toMatchObject(answer);
  exports.setRegister(EAX, MAGIC);
  exports.setRegister(ECX, VmwareCommand.GetVersion);
  machine.outl(PORT, MAGIC);
  expect([EAX, EBX, ECX].map((register) => exports.getRegister(register))).toEqual(
    Object.values(answer),
  );
});

test("without the magic number, in another width or for an unknown command nothing answers", () => {
  const { machine, call } = driver();
  const untouched = { eax: FAILED, ebx: 5, esi: 0x1111, edi: 0x2222 };
  expect(call(VmwareCommand.GetVersion, 5, 0x1234)).toMatchObject(untouched);
  for (const command of [0, 4, 5, 11, 30, 91, 0xffff])
    expect(call(command, 5)).toMatchObject({ ...untouched, ecx: command });
  call(VmwareCommand.GetVersion);
  expect([machine.inb(PORT), machine.inw(PORT)]).toEqual([0xff, 0xffff]);
});

test("the command is the lower half of ECX", () => {
  expect(driver().call(VmwareCommand.GetVersion | 0x7_0000).ebx).toBe(MAGIC);
});

test("GETHZ tells the frequency that the time-stamp counter has", () => {
  const { eax, ebx, ecx } = driver().call(VmwareCommand.GetHz, FAILED);
  expect([eax, ebx, ecx]).toEqual([1_000_000_000, 0, 100_000_000]);
});

test("the time is Greenwich's, whatever the host's zone", () => {
  const utc = Date.UTC(2040, 1, 3, 4, 5, 6, 789); // does not fit into 31 bits
  const west = -90;
  const { call } = driver({ wallClock: () => utc - west * 60_000, zoneWest: () => west });
  const seconds = Math.floor(utc / 1000);
  expect(call(VmwareCommand.GetTime)).toMatchObject({
    eax: seconds,
    ebx: 789_000,
    ecx: 1_000_000,
    edx: west >>> 0,
  });
  const full = { eax: MAGIC, ebx: 789_000, ecx: 1_000_000, edx: seconds, esi: 0 };
  expect(call(VmwareCommand.GetTimeFull)).toEqual({ ...full, edi: 0x2222 });
  expect(call(VmwareCommand.GetTimeFullWithLag)).toEqual({ ...full, edi: 0 });
});

test("CPUID tells of VMware only where the host wishes it", () => {
  const { machine, exports } = driver();
  const cpuid = (leaf: number): number[] => {
    exports.setRegister(EAX, leaf);
    machine.core.bytes(exports.RAM.value as number, 0x1002).set([0x0f, 0xa2], 0x1000);
    exports.setSegment(1, 0, 0, 0xffff, 0x93);
    exports.setEip(0x1000);
    exports.step();
    return [EAX, EBX, ECX, EDX].map((register) => exports.getRegister(register) >>> 0);
  };
  expect((cpuid(1)[2] ?? 0) >>> 31).toBe(0);
  expect(cpuid(CPUID_FIRST)).toEqual(cpuid(2));
  exports.setHypervisor(Hypervisor.Vmware);
  machine.reset();
  expect((cpuid(1)[2] ?? 0) >>> 31).toBe(1);
  const [last, ...vendor] = cpuid(CPUID_FIRST);
  expect(last).toBe(CPUID_FREQUENCIES);
  expect(Buffer.from(Uint32Array.from(vendor).buffer).toString()).toBe("VMwareVMware");
  expect(cpuid(CPUID_FREQUENCIES)).toEqual([1_000_000, 100_000, 0, 0]);
  expect(cpuid(CPUID_FIRST + 1)).toEqual([0, 0, 0, 0]);
  expect(cpuid(CPUID_FREQUENCIES + 1)).toEqual(cpuid(2));
});

test("the pointer is off until a driver switches it on; then it listens to what the driver asked for", () => {
  const guest = driver();
  const { status, pointer, enable, listening, call } = guest;
  expect(status()).toBe(OFF);
  pointer(PointerRequest.Absolute); // has no effect while it is off
  expect(listening()).toBeUndefined();
  enable();
  expect(status()).toBe(0);
  expect(listening()).toEqual([PointerMode.Absolute, PointerDevice.VmMouse]);
  expect(call(VmwareCommand.IsMouseAbsolute).eax).toBe(1);
  pointer(PointerRequest.Relative);
  expect(listening()).toEqual([PointerMode.Relative, PointerDevice.VmMouse]);
  expect(call(VmwareCommand.IsMouseAbsolute).eax).toBe(0);
  pointer(PointerRequest.Disable);
  expect(status()).toBe(OFF);
  expect(listening()).toEqual([PointerMode.Relative, PointerDevice.None]);
});

test("positions are the middle of the pixel, of 65536", () => {
  const { exports, enable, packet, status } = driver();
  enable();
  for (const [x, y] of [
    [0, 0],
    [0.25, 0.75],
    [1, 1],
  ] as const) {
    exports.pointerPosition(x, y, 0);
    expect(status()).toBe(4);
    const px = Math.min(719, Math.floor(x * 720));
    const py = Math.min(399, Math.floor(y * 400));
    const middle = (pixel: number, size: number): number =>
      Math.floor(((2 * pixel + 1) * 0x8000) / size);
    const [flags, ...place] = packet();
    expect([flags, ...place]).toEqual([0, middle(px, 720), middle(py, 400), 0]);
    expect(Math.floor(((place[0] ?? 0) * 720) / 0x1_0000)).toBe(px); // as X computes it
  }
  expect(status()).toBe(0);
});

test("words can be taken one by one, and the host hears of a packet once it is whole", () => {
  const { exports, enable, call, status, events } = driver();
  enable();
  exports.pointerPosition(0.5, 0.5, 7);
  const taken = (): number[][] => events.filter(([kind]) => kind === MachineEvent.InputTaken);
  const one = (): number => call(VmwareCommand.AbsolutePointerData, 1).eax;
  expect([one(), one()]).toEqual([0, Math.floor((721 * 0x8000) / 720)]);
  expect(status()).toBe(2);
  expect(taken()).toEqual([]);
  const { eax, ebx } = call(VmwareCommand.AbsolutePointerData, 2);
  expect([eax, ebx]).toEqual([Math.floor((401 * 0x8000) / 400), 0]);
  expect(taken()).toEqual([[MachineEvent.InputTaken, PointerDevice.VmMouse, 7]]);
  expect(exports.pointerReports(PointerDevice.VmMouse)).toBe(1);
});

test("the newest position counts, but not in a packet that has been begun", () => {
  const { exports, enable, call, status } = driver();
  enable();
  exports.pointerPosition(0, 0, 0);
  exports.pointerPosition(1, 1, 0);
  expect(status()).toBe(4);
  call(VmwareCommand.AbsolutePointerData, 1);
  exports.pointerPosition(0, 0, 0);
  expect(status()).toBe(7);
});

test("asking for more than there is switches the pointer off until it is enabled again", () => {
  for (const words of [0, 2, 5, 6, 0x8000_0000, FAILED]) {
    const { exports, enable, call, status } = driver();
    enable();
    exports.pointerPosition(0.5, 0.5, 0);
    call(VmwareCommand.AbsolutePointerData, 3);
    expect(call(VmwareCommand.AbsolutePointerData, words).eax).toBe(OFF);
    expect(status()).toBe(OFF);
    enable();
    expect(status()).toBe(0);
  }
});

test("enabling it again forgets what was left, so the version comes first", () => {
  const { exports, enable, status } = driver();
  enable();
  for (let i = 0; i < 5; i++) exports.pointerButtons(i & 1, 0);
  expect(status()).toBeGreaterThan(0);
  enable();
  expect(status()).toBe(0);
});

test("buttons and the wheel", () => {
  const { exports, enable, packet, status } = driver();
  enable();
  exports.pointerPosition(0, 0, 0);
  packet();
  const flags: number[] = [];
  for (const buttons of [1, 2, 4, 7, 0]) {
    exports.pointerButtons(buttons, 0);
    flags.push(packet()[0] ?? 0);
  }
  const { Left, Right, Middle } = PacketFlag;
  expect(flags).toEqual([Left, Right, Middle, Left | Right | Middle, 0]);
  exports.pointerWheel(2, 0, 0);
  exports.pointerWheel(-1, 0, 0);
  expect(packet()[3]).toBe(1);
  exports.pointerWheel(-1000, 0, 0);
  expect(packet()[3]).toBe(-127);
  exports.pointerWheel(0, 1, 0); // there is no horizontal wheel
  exports.pointerButtons(8, 0); // nor side buttons
  expect(status()).toBe(0);
});

test("motion comes while the host has chosen a mouse; its packets are marked, up is positive", () => {
  const { exports, enable, packet, listening } = driver();
  enable();
  exports.pointerRoute(PointerRoute.Relative);
  expect(listening()).toEqual([PointerMode.Relative, PointerDevice.VmMouse]);
  exports.pointerMotion(5, 3, 0);
  exports.pointerMotion(-15, 4, 0);
  expect(packet()).toEqual([PacketFlag.Relative, -10, -7, 0]);
  exports.pointerButtons(1, 0);
  expect(packet()).toEqual([PacketFlag.Relative | PacketFlag.Left, 0, 0, 0]);
  exports.pointerMotion(0x7fff_ffff, -0x8000_0000, 0);
  expect(packet().slice(1, 3)).toEqual([0x7fff, 0x7fff]);
  exports.pointerRoute(PointerRoute.Auto);
  expect(listening()).toEqual([PointerMode.Absolute, PointerDevice.VmMouse]);
  exports.pointerMotion(-1, 0, 0); // a hand without place moves the position
  expect(packet()).toEqual([
    PacketFlag.Left,
    Math.floor((719 * 0x8000) / 720),
    Math.floor((401 * 0x8000) / 400),
    0,
  ]);
});

test("it comes before tablet and PS/2 mouse, after the Tandem port", () => {
  const guest = driver();
  enablePs2(guest);
  expect(guest.listening()).toEqual([PointerMode.Relative, PointerDevice.Ps2Mouse]);
  guest.enable();
  expect(guest.listening()).toEqual([PointerMode.Absolute, PointerDevice.VmMouse]);
  guest.exports.pointerRoute(PointerRoute.Relative);
  expect(guest.listening()?.[1]).toBe(PointerDevice.VmMouse);
});

test("the PS/2 mouse interrupts for each packet, as long as one waits", () => {
  const guest = driver();
  const { exports, enable, packet } = guest;
  enablePs2(guest);
  const ps2 = exports.pointerInterrupts(PointerDevice.Ps2Mouse);
  enable();
  exports.pointerButtons(1, 0);
  exports.pointerButtons(0, 0);
  exports.pointerPosition(0.5, 0.5, 0);
  // A driver that takes nothing hears three times; a step to the right, and back.
  expect(readMouse(guest)).toEqual([8, 1, 0, 0x18, 0xff, 0, 8, 1, 0]);
  expect(exports.pointerInterrupts(PointerDevice.VmMouse)).toBe(9);
  expect(exports.pointerInterrupts(PointerDevice.Ps2Mouse)).toBe(ps2);
  expect(exports.pointerReports(PointerDevice.Ps2Mouse)).toBe(0);
  // Whoever takes all at the first interrupt hears no more of it.
  exports.pointerButtons(2, 0);
  for (let i = 0; i < 4; i++) packet();
  expect(readMouse(guest)).toEqual([]);
  exports.pointerPosition(0.6, 0.5, 0);
  expect(readMouse(guest)).toEqual([0x18, 0xff, 0]);
});

test("a packet of the PS/2 mouse has the length that its driver has chosen", () => {
  const guest = driver();
  for (const byte of [0xf3, 200, 0xf3, 100, 0xf3, 80]) {
    guest.machine.outb(0x64, 0xd4);
    guest.machine.outb(0x60, byte);
    readMouse(guest);
  }
  enablePs2(guest);
  guest.enable();
  guest.exports.pointerPosition(0.6, 0.5, 0);
  expect(readMouse(guest)).toEqual([8, 1, 0, 0]);
});

test("after Disable the PS/2 mouse is a mouse again, with the buttons that are down", () => {
  const guest = driver();
  enablePs2(guest);
  guest.enable();
  guest.exports.pointerButtons(1, 0);
  guest.pointer(PointerRequest.Disable);
  readMouse(guest);
  guest.exports.pointerMotion(3, 0, 0);
  expect(readMouse(guest)).toEqual([9, 0, 0, 9, 3, 0]);
});

test("a reset switches it off and lifts the restriction", () => {
  const { machine, enable, call, status, listening } = driver();
  enable();
  call(VmwareCommand.AbsolutePointerRestrict, PointerRestriction.Kernel);
  machine.reset();
  expect(status()).toBe(OFF);
  expect(listening()?.[1]).toBe(PointerDevice.None);
});

test("a restricted pointer does not speak to programs", () => {
  const { exports, enable, call, status } = driver();
  enable();
  const inVirtual86 = (ioPrivilege: number): void =>
    exports.setEflags(0x2_0002 | (ioPrivilege << 12));
  expect(call(VmwareCommand.AbsolutePointerRestrict, PointerRestriction.IoPrivilege).eax).toBe(MAGIC); // prettier-ignore
  inVirtual86(0);
  expect(status()).toBe(FAILED);
  inVirtual86(3);
  expect(status()).toBe(0);
  expect(call(VmwareCommand.AbsolutePointerRestrict, PointerRestriction.Kernel).eax).toBe(MAGIC);
  expect(status()).toBe(FAILED);
  expect(call(VmwareCommand.AbsolutePointerRestrict, PointerRestriction.Any).eax).toBe(FAILED);
  expect(call(VmwareCommand.GetVersion).ebx).toBe(MAGIC);
});

function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test("10,000 random clicks and moves: no change of buttons is lost, whenever the guest looks", () => {
  const random = randomNumbers(99);
  const { exports, enable, packet, status } = driver();
  enable();
  exports.pointerPosition(0, 0.5, 0);
  packet();
  const sent: string[] = [];
  const seen: string[] = [];
  let buttons = 0;
  let last = 0;
  let x = 0;
  const look = (): void => {
    while (status() !== 0) {
      const [flags = 0, at = 0] = packet();
      if (flags !== last) seen.push(`${flags}@${at}`);
      last = flags;
    }
  };
  const { Left, Right, Middle } = PacketFlag;
  for (let i = 0; i < 10_000; i++) {
    if (random(3) === 0) {
      x = random(720);
      exports.pointerPosition((x + 0.5) / 720, 0.5, 0);
    } else {
      const next = buttons ^ (1 << random(3));
      if (exports.pointerButtons(next, 0) === 0) {
        look();
        expect(exports.pointerButtons(next, 0)).toBe(1);
      }
      buttons = next;
      const flags = (next & 1 ? Left : 0) | (next & 2 ? Right : 0) | (next & 4 ? Middle : 0);
      sent.push(`${flags}@${Math.floor(((2 * x + 1) * 0x8000) / 720)}`);
    }
    if (random(100) === 0) look();
  }
  look();
  expect(seen.length).toBeGreaterThan(4000);
  expect(seen).toEqual(sent);
});

test("20,000 hostile calls: each is answered, and a well-behaved driver gets through afterwards", () => {
  const random = randomNumbers(4711);
  const { machine, exports, call, enable, packet, status } = driver();
  const commands = Object.values(VmwareCommand).filter((value) => typeof value === "number");
  const requests = Object.values(PointerRequest).filter((value) => typeof value === "number");
  const word = (): number => {
    const kind = random(6);
    if (kind === 0) return requests[random(requests.length)] ?? 0;
    if (kind === 1) return random(8);
    if (kind === 2) return FAILED - random(4);
    return (random(0x1_0000) * 0x1_0000 + random(0x1_0000)) >>> 0;
  };
  for (let i = 0; i < 20_000; i++) {
    const command = random(4) > 0 ? (commands[random(commands.length)] ?? 0) : word();
    const argument = command === (VmwareCommand.AbsolutePointerRestrict as number) ? 3 + random(99) : word(); // prettier-ignore
    call(command, argument, random(20) > 0 ? MAGIC : word());
    if (random(3) === 0) {
      exports.pointerButtons(random(32), 0);
      exports.pointerPosition(random(1000) / 500 - 0.5, random(1000) / 999, 0);
      exports.pointerWheel(random(9) - 4, random(9) - 4, 0);
      exports.pointerRoute(random(4));
    }
    if (random(50) === 0) machine.advance(1);
    const waiting = status();
    expect(waiting === OFF || waiting <= 256 * 4).toBe(true);
  }
  exports.pointerRoute(PointerRoute.Auto);
  exports.pointerButtons(0, 0);
  enable();
  while (status() !== 0) packet();
  exports.pointerPosition(0, 0, 0);
  expect(packet()).toEqual([0, Math.floor(0x8000 / 720), Math.floor(0x8000 / 400), 0]);
});
