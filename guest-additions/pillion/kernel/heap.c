// The heap: one list of blocks in address order, first fit, neighbours joined when they are released.

#include "kernel.h"

typedef struct Block {
  u32 size; // of the block with this header
  bool used;
  struct Block *next;
  u32 padding;
} Block;

#define HEADER sizeof(Block)
#define ALIGNMENT 16
#define SMALLEST (HEADER + 32)

static Block *first;
static u32 total;

void startHeap(u32 start, u32 end) {
  start = (start + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
  end &= ~(ALIGNMENT - 1);
  if (end < start + SMALLEST) panic("There is no memory left for the heap.");
  first = (Block *)start;
  *first = (Block){end - start, false, NULL, 0};
  total = end - start;
}

void *allocate(u32 bytes) {
  if (bytes > total) return NULL;
  u32 size = (bytes + HEADER + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
  for (Block *block = first; block; block = block->next) {
    if (block->used || block->size < size) continue;
    if (block->size >= size + SMALLEST) {
      Block *rest = (Block *)((u8 *)block + size);
      *rest = (Block){block->size - size, false, block->next, 0};
      block->next = rest;
      block->size = size;
    }
    block->used = true;
    return block + 1;
  }
  return NULL;
}

void release(void *pointer) {
  if (!pointer) return;
  ((Block *)pointer - 1)->used = false;
  for (Block *block = first; block; block = block->next)
    while (!block->used && block->next && !block->next->used) {
      block->size += block->next->size;
      block->next = block->next->next;
    }
}

u32 heapFree(void) {
  u32 size = 0;
  for (Block *block = first; block; block = block->next)
    if (!block->used) size += block->size;
  return size;
}

u32 heapSize(void) {
  return total;
}
