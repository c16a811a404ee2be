// What the Debian kernel's own psmouse makes of VMware's pointer, with nothing installed: events of /dev/input against what was
// sent. Under a captured pointer motion comes, and on the kernel's other device.

/** Types a command; goes on when it is done. A word is split, so that its echo is not taken for the answer. */
function command(marker, text) {
  return [`serial ${text}; echo ${marker.slice(0, 2)}""${marker.slice(2)}\\n`, `wait-serial ${marker}`]; // prettier-ignore
}

/** The way through a busy host, and three interrupts. */
const PAUSE = "sleep 100";

const NAME = "VirtualPS/2 VMware VMMouse";
/** The kernel registers the device of motion first. */
const LOAD =
  "modprobe evdev; dmesg | grep -i 'hypervisor\\|TSC freq'; " +
  `until [ $(grep -c "${NAME}" /proc/bus/input/devices) = 2 ]; do sleep 1; done; ` +
  "find_kind() { for d in /sys/class/input/event*/device; do " +
  `if grep -q "${NAME}" $d/name && [ $(cat $d/capabilities/$1) != 0 ]; then d=\${d%/device}; echo /dev/input/\${d##*/}; fi; done; }; ` +
  "p=$(find_kind abs); m=$(find_kind rel); cat $p > /tmp/positions & cat $m > /tmp/motion & sleep 1";

const POSITIONS = ["move 0.25 0.75", "down left", "move 1 1", "up left", "down right", "up right", "down middle", "move 0 0", "up middle", "move 0.5 0.5", "wheel -2", "rel 100 -50", "wheel 3"]; // prettier-ignore
const MOTION = ["rel 10 5", "down left", "rel -300 0", "up left", "wheel 1"];

function show(name) {
  return command(`SHOWN-${name}`, `hexdump -v -C /tmp/${name} | sed 's/^/EV ${name} /'`);
}

export const VMWARE_SCRIPT = [
  "wait-serial GUEST-READY",
  "sleep 500",
  ...command("LOADED", LOAD),
  ...POSITIONS.flatMap((step) => [step, PAUSE]),
  "pointer relative",
  PAUSE,
  ...MOTION.flatMap((step) => [step, PAUSE]),
  ...command("CLOSED", "sleep 1; kill %1 %2"),
  ...show("positions"),
  ...show("motion"),
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
const BUTTON_MIDDLE = 0x112;
/** Of the console. */
const WIDTH = 720;
const HEIGHT = 400;

/** The middle of the pixel. */
function position(px, py) {
  return [
    [EV_ABS, 0, Math.floor(((2 * px + 1) * 0x8000) / WIDTH)],
    [EV_ABS, 1, Math.floor(((2 * py + 1) * 0x8000) / HEIGHT)],
  ];
}

/** Type, code, value. */
const WANTED = {
  positions: [
    ...position(180, 300),
    [EV_KEY, BUTTON_LEFT, 1],
    ...position(719, 399),
    [EV_KEY, BUTTON_LEFT, 0],
    [EV_KEY, BUTTON_RIGHT, 1],
    [EV_KEY, BUTTON_RIGHT, 0],
    [EV_KEY, BUTTON_MIDDLE, 1],
    ...position(0, 0),
    [EV_KEY, BUTTON_MIDDLE, 0],
    ...position(360, 200),
    ...position(460, 150),
  ],
  motion: [
    [EV_REL, REL_WHEEL, 2],
    [EV_REL, REL_WHEEL, -3],
    [EV_REL, REL_X, 10],
    [EV_REL, REL_Y, 5],
    [EV_KEY, BUTTON_LEFT, 1],
    [EV_REL, REL_X, -300],
    [EV_KEY, BUTTON_LEFT, 0],
    [EV_REL, REL_WHEEL, -1],
  ],
};

/** @param lines of the serial port: {text} @returns problems in words */
export function VMWARE_CHECK(lines) {
  const problems = [];
  for (const text of ["Hypervisor detected: VMware", "TSC freq read from hypervisor : 1000.000 MHz"])
    if (!lines.some((line) => line.text.includes(text))) problems.push(`the kernel did not say "${text}"`); // prettier-ignore
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
