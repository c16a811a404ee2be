// The notepad's text, for others: the clipboard, files.

#pragma once

#include "../kernel/kernel.h"

#define NOTES_MAX 1048576

/** What has been written: UTF-8, with a zero byte behind it. */
const char *notesText(void);
u32 notesLength(void);
/** What is selected, or null. */
const char *notesSelection(u32 *length);
/** Another text, without a file; false when it is too long. Shows the window. */
bool setNotes(const char *text, u32 length);
/** In place of what is selected, or where the caret is. */
bool insertNotes(const char *text, u32 length);
/** What the text is: the title, and what saves it; null: a note that is nowhere. `readOnly`: it cannot be saved there. */
typedef void (*NotesSaver)(const char *text, u32 length);
void setNotesFile(const char *name, NotesSaver save, bool readOnly);
/** It has been saved as it was then; or not, in words. */
void notesSaved(const char *problem);
/** There are changes that were not saved. */
bool notesChanged(void);
