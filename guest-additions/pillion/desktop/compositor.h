// What is on top of what: the back buffer is composed from wallpaper, windows with their shadows, and the task bar.

#pragma once

#include "draw.h"

bool startCompositor(void);
void drawWallpaper(void);
/** This part of the screen has to be composed anew. */
void damage(Rect part);
bool isDamaged(void);
void compose(void);
/** How far a shadow reaches beyond its window. */
Rect withShadow(Rect frame);

extern Surface wallpaper, backBuffer, taskbar;
