// The host's shared folders: the window, and what is done in it.

#pragma once

#include "../drivers/folders.h"

/** The host says that folders have come, gone or changed. */
void filesChanged(void);
/** The user has dropped files on the screen. */
void filesDropped(void);
/** For tests: what the window shows, with the rows' places on the screen. */
void printFiles(void);

// ---- listing.c: what is in a directory ----

typedef struct {
  u64 length, modified;
  u32 kind, mode, number;
  u32 name; // offset
} Entry;

typedef struct {
  Entry *entries;
  u32 count, room;
  char *names;
  u32 namesUsed, namesRoom;
} Listing;

/** In a task. `roots`: the folders themselves. */
i32 readListing(FolderCall *call, bool roots, const Place *place, Listing *listing);
void releaseListing(Listing *listing);
const char *entryName(const Listing *listing, const Entry *entry);
typedef enum { SORT_NAME, SORT_SIZE, SORT_DATE } SortKey;
void sortListing(Listing *listing, SortKey key, bool downwards);
/** Another number when anything of it is another. */
u32 listingHash(const Listing *listing);
int compareNames(const char *a, const char *b);
int formatSize(char *to, size_t size, u64 bytes);
/** UTC, as the host tells it. */
int formatTime(char *to, size_t size, u64 milliseconds);

// ---- file-jobs.c: what takes time; one at a time ----

typedef struct {
  bool running;
  const char *doing; // "Copying"
  u64 bytes;
  u32 files;
  u32 start; // milliseconds
} Progress;

const Progress *jobProgress(void);
/** MB/s and files/s so far. */
int formatProgress(char *to, size_t size);
void stopJob(void);
typedef enum { JOB_COPY, JOB_DELETE, JOB_SAVE, JOB_MEASURE, JOB_DROP } JobKind;
/** `to`: the directory it goes to, or where is measured. False when another one is under way. */
bool startJob(JobKind kind, const Place *from, bool directory, const Place *to);
/** In files.c: it has ended, with words for the user. */
void jobEnded(const char *words);
/** In files.c: where a drop at this pixel goes; false when it is over no folder. */
bool dropTarget(i32 x, i32 y, Place *place);
/** In files.c, in a task: shows a picture or a text. Null, or words. `place` is null for what has no file. */
const char *showFile(const char *name, const Place *place, u8 *bytes, u32 length, bool readOnly);
#define SHOWN_MAX (32u << 20)
