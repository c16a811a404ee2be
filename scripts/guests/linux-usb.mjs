// What the Debian kernel's drivers make of the USB mouse, of tablet and keyboard behind the hub, and of the PS/2 mouse once
// nobody asks for the other two: events of /dev/input against what was sent.

/** Types a command; goes on when it is done. A word is split, so that its echo is not taken for the answer. */
function command(marker, text) {
  return [`serial ${text}; echo ${marker.slice(0, 2)}""${marker.slice(2)}\\n`, `wait-serial ${marker}`]; // prettier-ignore
}

/** More than eight frames and the way through a busy host. */
const PAUSE = "sleep 150";

const LOAD =
  "for m in uhci_hcd usbhid hid-generic evdev; do modprobe $m; done; " +
  'for d in Mouse Tablet Keyboard; do until grep -q "USB $d" /proc/bus/input/devices; do sleep 1; done; done; sleep 1';
const DEVICE_OF =
  "dev() { for d in /sys/class/input/event*; do " +
  'grep -q "$1" $d/device/name && echo /dev/input/${d##*/}; done; }';

const DEVICES = { Mouse: "USB Mouse", Tablet: "USB Tablet", Keyboard: "USB Keyboard", Explorer: "Explorer Mouse" }; // prettier-ignore

/** Writes down what the device named so sends while the steps happen. */
function record(name, steps) {
  const file = `/tmp/${name}`; // struct input_event: two words of time, type, code, value
  return [
    ...command(`OPEN-${name}`, `cat $(dev "${DEVICES[name]}") > ${file} & sleep 2`),
    ...steps.flatMap((step) => [step, PAUSE]),
    ...command(
      `CLOSED-${name}`,
      `sleep 1; kill $!; hexdump -v -C ${file} | sed 's/^/EV ${name} /'`,
    ),
  ];
}

export const USB_SCRIPT = [
  "wait-serial GUEST-READY",
  "sleep 500",
  ...command("USB-LOADED", LOAD),
  ...command("DEV-DEFINED", DEVICE_OF),
  ...record("Mouse", ["rel 10 5", "down left", "rel -300 0", "up left", "wheel 1", "click right"]),
  ...record("Tablet", ["move 0.25 0.75", "down left", "move 1 1", "up left", "wheel -2", "rel -19 -9"]), // prettier-ignore
  ...record("Keyboard", ["type aB", "key left", "key f12"]),
  ...record("Explorer", ["rel 7 -3", "click left"]),
  "serial poweroff -f\\n",
  "wait-power-off",
];

const EV_KEY = 1;
const EV_REL = 2;
const EV_ABS = 3;
const REL_X = 0;
const REL_Y = 1;
const REL_WHEEL = 8;
const BUTTON_LEFT = 0x110;
const BUTTON_RIGHT = 0x111;

const KEY_A = 30;
const KEY_B = 48;
const KEY_LEFT = 105;
const KEY_LEFT_SHIFT = 42;
const KEY_F12 = 88;

/** Pressed and let go. */
function keys(...codes) {
  return codes.flatMap((code) => [
    [EV_KEY, code, 1],
    [EV_KEY, code, 0],
  ]);
}

/** The console has 720 x 400 pixels. */
function tablet(x, y) {
  return [
    [EV_ABS, 0, Math.floor((x * 0x7fff) / 719)],
    [EV_ABS, 1, Math.floor((y * 0x7fff) / 399)],
  ];
}

/** Type, code, value. */
const WANTED = {
  Mouse: [
    [EV_REL, REL_X, 10],
    [EV_REL, REL_Y, 5],
    [EV_KEY, BUTTON_LEFT, 1],
    [EV_REL, REL_X, -127],
    [EV_REL, REL_X, -127],
    [EV_REL, REL_X, -46],
    [EV_KEY, BUTTON_LEFT, 0],
    [EV_REL, REL_WHEEL, -1],
    [EV_KEY, BUTTON_RIGHT, 1],
    [EV_KEY, BUTTON_RIGHT, 0],
  ],
  Tablet: [
    ...tablet(180, 300),
    [EV_KEY, BUTTON_LEFT, 1],
    ...tablet(719, 399),
    [EV_KEY, BUTTON_LEFT, 0],
    [EV_REL, REL_WHEEL, 2],
    ...tablet(700, 390),
  ],
  Keyboard: [
    ...keys(KEY_A),
    [EV_KEY, KEY_LEFT_SHIFT, 1],
    ...keys(KEY_B),
    [EV_KEY, KEY_LEFT_SHIFT, 0],
    ...keys(KEY_LEFT, KEY_F12),
  ],
  Explorer: [
    [EV_REL, REL_X, 7],
    [EV_REL, REL_Y, -3],
    [EV_KEY, BUTTON_LEFT, 1],
    [EV_KEY, BUTTON_LEFT, 0],
  ],
};

/** @param lines of the serial port: {text} @returns problems in words */
export function USB_CHECK(lines) {
  const problems = [];
  for (const [name, wanted] of Object.entries(WANTED)) {
    const events = lines
      .map(({ text }) => new RegExp(`^EV ${name} [0-9a-f]{8} ((?: +[0-9a-f]{2}){16})`).exec(text)?.[1])
      .filter((hex) => hex !== undefined)
      .map((hex) => Buffer.from(hex.replaceAll(" ", ""), "hex"))
      .map((event) => [event.readUInt16LE(8), event.readUInt16LE(10), event.readInt32LE(12)])
      .filter(([type, code]) => (type === EV_REL && code <= REL_WHEEL) || type === EV_KEY || type === EV_ABS); // prettier-ignore
    const [seen, sent] = [events, wanted].map((list) => list.map((event) => event.join(":")).join(" ")); // prettier-ignore
    if (seen !== sent) problems.push(`${name}: sent ${sent}; the guest saw ${seen || "nothing"}`);
  }
  return problems;
}
