import { expect, test } from "vitest";
import type { MachineEvent } from "../../shared/api";
import { Command, GuestSystem, RequestStatus } from "../../../wasm/protocol/tandem-port";
import type { Core } from "../core";
import { IntegrationHub } from "./integration-hub";
import { OK, type Reply, type Service } from "./service";

const BUFFER = 0x1000;

/** A core with one request buffer; `current` is the only token that it waits for. */
function fakeCore(): {
  core: Core;
  answers: [number, number, number][];
  state: { current: number };
} {
  const memory = new Uint8Array(0x2000);
  const answers: [number, number, number][] = [];
  const state = { current: 0 };
  const exports: Partial<Core["exports"]> = {
    requestBuffer: (token) => (token === state.current ? BUFFER : 0),
    completeRequest(token, status, length) {
      answers.push([token, status, length]);
      return 1;
    },
  };
  const bytes = (at: number, length: number): Uint8Array => memory.subarray(at, at + length);
  return { core: { exports, bytes } as Core, answers, state };
}

function connected(service?: Partial<Service>) {
  const events: MachineEvent[] = [];
  let wakes = 0;
  const services: Service[] = [
    { range: 2, request: () => OK, endSession: () => {}, flush: () => {}, ...service },
  ];
  const hub = new IntegrationHub(
    (event) => events.push(event),
    () => wakes++,
    () => services,
  );
  const fake = fakeCore();
  hub.connect(fake.core);
  const ask = (token: number, command = 0x0201, body: number[] = []): void => {
    fake.state.current = token;
    fake.core.bytes(BUFFER, body.length).set(body);
    hub.request(token, command, BUFFER, body.length);
  };
  return { hub, events, ask, wakes: () => wakes, ...fake };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("a service answers at once, with a body", () => {
  const seen: [number, number[]][] = [];
  const { ask, answers, core } = connected({
    request(command, body) {
      seen.push([command, [...body]]);
      return { status: RequestStatus.Ok, body: Uint8Array.of(7, 8) };
    },
  });
  ask(32, 0x0205, [1, 2, 3]);
  expect(seen).toEqual([[0x0205, [1, 2, 3]]]);
  expect(answers).toEqual([[32, RequestStatus.Ok, 2]]);
  expect([...core.bytes(BUFFER, 2)]).toEqual([7, 8]);
});

test("an answer that comes later wakes the machine", async () => {
  let resolve: (reply: Reply) => void = () => {};
  const { hub, ask, answers, wakes } = connected({
    request: () => new Promise<Reply>((done) => (resolve = done)),
  });
  ask(33);
  expect(hub.pending).toBe(1);
  expect(answers).toEqual([]);
  resolve({ status: RequestStatus.NoEntry });
  await settled();
  expect(answers).toEqual([[33, RequestStatus.NoEntry, 0]]);
  expect(hub.pending).toBe(0);
  expect(wakes()).toBe(1);
});

test("a service that fails is an I/O error for the guest and is told to the page", async () => {
  for (const request of [
    () => {
      throw new Error("broken");
    },
    () => Promise.reject(new Error("broken")),
  ]) {
    const { ask, answers, events } = connected({ request });
    ask(34);
    await settled();
    expect(answers).toEqual([[34, RequestStatus.Io, 0]]);
    expect(events.map(({ type }) => type)).toEqual(["error"]);
  }
});

test("what is cancelled, or asked by a machine that is off, is aborted and not answered", async () => {
  const signals: AbortSignal[] = [];
  const { hub, ask, answers } = connected({
    request: (_command, _body, signal) => {
      signals.push(signal);
      return new Promise<Reply>((resolve) => {
        signal.addEventListener("abort", () => resolve(OK));
      });
    },
  });
  ask(35);
  hub.cancel(35);
  ask(36);
  hub.connect(undefined);
  await settled();
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  expect(answers.filter(([token]) => token === 36)).toEqual([]);
  expect(hub.pending).toBe(0);
});

test("commands without a service are unknown; LOG is the debug console", () => {
  const { ask, answers, events } = connected();
  ask(37, 0x0901);
  expect(answers).toEqual([[37, RequestStatus.NoCommand, 0]]);
  ask(38, Command.Log, [0x68, 0x69, 0x0a, 0, 0x78]);
  expect(answers[1]).toEqual([38, RequestStatus.Ok, 0]);
  expect(events).toEqual([{ type: "debug", line: "hi" }]);
});

test("the end of a session reaches the services, once", () => {
  let ends = 0;
  const { hub, events } = connected({ endSession: () => void ends++ });
  hub.bye();
  expect(ends).toBe(0);
  hub.hello(GuestSystem.Linux, 3);
  hub.bye();
  hub.connect(undefined);
  expect(ends).toBe(1);
  expect(events).toEqual([
    { type: "guest-hello", system: "linux", features: 3, integrations: ["pointer", "folders"] },
    { type: "guest-bye" },
  ]);
  hub.hello(12345, 0);
  expect(events.at(-1)).toEqual({
    type: "guest-hello",
    system: "other",
    features: 0,
    integrations: [],
  });
});
