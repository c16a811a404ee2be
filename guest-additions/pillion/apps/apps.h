// The programs of the desktop, in the order of the task bar.

#pragma once

#include "../desktop/window.h"

extern const App welcomeApp, paintApp, targetsApp, inspectorApp, systemApp, notesApp, filesApp, viewerApp;
extern const App *const apps[];
extern const u32 appCount;
