import { expect, test } from "vitest";
import { testMachine } from "../testing/machine";

const [EAX, ECX, EDX, EBX, ESP] = [0, 1, 2, 3, 4];
const [ES, CS, SS, DS] = [0, 1, 2, 3];
const CODE = 0x1000;
const GDT = 0x8000;
const IDT = 0x9000;
const HLT = 0xf4;

/** A processor with nothing but RAM. Code stands at 1000h, the stack below 4000h. */
function processor() {
  const machine = testMachine();
  const { core } = machine;
  const { exports } = core;
  exports.makeBare();
  const poke = (address: number, bytes: number[]): void => {
    bytes.forEach((byte, n) => exports.writePhysical(address + n, 1, byte));
  };
  const poke32 = (address: number, ...values: number[]): void => {
    values.forEach((value, n) => exports.writePhysical(address + 4 * n, 4, value));
  };
  const peek = (address: number, size = 4): number => exports.readPhysical(address, size) >>> 0;
  const reg = (index: number): number => exports.getRegister(index) >>> 0;
  exports.setSegment(CS, 0, 0, 0xffff, 0x93);
  exports.setRegister(ESP, 0x4000);
  exports.setEip(CODE);
  /** Handler of a vector in protected mode: a halt at A000h + 16 * vector. */
  const gate = (vector: number): void => {
    const handler = 0xa000 + 16 * vector;
    poke32(IDT + 8 * vector, (0x08 << 16) | handler, 0x8e00);
    poke(handler, [HLT]);
  };
  /** Flat 32-bit protected mode at CPL 0: 08h code, 10h data. */
  const enterProtected = (): void => {
    poke32(GDT, 0, 0, 0xffff, 0x00cf_9b00, 0xffff, 0x00cf_9300);
    exports.setDescriptorTable(0, GDT, 0x17);
    exports.setDescriptorTable(1, IDT, 0xff);
    exports.setControlRegister(0, 0x11);
    exports.setSegment(CS, 8, 0, 0xffff_ffff, 0xc09b);
    for (const index of [ES, SS, DS]) exports.setSegment(index, 0x10, 0, 0xffff_ffff, 0xc093);
  };
  const run = (code: number[]): void => {
    poke(CODE, code);
    core.run(1000);
  };
  return { ...machine, exports, poke, poke32, peek, reg, gate, enterProtected, run };
}

/** The handler of this vector has been reached. */
function handlerEnd(vector: number): number {
  return 0xa000 + 16 * vector + 1;
}

test("RESET starts 16 bytes below 4 GiB with the processor's signature in EDX", () => {
  const { core, exports, reg } = processor();
  core.exports.reset();
  expect(exports.getEip()).toBe(0xfff0);
  expect(exports.getSegmentBase(CS) >>> 0).toBe(0xffff_0000);
  expect(exports.getSegmentSelector(CS)).toBe(0xf000);
  expect(reg(EDX)).toBe(0x6e8);
  expect(exports.getControlRegister(0) >>> 0).toBe(0x6000_0010);
});

test("unreal mode: a segment's limit outlives the way back to real mode", () => {
  const { exports, run, peek } = processor();
  exports.setSegment(DS, 0x10, 0, 0xffff_ffff, 0xc093);
  // xor ax,ax; mov ds,ax; mov byte [dword 200000h],5Ah; hlt
  run([0x31, 0xc0, 0x8e, 0xd8, 0x67, 0xc6, 0x05, 0x00, 0x00, 0x20, 0x00, 0x5a, HLT]);
  expect(peek(0x20_0000, 1)).toBe(0x5a);
});

test("single step: a trap behind each instruction, also the one that clears TF, but not MOV SS", () => {
  const { exports, poke, poke32, run, reg } = processor();
  exports.setDescriptorTable(1, 0, 0x3ff);
  poke32(4, 0x2000); // INT 1: inc ebx, iret
  poke(0x2000, [0x66, 0x43, 0xcf]);
  exports.setEflags(0x102);
  // mov ax,ss; mov ss,ax; nop; push 2; popf, which still traps; hlt
  run([0x8c, 0xd0, 0x8e, 0xd0, 0x90, 0x6a, 0x02, 0x9d, HLT]);
  expect(reg(EBX)).toBe(4);
  expect(exports.getHalted()).toBe(1);
  expect(exports.getDebugRegister(6) & 0x4000).toBe(0x4000);
});

test("a data breakpoint traps behind the instruction that writes there", () => {
  const { exports, enterProtected, gate, run, peek } = processor();
  enterProtected();
  gate(1);
  exports.setDebugRegister(0, 0x5000);
  exports.setDebugRegister(7, 0x000d_0401); // DR0, global and local, write, 4 bytes
  run([0xc6, 0x05, 0x03, 0x50, 0, 0, 0x77, 0x90, HLT]); // mov byte [5003h],77h
  expect(exports.getEip()).toBe(handlerEnd(1));
  expect(exports.getDebugRegister(6) & 0xf).toBe(1);
  expect(peek(reg32(exports))).toBe(CODE + 7);
  expect(peek(0x5000, 4) >>> 24).toBe(0x77);
});

function reg32(exports: { getRegister(index: number): number }): number {
  return exports.getRegister(ESP) >>> 0;
}

test("an instruction breakpoint faults before its instruction, and RF in the frame lets it run", () => {
  const { exports, enterProtected, poke, poke32, run, reg } = processor();
  enterProtected();
  poke32(IDT + 8, (0x08 << 16) | 0x2000, 0x8e00);
  poke(0x2000, [0x43, 0xcf]); // inc ebx; iret
  exports.setDebugRegister(0, CODE + 1);
  exports.setDebugRegister(7, 0x401);
  run([0x90, 0x41, HLT]); // nop; inc ecx; hlt
  expect(reg(EBX)).toBe(1);
  expect(reg(ECX)).toBe(1);
  expect(exports.getEip()).toBe(CODE + 3);
});

test("a page fault while a page fault is delivered is a double fault, with error code 0", () => {
  const { exports, enterProtected, gate, poke32, run, peek } = processor();
  enterProtected();
  gate(8);
  // A gate whose code segment is missing: delivering #PF raises #NP, a contributory fault.
  poke32(GDT + 0x18, 0xffff, 0x00cf_1b00);
  exports.setDescriptorTable(0, GDT, 0x1f);
  poke32(IDT + 8 * 14, (0x18 << 16) | 0xa000, 0x8e00);
  identityMap(poke32, 0x2_0000);
  exports.setControlRegister(3, 0x2_0000);
  exports.setControlRegister(0, 0x8000_0011);
  run([0xa1, 0x00, 0x00, 0x80, 0x00]); // mov eax,[800000h]
  expect(exports.getEip()).toBe(handlerEnd(8));
  expect(peek(reg32(exports))).toBe(0);
  expect(exports.getControlRegister(2) >>> 0).toBe(0x80_0000);
});

test("a fault that no handler can take shuts the processor down", () => {
  const { exports, enterProtected, run } = processor();
  enterProtected();
  exports.setDescriptorTable(1, IDT, 0);
  run([0x0f, 0x0b]); // ud2
  expect(exports.getShutdown()).toBe(1);
});

/** Page directory: the first 4 MB at their own place by a page table behind it. */
function identityMap(poke32: (address: number, ...values: number[]) => void, at: number): void {
  poke32(at, (at + 0x1000) | 7);
  for (let page = 0; page < 1024; page++) poke32(at + 0x1000 + 4 * page, (page << 12) | 7);
}

test("PAE: a page marked no-execute cannot be fetched from, with bits P and I/D in the error code", () => {
  const { exports, enterProtected, gate, poke32, run, reg, peek } = processor();
  enterProtected();
  gate(14);
  const pointers = 0x2_0000;
  poke32(pointers, 0x2_1001, 0, 0, 0, 0, 0, 0, 0);
  poke32(0x2_1000, 0x83, 0); // 2 MB at 0
  poke32(0x2_1008, 0x83, 0x8000_0000); // the same 2 MB at 2 MB, no execution
  // wrmsr EFER.NXE, then paging on, then a read, then a jump there
  exports.setRegister(ECX, 0xc000_0080);
  exports.setRegister(EAX, 0x800);
  exports.setRegister(EDX, 0);
  exports.setControlRegister(3, pointers);
  exports.setControlRegister(4, 0x20);
  exports.setRegister(EBX, 0x20_1000);
  run([
    ...[0x0f, 0x30], // wrmsr
    ...[0x0f, 0x20, 0xc0], // mov eax,cr0
    ...[0x0d, 0x00, 0x00, 0x00, 0x80], // or eax,80000000h
    ...[0x0f, 0x22, 0xc0], // mov cr0,eax
    ...[0x8b, 0x0b], // mov ecx,[ebx]
    ...[0xff, 0xe3], // jmp ebx
  ]);
  expect(reg(ECX)).toBe(peek(CODE));
  expect(exports.getEip()).toBe(handlerEnd(14));
  expect(peek(reg(ESP))).toBe(0x11);
  expect(peek(reg(ESP) + 4)).toBe(0x20_1000);
  expect(exports.getControlRegister(2) >>> 0).toBe(0x20_1000);
});

test("WP: a supervisor write to a read-only page faults, and does not without it", () => {
  const { exports, enterProtected, gate, poke32, run, reg, peek } = processor();
  enterProtected();
  gate(14);
  identityMap(poke32, 0x2_0000);
  poke32(0x2_1000 + 4 * 5, 0x5005); // 5000h read-only
  exports.setControlRegister(3, 0x2_0000);
  exports.setControlRegister(0, 0x8000_0011);
  run([
    ...[0xc6, 0x05, 0x00, 0x50, 0, 0, 0x11], // mov byte [5000h],11h
    ...[0x0f, 0x20, 0xc0], // mov eax,cr0
    ...[0x0d, 0x00, 0x00, 0x01, 0x00], // or eax,10000h
    ...[0x0f, 0x22, 0xc0], // mov cr0,eax
    ...[0xc6, 0x05, 0x00, 0x50, 0, 0, 0x22],
  ]);
  expect(exports.getEip()).toBe(handlerEnd(14));
  expect(peek(reg(ESP))).toBe(3);
  expect(peek(0x5000, 1)).toBe(0x11);
  expect(peek(0x2_1000 + 4 * 5) & 0x60).toBe(0x60); // accessed, dirty
});

test("MTRRs and PAT keep what is written; an unknown MSR is #GP", () => {
  const { exports, enterProtected, gate, run, reg } = processor();
  enterProtected();
  gate(13);
  run([
    ...[0xb9, 0x01, 0x02, 0x00, 0x00], // mov ecx,201h
    ...[0xb8, 0x00, 0x08, 0x00, 0xff], // mov eax,FF000800h
    ...[0xba, 0x0f, 0x00, 0x00, 0x00], // mov edx,15
    ...[0x0f, 0x30, 0x31, 0xc0, 0x31, 0xd2, 0x0f, 0x32], // wrmsr; xor both; rdmsr
    ...[0x89, 0xc3], // mov ebx,eax
    ...[0xb9, 0x34, 0x12, 0x00, 0x00, 0x0f, 0x32], // mov ecx,1234h; rdmsr
  ]);
  expect(reg(EBX)).toBe(0xff00_0800);
  expect(reg(EDX)).toBe(15);
  expect(exports.getEip()).toBe(handlerEnd(13));
});

test("the time-stamp counter goes forward between two reads and follows the clock", () => {
  const { exports, run, reg, advance } = processor();
  run([0x0f, 0x31, 0x66, 0x89, 0xc3, 0x0f, 0x31, HLT]);
  expect(reg(EAX)).toBeGreaterThan(reg(EBX));
  const before = reg(EAX);
  advance(3);
  exports.clearHalted();
  exports.setEip(CODE);
  run([0x0f, 0x31, HLT]);
  expect(reg(EAX) - before).toBeGreaterThan(2_900_000);
  expect(reg(EAX) - before).toBeLessThan(3_100_000);
});

test("VME: INT n of an 8086 program with IOPL 0 goes through its own vectors, and STI sets VIF alone", () => {
  const { exports, enterProtected, gate, poke, poke32, run, peek } = processor();
  enterProtected();
  gate(13);
  // TSS at 7000h: ring 0's stack, and no bit set in the redirection bitmap at 7068h.
  poke32(0x7004, 0x6000, 0x10);
  poke32(0x7064, 0x0088_0000, 0, 0, 0, 0, 0, 0, 0, 0, 0xffff_ffff);
  exports.setSegment(7, 0x28, 0x7000, 0x8c, 0x8b);
  exports.setControlRegister(4, 1);
  poke32(4 * 0x21, 0x0200_0100); // vector 21h: 0200:0100
  poke(0x2100, [0xfa, 0x9c, 0xf4]); // cli; pushf; hlt, which is #GP
  exports.setEflags(0x2_0202);
  for (const index of [ES, CS, SS, DS]) exports.setSegment(index, 0, 0, 0xffff, 0xf3);
  run([0xfb, 0xcd, 0x21]); // sti; int 21h
  expect(exports.getEip()).toBe(handlerEnd(13));
  // The frame that INT 21h pushed: IF as VIF stood, IOPL 3. Then the image of PUSHF, behind CLI.
  expect(peek(0x3ffa, 2)).toBe(CODE + 3);
  expect(peek(0x3ffe, 2) & 0x3200).toBe(0x3200);
  expect(peek(0x3ff8, 2) & 0x3200).toBe(0x3000);
  // What ring 0 was told: IF on as it has always been, VIF off, VM.
  expect(peek(0x6000 - 0x1c) & 0xa_3200).toBe(0x2_0200);
});

test("a second NMI waits until the first one's handler returns", () => {
  const { exports, poke, poke32, core, run, reg } = processor();
  exports.setDescriptorTable(1, 0, 0x3ff);
  poke32(4 * 2, 0x2000);
  poke(0x2000, [0x43, HLT, 0xcf]); // inc bx; hlt; iret
  exports.raiseNmi();
  run([HLT]);
  expect(reg(EBX)).toBe(1);
  exports.raiseNmi();
  core.run(100);
  expect(reg(EBX)).toBe(1);
  exports.clearHalted();
  core.run(100);
  expect(reg(EBX)).toBe(2);
});

test("INIT leaves the FPU, SSE and the MTRRs alone", () => {
  const { core, exports, run, reg } = processor();
  // fld1; mov ecx,2FFh; mov eax,C06h; xor edx,edx; wrmsr; hlt
  run([0xd9, 0xe8, 0x66, 0xb9, 0xff, 2, 0, 0, 0x66, 0xb8, 6, 0x0c, 0, 0, 0x66, 0x31, 0xd2, 0x0f, 0x30, HLT]); // prettier-ignore
  const state = (): Uint8Array => core.bytes(exports.FPU_STATE.value as number, 0x200).slice();
  const before = state();
  exports.initializeProcessor();
  expect(reg(EDX)).toBe(0x6e8);
  expect(state()).toEqual(before);
  exports.setSegment(CS, 0, 0, 0xffff, 0x93);
  exports.setEip(CODE);
  run([0x66, 0xb9, 0xff, 2, 0, 0, 0x0f, 0x32, HLT]); // mov ecx,2FFh; rdmsr
  expect(reg(EAX)).toBe(0xc06);
});

test.each([
  ["CLI", [0xfa]],
  ["STI", [0xfb]],
  ["PUSHF", [0x9c]],
  ["POPF", [0x9d]],
  ["INT n", [0xcd, 0x21]],
  ["IRET", [0xcf]],
  ["HLT", [HLT]],
  ["IN", [0xe4, 0x01]],
  ["OUT", [0xee]],
  ["INSB", [0x6c]],
  ["OUTSB", [0x6e]],
])(
  "%s of an 8086 program with IOPL 0 goes to its monitor, and nothing of it has happened",
  (_, code) => {
    const { exports, enterProtected, gate, poke32, run, reg, peek } = processor();
    enterProtected();
    gate(13);
    poke32(0x7004, 0x6000, 0x10);
    poke32(0x7064, 0x0068_0000, 0xffff_ffff); // an I/O bitmap of ones
    exports.setSegment(7, 0x28, 0x7000, 0x8c, 0x8b);
    const registers = [1, 2, 0x3f8, 4, 0x4000, 6, 7, 8];
    registers.forEach((value, index) => exports.setRegister(index, value));
    exports.setEflags(0x2_0ad7);
    for (const index of [ES, CS, SS, DS]) exports.setSegment(index, 0, 0, 0xffff, 0xf3);
    run([0x90, ...code]);
    expect(exports.getEip()).toBe(handlerEnd(13));
    const frame = [4, 8, 12, 16].map((offset) => peek(reg(ESP) + offset));
    expect(frame).toEqual([CODE + 1, 0, 0x3_0ad7, 0x4000]);
    expect(peek(reg(ESP))).toBe(0);
    expect(registers.map((_value, index) => (index === ESP ? 0x4000 : reg(index)))).toEqual(
      registers,
    );
  },
);

test("with CR0.TS an FPU instruction is #NM, in the middle of a block as well", () => {
  const { exports, enterProtected, gate, run, reg, peek } = processor();
  enterProtected();
  gate(7);
  exports.setControlRegister(0, 0x19);
  run([0x40, 0xd9, 0xe8, 0x43, HLT]); // inc eax; fld1; inc ebx; hlt
  expect(exports.getEip()).toBe(handlerEnd(7));
  expect(peek(reg(ESP))).toBe(CODE + 1);
  exports.setControlRegister(0, 0x11);
  exports.clearHalted();
  exports.setEip(CODE);
  run([0x40, 0xd9, 0xe8, 0x43, HLT]);
  expect(exports.getEip()).toBe(CODE + 5);
});
