#include "apps.h"

const App *const apps[] = {&welcomeApp, &paintApp, &targetsApp, &inspectorApp, &systemApp, &notesApp, &filesApp, &viewerApp, &lookApp};
const u32 appCount = COUNT(apps);
