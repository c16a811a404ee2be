// Makes wasm/cpu/operations.gen.ts (operation numbers, decode tables, the interpreter's two switches) from wasm/cpu/opcodes.table.
//
// A handler that no file under wasm/cpu exports is an error, told with its opcode.

import { readdirSync, readFileSync, statSync, writeFileSync, existsSync } from "node:fs";
import { join } from "node:path";

const CPU = "wasm/cpu";
const lines = readFileSync(`${CPU}/opcodes.table`, "utf8")
  .split("\n")
  .filter((line) => line.trim() && !line.startsWith("#"))
  .map((line) => line.trim().split(/\s+/));

/** Exported functions of all files below wasm/cpu: name -> module path relative to wasm/cpu. */
const exported = new Map();
(function scan(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) scan(path);
    else if (name.endsWith(".ts") && !name.includes(".test") && !name.endsWith(".gen.ts")) {
      for (const [, fn] of readFileSync(path, "utf8").matchAll(/^export function (\w+)/gm)) {
        if (!exported.has(fn)) exported.set(fn, "./" + path.slice(CPU.length + 1, -3));
      }
    }
  }
})(CPU);

const ALU = ["ADD", "OR", "ADC", "SBB", "AND", "SUB", "XOR", "CMP", "TEST"];
const IMMEDIATES = { Ib: 1, Ibs: 2, Iw: 3, Iz: 4, Jb: 5, Jz: 6, Ob: 7, Ov: 7, Ap: 8, 1: 10 };
const IMMEDIATE_ENTER = 9;
const FLAG_MODRM = 1;
const FLAG_SWAP = 2;
const FLAG_LOCK = 4;
const FLAG_OPCODE_REGISTER = 8;
const FLAG_GROUP = 16;
const FLAG_OFFSET = 32; // moffs: a memory operand without ModRM
const FLAG_BYTE = 64;
const FLAG_CONDITION = 128;

/** Operations by name: { name, body, hot, ends }. */
const operations = new Map();
function operation(name, body, hot, ends) {
  const key = `${name}${ends ? "_END" : ""}`;
  if (!operations.has(key)) operations.set(key, { name: key, body, hot, ends });
  return key;
}
const missing = new Set();
function handler(name, ends, opcode) {
  if (!exported.has(name)) {
    missing.add(name);
    return handler("undefinedOpcode", true, opcode);
  }
  return operation(`DO_${name}`, `${name}(i)`, false, ends);
}

/** The generic semantics of a hot opcode: operation for register or memory form and operand size. */
function hot(mnemonic, form, size, ends, code) {
  const make = (body) => operation(`${mnemonic}_${form}_${size * 8}`, body, true, ends);
  const alu = ALU.indexOf(mnemonic);
  if (alu >= 0) return make(`Alu.${form.toLowerCase()}<u32>(i, ${alu}, ${size})`);
  switch (mnemonic) {
    case "MOV":
      return make(`Move.${form.toLowerCase()}<u32>(i, ${size})`);
    case "XCHG":
      if (form === "RM") return null;
      return make(`Move.exchange${form === "RR" ? "R" : "M"}<u32>(i, ${size})`);
    case "INC":
    case "DEC":
      return make(`Alu.step${form}<u32>(i, ${mnemonic === "DEC"}, ${size})`);
    case "NEG":
      return make(`Alu.neg${form}<u32>(i, ${size})`);
    case "NOT":
      return make(`Alu.not${form}<u32>(i, ${size})`);
    case "PUSH":
      return make(`Move.push${form}<u32>(i, ${size})`);
    case "POP":
      return make(`Move.popR<u32>(i, ${size})`);
    case "LEA":
      return form === "RM" ? make(`Move.lea<u32>(i, ${size})`) : null;
    case "MOVZX8":
    case "MOVSX8":
    case "MOVZX16":
    case "MOVSX16": {
      const from = mnemonic.endsWith("8") ? 1 : 2;
      const kind = form === "RR" ? "R" : "M";
      return make(`Move.widen${kind}<u32>(i, ${from}, ${mnemonic.startsWith("MOVSX")}, ${size})`);
    }
    case "CMOVcc":
      return make(`Move.conditional${form === "RR" ? "R" : "M"}<u32>(i, ${size})`);
    case "SETcc":
      return make(`Move.set${form}<u32>(i)`);
    case "CBW":
      return make(`Move.widenA<u32>(${size})`);
    case "CWD":
      return make(`Move.widenD<u32>(${size})`);
    case "NOP":
      return operation("NOP", "", true, false);
    case "Jcc":
      return operation(`J${(code & 15).toString(16).toUpperCase()}_${size * 8}`, `Flow.jcc<u32>(i, ${code & 15}, ${size})`, true, ends); // prettier-ignore
    case "RET":
      return make(`Flow.ret<u32>(i, ${size})`);
    case "LEAVE":
      return make(`Flow.leave<u32>(i, ${size})`);
    case "SHL":
    case "SHR":
    case "SAR":
      if (form !== "RI" || size !== 4) return handler("shiftV", false, mnemonic);
      return operation(`${mnemonic}_RI_32`, `Shift.ri<u32>(i, ${{ SHL: 4, SHR: 5, SAR: 7 }[mnemonic]})`, true, false); // prettier-ignore
    case "JMP":
      return make(`Flow.jump${form === "I" ? "" : form}<u32>(i, ${size})`);
    case "CALL":
      return make(`Flow.call${form === "I" ? "" : form}<u32>(i, ${size})`);
  }
  throw new Error(`no semantics for ${mnemonic}`);
}

operation("REFETCH", "cpu.eip = i.eip", true, true);
const undefinedName = handler("undefinedOpcode", true, "-");
const leaveName = handler("leaveHere", true, "-");

/** Entries: opcode (or 1000h + group * 8 + n) -> { ops: [reg16, mem16, reg32, mem32], immediate, flags, group }. */
const entries = new Map();
const groups = new Map();

function entry(opcode, mnemonic, operands, does, traits) {
  const tokens = operands === "-" ? [] : operands.split(",");
  const ends = traits.includes("ends");
  let flags = traits.includes("lock") ? FLAG_LOCK : 0;
  let immediate = 0;
  const modrm = tokens.some((t) => /^[EGMRSX]/.test(t));
  if (modrm) flags |= FLAG_MODRM;
  for (const token of tokens) {
    if (token in IMMEDIATES) {
      immediate =
        tokens.includes("Iw") && tokens.includes("Ib") ? IMMEDIATE_ENTER : IMMEDIATES[token];
    }
    if (token.startsWith("Z")) flags |= FLAG_OPCODE_REGISTER;
    if (token.startsWith("O")) flags |= FLAG_OFFSET;
  }
  if (mnemonic.endsWith("cc")) flags |= FLAG_CONDITION;
  const byte =
    tokens.some((t) => ["Eb", "Gb", "AL", "Zb", "Ob"].includes(t)) && !/^MOV[ZS]X/.test(mnemonic);
  if (byte) flags |= FLAG_BYTE;
  const memoryOnly = tokens.includes("M");

  let ops;
  if (does !== "hot") {
    const op = handler(does, ends, opcode.toString(16));
    ops = [memoryOnly ? undefinedName : op, op];
    ops = [...ops, ...ops];
  } else {
    const first = tokens[0] ?? "";
    const second = tokens[1] ?? "";
    const shape = (t) =>
      /^(AL|eAX)$/.test(t)
        ? "A"
        : t.startsWith("E")
          ? "E"
          : t.startsWith("G")
            ? "G"
            : t.startsWith("Z")
              ? "Z"
              : /^(I|1)/.test(t)
                ? "I"
                : t.startsWith("J")
                  ? "J"
                  : t.startsWith("O")
                    ? "O"
                    : t.startsWith("M")
                      ? "M"
                      : "";
    const pair = shape(first) + shape(second);
    const forms = {
      EG: ["RR", "MR"],
      GE: ["RR", "RM"],
      GM: [null, "RM"],
      EI: ["RI", "MI"],
      AI: ["RI", "RI"],
      E: ["R", "M"],
      Z: ["R", "R"],
      ZI: ["RI", "RI"],
      AZ: ["RR", "RR"],
      I: ["I", "I"],
      J: ["I", "I"],
      AO: ["RM", "RM"],
      OA: ["MR", "MR"],
      "": ["", ""],
    }[pair];
    if (!forms) throw new Error(`${mnemonic} ${operands}: no form ${pair}`);
    // For `G,E` between registers the destination is G: the decoder swaps the two. Widening and CMOV read E from rm.
    if (pair === "GE" && (ALU.includes(mnemonic) || mnemonic === "MOV")) flags |= FLAG_SWAP;
    ops = [];
    for (const size of byte ? [1, 1] : [2, 4]) {
      for (const form of forms) {
        ops.push(
          form === null
            ? undefinedName
            : (hot(mnemonic, form, size, ends, opcode) ?? undefinedName),
        );
      }
    }
  }
  return { ops, immediate, flags };
}

for (const [range, mnemonic, operands, does, ...traits] of lines) {
  const [span, group] = range.split("/");
  const [from, to = from] = span.split("-").map((x) => parseInt(x, 16));
  for (let opcode = from; opcode <= to; opcode++) {
    const index = opcode >= 0xf00 ? opcode - 0xf00 + 0x100 : opcode;
    const made = entry(opcode, mnemonic, operands, does, traits);
    if (group === undefined) entries.set(index, made);
    else {
      if (!groups.has(index)) groups.set(index, groups.size);
      const number = groups.get(index);
      entries.set(index, {
        ops: [0, 0, 0, 0],
        immediate: 0,
        flags: FLAG_GROUP | FLAG_MODRM,
        group: number,
      });
      entries.set(0x200 + number * 8 + Number(group), made);
    }
  }
}

const all = [...operations.values()];
const ordered = [
  ...all.filter((o) => o.hot && !o.ends),
  ...all.filter((o) => !o.hot && !o.ends),
  ...all.filter((o) => !o.hot && o.ends),
  ...all.filter((o) => o.hot && o.ends),
];
const number = new Map(ordered.map((o, index) => [o.name, index]));
const firstHandler = ordered.findIndex((o) => !o.hot);
const lastHandler = ordered.findLastIndex((o) => !o.hot);
const firstEnding = ordered.findIndex((o) => o.ends);

const size = 0x200 + groups.size * 8;
const words = [];
for (let index = 0; index < size; index++) {
  const e = entries.get(index) ?? {
    ops: Array(4).fill(undefinedName),
    immediate: 0,
    flags: index >= 0x200 ? 1 : 0,
  };
  words.push(
    ...e.ops.map((o) => (o === 0 ? 0 : number.get(o))),
    e.immediate | (e.flags << 8),
    e.group ?? 0,
    0,
    0,
  );
}

const used = new Map();
for (const o of ordered) {
  const name = /^DO_(\w+?)(_END)?$/.exec(o.name)?.[1];
  if (!name) continue;
  const path = exported.get(name);
  if (!used.has(path)) used.set(path, new Set());
  used.get(path).add(name);
}
const imports = [...used]
  .sort()
  .map(([path, names]) => `import { ${[...names].sort().join(", ")} } from "${path}";`)
  .join("\n");
const cases = (list) =>
  list
    .map(
      (o) =>
        `    case ${number.get(o.name)}: // ${o.name}\n      ${o.body ? o.body + ";\n      " : ""}break;`,
    )
    .join("\n");
const translated = (list) => cases(list.map((o) => ({ ...o, body: o.body.replace("<u32>", "<Expression>") }))); // prettier-ignore
const rows = [];
for (let k = 0; k < words.length; k += 16)
  rows.push("  " + words.slice(k, k + 16).join(", ") + ",");

const text = `// Made by scripts/generate.mjs from opcodes.table. Do not edit.

import { Expression } from "../jit/expression";
import { Translator } from "../jit/translator";
import { Instruction } from "./instruction";
import { Alu } from "./semantics/alu";
import { Flow } from "./semantics/flow";
import { Move } from "./semantics/move";
import { Shift } from "./semantics/shift";
import { cpu } from "./state";
${imports}

/** Operations from here on end a block. */
export const FIRST_ENDING: u32 = ${firstEnding};
const FIRST_HANDLER: u32 = ${firstHandler};
const LAST_HANDLER: u32 = ${lastHandler};
/** Sets cpu.eip to the record's own address: the end of a block that runs on, or of one whose code was rewritten. */
export const REFETCH: u16 = ${number.get("REFETCH_END")};
export const UNDEFINED: u16 = ${number.get(undefinedName)};
/** Stands for a record for one time: see leave.ts. */
export const LEAVE: u16 = ${number.get(leaveName)};
export const OPERATION_COUNT = ${ordered.length};

/** Eight u16 per opcode: operations reg16 mem16 reg32 mem32; immediate kind and flags; group; 512 opcodes, then the groups. */
export const DECODE_TABLE = memory.data<u16>([
${rows.join("\n")}
]);

/** Operations that are handler functions. */
function callHandler(operation: u32, i: Instruction): void {
  cpu.eip = i.next;
  switch (operation) {
${cases(ordered.filter((o) => !o.hot))}
    default:
      unreachable();
  }
}

export class Operations {
  /** Executes one record. Inlined once, in the main loop. */
  @inline static execute(operation: u32, i: Instruction): void {
    switch (operation) {
${cases(ordered.filter((o) => o.hot))}
      default:
        callHandler(operation, i);
        break;
    }
  }

  /** Executes a record whose operation is a handler function. */
  static handle(operation: u32, i: Instruction): void {
    callHandler(operation, i);
  }

  /** Emits what one record does (jit/translator.ts); not for those that leave translated code. */
  static translate(operation: u32, i: Instruction): void {
    switch (operation) {
${translated(ordered.filter((o) => o.hot && o.name !== "REFETCH_END"))}
      default:
        Translator.fallback(i);
        break;
    }
  }
}
`.replace(
  "const FIRST_HANDLER: u32 = " +
    firstHandler +
    ";\nconst LAST_HANDLER: u32 = " +
    lastHandler +
    ";\n",
  "",
);
const target = `${CPU}/operations.gen.ts`;
if (!existsSync(target) || readFileSync(target, "utf8") !== text) writeFileSync(target, text);
if (missing.size)
  console.warn(`opcodes.table: handlers missing, now #UD: ${[...missing].join(" ")}`);
