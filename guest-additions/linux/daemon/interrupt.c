// The port's interrupt, by the kernel's uio_pci_generic: the module masks the PCI function and counts, a read of its file waits.
// The daemon clears the cause and lets the function interrupt again through the configuration space in /sys.

#include "interrupt.h"
#include "../../common/protocol.gen.h"
#include "../lib/text.h"
#include "loop.h"
#include "port.h"

#define FUNCTIONS "/sys/bus/pci/devices/0000:00:"
#define SLOTS 32
#define UIO_MAX 16
/** Upper byte of the PCI command register. */
#define CONFIG_COMMAND_HIGH 5
#define COMMAND_HIGH_INTERRUPT_DISABLE 0x04

static i32 interruptFile = -1;
static i32 configuration = -1;
static u32 allowed;

static void setMask(u32 causes) {
  if (causes == allowed) return;
  // What was answered before is known; only what comes now is to interrupt.
  if (causes & ~allowed & TANDEM_IRQ_CAUSE_REQUEST)
    out16(TANDEM_ISA_BASE + TANDEM_REGISTER_IRQ_CAUSE, TANDEM_IRQ_CAUSE_REQUEST);
  allowed = causes;
  out16(TANDEM_ISA_BASE + TANDEM_REGISTER_IRQ_MASK, (u16)causes);
}

static void unmask(void) {
  u8 high = 0;
  syscall5(SYS_PREAD64, configuration, (u32)&high, 1, CONFIG_COMMAND_HIGH, 0);
  high &= (u8)~COMMAND_HIGH_INTERRUPT_DISABLE;
  syscall5(SYS_PWRITE64, configuration, (u32)&high, 1, CONFIG_COMMAND_HIGH, 0);
}

/** What has happened is taken by the loop. The pointer's cause goes when its registers are read. */
static void interrupted(void *context, u32 happened) {
  (void)context, (void)happened;
  u32 count;
  readFile(interruptFile, &count, sizeof count);
  out16(TANDEM_ISA_BASE + TANDEM_REGISTER_IRQ_CAUSE, TANDEM_IRQ_CAUSE_REQUEST | TANDEM_IRQ_CAUSE_EVENT);
  portTake();
  unmask();
}

static char *putSlot(char *target, u32 slot) {
  static const char digits[] = "0123456789abcdef";
  target = put(target, FUNCTIONS);
  *target++ = digits[slot >> 4];
  *target++ = digits[slot & 15];
  return put(target, ".0/");
}

static bool hasNumber(const char *folder, const char *file, const char *wanted) {
  char path[96], text[16];
  put(put(path, folder), file);
  return readLine(path, text, sizeof text) && isSame(text, wanted);
}

/** The file in /dev that belongs to the function. */
static i32 openDevice(const char *folder) {
  for (u32 number = 0; number < UIO_MAX; number++) {
    char path[96];
    putNumber(put(put(path, folder), "uio/uio"), number);
    if (syscall3(SYS_ACCESS, (u32)path, 0, 0) < 0) continue;
    putNumber(put(path, "/dev/uio"), number);
    return openFile(path, O_RDWR);
  }
  return -ENOENT;
}

void openInterrupt(void) {
  char folder[64];
  u32 slot = 0;
  for (; slot < SLOTS; slot++) {
    putSlot(folder, slot);
    if (hasNumber(folder, "vendor", "0x1234") && hasNumber(folder, "device", "0x7464")) break;
  }
  if (slot == SLOTS) return;
  writeLine("/sys/bus/pci/drivers/uio_pci_generic/new_id", "1234 7464"); // fails when it is known there already
  interruptFile = openDevice(folder);
  if (interruptFile < 0) return;
  char path[96];
  put(put(path, folder), "config");
  configuration = openFile(path, O_RDWR);
  if (configuration < 0) {
    closeFile(interruptFile);
    interruptFile = -1;
    return;
  }
  unmask();
  watch(interruptFile, POLLIN, interrupted, 0);
}

void closeInterrupt(void) {
  setMask(0);
}

bool allowInterrupt(bool answers) {
  if (interruptFile < 0) return false;
  u32 events = TANDEM_IRQ_CAUSE_EVENT | (portFeatures() & TANDEM_FEATURE_POINTER ? TANDEM_IRQ_CAUSE_POINTER : 0);
  setMask(events | (answers ? TANDEM_IRQ_CAUSE_REQUEST : 0));
  return true;
}
