// What is on top of what: the back buffer is composed from wallpaper, windows with their shadows, and the task bar.

#pragma once

#include "draw.h"

bool startCompositor(void);
/** Gives back what it has and takes new surfaces; false when there is not enough memory for them. Everything is to be drawn anew. */
bool sizeCompositor(i32 width, i32 height);
void drawWallpaper(void);
/** This part of the screen has to be composed anew. */
void damage(Rect part);
bool isDamaged(void);
void compose(void);
/** How far a shadow reaches beyond its window. */
Rect withShadow(Rect frame);

extern Surface wallpaper, backBuffer, taskbar;
