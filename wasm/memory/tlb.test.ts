// What ends a translation, and what must not outlive it: SDM vol. 3, 4.10.4 (invalidation), 11.6 (self-modifying code).
//
// Programs call a function twice and do something in between. The function stands in either of two pages, and tells in EAX
// which: 11h or 22h.

import { describe, expect, test } from "vitest";
import { testMachine } from "../testing/machine";

const [EAX, ECX, EDX, EBX, ESP, ESI] = [0, 1, 2, 3, 4, 6];
const [ES, CS, SS, DS, TR] = [0, 1, 2, 3, 7];
const CODE = 0x1000;
const STACK = 0x4000;
const TSS = 0x7000;
const GDT = 0x8000;
const IDT = 0x9000;
const HANDLERS = 0xa000;
/** The two pages with the function. */
const ONE = 0x1_0000;
const TWO = 0x1_1000;
/** Two address spaces that differ in the table of WINDOW, which is a table of its own in each. */
const DIRECTORIES = [0x2_0000, 0x2_1000];
const IDENTITY = 0x2_2000;
const TABLES = [0x2_3000, 0x2_4000];
const WINDOW = 0x40_0000;

const [PRESENT, WRITABLE, USER, LARGE, GLOBAL] = [1, 2, 4, 0x80, 0x100];
const ALL = PRESENT | WRITABLE | USER;
const [PSE, PAE, PGE] = [0x10, 0x20, 0x80];

const HLT = 0xf4;

function dword(value: number): number[] {
  return [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, (value >>> 24) & 0xff];
}
/** mov [address],value */
function set(address: number, value: number): number[] {
  return [0xc7, 0x05, ...dword(address), ...dword(value)];
}
/** mov eax,[address] */
function get(address: number): number[] {
  return [0xa1, ...dword(address)];
}
function invlpg(address: number): number[] {
  return [0x0f, 0x01, 0x3d, ...dword(address)];
}
/** mov eax,value; mov crN,eax */
function control(number: number, value: number): number[] {
  return [0xb8, ...dword(value), 0x0f, 0x22, 0xc0 | (number << 3)];
}
/** mov edx,address; call edx */
function call(address: number): number[] {
  return [0xba, ...dword(address), 0xff, 0xd2];
}
const KEEP_IN_EBX = [0x89, 0xc3];
const KEEP_IN_ESI = [0x89, 0xc6];
/** mov al,value; ret, with a zero-extended result */
function answer(value: number): number[] {
  return [0xb8, value, 0, 0, 0, 0xc3];
}

/** Flat protected mode with paging; the first 4 MB at their own place, in WINDOW page ONE, with the other directory page TWO. */
function processor({ cr4 = PGE, flags = 0, paging = true } = {}) {
  const { core } = testMachine({ megabytes: 8 });
  const { exports } = core;
  exports.makeBare();
  const poke = (address: number, bytes: number[]): void => {
    bytes.forEach((byte, n) => exports.writePhysical(address + n, 1, byte));
  };
  const poke32 = (address: number, ...values: number[]): void => {
    values.forEach((value, n) => exports.writePhysical(address + 4 * n, 4, value));
  };
  poke32(GDT, 0, 0, 0xffff, 0x00cf_9b00, 0xffff, 0x00cf_9300, 0xffff, 0x00cf_fb00, 0xffff, 0x00cf_f300); // prettier-ignore
  for (let vector = 0; vector < 32; vector++) {
    poke32(IDT + 8 * vector, (0x08 << 16) | (HANDLERS + 16 * vector), 0xee00);
    poke(HANDLERS + 16 * vector, [HLT]);
  }
  poke32(TSS + 4, STACK, 0x10);
  for (let page = 0; page < 1024; page++) poke32(IDENTITY + 4 * page, (page << 12) | ALL);
  DIRECTORIES.forEach((directory, n) => {
    const table = TABLES[n]!;
    poke32(directory, IDENTITY | ALL, table | ALL);
    poke32(table, (n ? TWO : ONE) | ALL | flags);
  });
  poke(ONE, answer(0x11));
  poke(TWO, answer(0x22));
  exports.setDescriptorTable(0, GDT, 0x27);
  exports.setDescriptorTable(1, IDT, 0xff);
  exports.setSegment(TR, 0x28, TSS, 0x67, 0x8b);
  exports.setSegment(CS, 8, 0, 0xffff_ffff, 0xc09b);
  for (const index of [ES, SS, DS]) exports.setSegment(index, 0x10, 0, 0xffff_ffff, 0xc093);
  exports.setControlRegister(4, cr4);
  exports.setControlRegister(3, DIRECTORIES[0]!);
  exports.setControlRegister(0, paging ? 0x8000_0011 : 0x11);
  exports.setRegister(ESP, STACK);
  const reg = (index: number): number => exports.getRegister(index) >>> 0;
  const run = (code: number[], at = CODE): void => {
    poke(at, code);
    exports.setEip(at);
    core.run(2000);
  };
  /** What the function says before and after. */
  const calls = (between: number[], address = WINDOW): number[] => {
    run([...call(address), ...KEEP_IN_EBX, ...between, ...call(address), HLT]);
    return [reg(EBX), reg(EAX)];
  };
  /** A program of ring 3 at `eip`. */
  const enterUser = (eip: number): void => {
    exports.setSegment(CS, 0x1b, 0, 0xffff_ffff, 0xc0fb);
    for (const index of [ES, SS, DS]) exports.setSegment(index, 0x23, 0, 0xffff_ffff, 0xc0f3);
    exports.setRegister(ESP, 0x6000);
    exports.setEip(eip);
    core.run(1000);
  };
  return { core, exports, poke, poke32, reg, run, calls, enterUser };
}

function handlerEnd(vector: number): number {
  return HANDLERS + 16 * vector + 1;
}

/** Makes another page of WINDOW's, in the first address space. */
const moveWindow = set(TABLES[0]!, TWO | ALL);
const loadSecond = control(3, DIRECTORIES[1]!);
const loadFirst = control(3, DIRECTORIES[0]!);

describe("code that has been run is not run again where another page has taken its place", () => {
  test("after a load of CR3", () => {
    expect(processor().calls(loadSecond)).toEqual([0x11, 0x22]);
  });

  test("after loads of CR3 to and fro", () => {
    const { run, reg } = processor();
    const visit = [...loadSecond, ...call(WINDOW), ...KEEP_IN_ESI, ...loadFirst];
    run([...call(WINDOW), ...visit, ...call(WINDOW), ...KEEP_IN_EBX, ...visit, ...call(WINDOW), HLT]); // prettier-ignore
    expect([reg(EBX), reg(ESI), reg(EAX)]).toEqual([0x11, 0x22, 0x11]);
  });

  test("after INVLPG", () => {
    const between = [...moveWindow, ...invlpg(WINDOW)];
    expect(processor().calls(between)).toEqual([0x11, 0x22]);
  });

  test("after INVLPG of a global page", () => {
    const between = [...moveWindow, ...invlpg(WINDOW + 0x123)];
    expect(processor({ flags: GLOBAL }).calls(between)).toEqual([0x11, 0x22]);
  });

  test("after a load of CR3 with the same tables, where the entry was changed before", () => {
    expect(processor().calls([...moveWindow, ...loadFirst])).toEqual([0x11, 0x22]);
  });

  test("after a change of CR4.PGE, where the page was global", () => {
    const { calls } = processor({ flags: GLOBAL });
    expect(calls([...moveWindow, ...control(4, 0)])).toEqual([0x11, 0x22]);
  });

  test("after a load of CR3, where the page was marked global and CR4.PGE is off", () => {
    const { calls } = processor({ flags: GLOBAL, cr4: 0 });
    expect(calls(loadSecond)).toEqual([0x11, 0x22]);
  });

  test("after paging was turned off and on", () => {
    const between = [...moveWindow, ...control(0, 0x11), ...control(0, 0x8000_0011)];
    expect(processor({ flags: GLOBAL }).calls(between)).toEqual([0x11, 0x22]);
  });

  test("after paging was turned off: there is nothing but the physical address", () => {
    const { calls, poke } = processor();
    poke(WINDOW, answer(0x33));
    expect(calls(control(0, 0x11))).toEqual([0x11, 0x33]);
  });

  test("after a page fault there, without INVLPG", () => {
    const { calls, poke, poke32 } = processor();
    poke32(TABLES[0]!, ONE | PRESENT);
    // The handler takes the error code, lets the page be written and puts the other one there.
    poke(HANDLERS + 16 * 14, [...set(TABLES[0]!, TWO | ALL), 0x83, 0xc4, 4, 0xcf]);
    const write = set(WINDOW + 0x800, 1);
    expect(calls([...control(0, 0x8001_0011), ...write])).toEqual([0x11, 0x22]);
  });

  test("after INVLPG of any part of a 4 MB page", () => {
    const { exports, calls, poke, poke32 } = processor({ cr4: PSE | PGE });
    poke32(DIRECTORIES[0]!, IDENTITY | ALL, ALL | LARGE | GLOBAL);
    poke(0x40_0000 + ONE, answer(0x33));
    exports.setControlRegister(3, DIRECTORIES[0]!);
    const between = [...set(DIRECTORIES[0]! + 4, 0x40_0000 | ALL | LARGE), ...invlpg(WINDOW + 0x3f_f000)]; // prettier-ignore
    expect(calls(between, WINDOW + ONE)).toEqual([0x11, 0x33]);
  });
});

describe("what followed a block the last time need not follow it now", () => {
  const RESULTS = 0x5000;

  /** Calls the function four times from one place, each time with a change behind it. */
  function loop(change: number[], machine = processor()): number[] {
    const { exports, run } = machine;
    exports.setRegister(ECX, 4);
    exports.setRegister(ESI, RESULTS);
    // mov [esi],eax; add esi,4
    const body = [...call(WINDOW), 0x89, 0x06, 0x83, 0xc6, 4, ...change];
    // dec ecx; jnz
    run([...body, 0x49, 0x75, -(body.length + 3) & 0xff, HLT]);
    return [0, 4, 8, 12].map((offset) => exports.readPhysical(RESULTS + offset, 4));
  }
  /** xor dword [address],value */
  const toggle = (address: number, value: number): number[] => [0x81, 0x35, ...dword(address), ...dword(value)]; // prettier-ignore

  test("with another address space", () => {
    // mov eax,cr3; xor eax,…; mov cr3,eax
    const swap = [0x0f, 0x20, 0xd8, 0x35, ...dword(DIRECTORIES[0]! ^ DIRECTORIES[1]!), 0x0f, 0x22, 0xd8]; // prettier-ignore
    expect(loop(swap)).toEqual([0x11, 0x22, 0x11, 0x22]);
  });

  test("with another page and INVLPG", () => {
    const swap = [...toggle(TABLES[0]!, ONE ^ TWO), ...invlpg(WINDOW)];
    expect(loop(swap)).toEqual([0x11, 0x22, 0x11, 0x22]);
  });

  test("with other code, written where it runs and through another address", () => {
    expect(loop(toggle(WINDOW + 1, 0x11 ^ 0x33))).toEqual([0x11, 0x33, 0x11, 0x33]);
    expect(loop(toggle(ONE + 1, 0x11 ^ 0x33))).toEqual([0x11, 0x33, 0x11, 0x33]);
  });

  test("with another code segment at the same EIP", () => {
    const { core } = testMachine();
    const { exports } = core;
    const poke = (address: number, bytes: number[]): void => {
      bytes.forEach((byte, n) => exports.writePhysical(address + n, 1, byte));
    };
    exports.setSegment(CS, 0, 0, 0xffff, 0x93);
    exports.setRegister(ESP, STACK);
    exports.setEip(CODE);
    poke(0x2_0000, [0xb8, 0x11, 0, 0xcb]); // mov ax,11h; retf
    poke(0x3_0000, [0xb8, 0x33, 0, 0xcb]);
    poke(0x600, [0, 0, 0, 0x20]);
    exports.setRegister(ECX, 4);
    exports.setRegister(EDX, 0);
    // call far [600h]; shl edx,8; mov dl,al; xor word [602h],1000h; loop; hlt
    poke(CODE, [0xff, 0x1e, 0, 6, 0x66, 0xc1, 0xe2, 8, 0x88, 0xc2, 0x81, 0x36, 2, 6, 0, 0x10, 0xe2, 0xee, HLT]); // prettier-ignore
    core.run(1000);
    expect(exports.getRegister(EDX)).toBe(0x1133_1133);
  });
});

describe("what may stay", () => {
  test("a load of CR3 keeps a global page's translation, and the code found by it", () => {
    const { calls } = processor({ flags: GLOBAL });
    expect(calls(loadSecond)).toEqual([0x11, 0x11]);
  });

  test("INVLPG of another page keeps it as well", () => {
    const { calls } = processor();
    expect(calls([...moveWindow, ...invlpg(WINDOW + 0x1000)])).toEqual([0x11, 0x11]);
  });

  test("a page that was global and then ordinary goes with CR3", () => {
    const { run, reg } = processor({ flags: GLOBAL });
    const ordinary = [...set(TABLES[0]!, ONE | ALL), ...invlpg(WINDOW)];
    run([...call(WINDOW), ...ordinary, ...call(WINDOW), ...KEEP_IN_EBX, ...loadSecond, ...call(WINDOW), HLT]); // prettier-ignore
    expect([reg(EBX), reg(EAX)]).toEqual([0x11, 0x22]);
  });
});

describe("data follows the same rules", () => {
  const read = get(WINDOW);
  const reads = (options: { flags?: number }, between: number[]): number[] => {
    const { poke32, run, reg } = processor(options);
    poke32(ONE, 0x1111);
    poke32(TWO, 0x2222);
    run([...read, ...KEEP_IN_EBX, ...between, ...read, HLT]);
    return [reg(EBX), reg(EAX)];
  };

  test.each([
    ["a load of CR3", {}, loadSecond],
    ["INVLPG", {}, [...moveWindow, ...invlpg(WINDOW)]],
    ["INVLPG of a global page", { flags: GLOBAL }, [...moveWindow, ...invlpg(WINDOW)]],
    ["a change of CR4.PGE", { flags: GLOBAL }, [...moveWindow, ...control(4, 0)]],
  ])("%s", (_, options, between) => {
    expect(reads(options, between)).toEqual([0x1111, 0x2222]);
  });

  test("a load of CR3 keeps a global page", () => {
    expect(reads({ flags: GLOBAL }, loadSecond)).toEqual([0x1111, 0x1111]);
  });

  test("INVLPG of any part of a 4 MB page", () => {
    const { exports, poke32, run, reg } = processor({ cr4: PSE | PGE });
    poke32(DIRECTORIES[0]!, IDENTITY | ALL, ALL | LARGE | GLOBAL);
    poke32(ONE, 0x1111);
    poke32(0x40_0000 + ONE, 0x3333);
    exports.setControlRegister(3, DIRECTORIES[0]!);
    const move = set(DIRECTORIES[0]! + 4, 0x40_0000 | ALL | LARGE);
    const look = get(WINDOW + ONE);
    run([...look, ...KEEP_IN_EBX, ...move, ...invlpg(WINDOW + 0x3f_f000), ...look, HLT]);
    expect([reg(EBX), reg(EAX)]).toEqual([0x1111, 0x3333]);
  });

  test("a page fault there", () => {
    const { exports, poke, poke32, run, reg } = processor();
    poke32(ONE, 0x1111);
    poke32(TWO, 0x2222);
    poke32(TABLES[0]!, ONE | PRESENT);
    poke(HANDLERS + 16 * 14, [...moveWindow, 0x83, 0xc4, 4, 0xcf]);
    exports.setControlRegister(0, 0x8001_0011);
    run([...read, ...KEEP_IN_EBX, ...set(WINDOW + 0x800, 1), ...read, HLT]);
    expect([reg(EBX), reg(EAX)]).toEqual([0x1111, 0x2222]);
  });

  test("a write through a kept read entry asks the tables for the right to write", () => {
    const { exports, poke32, run } = processor();
    poke32(TABLES[0]!, ONE | PRESENT);
    exports.setControlRegister(0, 0x8001_0011);
    run([...read, ...set(WINDOW, 1), HLT]);
    expect(exports.getEip()).toBe(handlerEnd(14));
  });
});

describe("who may run a page", () => {
  /** jmp $+2; int 3, run by ring 0 and ring 3 one after the other. */
  const program = [0xeb, 0, 0xcc];

  test("what ring 0 has run, ring 3 may not run where the page is ring 0's", () => {
    const { exports, poke, poke32, reg, run, enterUser } = processor();
    poke(ONE, program);
    poke32(TABLES[0]!, ONE | PRESENT);
    run(program, ONE);
    exports.setRegister(EDX, WINDOW);
    exports.clearHalted();
    run([0xff, 0xe2]); // jmp edx
    expect(exports.getEip()).toBe(handlerEnd(3));
    exports.clearHalted();
    enterUser(WINDOW);
    expect(exports.getEip()).toBe(handlerEnd(14));
    expect(exports.readPhysical(reg(ESP), 4)).toBe(5);
  });

  test("both rings run the same page by turns", () => {
    const { exports, poke, run, enterUser } = processor();
    poke(ONE, program);
    for (let turn = 0; turn < 3; turn++) {
      exports.clearHalted();
      enterUser(WINDOW);
      expect(exports.getEip()).toBe(handlerEnd(3));
      exports.setSegment(CS, 8, 0, 0xffff_ffff, 0xc09b);
      exports.setSegment(SS, 0x10, 0, 0xffff_ffff, 0xc093);
      exports.setRegister(EDX, WINDOW);
      exports.clearHalted();
      run([0xff, 0xe2]);
      expect(exports.getEip()).toBe(handlerEnd(3));
    }
  });

  test("PAE: a page that was run and is marked no-execute since faults after INVLPG", () => {
    const { exports, poke32, reg, run } = processor({ cr4: PAE });
    const [pointers, directory, table] = [0x3_0000, 0x3_1000, 0x3_2000];
    poke32(pointers, directory | PRESENT, 0, 0, 0, 0, 0, 0, 0);
    poke32(directory, 0x83, 0, 0x20_0083, 0, table | ALL, 0); // 2 MB pages at 0 and 2 MB, then WINDOW
    poke32(table, ONE | ALL, 0);
    exports.setRegister(ECX, 0xc000_0080);
    exports.setRegister(EDX, 0);
    exports.setControlRegister(3, pointers);
    run([
      ...[0xb8, ...dword(0x800), 0x0f, 0x30], // wrmsr EFER.NXE
      ...call(WINDOW),
      ...KEEP_IN_EBX,
      ...get(WINDOW),
      ...set(table + 4, 0x8000_0000),
      ...invlpg(WINDOW),
      ...get(WINDOW),
      ...KEEP_IN_ESI,
      ...call(WINDOW),
    ]);
    expect(reg(EBX)).toBe(0x11);
    expect(reg(ESI)).toBe(0x11b8);
    expect(exports.getEip()).toBe(handlerEnd(14));
    expect(exports.readPhysical(reg(ESP), 4)).toBe(0x11);
  });
});

describe("code that is written", () => {
  test("through another linear address", () => {
    const between = set(ONE + 1, 0x33);
    expect(processor().calls(between)).toEqual([0x11, 0x33]);
  });

  test("through a linear address that had been written before the code was run", () => {
    const { poke32, run, reg } = processor();
    poke32(TABLES[0]! + 4, ONE | ALL);
    const alias = WINDOW + 0x1000;
    run([...set(alias + 1, 0x33), ...call(WINDOW), ...KEEP_IN_EBX, ...set(alias + 1, 0x44), ...call(WINDOW), HLT]); // prettier-ignore
    expect([reg(EBX), reg(EAX)]).toEqual([0x33, 0x44]);
  });

  test("through another address space, while the one with the code is not loaded", () => {
    const { run, poke32, reg } = processor();
    poke32(TABLES[1]! + 4, ONE | ALL);
    const write = [...loadSecond, ...set(WINDOW + 0x1001, 0x33), ...loadFirst];
    run([...call(WINDOW), ...KEEP_IN_EBX, ...write, ...call(WINDOW), HLT]);
    expect([reg(EBX), reg(EAX)]).toEqual([0x11, 0x33]);
  });

  test("by a bus master", () => {
    const { exports, poke, run, reg } = processor();
    run([...call(WINDOW), ...KEEP_IN_EBX, HLT]);
    poke(ONE + 1, [0x55]);
    exports.clearHalted();
    run([...call(WINDOW), HLT]);
    expect([reg(EBX), reg(EAX)]).toEqual([0x11, 0x55]);
  });

  test("by itself, right behind the writing instruction and through another address", () => {
    const { poke, run, reg } = processor();
    // mov byte [ONE+8],66h; mov eax,11h; ret: the immediate is what is written
    poke(ONE, [0xc6, 0x05, ...dword(ONE + 8), 0x66, ...answer(0x11)]);
    run([...call(WINDOW), HLT]);
    expect(reg(EAX)).toBe(0x66);
  });
});

describe("segments and address line 20", () => {
  /** Real mode: mov ax,n; hlt at offset 0 of two segments. */
  function realMode() {
    const machine = testMachine();
    const { core } = machine;
    const { exports } = core;
    const poke = (address: number, bytes: number[]): void => {
      bytes.forEach((byte, n) => exports.writePhysical(address + n, 1, byte));
    };
    const start = (selector: number, eip: number, limit = 0xffff): void => {
      exports.setSegment(CS, selector, selector << 4, limit, 0x93);
      exports.setEip(eip);
      exports.clearHalted();
      core.run(100);
    };
    return { ...machine, exports, poke, start, reg: (index: number) => exports.getRegister(index) };
  }

  test("the same EIP in another segment is other code", () => {
    const { poke, start, reg } = realMode();
    poke(0x2_0000, [0xb8, 0x11, 0, HLT]);
    poke(0x2_0010, [0xb8, 0x22, 0, HLT]);
    poke(0x3_0000, [0xb8, 0x33, 0, HLT]);
    const seen = [0x2000, 0x2001, 0x3000, 0x2000].map((selector) => {
      start(selector, 0);
      return reg(EAX);
    });
    expect(seen).toEqual([0x11, 0x22, 0x33, 0x11]);
  });

  test("code that has been run is beyond a lower limit of CS: #GP in its middle", () => {
    const { exports, poke, start, reg } = realMode();
    exports.setDescriptorTable(1, 0, 0x3ff);
    poke(4 * 13, [0, 0, 0, 0x50]);
    poke(0x5_0000, [HLT]);
    poke(0x2_0000, [0x40, 0x40, 0x40, HLT]); // inc ax, three times
    exports.setRegister(ESP, 0x4000);
    start(0x2000, 0);
    expect(reg(EAX)).toBe(3);
    start(0x2000, 0, 1);
    expect(reg(EAX)).toBe(5);
    expect(exports.getSegmentSelector(CS)).toBe(0x5000);
  });

  test("with A20 off, code above 1 MB is what stands at 0", () => {
    const { outb, poke, start, reg } = realMode();
    poke(0x10_0500, [0xb8, 0x22, 0, HLT]);
    poke(0x500, [0xb8, 0x11, 0, HLT]);
    const seen = [2, 0, 2].map((gate) => {
      outb(0x92, gate);
      start(0xffff, 0x510);
      return reg(EAX);
    });
    expect(seen).toEqual([0x22, 0x11, 0x22]);
  });
});
