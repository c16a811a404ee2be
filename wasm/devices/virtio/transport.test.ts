import { expect, test } from "vitest";
import { testMachine } from "../../testing/machine";
import {
  ACCESS,
  COMMON,
  DEVICE,
  EVENT_INDEX,
  Field,
  INDIRECT,
  INDIRECT_TABLE,
  ISR,
  NEXT,
  NOTIFY,
  plugVirtioFs,
  STATUS,
  VirtioDriver,
  virtioMachine,
  WRITE,
} from "../../testing/virtio";

const ID = 0x105a_1af4;
const UNKNOWN = 0xffff_ffff;

function started(features?: number, size?: number) {
  const { machine, core, requests, resets } = virtioMachine("share");
  const driver = new VirtioDriver(machine);
  const [urgent, queue] = driver.start(features, size);
  if (!urgent || !queue) throw new Error("there are two queues");
  return { machine, core, requests, resets, driver, urgent, queue };
}

// ---- the PCI function ----

test("without file systems there is no virtio function", () => {
  const { machine } = virtioMachine();
  expect(new VirtioDriver(machine).config(0, 4)).toBe(UNKNOWN);
});

test("each file system is a function of its own, with the name that it is mounted by", () => {
  const { machine, core } = virtioMachine("share", "ünï");
  for (const [place, name] of ["share", "ünï"].entries()) {
    const driver = new VirtioDriver(machine, place);
    expect(driver.config(0, 4)).toBe(ID);
    expect(driver.config(8, 1)).toBe(1); // not of the time before 1.0
    const bytes = Buffer.from(Array.from({ length: 36 }, (_, at) => driver.read(DEVICE, at, 1)));
    expect(bytes.toString().replaceAll("\0", "")).toBe(name);
    expect(driver.read(DEVICE, 36, 4)).toBe(1); // one queue for requests
  }
  expect(new VirtioDriver(machine, 2).config(0, 4)).toBe(UNKNOWN);
  for (let more = 2; more < 8; more++) expect(plugVirtioFs(core, `${more}`)).toBe(more);
  expect(plugVirtioFs(core, "one too many")).toBe(-1);
});

test("Linux finds the registers by their capabilities, and their size by writing to the BAR", () => {
  const { machine } = virtioMachine("share");
  const driver = new VirtioDriver(machine);
  expect(driver.config(6, 2) & 0x10).toBe(0x10); // there are capabilities
  expect([...driver.capabilities.keys()]).toEqual([COMMON, NOTIFY, ISR, DEVICE, ACCESS]);
  expect(driver.capabilities.get(COMMON)?.length).toBe(0x38);
  expect(driver.capabilities.get(NOTIFY)?.length).toBe(8);
  expect(driver.config((driver.capabilities.get(NOTIFY)?.at ?? 0) + 16, 4)).toBe(4);
  driver.setConfig(0x10, 4, 0xffff_ffff);
  expect(driver.config(0x10, 4)).toBe(0xffff_f000);
});

test("the BAR moves, and leaves RAM where it was", () => {
  const { machine, core } = virtioMachine("share");
  const driver = new VirtioDriver(machine);
  const { readPhysical, writePhysical } = core.exports;
  writePhysical(0x10_0000, 4, 77);
  driver.setConfig(0x10, 4, 0x10_0000);
  expect(readPhysical(0x10_0000 + Field.Queues, 2)).toBe(2);
  driver.setConfig(0x10, 4, 0xe100_0000);
  expect(readPhysical(0x10_0000, 4)).toBe(77);
  expect(readPhysical(0xe100_0000 + Field.Queues, 2)).toBe(2);
  driver.setConfig(0x04, 2, 0);
  expect(readPhysical(0xe100_0000, 4) >>> 0).toBe(UNKNOWN);
});

test("firmware reaches the registers through configuration space", () => {
  const { machine } = virtioMachine("share");
  const driver = new VirtioDriver(machine);
  const at = driver.capabilities.get(ACCESS)?.at ?? 0;
  const access = (offset: number, length: number): void => {
    driver.setConfig(at + 8, 4, offset);
    driver.setConfig(at + 12, 4, length);
  };
  access(Field.Status, 1);
  driver.setConfig(at + 16, 1, STATUS.acknowledge);
  expect(driver.status).toBe(STATUS.acknowledge);
  access(Field.Queues, 2);
  expect(driver.config(at + 16, 2)).toBe(2);
  access(Field.Queues + 1, 2); // not aligned
  driver.setConfig(at + 16, 4, 0);
  access(0x1000, 4);
  expect(driver.config(at + 16, 4)).toBe(0);
  expect(driver.status).toBe(STATUS.acknowledge);
});

// ---- coming up ----

test("a driver must know the standard's first version, and no more than what is offered", () => {
  const { machine } = virtioMachine("share");
  const driver = new VirtioDriver(machine);
  driver.write(COMMON, Field.DeviceFeatureSelect, 4, 0);
  expect(driver.read(COMMON, Field.DeviceFeature, 4)).toBe(INDIRECT | EVENT_INDEX);
  driver.write(COMMON, Field.DeviceFeatureSelect, 4, 1);
  expect(driver.read(COMMON, Field.DeviceFeature, 4)).toBe(1);
  for (const [features, high, isFine] of [
    [INDIRECT, 0, false],
    [1, 1, false],
    [INDIRECT, 3, false],
    [EVENT_INDEX, 1, true],
  ] as const) {
    driver.status = 0;
    driver.accept(features, high);
    driver.status = STATUS.acknowledge | STATUS.driver | STATUS.featuresOk;
    expect((driver.status & STATUS.featuresOk) !== 0).toBe(isFine);
  }
});

test("registers have the values that Linux looks at", () => {
  const { driver } = started();
  expect(driver.read(COMMON, Field.Vector, 2)).toBe(0xffff);
  expect(driver.read(COMMON, Field.Queues, 2)).toBe(2);
  driver.write(COMMON, Field.QueueSelect, 2, 1);
  expect(driver.read(COMMON, Field.QueueSize, 2)).toBe(8);
  expect(driver.read(COMMON, Field.QueueEnable, 2)).toBe(1);
  expect(driver.read(COMMON, Field.QueueNotify, 2)).toBe(1);
  expect(driver.read(COMMON, Field.QueueTable, 4)).toBe(0x2_0000);
  driver.write(COMMON, Field.QueueSelect, 2, 2);
  expect(driver.read(COMMON, Field.QueueSize, 2)).toBe(0);
  driver.status = 0;
  driver.write(COMMON, Field.QueueSelect, 2, 1);
  expect(driver.read(COMMON, Field.QueueSize, 2)).toBe(1024);
  expect(driver.read(COMMON, Field.QueueEnable, 2)).toBe(0);
});

test("a queue of an odd size, or beyond the guest's memory, stops the device", () => {
  const { machine } = virtioMachine("share");
  const driver = new VirtioDriver(machine);
  const rings = { size: 8, table: 0x1_0000, driver: 0x2_0000, device: 0x3_0000 };
  for (const wrong of [
    { size: 6 },
    { size: 0 },
    { size: 2048 },
    { table: 0x3f_ffc0 },
    { device: 0xf_0000 },
  ]) {
    // prettier-ignore
    driver.status = 0;
    driver.enable(1, { ...rings, ...wrong });
    expect(driver.status, JSON.stringify(wrong)).toBe(STATUS.needsReset);
  }
  driver.status = 0;
  driver.enable(1, rings);
  expect(driver.status).toBe(0);
});

// ---- requests ----

test("a request reaches the host with its buffers in order, neighbours as one", () => {
  const { queue, requests } = started();
  queue.chain(2, [
    { address: 0x4_0000, length: 40 },
    { address: 0x4_0028, length: 24 },
    { address: 0x5_0000, length: 0 },
    { address: 0x6_0000, length: 16, flags: WRITE },
    { address: 0x7_0000, length: 4096, flags: WRITE },
    { address: 0x7_1000, length: 100, flags: WRITE },
  ]);
  queue.offer(2);
  expect(requests).toHaveLength(0);
  queue.notify();
  expect(requests).toMatchObject([
    {
      place: 0,
      readable: [[0x4_0000, 64]],
      writable: [
        [0x6_0000, 16],
        [0x7_0000, 4196],
      ],
    },
  ]);
});

test("an answer is in the ring when the interrupt comes, which reading the ISR ends", () => {
  const { machine, core, driver, queue, requests } = started();
  const isRaised = (): boolean => (driver.config(6, 2) & 8) !== 0;
  machine.outl(0xcf8, 0x8000_0860); // PIRQ D of 00:08.0 on line 11
  machine.outl(0xcfc, 0x0b80_8080);
  const pending = (): number => {
    machine.outb(0xa0, 0x0a); // IRR
    return machine.inb(0xa0) & 8;
  };
  queue.chain(0, [{ address: 0x4_0000, length: 40 }]);
  queue.offer(0);
  queue.notify();
  expect([queue.taken(), isRaised(), pending()]).toEqual([[], false, 0]);
  const token = requests[0]?.token ?? 0;
  expect(core.exports.completeVirtio(token, 12)).toBe(1);
  expect(queue.taken()).toEqual([{ head: 0, written: 12 }]);
  expect([isRaised(), pending()]).toEqual([true, 8]);
  driver.setConfig(4, 2, 0x406); // INTx off
  expect(pending()).toBe(0);
  driver.setConfig(4, 2, 6);
  expect(driver.read(ISR, 0, 1)).toBe(1);
  expect([isRaised(), pending(), driver.read(ISR, 0, 1)]).toEqual([false, 0, 0]);
  expect(core.exports.completeVirtio(token, 12)).toBe(0); // once
});

test("a driver that polls gets no interrupt", () => {
  const { core, driver, queue, requests } = started();
  driver.ram.writeUInt16LE(1, queue.rings.driver);
  queue.chain(0, [{ address: 0x4_0000, length: 40 }]);
  queue.offer(0);
  queue.notify();
  core.exports.completeVirtio(requests[0]?.token ?? 0, 0);
  expect(queue.taken()).toHaveLength(1);
  expect(driver.read(ISR, 0, 1)).toBe(0);
});

test("with event indices the interrupt comes with the answer that the driver waits for", () => {
  const { core, driver, queue, requests } = started(EVENT_INDEX);
  const { driver: ring, device, size } = queue.rings;
  driver.ram.writeUInt16LE(1, ring + 4 + size * 2); // the second one
  for (const head of [0, 1]) {
    queue.describe(head, { address: 0x4_0000, length: 40 });
    queue.offer(head);
  }
  queue.notify();
  expect(driver.ram.readUInt16LE(device + 4 + size * 8)).toBe(2); // tell of the third
  core.exports.completeVirtio(requests[0]?.token ?? 0, 0);
  expect(driver.read(ISR, 0, 1)).toBe(0);
  core.exports.completeVirtio(requests[1]?.token ?? 0, 0);
  expect(driver.read(ISR, 0, 1)).toBe(1);
});

test("a table of its own holds a long request", () => {
  const { queue, requests } = started();
  const pages = Array.from({ length: 260 }, (_, page) => ({ address: 0x10_0000 + page * 8192, length: 4096, flags: WRITE })); // prettier-ignore
  queue.chain(0, [{ address: 0x4_0000, length: 80 }, ...pages], 0x30_0000);
  queue.describe(3, { address: 0x30_0000, length: 261 * 16, flags: INDIRECT_TABLE });
  queue.offer(3);
  queue.notify();
  expect(requests[0]?.readable).toEqual([[0x4_0000, 80]]);
  expect(requests[0]?.writable).toHaveLength(260);
});

test("what is more than the host is given at a time waits in the ring", () => {
  const { core, queue, requests } = started(INDIRECT, 64);
  for (let head = 0; head < 40; head++) {
    queue.describe(head, { address: 0x4_0000, length: 40 });
    queue.offer(head);
  }
  queue.notify();
  expect(requests).toHaveLength(32);
  for (const { token } of requests.slice(0, 5)) core.exports.completeVirtio(token, 0);
  expect(requests).toHaveLength(37);
  for (const { token } of requests.slice(5)) core.exports.completeVirtio(token, 0);
  for (const { token } of requests.slice(37)) core.exports.completeVirtio(token, 0);
  expect(queue.taken()).toHaveLength(40);
});

test("answers that make more requests, by overwriting the ring, come to an end", () => {
  let count = 0;
  let answer: (token: number) => void = () => {};
  const machine = testMachine({ host: { virtioRequest: (_place, token) => answer(token) } });
  plugVirtioFs(machine.core, "share");
  const driver = new VirtioDriver(machine);
  const [, queue] = driver.start();
  answer = (token) => {
    count++;
    queue?.offer(0);
    machine.core.exports.completeVirtio(token, 0);
  };
  queue?.describe(0, { address: 0x4_0000, length: 4 });
  queue?.offer(0);
  queue?.notify();
  expect(count).toBe(8); // entries of the queue
});

const NONSENSE: Record<string, (queue: ReturnType<typeof started>["queue"]) => void> = {
  "a circle of descriptors": (queue) => {
    queue.describe(0, { address: 0x4_0000, length: 4, flags: NEXT, next: 1 });
    queue.describe(1, { address: 0x4_0000, length: 4, flags: NEXT, next: 0 });
  },
  "a buffer beyond the end of memory": (queue) =>
    queue.describe(0, { address: 0x3f_fff0, length: 17 }),
  "a buffer in video memory": (queue) => queue.describe(0, { address: 0xa_0000, length: 16 }),
  "a buffer in the device's own registers": (queue) =>
    queue.describe(0, { address: 0xe000_0000, length: 16 }),
  "a buffer whose length wraps": (queue) =>
    queue.describe(0, { address: 0x4_0000, length: 0xffff_ffff }),
  "a descriptor that is none of the table's": (queue) =>
    queue.describe(0, { address: 0x4_0000, length: 4, flags: NEXT, next: 8 }),
  "what is to be read behind what is to be written": (queue) =>
    queue.chain(0, [
      { address: 0x4_0000, length: 4, flags: WRITE },
      { address: 0x5_0000, length: 4 },
    ]),
  "a table in a table": (queue) => {
    queue.describe(0, { address: 0x30_0000, length: 16, flags: INDIRECT_TABLE });
    queue.describe(0, { address: 0x30_0000, length: 16, flags: INDIRECT_TABLE }, 0x30_0000);
  },
  "half a descriptor in a table": (queue) =>
    queue.describe(0, { address: 0x30_0000, length: 24, flags: INDIRECT_TABLE }),
};

test.each(Object.keys(NONSENSE))("%s stops the device until it is reset", (name) => {
  const { driver, queue, requests } = started();
  NONSENSE[name]?.(queue);
  queue.offer(0);
  queue.notify();
  expect(requests).toHaveLength(0);
  expect(driver.status & STATUS.needsReset).toBe(STATUS.needsReset);
  expect(driver.read(ISR, 0, 1)).toBe(2); // the configuration has changed
  const [, again] = driver.start();
  again?.describe(0, { address: 0x4_0000, length: 4 });
  again?.offer(0);
  again?.notify();
  expect(requests).toHaveLength(1);
});

test("a request that is under way cannot be made again", () => {
  const { driver, queue, requests } = started();
  queue.describe(0, { address: 0x4_0000, length: 4 });
  queue.offer(0);
  queue.offer(0);
  queue.notify();
  expect(requests).toHaveLength(1);
  expect(driver.status & STATUS.needsReset).toBe(STATUS.needsReset);
});

test("after a reset nobody waits for the answers of before", () => {
  const { machine, core, driver, queue, requests, resets } = started();
  queue.describe(0, { address: 0x4_0000, length: 4 });
  queue.offer(0);
  queue.notify();
  resets.length = 0;
  const [, again] = driver.start();
  expect(resets).toEqual([0]);
  again?.describe(0, { address: 0x4_0000, length: 4 });
  again?.offer(0);
  again?.notify();
  expect(core.exports.completeVirtio(requests[0]?.token ?? 0, 4)).toBe(0);
  expect(again?.taken()).toEqual([]);
  expect(core.exports.completeVirtio(requests[1]?.token ?? 0, 4)).toBe(1);
  machine.reset();
  expect(resets).toEqual([0, 0]);
  expect(driver.config(4, 2)).toBe(0);
});

test("code in a buffer that is answered is decoded anew", () => {
  const { core, queue, requests } = started();
  const { exports } = core;
  // mov al, 1; hlt
  exports.writePhysical(0x4_0000, 4, 0x00f4_01b0);
  const run = (): number => {
    exports.setSegment(1, 0, 0, 0xffff, 0x9b);
    exports.setEip(0);
    exports.setSegment(1, 0x4000, 0x4_0000, 0xffff, 0x9b);
    exports.clearHalted();
    core.run(10);
    return exports.getRegister(0) & 0xff;
  };
  expect(run()).toBe(1);
  queue.describe(0, { address: 0x4_0000, length: 4, flags: WRITE });
  queue.offer(0);
  queue.notify();
  const [address = 0, length = 0] = requests[0]?.writable[0] ?? [];
  core.bytes(exports.guestRange(address, length, 1) >>> 0, length)[1] = 2;
  exports.completeVirtio(requests[0]?.token ?? 0, 4);
  expect(run()).toBe(2);
});
