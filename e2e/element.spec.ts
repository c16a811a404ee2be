// <tandem-pc> in a page of somebody else's.

import type { Page } from "playwright/test";
import { expect, test } from "playwright/test";
import type { TandemPc } from "../src/element/index";
import { bootFloppy, GUEST_TIMEOUT, hasFirmware, openEmbedding } from "./page";

function isolated(project: { name: string }): boolean {
  return project.name.startsWith("isolated");
}

async function expectRunning(page: Page, selector = "tandem-pc"): Promise<void> {
  await expect
    .poll(() => page.locator(selector).evaluate((pc) => (pc as TandemPc).state), {
      timeout: GUEST_TIMEOUT,
    }) // prettier-ignore
    .toBe("running");
}

function uptime(page: Page, selector = "tandem-pc"): Promise<number> {
  return page.locator(selector).evaluate(async (pc) => (await (pc as TandemPc).stats()).uptime);
}

test("an element with autostart runs, tells its events and answers its methods", async ({ page }, {
  project,
}) => {
  // prettier-ignore
  await openEmbedding(page, "", isolated(project));
  const seen = await page.evaluate(async () => {
    const pc = document.createElement("tandem-pc");
    const seen: string[] = [];
    for (const type of ["ready", "statechange", "videomode", "stats"] as const)
      pc.addEventListener(type, () => seen.push(type));
    pc.autostart = true;
    const running = new Promise((resolve) => pc.addEventListener("stats", resolve));
    document.body.append(pc);
    await running;
    return seen;
  });
  expect(seen).toEqual(expect.arrayContaining(["ready", "statechange", "stats"]));
  await expectRunning(page);

  const pc = page.locator("tandem-pc");
  const picture = await pc.evaluate(async (element) => {
    const { type, size } = await (element as TandemPc).screenshot();
    const pixels = await (element as TandemPc).pixels();
    return { type, size, width: pixels.width, height: pixels.height };
  });
  expect(picture).toMatchObject({ type: "image/png" });
  expect(picture.size).toBeGreaterThan(100);
  expect(picture.width * picture.height).toBeGreaterThan(320 * 200);

  await pc.evaluate((element) => (element as TandemPc).pause());
  expect(await pc.evaluate((element) => (element as TandemPc).state)).toBe("paused");
  await pc.evaluate((element) => (element as TandemPc).resume());
  await expectRunning(page);
  await pc.evaluate((element) => (element as TandemPc).powerOff());
  await expect.poll(() => pc.evaluate((element) => (element as TandemPc).state)).toBe("off");
  await page.getByRole("button", { name: "Start the machine" }).click();
  await expectRunning(page);
});

test("methods fail with an error that programs and people can read", async ({ page }, {
  project,
}) => {
  // prettier-ignore
  await openEmbedding(page, "<tandem-pc memory='lots'></tandem-pc>", isolated(project));
  const failure = (call: string): Promise<unknown> =>
    page.evaluate(`(async () => {
      const pc = document.querySelector("tandem-pc");
      try {
        await ${call};
        return undefined;
      } catch ({ name, code, message }) {
        return { name, code, message };
      }
    })()`);
  expect(await failure("pc.pause()")).toEqual({
    name: "TandemError",
    code: "not-running",
    message: "There is no machine yet.",
  });
  expect(await failure("pc.start()")).toMatchObject({
    code: "bad-config",
    message: '"memory" must be a number, but is a string.',
  });
  expect(await failure("pc.load({ config: { hda: { url: 'http://' } } })")).toMatchObject({ code: "bad-config" }); // prettier-ignore
  expect(await failure("(pc.memory = 16, pc.src = '/missing.json', pc.start())")).toMatchObject({ code: "http-status" }); // prettier-ignore
  // And the element is as good as new.
  await page.locator("tandem-pc").evaluate((pc) => pc.removeAttribute("src"));
  await page.locator("tandem-pc").evaluate((pc) => (pc as TandemPc).start());
  await expectRunning(page);
  expect(await failure("pc.sendKeys('ctrl-nonsense')")).toMatchObject({ code: "bad-argument" });
  expect(await failure("pc.setPointerMode('telepathic')")).toMatchObject({ code: "bad-config" });
});

test("attributes and properties tell the same", async ({ page }, { project }) => {
  await openEmbedding(page, "<tandem-pc></tandem-pc>", isolated(project));
  const seen = await page.locator("tandem-pc").evaluate((element) => {
    const pc = element as TandemPc;
    const before = [pc.memory, pc.pointer, pc.usbInterval, pc.jit, pc.autostart, pc.hda];
    pc.memory = 64;
    pc.vgaFirmware = "none";
    pc.usbInterval = 1;
    pc.jit = true;
    pc.commandLine = "quiet";
    pc.setAttribute("pointer", "absolute");
    const attributes = pc.getAttributeNames().map((name) => `${name}=${pc.getAttribute(name)}`);
    return { before, attributes, pointer: pc.pointer, jit: pc.jit };
  });
  expect(seen).toEqual({
    before: [128, "auto", 10, false, false, ""],
    attributes: ["memory=64", "vga-firmware=none", "usb-interval=1", "jit=on", "append=quiet", "pointer=absolute"], // prettier-ignore
    pointer: "absolute",
    jit: true,
  });
});

if (hasFirmware())
  test("an element boots what its configuration names", async ({ page }, { project }) => {
    await page.route(
      "**/pcs/floppy.img",
      (route) =>
      route.fulfill({ body: bootFloppy("Hello from a configuration"), contentType: "application/octet-stream" }), // prettier-ignore
    );
    await page.route(
      "**/pcs/pc.json",
      (route) =>
      route.fulfill({ json: { memory: 32, floppy: { url: "floppy.img" }, firmware: { url: "/bios/bios-256k.bin" }, vgaFirmware: { url: "/bios/vgabios-stdvga.bin" } } }), // prettier-ignore
    );
    await openEmbedding(page, "<tandem-pc src='pcs/pc.json' autostart></tandem-pc>", isolated(project)); // prettier-ignore
    await expect(page.locator("[data-part='screen-text']")).toContainText("Hello from a configuration", { timeout: GUEST_TIMEOUT }); // prettier-ignore
  });

test("an element that is moved runs on; one that is removed leaves no worker", async ({ page }, {
  project,
}) => {
  // prettier-ignore
  await openEmbedding(page, "<div id='one'><tandem-pc autostart memory='16'></tandem-pc></div><div id='two'></div>", isolated(project)); // prettier-ignore
  await expectRunning(page);
  await expect.poll(() => uptime(page)).toBeGreaterThan(200);
  const before = await uptime(page);
  await page.evaluate(() => document.querySelector("#two")?.append(document.querySelector("tandem-pc") ?? "")); // prettier-ignore
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 50)));
  expect(await uptime(page)).toBeGreaterThan(before);
  await page.evaluate(() => {
    const pc = document.querySelector("tandem-pc");
    const one = document.querySelector("#one") as Element & { moveBefore?: (node: Element, before: null) => void }; // prettier-ignore
    if (pc) one.moveBefore?.(pc, null);
  });
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 50)));
  expect(await uptime(page)).toBeGreaterThan(before);
  await expect(page.locator("#one tandem-pc")).toHaveCount(1);

  expect(page.workers()).toHaveLength(1);
  await page.evaluate(() => document.querySelector("tandem-pc")?.remove());
  await expect.poll(() => page.workers().length).toBe(0);
});

test("an element that is removed while it loads leaves no worker, and its promise says why", async ({
  page,
}, { project }) => {
  // prettier-ignore
  await page.route("**/slow.bin", () => undefined); // never answers
  await openEmbedding(page, "<tandem-pc kernel='slow.bin'></tandem-pc>", isolated(project));
  const code = page.evaluate(async () => {
    const pc = document.querySelector("tandem-pc");
    return pc?.start().then(
      () => "started",
      (error: unknown) => (error as { code: string }).code,
    );
  });
  await expect.poll(() => page.workers().length).toBe(1);
  await page.evaluate(() => document.querySelector("tandem-pc")?.remove());
  expect(await code).toBe("aborted");
  await expect.poll(() => page.workers().length).toBe(0);
});

test("a second machine takes the place of the first only when it has been built", async ({ page }, {
  project,
}) => {
  // prettier-ignore
  await openEmbedding(page, "<tandem-pc autostart memory='16'></tandem-pc>", isolated(project));
  await expectRunning(page);
  await expect.poll(() => uptime(page)).toBeGreaterThan(200);
  const seen = await page.evaluate(async () => {
    const pc = document.querySelector("tandem-pc");
    if (!pc) throw new Error("no element");
    const failed = await pc.load({ config: { kernel: { url: "missing.bin" } } }).then(() => "", (error: unknown) => (error as { code: string }).code); // prettier-ignore
    const before = (await pc.stats()).uptime;
    const state = pc.state;
    await pc.load();
    await pc.start();
    return { failed, before, state, after: (await pc.stats()).uptime };
  });
  expect(seen).toMatchObject({ failed: "http-status", state: "running" });
  expect(seen.after).toBeLessThan(seen.before);
  await expect.poll(() => page.workers().length).toBe(1);
});

test("ten mounts and unmounts leave no worker and no growing memory", async ({ page }, {
  project,
}) => {
  // prettier-ignore
  await openEmbedding(page, "", isolated(project));
  const client = await page.context().newCDPSession(page);
  const mount = async (): Promise<void> => {
    await page.evaluate(async () => {
      const pc = document.createElement("tandem-pc");
      pc.memory = 16;
      document.body.append(pc);
      await pc.start();
      pc.remove();
    });
    await expect.poll(() => page.workers().length).toBe(0);
  };
  const measure = async (): Promise<{ heap: number; nodes: number; elements: number }> => {
    await client.send("HeapProfiler.collectGarbage");
    const { usedSize } = await client.send("Runtime.getHeapUsage");
    const { nodes } = await client.send("Memory.getDOMCounters");
    const { result } = await client.send("Runtime.evaluate", { expression: "customElements.get('tandem-pc').prototype" }); // prettier-ignore
    const { objects } = await client.send("Runtime.queryObjects", { prototypeObjectId: result.objectId ?? "" }); // prettier-ignore
    const { result: found } = await client.send("Runtime.getProperties", { objectId: objects.objectId ?? "", ownProperties: true }); // prettier-ignore
    const elements = Number(found.find(({ name }) => name === "length")?.value?.value ?? -1);
    return { heap: usedSize, nodes, elements };
  };
  await mount();
  await mount();
  const before = await measure();
  for (let turn = 0; turn < 10; turn++) await mount();
  // What a worker's end leaves behind is freed a moment later.
  await expect(async () => {
    const after = await measure();
    expect(after.elements).toBeLessThanOrEqual(Math.max(1, before.elements));
    expect(after.nodes).toBeLessThanOrEqual(before.nodes + 10);
    expect(after.heap).toBeLessThan(before.heap + 1_000_000);
  }).toPass({ timeout: 30_000 });
});

test("typing beside a running machine loses nothing", async ({ page }, { project }) => {
  await openEmbedding(
    page,
    `<tandem-pc autostart memory="16" style="width: 400px"></tandem-pc>
     <input id="field" aria-label="field"><div id="editable" contenteditable="true" style="min-height: 1em"></div><div id="other"></div>
     <script>
       document.querySelector("#other").attachShadow({ mode: "open" }).innerHTML = "<input id='inner' aria-label='inner'>";
     </script>`,
    isolated(project),
  );
  await expectRunning(page);
  const text = "The quick brown fox 0123456789 jumps!";
  await page.locator("tandem-pc canvas").first().click();
  await page.locator("#field").click();
  await page.keyboard.type(text);
  await page.locator("#editable").click();
  await page.keyboard.type(text);
  await page.locator("#inner").click();
  await page.keyboard.type(text);
  await expect(page.locator("#field")).toHaveValue(text);
  await expect(page.locator("#editable")).toHaveText(text);
  await expect(page.locator("#inner")).toHaveValue(text);
});

test("the keyboard is the guest's after a button of the toolbar has filled the screen", async ({
  page,
}, { project }) => {
  await openEmbedding(
    page,
    `<tandem-pc controls autostart memory="16"></tandem-pc>`,
    isolated(project),
  );
  await expectRunning(page);
  await page.getByRole("button", { name: "Full screen" }).click();
  const focused = (): Promise<string | undefined> =>
    page.locator("tandem-pc").evaluate((pc) => pc.shadowRoot?.activeElement?.className);
  await expect.poll(focused).toContain("screen");
  await page.evaluate(() => document.exitFullscreen());
});

test("an element takes the size that the page gives it, and the guest's proportions otherwise", async ({
  page,
}, { project }) => {
  // prettier-ignore
  await openEmbedding(
    page,
    `<div style="width: 450px"><tandem-pc id="free" autostart memory="16"></tandem-pc></div>
     <tandem-pc id="fixed" style="width: 300px; height: 300px; aspect-ratio: auto"></tandem-pc>`,
    isolated(project),
  );
  await expectRunning(page, "#free");
  await expect
    .poll(() =>
      page.locator("#free").evaluate((element) => {
        const pc = element as TandemPc;
        const { width, height } = pc.getBoundingClientRect();
        return (
          Math.abs(width / height - pc.videoWidth / pc.videoHeight) < 0.01 && Math.round(width)
        );
      }),
    )
    .toBe(450);
  expect(await page.locator("#fixed").boundingBox()).toMatchObject({ width: 300, height: 300 });
});
