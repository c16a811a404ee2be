// The additions CD, and what it brings to a guest: commands from the page, a clean end.

import { expect, test } from "playwright/test";
import type { TandemPc } from "../src/element/index";
import { GUEST_TIMEOUT, hasGuest, machines, serialText, typeIntoSerial } from "./page";

if (hasGuest())
  test("the additions CD is inserted from the menu, installed with one command, and Linux runs what the page wants", async ({
    page,
  }) => {
    test.setTimeout(400_000);
    await page.goto("/?machine=linux");
    const machine = machines(page);
    const pc = machine.locator("tandem-pc");
    await expect(serialText(machine)).toContainText("# ", { timeout: GUEST_TIMEOUT });
    expect(await pc.evaluate((element) => (element as TandemPc).run("ls").catch((error: { code: string }) => error.code))).toBe("no-agent"); // prettier-ignore
    await machine.getByText("Drives").click();
    await machine.getByRole("button", { name: "Insert the additions CD" }).click();
    await expect(machine.getByText("CD: Additions for guests")).toBeVisible();
    await typeIntoSerial(machine, "mount -t iso9660 /dev/sr0 /mnt; sh /mnt/install.sh --exec\n");
    await expect
      .poll(
        () =>
          pc.evaluate((element) =>
            (element as TandemPc).run("exit 7").then(
              ({ exitCode }) => exitCode,
              () => undefined,
            ),
          ),
        { timeout: GUEST_TIMEOUT },
      ) // prettier-ignore
      .toBe(7);
    const results = await pc.evaluate(async (element) => {
      const tandem = element as TandemPc;
      const streamed: string[] = [];
      const plain = await tandem.run("ls / && pwd >&2", { cwd: "/etc" });
      const sorted = await tandem.run("sort", { stdin: new Blob(["b\nü\na\n"]) });
      await tandem.run("echo one; echo two", { onstdout: (text) => streamed.push(text) });
      const abort = new AbortController();
      const aborted = tandem.run("echo $$; sleep 1000", { signal: abort.signal, onstdout: () => abort.abort() }); // prettier-ignore
      const code = await aborted.then(
        () => "ended",
        (error: { code: string }) => error.code,
      );
      // A program of the guest's on the other end of a stream.
      const shout = tandem.channel("shout");
      const program = tandem.run("/usr/local/bin/tandem-channel shout 'tr a-z A-Z'");
      await new Blob(["from the page"]).stream().pipeTo(shout.writable);
      const shouted = await new Response(shout.readable).text();
      await shout.closed;
      const { exitCode } = await program;
      return { plain, sorted, streamed: streamed.join(""), code, shouted, exitCode };
    });
    expect(results.plain).toMatchObject({ exitCode: 0, signal: 0, stderr: "/etc\n" });
    expect(results.plain.stdout).toContain("bin\ndev\netc\n");
    expect(results.sorted.stdout).toBe("a\nb\nü\n");
    expect(results.streamed).toBe("one\ntwo\n");
    expect(results.code).toBe("aborted");
    expect([results.shouted, results.exitCode]).toEqual(["FROM THE PAGE", 0]);
    await pc.evaluate((element) => (element as TandemPc).shutdown({ timeout: 120_000 }));
    expect(await pc.evaluate((element) => (element as TandemPc).state)).toBe("off");
  });
