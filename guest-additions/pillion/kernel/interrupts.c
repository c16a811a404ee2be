// Segments, interrupt table, and the two 8259 interrupt controllers (IRQ 0-15 at vectors 32-47).

#include "kernel.h"

#define VECTORS 48
#define IRQ_BASE 32
#define IRQ_LINES 16
#define IRQ_CASCADE 2
#define HANDLERS_PER_LINE 4
#define ENTRY_SIZE 16

#define PIC_MASTER 0x20
#define PIC_SLAVE 0xa0
#define PIC_DATA 1
#define PIC_INITIALISE 0x11 // edge triggered (ELCR knows better), cascade, ICW4 follows
#define PIC_8086 0x01
#define PIC_END_OF_INTERRUPT 0x20
#define PIC_READ_IN_SERVICE 0x0b

#define GATE_INTERRUPT 0x8e00
#define CODE_SEGMENT 8

typedef struct __attribute__((packed)) {
  u16 limit;
  u32 base;
} TableRegister;

extern const u8 interruptEntries[];
void loadTables(const TableRegister *gdt, const TableRegister *idt);

static const u64 gdt[] = {0, 0x00cf9a000000ffff, 0x00cf92000000ffff};
static struct {
  u32 low, high;
} idt[VECTORS];
static IrqHandler handlers[IRQ_LINES][HANDLERS_PER_LINE];
static u32 counts[IRQ_LINES];
static u16 masks = 0xffff & ~(1 << IRQ_CASCADE);

static void writeMasks(void) {
  out8(PIC_MASTER + PIC_DATA, masks & 0xff);
  out8(PIC_SLAVE + PIC_DATA, masks >> 8);
}

void startInterrupts(void) {
  for (u32 vector = 0; vector < VECTORS; vector++) {
    u32 entry = (u32)interruptEntries + vector * ENTRY_SIZE;
    idt[vector].low = CODE_SEGMENT << 16 | (entry & 0xffff);
    idt[vector].high = (entry & 0xffff0000) | GATE_INTERRUPT;
  }
  TableRegister gdtRegister = {sizeof gdt - 1, (u32)gdt};
  TableRegister idtRegister = {sizeof idt - 1, (u32)idt};
  loadTables(&gdtRegister, &idtRegister);

  out8(PIC_MASTER, PIC_INITIALISE);
  out8(PIC_SLAVE, PIC_INITIALISE);
  out8(PIC_MASTER + PIC_DATA, IRQ_BASE);
  out8(PIC_SLAVE + PIC_DATA, IRQ_BASE + 8);
  out8(PIC_MASTER + PIC_DATA, 1 << IRQ_CASCADE);
  out8(PIC_SLAVE + PIC_DATA, IRQ_CASCADE);
  out8(PIC_MASTER + PIC_DATA, PIC_8086);
  out8(PIC_SLAVE + PIC_DATA, PIC_8086);
  writeMasks();
}

void onIrq(u32 line, IrqHandler handler) {
  for (u32 i = 0; i < HANDLERS_PER_LINE; i++) {
    if (handlers[line][i] == handler) return;
    if (handlers[line][i]) continue;
    handlers[line][i] = handler;
    maskIrq(line, false);
    return;
  }
  panic("Too many devices share IRQ %u.", line);
}

void maskIrq(u32 line, bool masked) {
  u32 flags = disableInterrupts();
  masks = masked ? masks | (1 << line) : masks & ~(1 << line);
  writeMasks();
  restoreInterrupts(flags);
}

u32 irqCount(u32 line) {
  return counts[line];
}

static bool isSpurious(u32 line) {
  if (line != 7 && line != 15) return false;
  u16 port = line == 7 ? PIC_MASTER : PIC_SLAVE;
  out8(port, PIC_READ_IN_SERVICE);
  return !(in8(port) & 0x80);
}

/** Called by start.S for every interrupt. */
void interrupt(const Frame *frame) {
  if (frame->vector < IRQ_BASE) panicException(frame);
  u32 line = frame->vector - IRQ_BASE;
  if (isSpurious(line)) {
    if (line == 15) out8(PIC_MASTER, PIC_END_OF_INTERRUPT);
    return;
  }
  counts[line]++;
  for (u32 i = 0; i < HANDLERS_PER_LINE && handlers[line][i]; i++) handlers[line][i]();
  if (line >= 8) out8(PIC_SLAVE, PIC_END_OF_INTERRUPT);
  out8(PIC_MASTER, PIC_END_OF_INTERRUPT);
}
