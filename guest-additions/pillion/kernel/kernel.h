// What every part of Pillion may use: memory, text, time, interrupts, the bus.

#pragma once

#include "../../common/io.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// ---- strings.c ----

void *memcpy(void *to, const void *from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);
char *strchr(const char *text, int character);
bool startsWith(const char *text, const char *prefix);
/** Fills and copies whole pixels in one instruction each. */
void fill32(u32 *to, u32 value, u32 count);
void copy32(u32 *to, const u32 *from, u32 count);
/** Knows %s, %c, %d, %u, %x, a width and a leading 0 ("%02d", "%08x"). Always ends the text; returns its length. */
int format(char *to, size_t size, const char *pattern, ...) __attribute__((format(printf, 3, 4)));
int formatList(char *to, size_t size, const char *pattern, __builtin_va_list values);

// ---- heap.c ----

void startHeap(u32 start, u32 end);
/** Null when there is not enough left. */
void *allocate(u32 bytes);
void release(void *block);
u32 heapFree(void);
u32 heapSize(void);

// ---- interrupts.c ----

typedef void (*IrqHandler)(void);

void startInterrupts(void);
/** Several handlers may share a line; each finds out whether its device meant it. */
void onIrq(u32 line, IrqHandler handler);
void maskIrq(u32 line, bool masked);
u32 irqCount(u32 line);

static inline u32 disableInterrupts(void) {
  u32 flags;
  __asm__ volatile("pushf; pop %0; cli" : "=r"(flags) : : "memory");
  return flags;
}

static inline void restoreInterrupts(u32 flags) {
  __asm__ volatile("push %0; popf" : : "r"(flags) : "memory", "cc");
}

/** Sleeps until the next interrupt; to be called with interrupts disabled, returns with them enabled. */
static inline void halt(void) {
  __asm__ volatile("sti; hlt" : : : "memory");
}

// ---- panic.c ----

/** What an interrupt finds on the stack. */
typedef struct {
  u32 edi, esi, ebp, esp, ebx, edx, ecx, eax;
  u32 vector, error;
  u32 eip, cs, eflags;
} Frame;

_Noreturn void panic(const char *pattern, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void panicException(const Frame *frame);

// ---- time.c ----

typedef struct {
  u16 year;
  u8 month, day, hour, minute, second;
} Date;

/** The quotient must have 32 bits. */
static inline u32 divide(u64 value, u32 by) {
  u32 quotient, rest;
  __asm__("divl %4" : "=a"(quotient), "=d"(rest) : "a"((u32)value), "d"((u32)(value >> 32)), "rm"(by) : "cc");
  return quotient;
}

void startTime(void);
/** Since the start; wraps after 71 minutes. */
u32 microseconds(void);
u32 milliseconds(void);
/** Changes four times a second, with an interrupt. */
u32 slowTicks(void);
Date readDate(void);
/** Sets the clock, to local time in seconds since 1970; until then it is the real-time clock of the board. */
void setClock(u32 seconds, u32 milliseconds);
/** Local time in seconds since 1970; 0 before setClock. */
u32 clockSeconds(u32 *milliseconds);

/** Who needs the timer's 100 interrupts a second; without anybody it stands still. */
typedef enum { TICK_FRAMES = 1, TICK_USB = 2, TICK_POINTER = 4, TICK_KEYS = 8, TICK_MEASURE = 16 } TickUser;
void needTicks(TickUser user, bool needed);

// ---- tasks.c ----

typedef void (*TaskBody)(void *argument);

/** It begins in the main loop's next round. False when there are too many, or no memory. */
bool startTask(TaskBody body, void *argument);
bool inTask(void);
/** In a task: lets the desktop go on. `waits`: until an interrupt; else only when this turn has been long. */
void giveWay(bool waits);
/** Also in interrupts: what a task waits for may be there. */
void wakeTasks(void);
void runTasks(void);
/** There is work for a task now. */
bool tasksWait(void);

// ---- serial.c ----

void startSerial(void);
void serialWrite(const char *text);
void serialPrint(const char *pattern, ...) __attribute__((format(printf, 1, 2)));
/** A whole line that has arrived, without its end, or null. */
const char *serialLine(void);

// ---- pci.c ----

typedef struct {
  u8 device, function;
  u16 vendor, product;
  u32 class; // class, subclass, interface: 24 bits
  u8 line;
} PciFunction;

#define PCI_FUNCTIONS_MAX 24
#define PCI_COMMAND 0x04
#define PCI_COMMAND_IO 0x01
#define PCI_COMMAND_MEMORY 0x02
#define PCI_COMMAND_MASTER 0x04
#define PCI_BAR0 0x10

void startPci(void);
u32 pciCount(void);
const PciFunction *pciAt(u32 index);
const PciFunction *pciFind(u16 vendor, u16 product);
const PciFunction *pciFindClass(u32 class);
u32 pciRead(const PciFunction *at, u8 offset);
void pciWrite16(const PciFunction *at, u8 offset, u16 value);
/** Lets the function answer at its ports and in memory, and be a bus master. */
void pciEnable(const PciFunction *at);

// ---- power.c ----

void startPower(void);
u16 powerTimerPort(void);
bool isPowerButtonPressed(void);
void powerOff(void);
void resetMachine(void);

// ---- options.c: the command line ----

/** The value of `name=value`, or the fallback. */
const char *option(const char *name, const char *fallback);
bool optionIs(const char *name, const char *value);
void setCommandLine(const char *line);
