import { expect, test } from "vitest";
import { configFromAttributes } from "../element/attributes";
import { parseConfig } from "../shared/config";
import { readDeepLink } from "./deep-link";
import { deepLinkQuery, embedSnippet } from "./embed-snippet";

const OPTIONS = { autostart: true, controls: false, width: "", script: "tandem-pc.js" };

test("the default machine is one short tag", () => {
  expect(embedSnippet({}, OPTIONS)).toBe(
    '<script type="module" src="tandem-pc.js"></script>\n<tandem-pc autostart></tandem-pc>',
  );
});

test("a machine's configuration becomes attributes, and quotes do not end them", () => {
  const html = embedSnippet(
    { memory: 64, kernel: { url: "https://example.org/k?a=1&b=2" }, append: 'say="hi"' },
    { ...OPTIONS, width: "40rem" },
  );
  expect(html).toContain('memory="64"');
  expect(html).toContain('kernel="https://example.org/k?a=1&amp;b=2"');
  expect(html).toContain('append="say=&quot;hi&quot;"');
  expect(html).toContain('style="width: 40rem"');
});

test("a link means the machine that it was made of", () => {
  const config = {
    memory: 64,
    hda: { url: "https://example.org/disk.img" },
    usb: ["mouse" as const, "keyboard" as const],
    pointer: "relative" as const,
    folders: [{ name: "work", readOnly: true }],
  };
  const link = readDeepLink(deepLinkQuery(undefined, config), "https://example.org/");
  expect(link.config).toEqual(config);
  expect(readDeepLink(deepLinkQuery("linux", {}), "https://example.org/").machine).toBe("linux");
});

test("attributes of the snippet are read back as the same configuration", () => {
  const read = configFromAttributes((name) => (name === "usb" ? "mouse,keyboard" : null));
  expect(parseConfig(read).usb).toEqual(["mouse", "keyboard"]);
});
