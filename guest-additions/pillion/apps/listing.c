// Directories as lists: read, sorted, put into words.

#include "files.h"

static void *grown(void *block, u32 used, u32 size) {
  void *larger = allocate(size);
  if (larger && used) memcpy(larger, block, used);
  if (larger) release(block);
  return larger;
}

static bool addEntry(Listing *listing, const FolderItem *item) {
  if (listing->count == listing->room) {
    u32 room = listing->room ? listing->room * 2 : 64;
    Entry *entries = grown(listing->entries, listing->count * sizeof(Entry), room * sizeof(Entry));
    if (!entries) return false;
    listing->entries = entries;
    listing->room = room;
  }
  if (listing->namesUsed + item->nameLength + 1 > listing->namesRoom) {
    u32 room = (listing->namesRoom ? listing->namesRoom * 2 : 2048) + item->nameLength;
    char *names = grown(listing->names, listing->namesUsed, room);
    if (!names) return false;
    listing->names = names;
    listing->namesRoom = room;
  }
  const FolderAttributes *attributes = &item->attributes;
  listing->entries[listing->count++] =
      (Entry){attributes->length, attributes->modified, attributes->kind, attributes->mode, (u32)attributes->number, listing->namesUsed};
  memcpy(listing->names + listing->namesUsed, item->name, item->nameLength);
  listing->namesUsed += item->nameLength;
  listing->names[listing->namesUsed++] = 0;
  return true;
}

i32 readListing(FolderCall *call, bool roots, const Place *place, Listing *listing) {
  *listing = (Listing){0};
  u32 cursor = 0;
  do {
    if (roots) folderRoots(call, cursor);
    else folderList(call, place->folder, place->path, cursor);
    i32 status = await(call);
    if (status) return status;
    for (FolderItem item = folderFirst(call); item.name; item = folderNext(&item))
      if (!addEntry(listing, &item)) return TANDEM_REQUEST_STATUS_NO_MEMORY;
    cursor = folderCursor(call);
  } while (cursor);
  return 0;
}

void releaseListing(Listing *listing) {
  release(listing->entries);
  release(listing->names);
  *listing = (Listing){0};
}

const char *entryName(const Listing *listing, const Entry *entry) {
  return listing->names + entry->name;
}

static u8 folded(char character) {
  return (u8)(character >= 'A' && character <= 'Z' ? character + 32 : character);
}

int compareNames(const char *a, const char *b) {
  const char *left = a;
  const char *right = b;
  while (*left && folded(*left) == folded(*right)) left++, right++;
  int order = folded(*left) - folded(*right);
  return order ? order : strcmp(a, b);
}

static int compareEntries(const Listing *listing, const Entry *a, const Entry *b, SortKey key, bool downwards) {
  if (a->kind != b->kind) return a->kind == TANDEM_FOLDER_KIND_DIRECTORY ? -1 : 1;
  int order = 0;
  if (key == SORT_SIZE) order = a->length < b->length ? -1 : a->length > b->length;
  if (key == SORT_DATE) order = a->modified < b->modified ? -1 : a->modified > b->modified;
  if (!order) order = compareNames(entryName(listing, a), entryName(listing, b));
  return downwards ? -order : order;
}

static void siftDown(Listing *listing, u32 from, u32 count, SortKey key, bool downwards) {
  Entry *entries = listing->entries;
  for (;;) {
    u32 child = from * 2 + 1;
    if (child >= count) return;
    if (child + 1 < count && compareEntries(listing, &entries[child], &entries[child + 1], key, downwards) < 0) child++;
    if (compareEntries(listing, &entries[from], &entries[child], key, downwards) >= 0) return;
    Entry swapped = entries[from];
    entries[from] = entries[child];
    entries[child] = swapped;
    from = child;
  }
}

void sortListing(Listing *listing, SortKey key, bool downwards) {
  for (u32 i = listing->count / 2; i > 0; i--) siftDown(listing, i - 1, listing->count, key, downwards);
  for (u32 end = listing->count; end > 1; end--) {
    Entry last = listing->entries[end - 1];
    listing->entries[end - 1] = listing->entries[0];
    listing->entries[0] = last;
    siftDown(listing, 0, end - 1, key, downwards);
  }
}

u32 listingHash(const Listing *listing) {
  u32 hash = listing->count;
  for (u32 i = 0; i < listing->count; i++) {
    const Entry *entry = &listing->entries[i];
    const u32 values[] = {(u32)entry->length, (u32)entry->modified, entry->kind, entry->mode, entry->number};
    for (u32 k = 0; k < COUNT(values); k++) hash = (hash ^ values[k]) * 0x01000193;
  }
  for (u32 i = 0; i < listing->namesUsed; i++) hash = (hash ^ (u8)listing->names[i]) * 0x01000193;
  return hash;
}

int formatSize(char *to, size_t size, u64 bytes) {
  static const char *const units[] = {"KB", "MB", "GB", "TB"};
  if (bytes < 1000) return format(to, size, "%u bytes", (u32)bytes);
  // Down to a number of which tenths can be told.
  u32 unit = 0;
  while (bytes >= 1000000 && unit + 1 < COUNT(units)) {
    bytes = bytes >> 32 ? (u64)divide(bytes >> 10, 1000) << 10 : divide(bytes, 1000);
    unit++;
  }
  u32 thousandths = (u32)bytes;
  return format(to, size, "%u.%u %s", thousandths / 1000, thousandths % 1000 / 100, units[unit]);
}

int formatTime(char *to, size_t size, u64 milliseconds) {
  if (milliseconds >> 42) return format(to, size, "%s", "");
  u32 seconds = divide(milliseconds, 1000);
  u32 days = seconds / 86400;
  u32 minutes = seconds % 86400 / 60;
  u32 year = 1970;
  for (;; year++) {
    u32 length = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 366 : 365;
    if (days < length) break;
    days -= length;
  }
  static const u8 lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  u32 month = 0;
  for (; month < 11; month++) {
    u32 length = lengths[month] + (month == 1 && leap ? 1u : 0u);
    if (days < length) break;
    days -= length;
  }
  return format(to, size, "%u-%02u-%02u %02u:%02u", year, month + 1, days + 1, minutes / 60, minutes % 60);
}
