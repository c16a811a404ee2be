// ACPI tables for an operating system that is started without firmware: where the power management registers are, how PCI
// interrupts are wired, how the machine is switched off. ACPI specification 6.4, chapters 5, 6 and 20.
//
// Not implemented: MADT (there is no I/O APIC), ISA devices, links that could be rerouted.

/** The part of the board that firmware puts tables into. */
export const TABLES_ADDRESS = 0xf_0000;

export interface BoardWiring {
  pmPorts: number;
  gpePorts: number;
  /** Memory that PCI functions can be given. */
  memoryStart: number;
  memoryEnd: number;
  /** ISA lines of PIRQ A-D. */
  pirqLines: readonly number[];
}

const SCI_LINE = 9;
const SMI_COMMAND = 0xb2;
const ACPI_ENABLE = 0xf1;
const ACPI_DISABLE = 0xf0;

const FADT_SIZE = 116;
const FADT_WBINVD = 1 << 0;
const FADT_PROCESSOR_C1 = 1 << 2;
const FADT_NO_SLEEP_BUTTON = 1 << 5;
const FACS_SIZE = 64;
const HEADER_SIZE = 36;
const RSDP_SIZE = 20;

/** All tables as they lie from TABLES_ADDRESS on; the root pointer comes first. */
export function acpiTables(wiring: BoardWiring): Uint8Array {
  const facs = TABLES_ADDRESS + 0x40;
  const rsdt = facs + FACS_SIZE;
  const fadt = rsdt + 0x40;
  const dsdt = fadt + 0x80;
  const definitions = table("DSDT", 1, differentiatedDefinitions(wiring));

  const bytes = new Uint8Array(dsdt - TABLES_ADDRESS + definitions.length);
  const place = (address: number, data: Uint8Array): void =>
    bytes.set(data, address - TABLES_ADDRESS);
  place(TABLES_ADDRESS, rootPointer(rsdt));
  place(facs, firmwareControl());
  place(rsdt, table("RSDT", 1, dword(fadt)));
  place(fadt, table("FACP", 1, fixedDescription(wiring, facs, dsdt)));
  place(dsdt, definitions);
  return bytes;
}

function rootPointer(rsdt: number): Uint8Array {
  const bytes = new Uint8Array(RSDP_SIZE);
  bytes.set(text("RSD PTR "), 0);
  bytes.set(text("TANDEM"), 9);
  bytes.set(dword(rsdt), 16);
  bytes[8] = checksum(bytes);
  return bytes;
}

function firmwareControl(): Uint8Array {
  const bytes = new Uint8Array(FACS_SIZE);
  bytes.set(text("FACS"), 0);
  bytes.set(dword(FACS_SIZE), 4);
  return bytes;
}

function fixedDescription(wiring: BoardWiring, facs: number, dsdt: number): Uint8Array {
  const bytes = new Uint8Array(FADT_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(36, facs, true);
  view.setUint32(40, dsdt, true);
  view.setUint16(46, SCI_LINE, true);
  view.setUint32(48, SMI_COMMAND, true);
  view.setUint8(52, ACPI_ENABLE);
  view.setUint8(53, ACPI_DISABLE);
  view.setUint32(56, wiring.pmPorts, true); // PM1a events
  view.setUint32(64, wiring.pmPorts + 4, true); // PM1a control
  view.setUint32(76, wiring.pmPorts + 8, true); // PM timer
  view.setUint32(80, wiring.gpePorts, true);
  view.setUint8(88, 4); // lengths of the four
  view.setUint8(89, 2);
  view.setUint8(91, 4);
  view.setUint8(92, 4);
  view.setUint16(96, 0xfff, true); // C2 and C3 take too long: there are none
  view.setUint16(98, 0xfff, true);
  view.setUint8(108, 0x32); // century in CMOS
  view.setUint32(112, FADT_WBINVD | FADT_PROCESSOR_C1 | FADT_NO_SLEEP_BUTTON, true);
  return bytes.subarray(HEADER_SIZE);
}

// ---- AML ----

const ONES = [0x00, 0x01]; // ZeroOp, OneOp

function differentiatedDefinitions(wiring: BoardWiring): Uint8Array {
  const bridge = concat(
    name("_HID", concat([0x0c], [0x41, 0xd0, 0x0a, 0x03])), // EISA id PNP0A03
    name("_ADR", [0x00]),
    name("_CRS", buffer(bridgeResources(wiring))),
    name("_PRT", aml([0x12], routingTable(wiring.pirqLines))),
  );
  return concat(
    aml([0x10], concat(text("\\_SB_"), aml([0x5b, 0x82], concat(text("PCI0"), bridge)))),
    name("_S5_", aml([0x12], Uint8Array.of(4, 0, 0, 0, 0))),
  );
}

/** What the bridge passes on to its bus. */
function bridgeResources(wiring: BoardWiring): Uint8Array {
  const WORD_SPACE = 0x88;
  const DWORD_SPACE = 0x87;
  const BUS = [2, 0x0c, 0];
  const IO = [1, 0x0c, 3];
  const MEMORY = [0, 0x0c, 1];
  const words = (kind: number[], first: number, last: number): Uint8Array =>
    concat(
      [WORD_SPACE, 13, 0, ...kind],
      ...[0, first, last, 0, last - first + 1].map((value) => dword(value).subarray(0, 2)),
    );
  const dwords = (kind: number[], first: number, last: number): Uint8Array =>
    concat(
      [DWORD_SPACE, 23, 0, ...kind],
      ...[0, first, last, 0, last - first + 1].map((value) => dword(value)),
    );
  return concat(
    words(BUS, 0, 0xff),
    [0x47, 0x01, 0xf8, 0x0c, 0xf8, 0x0c, 0x01, 0x08], // ports CF8h-CFFh
    words(IO, 0, 0xcf7),
    words(IO, 0xd00, 0xffff),
    dwords(MEMORY, 0xa_0000, 0xb_ffff),
    dwords(MEMORY, wiring.memoryStart, wiring.memoryEnd),
    [0x79, 0],
  );
}

/** Device, pin, (no link), line: for each pin of the 31 devices that can be plugged in. */
function routingTable(pirqLines: readonly number[]): Uint8Array {
  const entries: Uint8Array[] = [];
  for (let device = 1; device < 32; device++) {
    for (let pin = 0; pin < 4; pin++) {
      const line = pirqLines[(device - 1 + pin) & 3] ?? 0;
      const address = dword(((device << 16) | 0xffff) >>> 0);
      const pinConstant = ONES[pin] === undefined ? [0x0a, pin] : [ONES[pin] ?? 0];
      entries.push(aml([0x12], concat([4, 0x0c], address, pinConstant, [0x00], [0x0a, line])));
    }
  }
  return concat([entries.length], ...entries);
}

function name(object: string, value: Uint8Array | number[]): Uint8Array {
  return concat([0x08], text(object), value);
}

function buffer(data: Uint8Array): Uint8Array {
  return aml([0x11], concat([0x0b], dword(data.length).subarray(0, 2), data));
}

/** An opcode whose body begins with its length; the length counts itself. */
function aml(opcode: number[], body: Uint8Array): Uint8Array {
  const short = body.length + 1;
  if (short < 0x40) return concat(opcode, [short], body);
  const extra = body.length + 2 < 0x1000 ? 1 : 2;
  const length = body.length + 1 + extra;
  const bytes = [(extra << 6) | (length & 0xf), (length >> 4) & 0xff];
  if (extra === 2) bytes.push((length >> 12) & 0xff);
  return concat(opcode, bytes, body);
}

// ---- bytes ----

function table(signature: string, revision: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_SIZE + body.length);
  bytes.set(text(signature), 0);
  bytes.set(dword(bytes.length), 4);
  bytes[8] = revision;
  bytes.set(text("TANDEM"), 10);
  bytes.set(text("TANDEMPC"), 16);
  bytes.set(dword(1), 24);
  bytes.set(text("TNDM"), 28);
  bytes.set(dword(1), 32);
  bytes.set(body, HEADER_SIZE);
  bytes[9] = checksum(bytes);
  return bytes;
}

/** The byte that makes the sum of all 0. */
function checksum(bytes: Uint8Array): number {
  return -bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;
}

function text(value: string): Uint8Array {
  return Uint8Array.from(value, (character) => character.charCodeAt(0));
}

function dword(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}

function concat(...parts: (Uint8Array | number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
