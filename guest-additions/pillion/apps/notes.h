// The notepad's text, for others: the clipboard, files.

#pragma once

#include "../drivers/folders.h"

#define NOTES_MAX 1048576
#define NOTES_NAME_MAX 80

/** What has been written: UTF-8, with a zero byte behind it. */
const char *notesText(void);
u32 notesLength(void);
/** What is selected, or null. */
const char *notesSelection(u32 *length);
/** In place of what is selected, or where the caret is. */
bool insertNotes(const char *text, u32 length);
/** Saves a note at its place; `notesSaved` tells how that went. */
typedef void (*NotesSaver)(const Place *place, const char *text, u32 length);
/** What a note is: the title, what saves it and where; without a saver it is nowhere. `readOnly`: it cannot be saved there. */
typedef struct {
  char name[NOTES_NAME_MAX];
  NotesSaver save;
  Place place;
  bool readOnly;
} NotesFile;
/** Another note; false when it is too long. Shows the window, which asks first when the former note has changes that were not saved. */
bool openNote(const NotesFile *file, const char *text, u32 length);
/** It has been saved as it was then; or not, in words. */
void notesSaved(const char *problem);
