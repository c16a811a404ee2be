// COM1 (16550): boot marks and the log of the tests go out, commands come in (commands.c).

#include "kernel.h"

#define COM1 0x3f8
#define DATA 0
#define INTERRUPT_ENABLE 1
#define FIFO_CONTROL 2
#define INTERRUPT_ID 2
#define LINE_CONTROL 3
#define MODEM_CONTROL 4
#define LINE_STATUS 5
#define IER_RECEIVED 0x01
#define LCR_8N1 0x03
#define LCR_DIVISOR 0x80
#define FCR_ENABLE 0x07
#define MCR_READY 0x0b // DTR, RTS, OUT2 (lets the interrupt through)
#define LSR_RECEIVED 0x01
#define LSR_EMPTY 0x20
#define IRQ_COM1 4
#define PATIENCE 100000

#define LINE_MAX 96
#define RING_SIZE 1024

static char ring[RING_SIZE];
static volatile u32 ringHead, ringTail;
static char line[LINE_MAX];
static u32 lineLength;
static bool present;

static void serialIrq(void) {
  while (in8(COM1 + LINE_STATUS) & LSR_RECEIVED) {
    char character = (char)in8(COM1 + DATA);
    u32 next = (ringHead + 1) % RING_SIZE;
    if (next == ringTail) continue;
    ring[ringHead] = character;
    ringHead = next;
  }
}

void startSerial(void) {
  out8(COM1 + INTERRUPT_ENABLE, 0);
  out8(COM1 + LINE_CONTROL, LCR_DIVISOR | LCR_8N1);
  out8(COM1 + DATA, 1); // 115200 baud
  out8(COM1 + INTERRUPT_ENABLE, 0);
  out8(COM1 + LINE_CONTROL, LCR_8N1);
  out8(COM1 + FIFO_CONTROL, FCR_ENABLE);
  out8(COM1 + MODEM_CONTROL, MCR_READY);
  present = in8(COM1 + LINE_STATUS) != 0xff;
  if (!present) return;
  onIrq(IRQ_COM1, serialIrq);
  out8(COM1 + INTERRUPT_ENABLE, IER_RECEIVED);
}

void serialWrite(const char *text) {
  if (!present) return;
  for (; *text; text++) {
    for (u32 tries = 0; tries < PATIENCE && !(in8(COM1 + LINE_STATUS) & LSR_EMPTY); tries++) {
    }
    out8(COM1 + DATA, (u8)*text);
  }
}

void serialPrint(const char *pattern, ...) {
  char text[200];
  __builtin_va_list values;
  __builtin_va_start(values, pattern);
  formatList(text, sizeof text, pattern, values);
  __builtin_va_end(values);
  serialWrite(text);
}

const char *serialLine(void) {
  while (ringTail != ringHead) {
    char character = ring[ringTail];
    ringTail = (ringTail + 1) % RING_SIZE;
    if (character != '\n' && character != '\r') {
      if (lineLength < LINE_MAX - 1) line[lineLength++] = character;
      continue;
    }
    if (!lineLength) continue;
    line[lineLength] = 0;
    lineLength = 0;
    return line;
  }
  return NULL;
}
