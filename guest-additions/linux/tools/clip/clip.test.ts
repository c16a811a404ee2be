// tandem-clip in Debian's Linux: the console's clipboard is the host's.

import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ClipboardFormat } from "../../../../src/shared/api";
import { recogniseKernel } from "../../../../src/worker/boot/image";
import { Machine } from "../../../../src/worker/machine";
import { withPrograms } from "../../testing";

const KERNEL = ".cache/guests/vmlinuz-686";
const INITRAMFS = ".cache/guests/initramfs.cpio.gz";
const BOOT_TIMEOUT = 240_000;
const TEXT = "Grüße 👋🏽 from the host\nsecond line";

const utf8 = (text: string) => new TextEncoder().encode(text);

describe.skipIf(!existsSync(KERNEL) || !existsSync(INITRAMFS))("tandem-clip", () => {
  let machine: Machine;
  let said = "";
  let wake: () => void = () => {};
  const data: Partial<Record<ClipboardFormat, Uint8Array>> = {};
  let copied: (formats: ClipboardFormat[]) => void = () => {};

  const until = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = pattern.exec(said);
      if (found) return found;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  /** What a command prints, and how it ends. */
  const run = async (command: string): Promise<{ output: string; status: number }> => {
    said = "";
    machine.serialInput(utf8(`echo BEG""IN; ${command}; echo "EN""D $?"\n`));
    const [, output = "", status] = await until(/BEGIN\r\n([^]*?)END (\d+)\r\n/);
    return { output: output.replaceAll("\r\n", "\n"), status: Number(status) };
  };
  const offered = () => new Promise<ClipboardFormat[]>((resolve) => (copied = resolve));

  beforeAll(async () => {
    const module = new WebAssembly.Module(
      readFileSync(process.env["TANDEM_CORE"] ?? "build/core.wasm"),
    );
    machine = new Machine(
      {
        module,
        memory: 128,
        drives: {},
        append: "console=ttyS0 tandem.test",
        onTripleFault: "stop",
        kernel: await recogniseKernel(new Uint8Array(readFileSync(KERNEL))),
        initrd: withPrograms(readFileSync(INITRAMFS)),
      },
      (event) => {
        if (event.type === "serial") {
          said += Buffer.from(event.bytes).toString("latin1");
          wake();
        } else if (event.type === "clipboard-offer") copied(event.formats);
        else if (event.type === "clipboard-wanted")
          setTimeout(() => machine.clipboard.supply(event.request, data[event.format]));
      },
    );
    machine.start();
    await until(/GUEST-READY/);
    machine.serialInput(utf8("\n"));
    await run("stty -echo; modprobe fuse; modprobe uio_pci_generic 2> /dev/null");
    await run("tandemd & while ! [ -S /run/tandem.sock ]; do sleep 0.1; done");
  }, BOOT_TIMEOUT);

  afterAll(() => machine.dispose());

  test("prints what the host's user has copied", async () => {
    expect(await run("tandem-clip")).toMatchObject({ status: 1 });
    data["text/plain"] = utf8(TEXT);
    data["text/html"] = utf8(`<p>${"row ✓ ".repeat(30_000)}</p>`);
    machine.clipboard.offer(["text/plain", "text/html"]);
    expect(await run("tandem-clip -l")).toEqual({ output: "text/plain\ntext/html\n", status: 0 });
    const { output, status } = await run("tandem-clip; echo");
    expect(Buffer.from(output, "latin1").toString()).toBe(`${TEXT}\n`);
    expect(status).toBe(0);
    const html = data["text/html"];
    expect((await run("tandem-clip -t text/html | wc -c")).output.trim()).toBe(`${html.length}`);
    expect((await run("tandem-clip -t image/png > /dev/null")).status).toBe(1);
    expect((await run("tandem-clip -t image/jpeg")).status).toBe(2);
  });

  test("gives its input to the host's user, in all formats, until there is something newer", async () => {
    const copy = offered();
    expect((await run("printf 'gr\\303\\274n \\360\\237\\216\\211' | tandem-clip -i")).status).toBe(0); // prettier-ignore
    expect(await copy).toEqual(["text/plain"]);
    expect(Buffer.from(await machine.clipboard.read("text/plain")).toString()).toBe("grün 🎉");
    const large = offered();
    await run("seq 20000 > /tmp/numbers; tandem-clip -i -t text/html < /tmp/numbers");
    expect(await large).toEqual(["text/html"]);
    const numbers = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`).join("");
    expect(Buffer.from(await machine.clipboard.read("text/html")).toString() === numbers).toBe(true); // prettier-ignore
    machine.clipboard.offer(["text/plain"]);
    const left = "while pidof tandem-clip > /dev/null; do sleep 0.1; done";
    expect((await run(left)).status).toBe(0);
  });

  test("says when the user does not allow it", async () => {
    machine.clipboard.set("off");
    const { output, status } = await run("echo x | tandem-clip -i 2>&1");
    expect([output, status]).toEqual(["tandem-clip: clipboard: the host's user or browser does not allow it\n", 1]); // prettier-ignore
    machine.clipboard.set("both");
  });
});
