import { expect, test } from "vitest";
import { UsbDevice } from "../../protocol/input";
import { PORT1, PORT2, UsbDriver } from "../../testing/usb";

const HUB = 2;
const CONNECTION = 0;
const ENABLE = 1;
const SUSPEND = 2;
const RESET = 4;
const POWER = 8;
const C_CONNECTION = 16;
const C_RESET = 20;

/** Mouse at the first port, tablet and keyboard behind a hub at the second. */
function withHub(): UsbDriver {
  const driver = new UsbDriver();
  driver.plug(UsbDevice.Mouse);
  driver.plug(UsbDevice.Tablet);
  driver.plug(UsbDevice.Keyboard);
  driver.start().configure(PORT1, 1);
  driver.configure(PORT2, HUB);
  for (let port = 1; port <= 4; port++) setFeature(driver, port, POWER);
  return driver;
}

function setFeature(driver: UsbDriver, port: number, feature: number): number[] | undefined {
  return driver.control(HUB, [0x23, 3, feature, port, 0]);
}

function clearFeature(driver: UsbDriver, port: number, feature: number): number[] | undefined {
  return driver.control(HUB, [0x23, 1, feature, port, 0]);
}

/** Status and change, a word each. */
function portStatus(driver: UsbDriver, port: number): number[] {
  const [a = 0, b = 0, c = 0, d = 0] = driver.control(HUB, [0xa3, 0, 0, port, 4]) ?? [];
  return [a | (b << 8), c | (d << 8)];
}

function configureBehind(driver: UsbDriver, port: number, address: number): void {
  setFeature(driver, port, RESET);
  clearFeature(driver, port, C_RESET);
  driver.control(0, [0x00, 5, address, 0, 0]);
  driver.control(address, [0x00, 9, 1, 0, 0]);
}

test("a third device brings a hub, and the second one moves behind it", () => {
  const driver = withHub();
  expect(driver.control(HUB, [0x80, 6, 0x0100, 0, 18])?.[4]).toBe(9);
  expect(driver.control(HUB, [0x80, 6, 0x0200, 0, 255])).toHaveLength(25);
  expect(driver.control(HUB, [0xa0, 6, 0x2900, 0, 71])?.slice(0, 3)).toEqual([9, 0x29, 4]);
  expect(driver.control(HUB, [0xa0, 0, 0, 0, 4])).toEqual([0, 0, 0, 0]);
  expect(portStatus(driver, 1)).toEqual([0x101, 1]);
  expect(portStatus(driver, 2)).toEqual([0x101, 1]);
  expect(portStatus(driver, 3)).toEqual([0x100, 0]);
  expect(driver.control(HUB, [0xa3, 0, 0, 5, 4])).toBeUndefined();
  expect(driver.control(HUB, [0x23, 3, CONNECTION, 1, 0])).toBeUndefined();
});

test("the hub reports which ports have changed", () => {
  const driver = withHub();
  driver.configure(PORT2, HUB);
  for (let port = 1; port <= 4; port++) setFeature(driver, port, POWER);
  driver.ask(HUB);
  driver.frames(1);
  expect(driver.answer()).toEqual([0b110]);
  clearFeature(driver, 1, C_CONNECTION);
  clearFeature(driver, 2, C_CONNECTION);
  expect(driver.reports(HUB)).toEqual([]);
  driver.machine.core.exports.usbPlug(UsbDevice.Keyboard, 0);
  driver.frames(1);
  expect(driver.answer()).toEqual([0b100]);
  expect(portStatus(driver, 2)).toEqual([0x100, 1]);
});

test("devices behind the hub answer once their port was reset, and not when it is off", () => {
  const driver = withHub();
  expect(driver.control(0, [0x80, 6, 0x0100, 0, 18])).toBeUndefined();
  configureBehind(driver, 1, 3);
  configureBehind(driver, 2, 4);
  expect(portStatus(driver, 1)).toEqual([0x103, 1]);
  expect(driver.control(3, [0x80, 6, 0x0100, 0, 18])?.[10]).toBe(1 + UsbDevice.Tablet);
  expect(driver.control(4, [0x80, 6, 0x0100, 0, 18])?.[10]).toBe(1 + UsbDevice.Keyboard);
  driver.ask(4);
  driver.frames(1);
  driver.machine.core.exports.keyboardKey(0x1e, 1);
  driver.frames(1);
  expect(driver.answer()).toEqual([0, 0, 4, 0, 0, 0, 0, 0]);
  setFeature(driver, 2, SUSPEND);
  expect(driver.control(4, [0x80, 8, 0, 0, 1])).toBeUndefined();
  clearFeature(driver, 2, SUSPEND);
  expect(driver.control(4, [0x80, 8, 0, 0, 1])).toEqual([1]);
  clearFeature(driver, 2, ENABLE);
  expect(driver.control(4, [0x80, 8, 0, 0, 1])).toBeUndefined();
  clearFeature(driver, 1, POWER);
  expect(portStatus(driver, 1)).toEqual([0, 0]);
  expect(driver.control(3, [0x80, 8, 0, 0, 1])).toBeUndefined();
  expect(driver.control(1, [0x80, 8, 0, 0, 1])).toEqual([1]);
});

test("a device with remote wakeup wakes its suspended port", () => {
  const driver = withHub();
  configureBehind(driver, 2, 4);
  driver.control(4, [0x00, 3, 1, 0, 0]);
  driver.ask(4);
  driver.frames(1);
  setFeature(driver, 2, SUSPEND);
  expect(portStatus(driver, 2)[0]).toBe(0x107);
  driver.machine.core.exports.keyboardKey(0x1e, 1);
  expect(portStatus(driver, 2)).toEqual([0x103, 5]);
});

test("the hub goes with the last device behind it", () => {
  const driver = withHub();
  const { usbPlug } = driver.machine.core.exports;
  expect(driver.machine.inw(PORT2) & 5).toBe(5);
  usbPlug(UsbDevice.Tablet, 0);
  expect(driver.machine.inw(PORT2) & 5).toBe(5);
  usbPlug(UsbDevice.Keyboard, 0);
  expect(driver.machine.inw(PORT2) & 7).toBe(2);
  usbPlug(UsbDevice.Keyboard, 1);
  driver.configure(PORT2, 7);
  expect(driver.control(7, [0x80, 6, 0x0100, 0, 18])?.[10]).toBe(1 + UsbDevice.Keyboard);
});
