// A decoded instruction: 32 bytes, the same for interpreter, JIT and analysis.

@unmanaged
export class Instruction {
  operation: u16; // number of the case in the interpreter's switch (operations.gen.ts)
  segment: u8; // of the memory operand: ES..GS, or SEGMENT_FLAT when nothing need be added or checked
  flags: u8; // INSTRUCTION_*
  reg: u8; // ModRM.reg, or the register in the opcode
  rm: u8; // ModRM.rm when it names a register
  base: u8; // memory operand: base register, REGISTER_ZERO for none
  index: u8; // index register, REGISTER_ZERO for none
  scale: u8; // shift of the index
  condition: u8; // cc of Jcc, SETcc, CMOVcc; or what else the operation wants
  opcode: u16; // the opcode: one byte, or 0Fxx as 0F00h + xx
  displacement: i32;
  immediate: i32; // immediate; for direct jumps and calls the target EIP
  eip: u32; // of this instruction
  next: u32; // EIP of the one behind it
  immediate2: u32; // second immediate: ENTER's level, far selector; for an operation run by its handler: the handler's number
}

export const INSTRUCTION_SIZE = 32;

/** The operand in ModRM.rm is memory. */
export const INSTRUCTION_MEMORY: u8 = 1;
/** Operand size is 32 bits (else 16). */
export const INSTRUCTION_OPERAND32: u8 = 2;
/** Address size is 32 bits (else 16). */
export const INSTRUCTION_ADDRESS32: u8 = 4;
/** Prefixes. */
export const INSTRUCTION_REP: u8 = 8; // F3
export const INSTRUCTION_REPNE: u8 = 16; // F2
export const INSTRUCTION_LOCK: u8 = 32;
export const INSTRUCTION_OPERAND_PREFIX: u8 = 64; // 66: selects among SSE instructions
export const INSTRUCTION_STACK32: u8 = 128; // SS.B at decode time
