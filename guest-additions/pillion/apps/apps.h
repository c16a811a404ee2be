// The programs of the desktop, in the order of the task bar.

#pragma once

#include "../desktop/window.h"

extern const App welcomeApp, paintApp, targetsApp, inspectorApp, systemApp, notesApp, filesApp, viewerApp, lookApp;
extern const App *const apps[];
extern const u32 appCount;

/** `start` or `stop`; says where the view looks. */
void lookCommand(const char *rest);
