import { expect, test } from "vitest";
import type { ClipboardFormat } from "../../shared/api";
import { TandemError } from "../../shared/errors";
import { Feature } from "../../../wasm/protocol/tandem-port";
import { type Browser, type ClipboardNews, ClipboardService, type MachineClipboard } from "./clipboard"; // prettier-ignore
import { textOfHtml } from "./html-text";

const utf8 = (text: string) => new TextEncoder().encode(text);
const blob = (text: string, type = "text/plain") => new Blob([text], { type });
const settled = () => new Promise((resolve) => setTimeout(resolve));

class Denied extends Error {
  override name = "NotAllowedError";
}

/** A browser with a user's clipboard. `gesture`: it wants one for everything, as Firefox does, and there is one now. */
function setUp(options: { http?: boolean; strict?: boolean; granted?: boolean } = {}) {
  let board: Record<string, Blob> = {};
  const user = { gesture: false, active: true, reads: 0, byEvent: [] as [string, string][] };
  const allow = (): void => {
    if (options.strict && !user.gesture) throw new Denied();
  };
  const itemOf = (items: Record<string, Blob>) =>
    ({
      types: Object.keys(items),
      getType: async (type: string) => items[type] ?? Promise.reject(new Error("NotFoundError")),
    }) as unknown as ClipboardItem;
  const clipboard: Browser["clipboard"] = {
    async read() {
      user.reads++;
      allow();
      return Object.keys(board).length > 0 ? [itemOf(board)] : [];
    },
    async readText() {
      allow();
      return (await board["text/plain"]?.text()) ?? "";
    },
    async write([item]) {
      allow();
      const written: Record<string, Blob> = {};
      for (const type of item?.types ?? []) {
        const data = await item?.getType(type);
        // Browsers clean HTML.
        if (data) written[type] = type === "text/html" ? blob("cleaned", type) : data;
      }
      board = written;
    },
    async writeText(text) {
      allow();
      board = { "text/plain": blob(text) };
    },
  };
  const browser: Browser = {
    clipboard: options.http ? undefined : clipboard,
    supports: () => true,
    mayRead: async () => options.granted ?? false,
    item: itemOf,
    copyByEvent: (texts) => user.gesture && user.byEvent.push(...texts) > 0,
  };
  const calls: unknown[][] = [];
  const guest: Partial<Record<ClipboardFormat, Uint8Array<ArrayBuffer>>> = {};
  const api = new Proxy({} as MachineClipboard, {
    get:
      (_target, name) =>
      async (...parameters: unknown[]) => {
        calls.push([name, ...parameters]);
        if (name === "readClipboard") return guest[parameters[0] as ClipboardFormat];
        return undefined;
      },
  });
  const news: (ClipboardNews | TandemError)[] = [];
  const service = new ClipboardService(
    { call: (work) => work(api) },
    browser,
    () => user.active,
    (each) => news.push(each),
  );
  const hello = (features = Feature.Clipboard) =>
    service.onEvent({ type: "guest-hello", system: "pillion", features, integrations: [] });
  let serial = 0;
  const guestCopies = async (data: typeof guest) => {
    Object.assign(guest, data);
    const formats = Object.keys(data) as ClipboardFormat[];
    service.onEvent({ type: "clipboard-offer", serial: ++serial, formats });
    await settled();
  };
  const guestPastes = async (format: ClipboardFormat) => {
    const before = calls.length;
    service.onEvent({ type: "clipboard-wanted", request: 1, format });
    await settled();
    const data = calls.slice(before).find(([name]) => name === "supplyClipboard")?.[2];
    return data === undefined ? undefined : new TextDecoder().decode(data as Uint8Array);
  };
  const offers = () => calls.filter(([name]) => name === "offerClipboard");
  const whats = () => news.map((each) => (each instanceof TandemError ? each.code : each.what));
  const copyByUser = (items: Record<string, Blob>) => (board = items);
  return { service, user, calls, offers, news, whats, hello, guestCopies, guestPastes, copyByUser, board: () => board }; // prettier-ignore
}

function pasteData(texts: Record<string, string>): DataTransfer {
  return { getData: (type: string) => texts[type] ?? "", files: [] } as unknown as DataTransfer;
}

test("the paste key gives the guest what the browser hands over, without asking", async () => {
  const { service, user, hello, offers, guestPastes } = setUp();
  hello();
  service.pasted(pasteData({ "text/plain": "a\r\nb", "text/html": "<b>a</b>" }), true);
  await settled();
  expect(offers()).toEqual([["offerClipboard", ["text/plain", "text/html"], false]]);
  expect(await guestPastes("text/plain")).toBe("a\nb");
  expect(await guestPastes("text/html")).toBe("<b>a</b>");
  expect(await guestPastes("image/png")).toBe(undefined);
  expect(user.reads).toBe(0);
});

test("what the guest copies comes to the user's clipboard while the user is at the machine", async () => {
  const { whats, hello, guestCopies, board } = setUp();
  hello();
  await guestCopies({ "text/plain": utf8("from the guest 🎉") });
  expect(whats()).toEqual(["copied", "written"]);
  expect(await board()["text/plain"]?.text()).toBe("from the guest 🎉");
});

test("HTML goes with its words for programs that take only those, and only as data", async () => {
  const { hello, guestCopies, service } = setUp({ strict: true });
  hello();
  await guestCopies({ "text/html": utf8("<script>alert(1)</script><p>one &amp;<br>two</p>") });
  expect(service.kept).toEqual(["text/plain", "text/html"]);
  expect(textOfHtml("<script>alert(1)</script><p>one &amp;<br>two</p>&#x1F389;")).toBe("one &\ntwo\n🎉"); // prettier-ignore
});

test("a browser that wants a gesture: what was copied is kept until the click, and the paste button asks", async () => {
  const { service, user, whats, hello, guestCopies, board, copyByUser, offers, guestPastes } = setUp({ strict: true }); // prettier-ignore
  hello();
  await guestCopies({ "text/plain": utf8("kept") });
  expect(whats()).toEqual(["copied", "kept"]);
  expect(board()).toEqual({});
  await expect(service.copy()).rejects.toMatchObject({ code: "refused" });
  user.gesture = true;
  await service.copy();
  user.gesture = false;
  expect(await board()["text/plain"]?.text()).toBe("kept");
  expect(whats().at(-1)).toBe("written");
  expect(service.kept).toEqual([]);

  copyByUser({ "text/plain": blob("the user's") });
  await expect(service.paste()).rejects.toThrow("The browser did not hand over the clipboard.");
  expect(offers()).toEqual([]);
  user.gesture = true;
  await service.paste();
  expect(offers()).toEqual([["offerClipboard", ["text/plain"], true]]);
  expect(await guestPastes("text/plain")).toBe("the user's");
});

test("a guest that copies while the user is elsewhere changes nothing there", async () => {
  const { user, whats, hello, guestCopies, board } = setUp();
  user.active = false;
  hello();
  await guestCopies({ "text/plain": utf8("sneaky") });
  expect(whats()).toEqual(["copied", "kept"]);
  expect(board()).toEqual({});
});

test("where reading is allowed for good, coming back offers what is new, once", async () => {
  const { service, hello, offers, copyByUser } = setUp({ granted: true });
  copyByUser({ "text/plain": blob("one") });
  hello();
  await settled();
  await service.look();
  await service.look();
  expect(offers()).toHaveLength(1);
  copyByUser({ "text/plain": blob("two") });
  await service.look();
  expect(offers()).toHaveLength(2);
});

test("no echo: what came from the guest is not offered to it, though the browser has changed it", async () => {
  const { service, hello, guestCopies, offers, board } = setUp({ granted: true });
  hello();
  await settled();
  const before = offers().length;
  await guestCopies({ "text/html": utf8("<b onclick=x>bold</b>"), "text/plain": utf8("bold") });
  await settled();
  expect(await board()["text/html"]?.text()).toBe("cleaned");
  await service.look();
  service.pasted(pasteData({ "text/plain": "bold", "text/html": "cleaned" }), true);
  await settled();
  expect(offers()).toHaveLength(before);
});

test("without permission nothing looks at the clipboard, and a guest cannot make it", async () => {
  const { service, user, hello, guestPastes, copyByUser } = setUp();
  copyByUser({ "text/plain": blob("secret") });
  hello();
  await service.look();
  expect(await guestPastes("text/plain")).toBe(undefined);
  expect(user.reads).toBe(0);
});

test("switches: off gives nothing, and forgets what was offered", async () => {
  const { service, hello, offers, guestPastes, whats, guestCopies } = setUp();
  hello();
  service.pasted(pasteData({ "text/plain": "given" }), true);
  await settled();
  await service.set("to-host");
  expect(await guestPastes("text/plain")).toBe(undefined);
  service.pasted(pasteData({ "text/plain": "not given" }), true);
  await expect(service.paste()).rejects.toMatchObject({ code: "refused" });
  expect(offers()).toHaveLength(1);
  await service.set("both");
  await guestCopies({ "text/plain": utf8("x") });
  await service.set("to-guest");
  expect(whats().slice(-2)).toEqual(["written", "none"]);
  expect(await service.read()).toEqual({});
});

test("a program for VMware's port is a guest as well, until the machine is off", async () => {
  const { service, offers } = setUp();
  service.pasted(pasteData({ "text/plain": "nobody there" }), true);
  service.onEvent({ type: "clipboard-guest" });
  service.pasted(pasteData({ "text/plain": "given" }), true);
  await settled();
  expect(offers()).toEqual([["offerClipboard", ["text/plain"], false]]);
  service.onEvent({ type: "state", state: "off" });
  expect(service.givesToGuest).toBe(false);
});

test("a guest without a driver gets the text typed", async () => {
  const { service, calls, copyByUser } = setUp();
  copyByUser({ "text/plain": blob("typed\r\n") });
  await service.paste();
  expect(calls.at(-1)).toEqual(["typeText", "typed\n"]);
});

test("a page without encryption copies by the old event in a click, and says what it cannot", async () => {
  const { service, user, whats, hello, guestCopies } = setUp({ http: true });
  hello();
  await guestCopies({ "text/plain": utf8("old way") });
  expect(whats()).toEqual(["copied", "kept"]);
  user.gesture = true;
  await service.copy();
  expect(user.byEvent).toEqual([["text/plain", "old way"]]);
  await guestCopies({ "image/png": Uint8Array.of(0x89) });
  await expect(service.copy()).rejects.toThrow("may not put a picture on the clipboard");
  await expect(service.paste()).rejects.toThrow("Press the paste key in the machine.");
});
