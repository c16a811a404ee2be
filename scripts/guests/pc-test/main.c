// What programs of DOS's time do to a PC: real mode with the BIOS, the VGA's modes, timers, drives. Prints "ok NAME" or
// "FAIL NAME" on COM1; before a picture or a key it prints "SHOW NAME" and waits for a byte there.

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;

struct Registers {
  u32 eax, ebx, ecx, edx, esi, edi, es, flags, number;
};

extern void biosCall(struct Registers *);
extern void unreal(void);
extern u32 protected286(void);
extern u32 resetProcessor(void);
extern void rtcHandler(void), serialHandler(void), coprocessorHandler(void), mouseHandler(void);
extern volatile u32 interrupts, mouseReports;
extern volatile u16 mouseStatus;
extern volatile short mouseX, mouseY;
extern u8 bootDrive;

#define CARRY 1
#define COM1 0x3f8
#define TICKS 0x46c

static int failures;
static u8 buffer[512], other[512];

// ---- ports and memory ----

static void outb(u16 port, u8 value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }
static void outw(u16 port, u16 value) { __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port)); }
static u8 inb(u16 port) {
  u8 value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

static u8 peek(u16 segment, u32 offset) {
  u8 value;
  __asm__ volatile("movw %1, %%fs\n\tmovb %%fs:(%2), %0" : "=q"(value) : "r"(segment), "r"(offset) : "memory");
  return value;
}
static void poke(u16 segment, u32 offset, u8 value) {
  __asm__ volatile("movw %1, %%fs\n\tmovb %0, %%fs:(%2)" : : "q"(value), "r"(segment), "r"(offset) : "memory");
}
static u16 peek16(u16 segment, u32 offset) { return peek(segment, offset) | peek(segment, offset + 1) << 8; }
static u32 ticks(void) { return *(volatile u32 *)TICKS; }
static void setVector(int number, void (*handler)(void)) { *(volatile u32 *)(number * 4) = (u32)handler; }
static u32 vector(int number) { return *(volatile u32 *)(number * 4); }
static void disable(void) { __asm__ volatile("cli" : : : "memory"); }
static void enable(void) { __asm__ volatile("sti" : : : "memory"); }

static u32 bios(u8 number, struct Registers *registers) {
  registers->number = number;
  biosCall(registers);
  return registers->eax;
}
/** For calls with AX alone. */
static u32 call(u8 number, u32 eax) {
  struct Registers registers = {.eax = eax};
  return bios(number, &registers);
}

// ---- words ----

static void put(char character) {
  while (!(inb(COM1 + 5) & 0x20));
  outb(COM1, character);
}
static void print(const char *text) {
  while (*text) put(*text++);
}
static void number(u32 value) {
  for (int shift = 28; shift >= 0; shift -= 4) put("0123456789abcdef"[(value >> shift) & 15]);
}
static void check(const char *name, int holds, u32 detail) {
  print(holds ? "ok " : "FAIL ");
  print(name);
  if (!holds) {
    failures++;
    put(' ');
    number(detail);
  }
  put('\n');
}
static void show(const char *name) {
  print("SHOW ");
  print(name);
  put('\n');
  while (!(inb(COM1 + 5) & 1));
  inb(COM1);
}

// ---- processor and memory ----

/** Whether FFFF:0510 is another place than 0000:0500. */
static int a20(void) {
  poke(0, 0x500, 0x55);
  poke(0xffff, 0x510, 0xaa);
  return peek(0, 0x500) == 0x55 && peek(0xffff, 0x510) == 0xaa;
}
static void keyboardCommand(u8 command, u8 data) {
  while (inb(0x64) & 2);
  outb(0x64, command);
  while (inb(0x64) & 2);
  outb(0x60, data);
  while (inb(0x64) & 2);
}
static void testA20(void) {
  outb(0x92, inb(0x92) & ~2 & ~1);
  check("a20-off-by-port-92", !a20(), 0);
  outb(0x92, (inb(0x92) | 2) & ~1);
  check("a20-on-by-port-92", a20(), 0);
  outb(0x92, inb(0x92) & ~2 & ~1);
  keyboardCommand(0xd1, 0xdd);
  check("a20-off-by-8042", !a20(), 0);
  keyboardCommand(0xd1, 0xdf);
  check("a20-on-by-8042", a20(), 0);
}

static void testModes(void) {
  unreal();
  for (u32 i = 0; i < 64; i++) poke(0, 0x300000 + i, i ^ 0x5a);
  int same = 1;
  for (u32 i = 0; i < 64; i++) same &= peek(0, 0x300000 + i) == (u8)(i ^ 0x5a);
  check("unreal-mode", same, 0);

  // INT 15h, AH=87h: the BIOS goes to protected mode and back.
  static u8 table[48];
  for (int i = 0; i < 48; i++) table[i] = 0;
  table[16] = table[24] = 0xff;
  table[18] = 0, table[19] = 0, table[20] = 0x30;
  table[26] = (u32)buffer, table[27] = (u32)buffer >> 8;
  table[21] = table[29] = 0x93;
  for (int i = 0; i < 64; i++) buffer[i] = 0;
  struct Registers move = {.eax = 0x8700, .ecx = 32, .esi = (u32)table};
  bios(0x15, &move);
  same = !(move.flags & CARRY);
  for (int i = 0; i < 64; i++) same &= buffer[i] == (u8)(i ^ 0x5a);
  check("block-move-by-bios", same, move.eax);

  poke(0x1000, 0x10, 0);
  poke(0x1000, 0x11, 0);
  u32 held = protected286();
  check("protected-mode-of-16-bits", held == 15 && peek16(0x1000, 0x10) == 0x1234, held);
  check("reset-of-the-processor-alone", resetProcessor() == 1, 0);
  check("interrupts-after-the-reset", (inb(0x21) & 1) == 0, inb(0x21));
}

static void testCoprocessor(void) {
  u32 before = vector(0x75);
  u8 masters = inb(0x21), slaves = inb(0xa1);
  u16 unmaskedZeroDivide = 0x037b;
  setVector(0x75, coprocessorHandler);
  interrupts = 0;
  outb(0xa1, slaves & ~0x20);
  outb(0x21, masters & ~4);
  __asm__ volatile("movl %%cr0, %%eax\n\tandb $0xdf, %%al\n\tmovl %%eax, %%cr0" : : : "eax");
  __asm__ volatile("fninit\n\tfldcw %0\n\tfld1\n\tfldz\n\tfdivrp\n\tfnop\n\tfwait" : : "m"(unmaskedZeroDivide));
  u32 start = ticks();
  while (!interrupts && ticks() - start < 4);
  check("irq-13-of-the-coprocessor", interrupts == 1, interrupts);
  outb(0x21, masters);
  outb(0xa1, slaves);
  disable();
  *(volatile u32 *)(0x75 * 4) = before;
  enable();
}

static void testMemorySizes(void) {
  check("int-12", (call(0x12, 0) & 0xffff) == 639, call(0x12, 0));
  struct Registers map = {.eax = 0xe820, .edx = 0x534d4150, .ecx = 20, .edi = (u32)buffer};
  int entries = 0;
  u32 usable = 0;
  do {
    map.eax = 0xe820, map.edx = 0x534d4150, map.ecx = 20, map.edi = (u32)buffer;
    bios(0x15, &map);
    if (map.flags & CARRY) break;
    entries++;
    if (*(u32 *)(buffer + 16) == 1) usable += *(u32 *)(buffer + 8) >> 10;
  } while (map.ebx && entries < 20);
  check("memory-map", entries >= 4 && usable > 60000 && usable < 65536, usable);
  check("int-15-88", (call(0x15, 0x8800) & 0xffff) > 60000, call(0x15, 0x8800));
}

// ---- timers ----

static void testTimers(void) {
  u32 start = ticks();
  while (ticks() - start < 3) __asm__ volatile("hlt");
  check("ticks-wake-hlt", 1, 0);

  // Channel 2, the loudspeaker's: mode 0 counts down once while its gate is open.
  outb(0x61, inb(0x61) & ~3);
  outb(0x43, 0xb0);
  outb(0x42, 0xff);
  outb(0x42, 0xff);
  start = ticks();
  while (ticks() - start < 3);
  int closed = !(inb(0x61) & 0x20);
  outb(0x61, (inb(0x61) & ~2) | 1);
  int low = !(inb(0x61) & 0x20);
  start = ticks();
  while (!(inb(0x61) & 0x20) && ticks() - start < 40);
  u32 passed = ticks() - start;
  check("timer-2-waits-for-its-gate", closed && low, inb(0x61));
  check("timer-2-counts-once", (inb(0x61) & 0x20) && passed < 10, passed);
  outb(0x43, 0xb6); // a tone
  outb(0x42, 0x00);
  outb(0x42, 0x10);
  outb(0x61, inb(0x61) | 3);
  int changes = 0;
  u8 last = inb(0x61);
  for (start = ticks(); ticks() - start < 4;) {
    u8 now = inb(0x61);
    changes += ((now ^ last) & 0x20) != 0;
    last = now;
  }
  outb(0x61, inb(0x61) & ~3);
  check("tone-on-the-loudspeaker", changes > 20, changes);
  changes = 0;
  for (start = ticks(), last = inb(0x61); ticks() - start < 2;) {
    u8 now = inb(0x61);
    changes += ((now ^ last) & 0x10) != 0;
    last = now;
  }
  check("refresh-bit-toggles", changes > 20, changes);

  // 1024 interrupts a second from the clock.
  u32 before = vector(0x70);
  u8 masters = inb(0x21), slaves = inb(0xa1);
  disable();
  setVector(0x70, rtcHandler);
  interrupts = 0;
  outb(0x70, 0x0a), outb(0x71, 0x26);
  outb(0x70, 0x0b);
  u8 status = inb(0x71);
  outb(0x70, 0x0b), outb(0x71, status | 0x40);
  outb(0x70, 0x0c), inb(0x71);
  outb(0xa1, slaves & ~1);
  outb(0x21, masters & ~4);
  enable();
  for (start = ticks(); ticks() - start < 18;);
  u32 counted = interrupts;
  disable();
  outb(0x70, 0x0b), outb(0x71, status);
  outb(0xa1, slaves);
  outb(0x21, masters);
  *(volatile u32 *)(0x70 * 4) = before;
  enable();
  check("periodic-interrupt-of-the-clock", counted > 200 && counted < 1200, counted);

  struct Registers wait = {.eax = 0x8600, .ecx = 3, .edx = 0x0d40}; // 200 ms
  start = ticks();
  bios(0x15, &wait);
  passed = ticks() - start;
  check("int-15-86-waits", !(wait.flags & CARRY) && passed >= 2, passed);
  struct Registers time = {.eax = 0x0200};
  bios(0x1a, &time);
  check("time-of-day", !(time.flags & CARRY) && (time.ecx >> 8 & 0xff) < 0x24 && (time.ecx & 0xff) < 0x60, time.ecx);
}

static void testSerial(void) {
  u32 before = vector(0x0c);
  u8 masters = inb(0x21);
  while (!(inb(COM1 + 5) & 0x40));
  setVector(0x0c, serialHandler);
  interrupts = 0;
  outb(COM1 + 4, 0x0b); // OUT2 connects the interrupt
  outb(0x21, masters & ~0x10);
  outb(COM1 + 1, 2);
  for (u32 start = ticks(); !interrupts && ticks() - start < 9;);
  outb(COM1 + 1, 0);
  outb(0x21, masters);
  disable();
  *(volatile u32 *)(0x0c * 4) = before;
  enable();
  check("serial-interrupt-when-empty", interrupts >= 1, interrupts);
}

static void testInterruptController(void) {
  u8 mask = inb(0x21);
  outb(0x21, mask | 1);
  u32 start = ticks();
  for (u32 i = 0; i < 30000; i++) inb(0x61);
  outb(0x43, 0x00);
  for (int i = 0; i < 200; i++) inb(0x61);
  int stopped = ticks() == start;
  outb(0x20, 0x0a);
  u8 requests = inb(0x20);
  outb(0x21, mask);
  for (u32 wait = ticks(); ticks() == wait;);
  check("a-masked-timer-does-not-tick", stopped, requests);
}

// ---- drives ----

static u32 disk(u32 eax, u32 ecx, u32 edx, void *data) {
  struct Registers registers = {.eax = eax, .ebx = (u32)data, .ecx = ecx, .edx = edx};
  bios(0x13, &registers);
  return registers.flags & CARRY ? registers.eax >> 8 & 0xff : 0x100;
}

static void testFloppy(void) {
  static u8 ids[72];
  for (int i = 0; i < 18; i++) ids[i * 4] = 79, ids[i * 4 + 1] = 1, ids[i * 4 + 2] = i + 1, ids[i * 4 + 3] = 2;
  u32 result = disk(0x0512, 79 << 8 | 1, 0x0100 | bootDrive, ids);
  check("format-a-track", result == 0x100, result);
  int blank = 1;
  result = disk(0x0201, 79 << 8 | 18, 0x0100 | bootDrive, buffer);
  for (int i = 0; i < 512; i++) blank &= buffer[i] == 0xf6;
  check("a-formatted-sector-is-f6", result == 0x100 && blank, result << 16 | buffer[0]);
  for (int i = 0; i < 512; i++) buffer[i] = i * 7, other[i] = 0;
  result = disk(0x0301, 79 << 8 | 5, 0x0100 | bootDrive, buffer);
  u32 verified = disk(0x0401, 79 << 8 | 5, 0x0100 | bootDrive, 0);
  disk(0x0201, 79 << 8 | 5, 0x0100 | bootDrive, other);
  int same = 1;
  for (int i = 0; i < 512; i++) same &= other[i] == buffer[i];
  check("write-a-floppy-sector", result == 0x100 && verified == 0x100 && same, result);
  result = disk(0x0201, 79 << 8 | 19, 0x0100 | bootDrive, other);
  check("a-sector-that-is-not-there", result != 0x100, result);
  struct Registers geometry = {.eax = 0x0800, .edx = bootDrive};
  bios(0x13, &geometry);
  check("geometry-of-the-floppy", (geometry.ecx & 0xffff) == 0x4f12 && (geometry.edx & 0xff00) == 0x0100 && (geometry.ebx & 0xff) == 4, geometry.ecx);
}

static void testHardDisk(void) {
  static struct {
    u8 size, zero;
    u16 count, offset, segment;
    u32 low, high;
  } packet;
  struct Registers registers = {.eax = 0x4100, .ebx = 0x55aa, .edx = 0x80};
  bios(0x13, &registers);
  check("extended-disk-functions", !(registers.flags & CARRY) && (registers.ebx & 0xffff) == 0xaa55, registers.ebx);
  u32 first = disk(0x0201, 1, 0x0080, other);
  packet.size = 16, packet.count = 1, packet.offset = (u32)buffer;
  registers = (struct Registers){.eax = 0x4200, .edx = 0x80, .esi = (u32)&packet};
  bios(0x13, &registers);
  int same = first == 0x100 && !(registers.flags & CARRY) && buffer[510] == 0x55;
  for (int i = 0; i < 512; i++) same &= other[i] == buffer[i];
  check("a-sector-read-both-ways", same, registers.eax);
  for (int i = 0; i < 512; i++) buffer[i] = i * 13, other[i] = 0;
  packet.low = 2000;
  registers = (struct Registers){.eax = 0x4300, .edx = 0x80, .esi = (u32)&packet};
  bios(0x13, &registers);
  same = !(registers.flags & CARRY);
  packet.offset = (u32)other;
  registers = (struct Registers){.eax = 0x4200, .edx = 0x80, .esi = (u32)&packet};
  bios(0x13, &registers);
  for (int i = 0; i < 512; i++) same &= other[i] == buffer[i];
  check("write-a-disk-sector", same, registers.eax);
}

// ---- screen ----

static void sequencer(u8 index, u8 value) { outw(0x3c4, value << 8 | index); }
static void graphics(u8 index, u8 value) { outw(0x3ce, value << 8 | index); }
static void crtc(u8 index, u8 value) { outw(0x3d4, value << 8 | index); }

static void testMode13(void) {
  call(0x10, 0x13);
  outb(0x3c8, 200);
  outb(0x3c9, 63), outb(0x3c9, 32), outb(0x3c9, 0);
  outb(0x3c7, 200);
  u32 color = inb(0x3c9) << 16;
  color |= inb(0x3c9) << 8;
  color |= inb(0x3c9);
  check("palette-reads-back", color == 0x3f2000, color);
  for (u32 i = 0; i < 64000; i++) poke(0xa000, i, i % 320 < 160 ? 200 : 1);
  int same = 1;
  for (u32 i = 0; i < 64000; i += 37) same &= peek(0xa000, i) == (i % 320 < 160 ? 200 : 1);
  check("mode-13-memory", same, 0);
  show("mode-13");
}

static void testModeX(void) {
  call(0x10, 0x13);
  sequencer(4, 6); // no chain of four
  crtc(0x14, 0);
  crtc(0x17, 0xe3);
  for (int plane = 0; plane < 4; plane++) {
    sequencer(2, 1 << plane);
    for (u32 i = 0; i < 32000; i++) poke(0xa000, i, i < 16000 ? 1 : plane == 3 ? 4 : 2);
  }
  int same = 1;
  for (int plane = 0; plane < 4; plane++) {
    graphics(4, plane);
    same &= peek(0xa000, 20000) == (plane == 3 ? 4 : 2);
  }
  check("mode-x-planes", same, 0);
  crtc(0x0c, 16000 >> 8); // the second page
  crtc(0x0d, 16000 & 0xff);
  show("mode-x");
  sequencer(2, 15);
  graphics(5, 0x41); // write mode 1: four pixels by the latches
  for (u32 i = 0; i < 8000; i++) {
    peek(0xa000, i);
    poke(0xa000, 16000 + i, 0);
  }
  graphics(5, 0x40);
  graphics(4, 3);
  check("mode-x-copies-by-latches", peek(0xa000, 16000 + 5) == 1 && peek(0xa000, 16000 + 9000) == 4, peek(0xa000, 16005));
}

static void testMode12(void) {
  call(0x10, 0x12);
  graphics(5, 2); // write mode 2: the byte is a color
  graphics(8, 0xff);
  for (u32 i = 0; i < 80 * 480; i++) {
    peek(0xa000, i);
    poke(0xa000, i, i % 80 < 40 ? 4 : 9);
  }
  graphics(8, 0x0f);
  peek(0xa000, 0);
  poke(0xa000, 0, 15);
  graphics(5, 8); // read mode 1: which pixels have the color
  graphics(2, 15);
  graphics(7, 15);
  u8 white = peek(0xa000, 0);
  graphics(2, 9);
  u8 blue = peek(0xa000, 60);
  check("mode-12-bit-mask-and-color-compare", white == 0x0f && blue == 0xff, white << 8 | blue);
  graphics(5, 0);
  graphics(8, 0xff);
  graphics(3, 0x18); // exclusive or with the latches
  sequencer(2, 8);
  peek(0xa000, 60);
  poke(0xa000, 60, 0xff);
  graphics(4, 3);
  check("mode-12-exclusive-or", peek(0xa000, 60) == 0, peek(0xa000, 60));
  graphics(3, 0);
  sequencer(2, 15);
  show("mode-12");
}

static void testCga(void) {
  call(0x10, 0x04);
  for (u32 i = 0; i < 0x4000; i++) poke(0xb800, i, 0xaa); // color 2: magenta in the second palette
  struct Registers pixel = {.eax = 0x0d00, .ecx = 100, .edx = 51};
  bios(0x10, &pixel);
  check("cga-pixel", (pixel.eax & 0xff) == 2, pixel.eax);
  show("mode-4");
}

static void testText50(void) {
  call(0x10, 0x03);
  struct Registers font = {.eax = 0x1112};
  bios(0x10, &font);
  check("text-of-50-lines", peek(0x40, 0x84) == 49, peek(0x40, 0x84));
  const char *text = "LINE FIFTY";
  for (int i = 0; text[i]; i++) poke(0xb800, (49 * 80 + i) * 2, text[i]);
  show("text-50");
  call(0x10, 0x03);
}

static void testVbe(void) {
  static struct {
    u8 bytes[256];
  } info;
  struct Registers registers = {.eax = 0x4f01, .ecx = 0x101, .edi = (u32)&info};
  bios(0x10, &registers);
  u32 linear = *(u32 *)(info.bytes + 40);
  registers = (struct Registers){.eax = 0x4f02, .ebx = 0x101};
  bios(0x10, &registers);
  check("vbe-mode-101", (registers.eax & 0xffff) == 0x004f && linear, registers.eax);
  for (u32 bank = 0; bank < 5; bank++) {
    registers = (struct Registers){.eax = 0x4f05, .edx = bank};
    bios(0x10, &registers);
    for (u32 i = 0; i < 65536; i++) poke(0xa000, i, bank + 1);
  }
  unreal();
  int same = 1;
  for (u32 bank = 0; bank < 4; bank++) same &= peek(0, linear + bank * 65536 + 77) == bank + 1;
  check("vbe-banks-and-linear-memory-agree", same, linear);
  show("vbe-101");
  registers = (struct Registers){.eax = 0x4f02, .ebx = 0x4112};
  bios(0x10, &registers);
  check("vbe-mode-112-linear", (registers.eax & 0xffff) == 0x004f, registers.eax);
  registers = (struct Registers){.eax = 0x4f06, .ebx = 1};
  bios(0x10, &registers);
  u32 line = registers.ebx & 0xffff, bytes = line / 640;
  for (u32 y = 0; y < 480; y++)
    for (u32 x = 0; x < 640; x++) {
      u32 at = linear + y * line + x * bytes;
      poke(0, at, 0x20), poke(0, at + 1, 0x40), poke(0, at + 2, x < 320 ? 0xff : 0x80);
    }
  show("vbe-112");
  call(0x10, 0x03);
}

static void testRetrace(void) {
  int frames = 0;
  u8 last = inb(0x3da) & 8;
  for (u32 start = ticks(); ticks() - start < 18;) {
    u8 now = inb(0x3da) & 8;
    frames += now && !last;
    last = now;
  }
  check("frames-a-second", frames > 20 && frames < 90, frames);
}

// ---- keyboard and mouse ----

static void testKeyboard(void) {
  show("keyboard");
  u32 key = call(0x16, 0x0000) & 0xffff;
  check("shift-a", key == 0x1e41, key);
  key = call(0x16, 0x1000) & 0xffff;
  check("f12", key == 0x8600, key);
  for (u32 start = ticks(); !(peek(0x40, 0x17) & 0x40) && ticks() - start < 90;);
  check("caps-lock", (call(0x16, 0x0200) & 0x40) != 0, peek(0x40, 0x17));
}

static void testMouse(void) {
  struct Registers registers = {.eax = 0xc205, .ebx = 0x0300};
  bios(0x15, &registers);
  int ready = !(registers.flags & CARRY);
  registers = (struct Registers){.eax = 0xc207, .ebx = (u32)mouseHandler};
  bios(0x15, &registers);
  ready &= !(registers.flags & CARRY);
  registers = (struct Registers){.eax = 0xc200, .ebx = 0x0100};
  bios(0x15, &registers);
  ready &= !(registers.flags & CARRY);
  check("mouse-by-bios", ready, registers.eax);
  show("mouse");
  for (u32 start = ticks(); !(mouseX > 0 && mouseY > 0) && ticks() - start < 90;);
  check("mouse-moves", mouseX > 0 && mouseY > 0, mouseX << 16 | (u16)mouseY);
  show("mouse-button");
  for (u32 start = ticks(); !(mouseStatus & 1) && ticks() - start < 90;);
  check("mouse-button", (mouseStatus & 1) == 1, mouseStatus);
}

// ---- all of it ----

int main(void) {
  outb(COM1 + 1, 0);
  outb(COM1 + 3, 0x80);
  outb(COM1, 1), outb(COM1 + 1, 0);
  outb(COM1 + 3, 3);
  outb(COM1 + 2, 0); // no FIFO, as on an 8250
  outb(COM1 + 4, 3);
  testMemorySizes();
  testA20();
  testModes();
  testCoprocessor();
  testTimers();
  testInterruptController();
  testSerial();
  testFloppy();
  testHardDisk();
  testRetrace();
  testMode13();
  testModeX();
  testMode12();
  testCga();
  testVbe();
  testText50();
  testKeyboard();
  testMouse();
  print(failures ? "PC-TEST failed\n" : "PC-TEST passed\n");
  struct Registers power = {.eax = 0x5301};
  bios(0x15, &power);
  power = (struct Registers){.eax = 0x5307, .ebx = 1, .ecx = 3};
  bios(0x15, &power);
  check("off-by-apm", 0, power.eax);
  return 0;
}
