/* Workloads for the benchmark, on the bare machine. Each is framed by lines on COM1: the host takes the times. */

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;

enum { COM1 = 0x3f8, LSR = 5, LSR_EMPTY = 0x20 };
enum { PAGE = 4096, PRESENT = 1, WRITE = 2 };

#define KEEP __attribute__((noinline))

static u8 bytes[1 << 20];
static int words[1 << 16];
static u32 crcTable[256];
static u32 directory[1024] __attribute__((aligned(4096)));
static u32 tables[4][1024] __attribute__((aligned(4096)));
static u32 windowTable[1024] __attribute__((aligned(4096)));
static u32 idt[256][2];
static const u32 gdt[3][2] = {{0, 0}, {0x0000ffff, 0x00cf9b00}, {0x0000ffff, 0x00cf9300}};

struct __attribute__((packed)) Pointer {
  u16 limit;
  const void *base;
};

u32 trapCount;
static u32 faultCount;

void loadTables(const struct Pointer *gdtr, const struct Pointer *idtr);
void trapEntry(void);
void pageFaultEntry(void);
void callTrap(u32 number);

static void out8(u16 port, u8 value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }
static u8 in8(u16 port) {
  u8 value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

static void print(const char *text) {
  for (; *text; text++) {
    while (!(in8(COM1 + LSR) & LSR_EMPTY))
      ;
    out8(COM1, (u8)*text);
  }
}

static void printHex(u32 value) {
  char text[9];
  for (int i = 0; i < 8; i++) text[i] = "0123456789abcdef"[(value >> (28 - 4 * i)) & 15];
  text[8] = 0;
  print(text);
}

KEEP static u32 crc(int rounds) {
  u32 sum = 0;
  for (u32 i = 0; i < 256; i++) {
    u32 value = i;
    for (int bit = 0; bit < 8; bit++) value = (value >> 1) ^ (value & 1 ? 0xedb88320u : 0);
    crcTable[i] = value;
  }
  for (u32 i = 0; i < 65536; i++) bytes[i] = (u8)(i * 13 + (i >> 7));
  for (int round = 0; round < rounds; round++) {
    u32 value = ~0u;
    for (int i = round & 15; i < 65536; i++) value = crcTable[(value ^ bytes[i]) & 255] ^ (value >> 8);
    sum = sum * 31 + ~value;
  }
  return sum;
}

KEEP static u32 sieve(int rounds) {
  enum { LIMIT = 250000 };
  u32 primes = 0;
  for (int round = 0; round < rounds; round++) {
    primes = 0;
    for (int i = 0; i < LIMIT; i++) bytes[i] = 0;
    for (int i = 2; i < LIMIT; i++) {
      if (bytes[i]) continue;
      primes++;
      for (int multiple = 2 * i; multiple < LIMIT; multiple += i) bytes[multiple] = 1;
    }
  }
  return primes;
}

KEEP static void sort(int *low, int *high) {
  while (low < high) {
    int pivot = low[(high - low) / 2];
    int *left = low, *right = high;
    while (left <= right) {
      while (*left < pivot) left++;
      while (*right > pivot) right--;
      if (left > right) break;
      int swapped = *left;
      *left++ = *right;
      *right-- = swapped;
    }
    sort(low, right);
    low = left;
  }
}

KEEP static u32 qsort(int rounds) {
  enum { COUNT = 50000 };
  u32 random = 20020, sum = 0;
  for (int round = 0; round < rounds; round++) {
    for (int i = 0; i < COUNT; i++) {
      random = random * 1664525u + 1013904223u;
      words[i] = (int)(random >> 4);
    }
    sort(words, words + COUNT - 1);
    for (int i = 0; i < COUNT; i += 101) sum = sum * 33 + (u32)words[i];
  }
  return sum;
}

KEEP static u32 fibonacci(u32 n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }
KEEP static u32 fib(int rounds) {
  u32 sum = 0;
  for (int round = 0; round < rounds; round++) sum += fibonacci(22) ^ (u32)round;
  return sum;
}

/* A little virtual machine: a switch, so an indirect jump for each of its instructions. */
KEEP static u32 vm(int rounds) {
  static const u8 program[] = {0, 3, 1, 5, 2, 4, 0, 5, 1, 3, 2, 0, 4, 6};
  u32 a = 7, b = 1234567;
  for (int left = rounds * 10000, at = 0; left > 0;) {
    switch (program[at++]) {
      case 0: a += b; break;
      case 1: a ^= a >> 5; break;
      case 2: b = b * 9 + 1; break;
      case 3: b -= a >> 2; break;
      case 4: b ^= a; break;
      case 5: a = (a << 11) | (a >> 21); break;
      default: at = 0; left--;
    }
  }
  return a ^ b;
}

KEEP static u32 copy(int rounds) {
  for (int round = 0; round < rounds; round++) {
    u8 *from = bytes + (round & 63), *to = bytes + 524288;
    u32 count = 65536 / 4;
    __asm__ volatile("rep movsl" : "+S"(from), "+D"(to), "+c"(count) : : "memory");
  }
  return bytes[524288 + 77];
}

KEEP static u32 trap(int rounds) {
  trapCount = 0;
  for (int i = 0; i < rounds * 1000; i++) callTrap((u32)i);
  return trapCount;
}

enum { WINDOW = 0x40000000 };

void pageFault(u32 address) {
  faultCount++;
  windowTable[(address >> 12) & 1023] = ((u32)bytes + (address & 0x7f000)) | PRESENT | WRITE;
}

/* Demand paging: faults on 128 pages, then they are taken away again with a reload of CR3. */
KEEP static u32 fault(int rounds) {
  volatile u8 *window = (volatile u8 *)WINDOW;
  u32 sum = 0;
  faultCount = 0;
  for (int round = 0; round < rounds; round++) {
    for (int page = 0; page < 128; page++) sum += window[page * PAGE + (round & 255)];
    for (int page = 0; page < 128; page++) windowTable[page] = 0;
    __asm__ volatile("mov %%cr3, %%eax; mov %%eax, %%cr3" : : : "eax", "memory");
  }
  return faultCount;
}

static void gate(int vector, void (*entry)(void)) {
  u32 offset = (u32)entry;
  idt[vector][0] = 0x00080000 | (offset & 0xffff);
  idt[vector][1] = (offset & 0xffff0000) | 0x8e00;
}

static void startKernel(void) {
  struct Pointer gdtr = {sizeof gdt - 1, gdt}, idtr = {sizeof idt - 1, idt};
  gate(14, pageFaultEntry);
  gate(0x80, trapEntry);
  loadTables(&gdtr, &idtr);
  for (u32 table = 0; table < 4; table++) {
    directory[table] = (u32)tables[table] | PRESENT | WRITE;
    for (u32 page = 0; page < 1024; page++) tables[table][page] = (table << 22) | (page << 12) | PRESENT | WRITE;
  }
  directory[WINDOW >> 22] = (u32)windowTable | PRESENT | WRITE;
  __asm__ volatile("mov %0, %%cr3; mov %%cr0, %%eax; or $0x80000000, %%eax; mov %%eax, %%cr0" : : "r"(directory) : "eax", "memory");
}

static void measure(const char *name, u32 (*work)(int), int rounds) {
  print("\nBEGIN ");
  print(name);
  print("\n");
  u32 check = work(rounds);
  print("END ");
  print(name);
  print(" ");
  printHex(check);
  print("\n");
}

void guestMain(void) {
  startKernel();
  measure("crc", crc, 40 * SCALE);
  measure("sieve", sieve, 4 * SCALE);
  measure("qsort", qsort, 3 * SCALE);
  measure("fib", fib, 30 * SCALE);
  measure("vm", vm, 15 * SCALE);
  measure("copy", copy, 10000 * SCALE);
  measure("trap", trap, 400 * SCALE);
  measure("fault", fault, 1500 * SCALE);
  print("\nBENCH-DONE\n");
}
