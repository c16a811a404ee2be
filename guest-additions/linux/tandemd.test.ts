// The daemon in the Debian kernel: commands, the clock, the pointer, clean shutting down. And what Pillion does of these.

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { MachineEvent, RunRequest, RunResult } from "../../src/shared/api";
import { PillionMachine } from "../pillion/testing";
import { HOST_CLOCK } from "../../src/worker/services/time";
import { additionsCd } from "../../src/node/additions-cd";
import { openImage } from "../../src/worker/disks/open";
import { MemoryRoot } from "../../src/worker/services/shared-folders/memory-root";
import { Machine } from "../../src/worker/machine";
import { CHANNEL_BUFFER } from "../../wasm/protocol/channels";
import { ChannelEnd } from "../../src/node/channel-end";
import { withPrograms } from "./testing";

const KERNEL = ".cache/guests/vmlinuz-686";
const INITRD = ".cache/guests/initramfs.cpio.gz";
const module = new WebAssembly.Module(
  readFileSync(process.env["TANDEM_CORE"] ?? "build/core.wasm"),
);

// A guest boots as fast as the computer lets it.
vi.setConfig({ testTimeout: 120_000 });

class Linux {
  readonly machine: Machine;
  readonly events: MachineEvent[] = [];
  #serial = "";
  #waiting: { text: string; found: () => void }[] = [];
  #lastId = 0;
  /** Seconds that the host's clock is ahead. */
  ahead = 0;

  constructor() {
    this.machine = new Machine(
      {
        module,
        memory: 96,
        drives: {},
        // A mouse of its own would get what is relative.
        append: "i8042.noaux console=ttyS0 nokaslr cryptomgr.notests noisapnp quiet",
        onTripleFault: "stop",
        kernel: {
          kind: "linux",
          bytes: new Uint8Array(readFileSync(KERNEL)),
          needsFirmware: false,
        },
        clock: { ...HOST_CLOCK, wall: () => Date.now() + this.ahead * 1000 },
        initrd: withPrograms(readFileSync(INITRD)),
      },
      (event) => this.#take(event),
    );
    this.machine.start();
  }

  #take(event: MachineEvent): void {
    if (event.type !== "serial") {
      if (event.type !== "frame" && event.type !== "stats") this.events.push(event);
      return;
    }
    this.#serial += new TextDecoder("latin1").decode(event.bytes);
    if (process.env["SHOW"]) process.stderr.write(event.bytes);
    this.#waiting = this.#waiting.filter(({ text, found }) => {
      if (!this.#serial.includes(text)) return true;
      found();
      return false;
    });
  }

  seen(text: string): Promise<void> {
    return new Promise((found) => {
      if (this.#serial.includes(text)) found();
      else this.#waiting.push({ text, found });
    });
  }

  type(line: string): void {
    this.machine.serialInput(new TextEncoder().encode(`${line}\n`));
  }

  /** In the shell on the serial port, which needs no daemon. What is given before, the machine has when this is through. */
  async shell(line: string): Promise<void> {
    const done = `${++this.#lastId}:done`;
    this.type(`${line}\necho ${done.replace(":", '""')}`);
    await this.seen(done.replace(":", ""));
  }

  start(
    command: string,
    request: Partial<RunRequest> = {},
  ): { id: number; ended: Promise<RunResult> } {
    const id = ++this.#lastId;
    const whole = {
      command,
      cwd: "",
      env: {},
      hasInput: false,
      maxOutput: 2 << 20,
      streamed: false,
    };
    return { id, ended: this.machine.exec.run(id, { ...whole, ...request }) };
  }

  async run(command: string, request: Partial<RunRequest> = {}): Promise<string> {
    const { exitCode, stdout, stderr } = await this.start(command, request).ended;
    return `${exitCode} ${text(stdout)}${text(stderr)}`;
  }
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** What has no event of its own. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}

const hasLinux = existsSync(KERNEL) && existsSync(INITRD);
const linuxTest = test.skipIf(!hasLinux);
let linux: Linux;

beforeAll(async () => {
  if (!hasLinux) return;
  linux = new Linux();
  await linux.seen("# "); // the shell reads what comes now
  await expect(linux.run("ls")).rejects.toMatchObject({ code: "no-agent" });
  linux.type("for m in uio_pci_generic uinput evdev; do modprobe $m; done; tandemd --exec &");
  await until(() => linux.events.some(({ type }) => type === "guest-hello"));
}, 600_000);

afterAll(() => linux?.machine.dispose());

linuxTest("a command's output and exit code come back from Linux", async () => {
  expect(await linux.run("ls /")).toMatch(/^0 bin\ndev\netc\n/);
  expect(await linux.run("echo good; echo bad >&2; exit 3")).toBe("3 good\nbad\n");
  expect(await linux.run("no-such-command")).toMatch(/^127 .*not found/);
  expect(await linux.run("pwd; echo $A-$B", { cwd: "/etc", env: { A: "1 2", B: "ü" } })).toBe("0 /etc\n1 2-ü\n"); // prettier-ignore
  expect(await linux.run("pwd", { cwd: "/not/there" })).toMatch(/^127 .*no such directory/);
  expect(await linux.run("wc -c")).toBe("0 0\n"); // no input is empty input
  await expect(linux.run("x".repeat(5000))).rejects.toMatchObject({ code: "bad-argument" });
});

linuxTest("a megabyte goes in and comes out as it was", async () => {
  const bytes = Uint8Array.from({ length: 1 << 20 }, (_, index) => (index * 7) ^ (index >> 8));
  const { id, ended } = linux.start("cat", { hasInput: true });
  linux.machine.exec.input(id, bytes);
  linux.machine.exec.input(id, undefined);
  const { exitCode, stdout } = await ended;
  expect(exitCode).toBe(0);
  expect(Buffer.compare(stdout, bytes)).toBe(0);
});

linuxTest("what a command writes is there while it runs", async () => {
  const output = (): string =>
    linux.events
      .filter((event) => event.type === "exec-output")
      .map(({ stream, bytes }) => `${stream}:${text(bytes)}`)
      .join("");
  const before = output();
  const { id, ended } = linux.start("read a; echo $a; read b; echo $b >&2", { hasInput: true, streamed: true }); // prettier-ignore
  linux.machine.exec.input(id, new TextEncoder().encode("one\n"));
  await until(() => output() !== before);
  expect(output().slice(before.length)).toBe("stdout:one\n");
  linux.machine.exec.input(id, new TextEncoder().encode("two\n"));
  expect(await ended).toMatchObject({ exitCode: 0, streamed: 8 });
  expect(output().slice(before.length)).toBe("stdout:one\nstderr:two\n");
});

linuxTest("a command ends by a signal, by the caller, by its time and by its length", async () => {
  const killed = linux.start("echo begun; sleep 1000; echo never");
  linux.machine.exec.kill(killed.id, 15);
  expect(await killed.ended).toMatchObject({ exitCode: -1, signal: 15 });
  const aborted = linux.start("sleep 1001");
  linux.machine.exec.abort(aborted.id);
  await expect(aborted.ended).rejects.toMatchObject({ code: "aborted" });
  await expect(linux.run("sleep 1002", { timeout: 50 })).rejects.toMatchObject({
    code: "timeout",
  });
  await expect(linux.run("yes", { maxOutput: 100_000 })).rejects.toMatchObject({ code: "output-limit" }); // prettier-ignore
  // None of them is left.
  expect(await linux.run("ps | grep -e '[s]leep 100' -e '[y]es$'")).toBe("1 ");
});

linuxTest("more commands at once than an agent takes all have their turn", async () => {
  const numbers = Array.from({ length: 20 }, (_, index) => index);
  const results = await Promise.all(
    numbers.map((number) => linux.run(`sleep 0.1; echo ${number}`)),
  );
  expect(results).toEqual(numbers.map((number) => `0 ${number}\n`));
});

linuxTest(
  "a command that leaves something running in the background has ended all the same",
  async () => {
    expect(await linux.run("sleep 1003 & echo away")).toBe("0 away\n");
  },
);

linuxTest("ten megabytes go out and come back through tandem-channel as they were", async () => {
  const bytes = Uint8Array.from({ length: 10 << 20 }, (_, index) => (index * 13) ^ (index >> 7));
  const page = new ChannelEnd(linux.machine, "loop");
  const { ended } = linux.start("tandem-channel loop cat");
  await page.send(bytes);
  page.finish();
  const back = await page.end();
  expect(back.length).toBe(bytes.length);
  expect(back.equals(bytes)).toBe(true);
  expect(await ended).toMatchObject({ exitCode: 0 });
  await page.until(() => page.kinds.includes("closed"));
  expect(page.error).toBeUndefined();
});

linuxTest(
  "standard input and output are a channel, several at once, whoever is first",
  async () => {
    const pages = ["one", "two", "three"].map((name) => new ChannelEnd(linux.machine, name));
    expect(await linux.run("tandem-channel --list | sort")).toBe("0 one\nthree\ntwo\n");
    const wanted = linux.start("echo early | tandem-channel late");
    await until(() => linux.events.some((event) => event.type === "channel-wanted" && event.name === "late" && event.wanted)); // prettier-ignore
    const late = new ChannelEnd(linux.machine, "late");
    expect((await late.end()).toString()).toBe("early\n");
    late.finish();
    expect(await wanted.ended).toMatchObject({ exitCode: 0 });

    const programs = ["one", "two", "three"].map((name) => {
      const program = linux.start(`tandem-channel ${name}`, { hasInput: true });
      linux.machine.exec.input(program.id, new TextEncoder().encode(`from ${name}\n`));
      return { name, ...program };
    });
    for (const [index, page] of pages.entries()) {
      await page.send(Buffer.from(`to ${index}\n`));
      await page.until(() => page.text === `from ${programs[index]?.name}\n`);
      page.finish();
      page.cancel(); // as close() of the page: the program does not wait for its input's end
    }
    const results = await Promise.all(programs.map(({ ended }) => ended));
    expect(results.map(({ stdout }) => text(stdout))).toEqual(["to 0\n", "to 1\n", "to 2\n"]);
  },
);

linuxTest("a page that reads slowly stops the program in Linux", async () => {
  const page = new ChannelEnd(linux.machine, "slow", 0);
  const times = 30;
  const source = `for i in $(seq ${times}); do cat /sbin/tandemd; echo sent >&2; done`;
  const { id, ended } = linux.start(`(${source}) | tandem-channel -s slow`, { streamed: true });
  const sent = (): number =>
    linux.events
      .filter((event) => event.type === "exec-output" && event.id === id)
      .reduce((sum, event) => sum + (event.type === "exec-output" ? event.bytes.length : 0), 0) / 5;
  const file = readFileSync("guest-additions/linux/tandemd");
  // The host keeps so much, and there is a pipe before it.
  const fits = Math.floor(CHANNEL_BUFFER / file.length);
  await until(() => sent() >= fits);
  expect(await linux.run("sleep 0.2; echo go on")).toBe("0 go on\n");
  expect(sent()).toBeLessThanOrEqual(fits + Math.ceil((65536 + 4096) / file.length));
  expect(page.received).toBe(0);
  page.want(Infinity);
  const all = Buffer.concat(Array.from({ length: times }, () => file));
  expect((await page.end()).equals(all)).toBe(true);
  expect(await ended).toMatchObject({ exitCode: 0 });
});

linuxTest("tandem-channel says what was wrong", async () => {
  expect(await linux.run("tandem-channel")).toMatch(/^2 usage/);
  expect(await linux.run("tandem-channel -w 0 nobody")).toBe("3 tandem-channel: nobody: the page has not opened this channel\n"); // prettier-ignore
  expect(await linux.run("tandem-channel -w 0 $(seq -s- 40)")).toMatch(/^1 .*a name has 1 to 64 bytes/); // prettier-ignore
  const page = new ChannelEnd(linux.machine, "page");
  const aborted = linux.start("tandem-channel page; echo $?", { hasInput: true });
  await page.until(() => page.kinds.includes("opened"));
  expect(await linux.run("tandem-channel -w 0 page")).toMatch(/^1 .*another program has this channel/); // prettier-ignore
  page.abort("no more of this");
  const { stdout, stderr } = await aborted.ended;
  expect(text(stdout) + text(stderr)).toBe("1\ntandem-channel: page: no more of this\n");

  const killed = new ChannelEnd(linux.machine, "killed");
  const victim = linux.start("exec tandem-channel killed", { hasInput: true });
  await killed.until(() => killed.kinds.includes("opened"));
  linux.machine.exec.kill(victim.id, 9);
  await killed.until(() => killed.kinds.includes("closed"));
  expect(killed.error).toEqual({ code: "channel", message: "The program in the guest has ended." });
  const gone = new ChannelEnd(linux.machine, "gone");
  const reader = linux.start("tandem-channel -r gone | head -1; echo done");
  await gone.send(Buffer.from("first\nsecond\n"));
  // What comes behind the line that head has taken meets nobody.
  await until(async () => {
    await gone.send(Buffer.from("more\n"));
    return gone.kinds.includes("cancel");
  });
  expect(text((await reader.ended).stdout)).toBe("first\ndone\n");
});

linuxTest("a command serves one channel after another", async () => {
  const server = linux.start("exec tandem-channel -k shout 'tr a-z A-Z'");
  for (const word of ["first", "second"]) {
    const page = new ChannelEnd(linux.machine, "shout");
    await page.send(Buffer.from(word));
    page.finish();
    expect((await page.end()).toString()).toBe(word.toUpperCase());
    await page.until(() => page.kinds.includes("closed"));
    expect(page.error).toBeUndefined();
  }
  linux.machine.exec.kill(server.id, 15);
  expect(await server.ended).toMatchObject({ signal: 15 });
});

linuxTest("the guest's clock is the host's, also when that is set", async () => {
  const guest = async (): Promise<number> => Number((await linux.run("date +%s")).slice(2));
  const apart = async (): Promise<number> =>
    Math.abs((await guest()) - Date.now() / 1000 - linux.ahead);
  await until(async () => (await apart()) < 5);
  linux.ahead = 1_000_000;
  await until(async () => (await apart()) < 5);
  linux.ahead = -1000;
  await until(async () => (await apart()) < 5);
  linux.ahead = 0;
  await until(async () => (await apart()) < 5);
});

const [EV_SYN, EV_KEY, EV_REL, EV_ABS] = [0, 1, 2, 3];
const [REL_X, REL_Y, REL_HWHEEL, REL_WHEEL] = [0, 1, 6, 8];
const [BUTTON_LEFT, BUTTON_RIGHT, BUTTON_BACK] = [0x110, 0x111, 0x113];
const EVENT_SIZE = 16;

/** Type, code and value of each event that a device sends while `act` acts, until there are so many. */
async function inputOf(
  device: string,
  count: number,
  act: (seen: () => number) => void | Promise<void>,
): Promise<number[][]> {
  const from = linux.events.length;
  const node = `/dev/input/$(grep -l '${device}' /sys/class/input/event*/device/name | cut -d/ -f5)`;
  const listen = `exec 3< ${node}; echo open >&2; cat <&3`;
  const { id, ended } = linux.start(listen, { streamed: true });
  const written = (stream: string): Buffer =>
    Buffer.concat(
      linux.events
        .slice(from)
        .filter((event) => event.type === "exec-output")
        .filter((event) => event.id === id && event.stream === stream)
        .map(({ bytes }) => bytes),
    );
  const events = (): number[][] => {
    const bytes = written("stdout");
    // struct input_event: two words of time, type, code, value
    return Array.from({ length: Math.floor(bytes.length / EVENT_SIZE) }, (_, index) => [
      bytes.readUInt16LE(index * EVENT_SIZE + 8),
      bytes.readUInt16LE(index * EVENT_SIZE + 10),
      bytes.readInt32LE(index * EVENT_SIZE + 12),
    ]).filter(([type, code = 0]) => type !== EV_SYN && !(type === EV_REL && code > REL_WHEEL));
  };
  await until(() => written("stderr").length > 0);
  await act(() => events().length);
  await until(() => events().length >= count);
  linux.machine.exec.kill(id, 9);
  await ended;
  return events();
}

/** Whether that is how the pointer is given to the guest now. */
function isPointer(mode: string, device: string): boolean {
  const use = linux.events.findLast((event) => event.type === "pointer");
  return use?.type === "pointer" && use.mode === mode && use.device === device;
}

linuxTest("the integrated pointer is a tablet, and no button is lost", async () => {
  const { machine } = linux;
  expect(isPointer("integrated", "tandem")).toBe(true);
  const wanted: number[][] = [];
  const clicks = 50;
  const act = async (seen: () => number): Promise<void> => {
    machine.pointerPosition(0.25, 0.75);
    for (let click = 0; click < clicks; click++) {
      machine.pointerButtons(1);
      machine.pointerButtons(1 | 8);
      machine.pointerButtons(0);
      // Linux keeps 64 events for one who reads slowly.
      await until(() => seen() >= 2 + 4 * (click + 1));
    }
    machine.pointerWheel(2);
    machine.pointerWheel(0, -1);
    machine.pointerButtons(2);
  };
  for (let click = 0; click < clicks; click++)
    for (const pressed of [1, 0])
      wanted.push([EV_KEY, BUTTON_LEFT, pressed], [EV_KEY, BUTTON_BACK, pressed]);
  wanted.push([EV_REL, REL_WHEEL, -2], [EV_REL, REL_HWHEEL, -1], [EV_KEY, BUTTON_RIGHT, 1]);
  const seen = await inputOf("Tandem Tablet", wanted.length + 2, act);
  const place = [0, 1].map((axis) => seen.find(([type, code]) => type === EV_ABS && code === axis));
  // In the middle of a pixel of 720 x 400.
  expect(Math.abs((place[0]?.[2] ?? 0) / 0xffff - 180.5 / 720)).toBeLessThan(2 / 0xffff);
  expect(Math.abs((place[1]?.[2] ?? 0) / 0xffff - 300.5 / 400)).toBeLessThan(2 / 0xffff);
  expect(seen.filter(([type]) => type !== EV_ABS)).toEqual(wanted);
});

linuxTest("a captured pointer is a mouse, and a held button goes with it", async () => {
  const { machine } = linux;
  machine.setPointerMode("relative");
  await until(() => isPointer("relative", "tandem"));
  const seen = await inputOf("Tandem Mouse", 4, async () => {
    // A guest with much to do looks only after the button was let go.
    await linux.shell("killall -STOP tandemd");
    machine.pointerMotion(300, -7);
    machine.pointerButtons(0);
    await linux.shell("");
    await linux.shell("killall -CONT tandemd");
  });
  expect(seen).toEqual([
    [EV_KEY, BUTTON_RIGHT, 1],
    [EV_REL, REL_X, 300],
    [EV_REL, REL_Y, -7],
    [EV_KEY, BUTTON_RIGHT, 0],
  ]);
  machine.setPointerMode("auto");
});

linuxTest("a driver that ends takes its commands with it, and the next goes on", async () => {
  const page = new ChannelEnd(linux.machine, "until the end");
  const program = linux.start("tandem-channel 'until the end'", { hasInput: true });
  const lost = expect(program.ended).rejects.toMatchObject({ code: "session-ended" });
  await page.until(() => page.kinds.includes("opened"));
  const { ended } = linux.start("killall tandemd; sleep 5");
  await expect(ended).rejects.toMatchObject({ code: "session-ended" });
  await lost;
  expect(page.kinds).toEqual(["opened", "closed"]);
  expect(page.error).toMatchObject({ code: "session-ended" });
  linux.type("tandemd &");
  while (linux.events.filter(({ type }) => type === "guest-hello").length < 2)
    await new Promise((resolve) => setTimeout(resolve, 20));
  await expect(linux.run("ls")).rejects.toMatchObject({ code: "not-allowed" });
});

linuxTest("the additions CD installs the daemon with one command", async () => {
  const { machine } = linux;
  machine.insert("cdrom", await openImage("cdrom", await additionsCd()));
  machine.folders.attach(new MemoryRoot(), { name: "share" });
  linux.type("mkdir -p /etc/xdg/autostart; mount -t iso9660 /dev/sr0 /mnt && sh /mnt/install.sh --exec --folders /shared"); // prettier-ignore
  await linux.seen("are installed; shared folders are in /shared.");
  await until(() => linux.events.filter(({ type }) => type === "guest-hello").length === 3);
  expect(await linux.run("cmp /mnt/linux/tandemd /usr/local/sbin/tandemd && cmp /mnt/linux/tandem-channel /usr/local/bin/tandem-channel && cat /etc/default/tandemd")).toBe('0 OPTIONS="--exec /shared"\n'); // prettier-ignore
  expect(await linux.run("ls -l /mnt/install.sh | cut -c1-10; ls /mnt/README.txt /shared")).toBe("0 -r-xr-xr-x\n/mnt/README.txt\n\n/shared:\nshare\n"); // prettier-ignore
  const daemon = readFileSync("guest-additions/linux/tandemd");
  expect(await linux.run("md5sum < /usr/local/sbin/tandemd")).toContain(createHash("md5").update(daemon).digest("hex")); // prettier-ignore
  expect(await linux.run("cmp /mnt/linux/tandem-x11 /usr/local/bin/tandem-x11; ls /etc/xdg/autostart")).toBe("0 tandem-x11.desktop\n"); // prettier-ignore
  // A system with init scripts, and with X sessions like Debian's.
  linux.type(
    "mkdir -p /etc/init.d /etc/modules-load.d /etc/X11/Xsession.d; sh /mnt/install.sh --exec --folders /other",
  );
  await linux.seen("are installed; shared folders are in /other.");
  await until(() => linux.events.filter(({ type }) => type === "guest-hello").length === 4);
  expect(await linux.run("/etc/init.d/tandemd status; cat /etc/modules-load.d/tandem.conf; ls /other")).toBe("0 tandemd runs\nfuse\nuinput\nuio_pci_generic\nshare\n"); // prettier-ignore
  expect(await linux.run("ls /etc/X11/Xsession.d; sh -n /etc/X11/Xsession.d/*")).toBe("0 90tandem-x11\n"); // prettier-ignore
});

linuxTest("Linux shuts down cleanly by its driver", async () => {
  await linux.machine.shutDown(60_000);
  expect(linux.machine.state).toBe("off");
  await linux.seen("The system is going down NOW!");
});

// ---- Pillion ----

let pillion: PillionMachine | undefined;
afterEach(() => pillion?.machine.dispose());

test("Pillion shuts down and restarts by its driver, and says that it runs no commands", async () => {
  pillion = await PillionMachine.boot();
  const { machine } = pillion;
  const request = {
    command: "ls",
    cwd: "",
    env: {},
    hasInput: false,
    maxOutput: 100,
    streamed: false,
  };
  await expect(machine.exec.run(1, request)).rejects.toMatchObject({ code: "not-allowed" });
  await machine.restart(10_000);
  await pillion.line("PILLION-READY");
  await machine.shutDown(10_000);
  expect(machine.state).toBe("off");
});
