// PCI configuration, mechanism 1, bus 0. Addresses and interrupt lines are as the firmware or the loader left them.

#include "kernel.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define CONFIG_ENABLE 0x80000000

#define ID 0x00
#define CLASS 0x08
#define HEADER 0x0c
#define HEADER_MULTIFUNCTION 0x00800000
#define INTERRUPT 0x3c

static PciFunction functions[PCI_FUNCTIONS_MAX];
static u32 count;

static void selectRegister(const PciFunction *at, u8 offset) {
  out32(CONFIG_ADDRESS, CONFIG_ENABLE | at->device << 11 | at->function << 8 | (offset & 0xfc));
}

u32 pciRead(const PciFunction *at, u8 offset) {
  selectRegister(at, offset);
  return in32(CONFIG_DATA);
}

void pciWrite16(const PciFunction *at, u8 offset, u16 value) {
  selectRegister(at, offset);
  out16(CONFIG_DATA + (offset & 2), value);
}

void startPci(void) {
  for (u8 device = 0; device < 32; device++) {
    for (u8 function = 0; function < 8; function++) {
      PciFunction found = {.device = device, .function = function};
      u32 id = pciRead(&found, ID);
      if ((id & 0xffff) != 0xffff && count < PCI_FUNCTIONS_MAX) {
        found.vendor = id & 0xffff;
        found.product = id >> 16;
        found.class = pciRead(&found, CLASS) >> 8;
        found.line = pciRead(&found, INTERRUPT) & 0xff;
        functions[count++] = found;
      }
      if (function == 0) {
        bool multiple = (id & 0xffff) != 0xffff && (pciRead(&found, HEADER) & HEADER_MULTIFUNCTION);
        if (!multiple) break;
      }
    }
  }
}

u32 pciCount(void) {
  return count;
}

const PciFunction *pciAt(u32 index) {
  return &functions[index];
}

const PciFunction *pciFind(u16 vendor, u16 product) {
  for (u32 i = 0; i < count; i++)
    if (functions[i].vendor == vendor && functions[i].product == product) return &functions[i];
  return NULL;
}

const PciFunction *pciFindClass(u32 class) {
  for (u32 i = 0; i < count; i++)
    if (functions[i].class == class) return &functions[i];
  return NULL;
}

void pciEnable(const PciFunction *at) {
  u16 command = pciRead(at, PCI_COMMAND) & 0xffff;
  pciWrite16(at, PCI_COMMAND, command | PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}
