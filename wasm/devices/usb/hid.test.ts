import { expect, test } from "vitest";
import { MachineEvent } from "../../protocol/events";
import { PointerDevice, PointerMode, PointerRoute, UsbDevice } from "../../protocol/input";
import { PORT1, PORT2, pollEvery, REPORT_TRANSFER, STALLED, UsbDriver } from "../../testing/usb";

/** A running controller with one device at address 1, which the guest polls. */
function withDevice(device: UsbDevice, options?: ConstructorParameters<typeof UsbDriver>[0]) {
  const driver = new UsbDriver(options);
  driver.plug(device);
  driver.start().configure(PORT1, 1);
  expect(driver.reports(1)).toEqual([]);
  return driver;
}

function word(bytes: readonly number[] | undefined, offset: number): number {
  return (bytes?.[offset] ?? 0) | ((bytes?.[offset + 1] ?? 0) << 8);
}

const NAMES = { [UsbDevice.Mouse]: "Mouse", [UsbDevice.Tablet]: "Tablet", [UsbDevice.Keyboard]: "Keyboard" }; // prettier-ignore

for (const device of [UsbDevice.Mouse, UsbDevice.Tablet, UsbDevice.Keyboard] as const) {
  const name = NAMES[device];

  test(`${name}: Linux reads its descriptors, the lengths agree`, () => {
    const driver = new UsbDriver();
    driver.plug(device);
    driver.start().resetPort(PORT1);
    expect(driver.control(0, [0x80, 6, 0x0100, 0, 64])?.[7]).toBe(8);
    driver.resetPort(PORT1);
    driver.control(0, [0x00, 5, 5, 0, 0]);
    expect(driver.control(0, [0x80, 6, 0x0100, 0, 18])).toBeUndefined();
    expect(driver.control(5, [0x80, 6, 0x0100, 0, 18])?.slice(0, 8)).toEqual([
      18, 1, 0x10, 1, 0, 0, 0, 8,
    ]);
    const configuration = driver.control(5, [0x80, 6, 0x0200, 0, 255]);
    expect(configuration).toHaveLength(word(configuration, 2));
    expect(configuration?.[33]).toBe(10); // bInterval
    expect(configuration?.slice(14, 17)).toEqual(
      { Mouse: [3, 1, 2], Tablet: [3, 0, 0], Keyboard: [3, 1, 1] }[name],
    );
    expect(driver.control(5, [0x80, 6, 0x0200, 0, 9])).toEqual(configuration?.slice(0, 9));
    const report = driver.control(5, [0x81, 6, 0x2200, 0, 255]);
    expect(report).toHaveLength(word(configuration, 25));
    expect(driver.control(5, [0x81, 6, 0x2100, 0, 9])).toEqual(configuration?.slice(18, 27));
    const text = driver.control(5, [0x80, 6, 0x0302, 0x0409, 255])?.slice(2) ?? [];
    expect(String.fromCharCode(...text.filter((byte) => byte > 0))).toBe(`USB ${name}`);
    expect(driver.control(5, [0x80, 6, 0x0300, 0, 255])).toEqual([4, 3, 9, 4]);
  });

  test(`${name}: requests that it does not know stall, and the next one is answered`, () => {
    const driver = new UsbDriver();
    driver.plug(device);
    driver.start().configure(PORT1, 3);
    expect(driver.control(3, [0x80, 6, 0x0600, 0, 10])).toBeUndefined(); // device qualifier
    expect(driver.control(3, [0x80, 6, 0x0303, 0x0409, 10])).toBeUndefined();
    expect(driver.control(3, [0x00, 9, 2, 0, 0])).toBeUndefined();
    expect(driver.control(3, [0x00, 7, 0x0100, 0, 18], [18, 1])).toBeUndefined();
    expect(driver.control(3, [0x40, 1, 0, 0, 0])).toBeUndefined();
    expect(driver.control(3, [0x82, 0, 0, 0x82, 2])).toBeUndefined();
    expect(driver.control(3, [0x80, 8, 0, 0, 1])).toEqual([1]);
  });

  test(`${name}: features, halt, idle rate`, () => {
    const driver = new UsbDriver();
    driver.plug(device);
    driver.start().configure(PORT1, 3);
    expect(driver.control(3, [0x80, 0, 0, 0, 2])).toEqual([0, 0]);
    expect(driver.control(3, [0x00, 3, 1, 0, 0])).toEqual([]);
    expect(driver.control(3, [0x80, 0, 0, 0, 2])).toEqual([2, 0]);
    expect(driver.control(3, [0x00, 1, 1, 0, 0])).toEqual([]);
    expect(driver.control(3, [0x80, 0, 0, 0, 2])).toEqual([0, 0]);
    expect(driver.control(3, [0x02, 3, 0, 0x81, 0])).toEqual([]);
    expect(driver.control(3, [0x82, 0, 0, 0x81, 2])).toEqual([1, 0]);
    driver.ask(3);
    driver.frames(1);
    expect(driver.read(REPORT_TRANSFER + 4) & STALLED).toBe(STALLED);
    expect(driver.control(3, [0x02, 1, 0, 0x81, 0])).toEqual([]);
    expect(driver.control(3, [0x82, 0, 0, 0x81, 2])).toEqual([0, 0]);
    driver.ask(3);
    expect(driver.reports(3)).toEqual([]);
    expect(driver.control(3, [0x21, 10, 0x0500, 0, 0])).toEqual([]); // a report each 20 ms
    expect(driver.control(3, [0xa1, 2, 0, 0, 1])).toEqual([5]);
    driver.frames(20);
    expect(driver.reports(3)).toHaveLength(1);
    expect(driver.control(3, [0x21, 10, 0, 0, 0])).toEqual([]);
    driver.frames(100);
    expect(driver.reports(3)).toEqual([]);
  });
}

test("only boot devices have a protocol to choose", () => {
  const driver = new UsbDriver();
  driver.plug(UsbDevice.Mouse);
  driver.plug(UsbDevice.Tablet);
  driver.start().configure(PORT1, 1);
  driver.configure(PORT2, 2);
  expect(driver.control(1, [0xa1, 3, 0, 0, 1])).toEqual([1]);
  expect(driver.control(1, [0x21, 11, 0, 0, 0])).toEqual([]);
  expect(driver.control(1, [0xa1, 3, 0, 0, 1])).toEqual([0]);
  expect(driver.control(2, [0xa1, 3, 0, 0, 1])).toBeUndefined();
  expect(driver.control(2, [0x21, 11, 0, 0, 0])).toBeUndefined();
});

// --- Mouse ---

test("the mouse adds motion up, clamps it, and keeps the rest", () => {
  const driver = withDevice(UsbDevice.Mouse);
  const { pointerMotion } = driver.machine.core.exports;
  pointerMotion(100, -3, 0);
  pointerMotion(100, 0, 0);
  pointerMotion(-1, -200, 0);
  expect(driver.reports(1)).toEqual([
    [0, 127, 0x81, 0, 0],
    [0, 72, 0x100 - 76, 0, 0],
  ]);
});

test("the mouse has five buttons and two wheels; away from the user is positive", () => {
  const driver = withDevice(UsbDevice.Mouse);
  const { pointerButtons, pointerWheel } = driver.machine.core.exports;
  pointerButtons(0x1f, 0);
  pointerWheel(1, 2, 0);
  pointerWheel(200, 0, 0);
  expect(driver.reports(1)).toEqual([
    [0x1f, 0, 0, 0, 0],
    [0x1f, 0, 0, 0x81, 2],
    [0x1f, 0, 0, 0x100 - 74, 0],
  ]);
});

test("SeaBIOS reads three bytes of the mouse in the boot protocol", () => {
  const driver = withDevice(UsbDevice.Mouse);
  driver.control(1, [0x21, 11, 0, 0, 0]);
  driver.machine.core.exports.pointerMotion(4, 5, 0);
  driver.machine.core.exports.pointerWheel(1, 0, 0);
  expect(driver.reports(1)).toEqual([[0, 4, 5]]);
});

// --- Tablet ---

test("the tablet reports the newest position, 0 to 7FFFh over the pixels", () => {
  const driver = withDevice(UsbDevice.Tablet);
  const { frameHeight, frameWidth, pointerPosition } = driver.machine.core.exports;
  pointerPosition(0.3, 0.3, 0);
  pointerPosition(1, 1, 0);
  expect(driver.reports(1)).toEqual([[0, 0xff, 0x7f, 0xff, 0x7f, 0, 0]]);
  const [width, height] = [frameWidth(), frameHeight()];
  for (const [x, y] of [
    [0, 0],
    [1, 1],
    [width >> 1, height - 2],
    [width - 2, 7],
  ] as const) {
    pointerPosition((x + 0.5) / width, (y + 0.5) / height, 0);
    const [report] = driver.reports(1);
    expect(word(report, 1)).toBe(Math.floor((x * 0x7fff) / (width - 1)));
    expect(word(report, 3)).toBe(Math.floor((y * 0x7fff) / (height - 1)));
  }
});

test("a click before the hand was seen anywhere is in the middle, where systems put their pointer", () => {
  const driver = withDevice(UsbDevice.Tablet);
  const { frameHeight, frameWidth, pointerButtons } = driver.machine.core.exports;
  pointerButtons(1, 0);
  const [report] = driver.reports(1);
  expect(report?.[0]).toBe(1);
  expect(word(report, 1)).toBe(Math.floor(((frameWidth() >> 1) * 0x7fff) / (frameWidth() - 1)));
  expect(word(report, 3)).toBe(Math.floor(((frameHeight() >> 1) * 0x7fff) / (frameHeight() - 1)));
});

test("the tablet reports a press where it happened, and motion moves it", () => {
  const driver = withDevice(UsbDevice.Tablet);
  const { frameWidth, pointerButtons, pointerMotion, pointerPosition, pointerWheel } =
    driver.machine.core.exports;
  pointerPosition(0, 0, 0);
  pointerButtons(1, 0);
  pointerPosition(1, 1, 0);
  pointerButtons(0, 0);
  pointerWheel(-1, 0, 0);
  expect(driver.reports(1)).toEqual([
    [0, 0, 0, 0, 0, 0, 0],
    [1, 0, 0, 0, 0, 0, 0],
    [1, 0xff, 0x7f, 0xff, 0x7f, 0, 0],
    [0, 0xff, 0x7f, 0xff, 0x7f, 0, 0],
    [0, 0xff, 0x7f, 0xff, 0x7f, 1, 0],
  ]);
  const width = frameWidth();
  pointerMotion(-10, 5, 0);
  expect(word(driver.reports(1)[0], 1)).toBe(Math.floor(((width - 11) * 0x7fff) / (width - 1)));
});

// --- Keyboard ---

const A = 0x1e;
const SHIFT = 0x2a;

test("each press and release gets a report of its own; repetition is left to the guest", () => {
  const driver = withDevice(UsbDevice.Keyboard);
  const { keyboardKey } = driver.machine.core.exports;
  keyboardKey(SHIFT, 1);
  keyboardKey(A, 1);
  keyboardKey(A, 1);
  keyboardKey(A, 0);
  keyboardKey(SHIFT, 0);
  expect(driver.reports(1)).toEqual([
    [2, 0, 0, 0, 0, 0, 0, 0],
    [2, 0, 4, 0, 0, 0, 0, 0],
    [2, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0],
  ]);
});

test("a seventh key is a rollover error until one is released", () => {
  const driver = withDevice(UsbDevice.Keyboard);
  const { keyboardKey } = driver.machine.core.exports;
  for (let key = 0x10; key <= 0x16; key++) keyboardKey(key, 1);
  const reports = driver.reports(1);
  expect(reports[5]?.slice(2)).toEqual([0x14, 0x1a, 0x08, 0x15, 0x17, 0x1c]);
  expect(reports[6]?.slice(2)).toEqual([1, 1, 1, 1, 1, 1]);
  keyboardKey(0x10, 0);
  expect(driver.reports(1)[0]?.slice(2)).toEqual([0x1a, 0x08, 0x15, 0x17, 0x1c, 0x18]);
});

test("extended keys and modifiers have their usages", () => {
  const driver = withDevice(UsbDevice.Keyboard);
  const { keyboardKey } = driver.machine.core.exports;
  const usages = [0xe048, 0xe01c, 0xe11d, 0xe037, 0x57, 0x56].map((key) => {
    keyboardKey(key, 1);
    keyboardKey(key, 0);
    return driver.reports(1)[0]?.[2];
  });
  expect(usages).toEqual([0x52, 0x58, 0x48, 0x46, 0x44, 0x64]);
  const modifiers = [0x1d, 0x2a, 0x38, 0xe05b, 0xe01d, 0x36, 0xe038, 0xe05c].map((key) => {
    keyboardKey(key, 1);
    keyboardKey(key, 0);
    return driver.reports(1)[0]?.[0];
  });
  expect(modifiers).toEqual([1, 2, 4, 8, 16, 32, 64, 128]);
});

test("the LEDs reach the host, and can be read back", () => {
  const leds: number[] = [];
  const driver = withDevice(UsbDevice.Keyboard, {
    host: { event: (kind, a) => kind === MachineEvent.KeyboardLeds && leds.push(a) },
  });
  expect(driver.control(1, [0x21, 9, 0x0200, 0, 1], [3])).toEqual([]);
  expect(leds).toEqual([2 | 4]); // num and caps
  expect(driver.control(1, [0xa1, 1, 0x0200, 0, 1])).toEqual([3]);
});

test("keys go to the PS/2 keyboard until the USB keyboard is listened to; a held key stays where it is", () => {
  const driver = new UsbDriver();
  const { machine } = driver;
  const { keyboardKey } = machine.core.exports;
  machine.outb(0x64, 0x60);
  machine.outb(0x60, 0x43);
  const ps2 = (): number => {
    machine.advance(1);
    return machine.inb(0x64) & 1 ? machine.inb(0x60) : 0;
  };
  driver.plug(UsbDevice.Keyboard);
  keyboardKey(A, 1);
  expect(ps2()).toBe(A);
  driver.start().configure(PORT1, 1);
  driver.reports(1);
  keyboardKey(A, 0);
  expect(ps2()).toBe(A | 0x80);
  keyboardKey(A, 1);
  expect(ps2()).toBe(0);
  expect(driver.reports(1)).toHaveLength(1);
  machine.core.exports.usbPlug(UsbDevice.Keyboard, 0);
  keyboardKey(0x30, 1);
  expect(ps2()).toBe(0x30);
});

// --- Choice, order, rates ---

test("the host learns which device the guest polls, by what the route prefers", () => {
  const seen: number[][] = [];
  const driver = new UsbDriver({
    host: { event: (kind, a, b) => kind === MachineEvent.Pointer && seen.push([a, b]) },
  });
  driver.plug(UsbDevice.Mouse);
  driver.plug(UsbDevice.Tablet);
  driver.start().configure(PORT1, 1);
  driver.reports(1);
  driver.configure(PORT2, 2);
  driver.reports(2);
  driver.machine.core.exports.pointerRoute(PointerRoute.Relative);
  driver.machine.core.exports.pointerRoute(PointerRoute.Auto);
  driver.machine.core.exports.usbPlug(UsbDevice.Tablet, 0);
  driver.machine.outw(0xc000, 0); // the controller stops
  expect(seen).toEqual([
    [PointerMode.Relative, PointerDevice.UsbMouse],
    [PointerMode.Absolute, PointerDevice.UsbTablet],
    [PointerMode.Relative, PointerDevice.UsbMouse],
    [PointerMode.Absolute, PointerDevice.UsbTablet],
    [PointerMode.Relative, PointerDevice.UsbMouse],
    [PointerMode.Relative, PointerDevice.None],
  ]);
});

test("another route lets the buttons go where they were held and holds them where the hand is now", () => {
  const driver = new UsbDriver();
  driver.plug(UsbDevice.Mouse);
  driver.plug(UsbDevice.Tablet);
  driver.start().configure(PORT1, 1);
  driver.reports(1);
  driver.configure(PORT2, 2);
  driver.reports(2);
  const { pointerButtons, pointerMotion, pointerRoute } = driver.machine.core.exports;
  pointerButtons(1, 0);
  expect(driver.reports(2).map((report) => report[0])).toEqual([1]);
  pointerRoute(PointerRoute.Relative);
  pointerMotion(3, 0, 0);
  expect(driver.reports(2).map((report) => report[0])).toEqual([0]);
  driver.ask(1);
  driver.frames(1);
  expect(driver.answer()).toEqual([1, 0, 0, 0, 0]);
  pointerButtons(0, 0);
  expect(driver.reports(1)).toEqual([
    [1, 3, 0, 0, 0],
    [0, 0, 0, 0, 0],
  ]);
});

test("a device that the guest does not poll any more is not listened to", () => {
  const seen: number[] = [];
  const driver = withDevice(UsbDevice.Tablet, {
    host: { event: (kind, _a, b) => kind === MachineEvent.Pointer && seen.push(b) },
  });
  driver.write(0x10_1024, 1); // the interrupt queue is empty
  driver.frames(1100);
  expect(seen).toEqual([PointerDevice.UsbTablet, PointerDevice.None]);
});

test("the number of an input comes back when the report has been taken", () => {
  const taken: number[][] = [];
  const driver = withDevice(UsbDevice.Tablet, {
    host: { event: (kind, a, b) => kind === MachineEvent.InputTaken && taken.push([a, b]) },
  });
  const { pointerInterrupts, pointerPosition, pointerReports } = driver.machine.core.exports;
  pointerPosition(0.1, 0.1, 41);
  pointerPosition(0.2, 0.2, 42);
  expect(taken).toEqual([]);
  driver.reports(1);
  expect(taken).toEqual([[PointerDevice.UsbTablet, 42]]);
  expect(pointerReports(PointerDevice.UsbTablet)).toBe(1);
  expect(pointerInterrupts(PointerDevice.UsbTablet)).toBe(1);
});

/** Numbers that look random and are the same each time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

for (const device of [UsbDevice.Mouse, UsbDevice.Tablet] as const) {
  test(`${NAMES[device]}: 10,000 random moves, clicks and wheels lose no change of buttons`, () => {
    const driver = withDevice(device);
    const { pointerButtons, pointerMotion, pointerPosition, pointerWheel } =
      driver.machine.core.exports;
    const next = random(device + 1);
    const expected: number[] = [];
    const seen: number[] = [];
    let buttons = 0;
    let reported = 0;
    const poll = (): void => {
      driver.ask(1);
      driver.frames(1);
      const [now] = driver.answer() ?? [reported];
      if (now !== undefined && now !== reported) seen.push((reported = now));
    };
    for (let i = 0; i < 10_000; i++) {
      const kind = next();
      let give: () => number;
      if (kind < 0.5) {
        const wanted = Math.floor(next() * 32);
        if (wanted !== buttons) expected.push(wanted);
        buttons = wanted;
        give = () => pointerButtons(wanted, 0);
      } else if (kind < 0.7) {
        give = () => pointerMotion(Math.floor(next() * 400) - 200, 3, 0);
      } else if (kind < 0.9) {
        give = () => pointerPosition(next(), next(), 0);
      } else {
        give = () => pointerWheel(1, -1, 0);
      }
      while (!give()) poll();
      if (next() < 0.3) poll();
    }
    for (let i = 0; i < 200; i++) poll();
    expect(seen).toEqual(expected);
  });

  for (const [interval, expected] of [
    [8, 125],
    [1, 1000],
  ] as const) {
    test(`${NAMES[device]}: 1000 events a second are ${expected} reports, polled every ${interval} ms`, () => {
      const driver = withDevice(device);
      const { pointerMotion, pointerPosition, pointerReports } = driver.machine.core.exports;
      const which = device === UsbDevice.Mouse ? PointerDevice.UsbMouse : PointerDevice.UsbTablet;
      pollEvery(driver, interval);
      const before = pointerReports(which);
      driver.ask(1);
      let sum = 0;
      for (let i = 0; i < 1000; i++) {
        if (device === UsbDevice.Mouse) pointerMotion(1, 0, 0);
        else pointerPosition(i / 1000, 0.5, 0);
        driver.frames(1);
        const report = driver.answer();
        if (!report) continue;
        sum += report[1] ?? 0;
        driver.ask(1);
      }
      expect(pointerReports(which) - before).toBe(expected);
      pollEvery(driver, 1);
      const rest = driver.reports(1).reduce((total, report) => total + (report[1] ?? 0), 0);
      if (device === UsbDevice.Mouse) expect(sum + rest).toBe(1000);
    });
  }
}

test("the interval that the host wants is in the descriptor", () => {
  const driver = new UsbDriver();
  driver.machine.core.exports.usbSetInterval(1);
  driver.plug(UsbDevice.Tablet);
  driver.start().configure(PORT1, 1);
  expect(driver.control(1, [0x80, 6, 0x0200, 0, 255])?.[33]).toBe(1);
});
