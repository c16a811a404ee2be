import { expect, test } from "vitest";
import type { MachineEvent } from "../../shared/api";
import { ClipboardService } from "../../worker/services/clipboard";
import { HostClipboard } from "./host-clipboard";

const utf8 = (text: string) => new TextEncoder().encode(text);

function setUp() {
  const events: MachineEvent[] = [];
  const service: ClipboardService = new ClipboardService(
    (event) => {
      events.push(event);
      host.event(event);
    },
    () => {},
  );
  const host = new HostClipboard(service);
  return { service, host };
}

test("the guest gets what the script has copied", async () => {
  const { service, host } = setUp();
  host.copy("text/html", utf8("<b>bold</b>"));
  expect(service.hostFormats).toEqual(["text/html"]);
  expect(await service.hostData("text/html")).toEqual(utf8("<b>bold</b>"));
});

test("a script waits until the guest has copied what it wants", async () => {
  const { service, host } = setUp();
  let text = "";
  const waiting = host
    .wait("text/plain", (bytes) => new TextDecoder().decode(bytes) === "second")
    .then((bytes) => (text = new TextDecoder().decode(bytes)));
  service.guestCopied(new Map([["text/html", utf8("another form")]]));
  service.guestCopied(new Map([["text/plain", utf8("first")]]));
  await Promise.resolve();
  service.guestCopied(new Map([["text/plain", utf8("second")]]));
  await waiting;
  expect(text).toBe("second");
});

test("what the guest had copied before counts as well", async () => {
  const { service, host } = setUp();
  service.guestCopied(new Map([["text/plain", utf8("early")]]));
  expect(await host.wait("text/plain")).toEqual(utf8("early"));
});
