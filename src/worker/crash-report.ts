// The processor's state in words, for someone who looks at a crashed guest.

import type { Core } from "./core";

const REGISTERS = ["EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI"];
const SEGMENTS = ["ES", "CS", "SS", "DS", "FS", "GS", "LDTR", "TR"];
const CS = 1;
const CODE_BYTES = 24;
const CR0_PAGING = 0x8000_0000;

export function describeCrash(core: Core): string {
  const cpu = core.exports;
  const eip = cpu.getEip() >>> 0;
  const lines = [
    `EIP=${hex(eip)} EFLAGS=${hex(cpu.getEflags())} CPL=${cpu.getCpl()}`,
    REGISTERS.map((name, index) => `${name}=${hex(cpu.getRegister(index))}`).join(" "),
    [0, 2, 3, 4].map((index) => `CR${index}=${hex(cpu.getControlRegister(index))}`).join(" "),
    `GDT=${table(core, 0)} IDT=${table(core, 1)}`,
    ...SEGMENTS.map(
      (name, index) =>
        `${name}=${hex(cpu.getSegmentSelector(index), 4)} base=${hex(cpu.getSegmentBase(index))}` +
        ` limit=${hex(cpu.getSegmentLimit(index))} attributes=${hex(cpu.getSegmentAttributes(index), 4)}`,
    ),
    `last fault: vector ${cpu.getFaultVector()}` +
      (cpu.getFaultHasCode() ? ` code ${hex(cpu.getFaultCode())}` : "") +
      ` at EIP ${hex(cpu.getFaultEip())}`,
  ];
  if (!(cpu.getControlRegister(0) & CR0_PAGING)) lines.push(`code: ${code(core, eip)}`);
  return lines.join("\n");
}

function table(core: Core, which: number): string {
  const { getDescriptorTableBase, getDescriptorTableLimit } = core.exports;
  return `${hex(getDescriptorTableBase(which))}/${hex(getDescriptorTableLimit(which), 4)}`;
}

function code(core: Core, eip: number): string {
  const base = core.exports.getSegmentBase(CS) >>> 0;
  return Array.from({ length: CODE_BYTES }, (_, index) =>
    hex(core.exports.readPhysical((base + eip + index) | 0, 1) & 0xff, 2),
  ).join(" ");
}

function hex(value: number, digits = 8): string {
  return (value >>> 0).toString(16).toUpperCase().padStart(digits, "0");
}
