// Where all pointer devices meet: reports come from their interrupts, the desktop takes positions.

#pragma once

#include "../kernel/kernel.h"

typedef enum { SOURCE_NONE, SOURCE_PS2, SOURCE_USB_MOUSE, SOURCE_USB_TABLET, SOURCE_TANDEM, SOURCE_COUNT } PointerSource;

typedef struct {
  PointerSource source;
  bool absolute;
  i32 dx, dy; // counts, y downwards
  i32 x, y;   // absolute: pixels
  i32 rawX, rawY;
  u32 buttons; // bit 0 left, 1 right, 2 middle, 3 back, 4 forward
  i32 wheel;   // notches, positive towards the user
  u32 time;    // set by postPointer: microseconds
} PointerReport;

typedef struct {
  PointerSource source; // in use
  bool hostDraws;       // the cursor: Pillion sends the shape
  bool relative;        // the last report was motion, not a place
  bool acceleration;
  i32 x, y;
  u32 buttons;
  i32 wheelTotal;
  PointerReport last;
  u32 reports[SOURCE_COUNT], irqs[SOURCE_COUNT];
} PointerState;

void startPointer(void);
/** For drivers, also in interrupts. A report is only merged into the one before when both are motion with the same buttons. */
void postPointer(PointerReport *report);
void countPointerIrq(PointerSource source);
/** A device came or went, or the host uses another mode. */
void choosePointerSource(void);
/** Hands the waiting reports to the desktop, and tells the host where the cursor is. */
void takePointer(void);
bool pointerWaits(void);
/** A driver that can leave reports in its device does so while there is none. */
bool pointerHasRoom(void);
void setAcceleration(bool on);
/** The cursor goes there without a report. */
void placePointer(i32 x, i32 y);
/** The screen had another size. */
void scalePointer(i32 oldWidth, i32 oldHeight);
/** All motion goes to the grabber, and the cursor is not to be seen, until it is ended. The host is asked to capture the mouse. */
void grabPointer(void (*grabber)(i32 dx, i32 dy, u32 buttons));
/** The cursor is where it was. */
void ungrabPointer(void);
bool pointerIsGrabbed(void);
/** Whether the choice lets this device move the cursor. */
bool isChosen(PointerSource source);
/** "auto" or the name of a source; false when there is no such. */
bool setPointerChoice(const char *name);
void setPointerLog(bool on);
void setGuestDraws(bool on);
const PointerState *pointerState(void);
const char *sourceName(PointerSource source);
