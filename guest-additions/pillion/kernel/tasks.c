// Tasks: work that waits for the host or takes long, with a stack of its own, while the desktop goes on. They give way themselves;
// main.c gives each its turn in the loop.

#include "kernel.h"

#define TASKS_MAX 4
#define STACK_SIZE 32768
#define GUARD 0x5afe57ac
/** Microseconds after which a task that does not wait lets the desktop draw. */
#define TURN 6000

typedef struct {
  u32 *stack; // null: free
  u32 pointer;
  TaskBody body;
  void *argument;
  bool waits, ended;
} Task;

/** start.S: keeps the registers and the stack's pointer, and goes on with another stack. */
void switchStack(u32 *keep, u32 to);

static Task tasks[TASKS_MAX];
static Task *current;
static u32 loopPointer;
static u32 turnStart;
static volatile bool woken;

static void enter(void) {
  current->body(current->argument);
  current->ended = true;
  switchStack(&current->pointer, loopPointer);
}

bool startTask(TaskBody body, void *argument) {
  for (u32 i = 0; i < TASKS_MAX; i++) {
    Task *task = &tasks[i];
    if (task->stack) continue;
    u32 *stack = allocate(STACK_SIZE);
    if (!stack) return false;
    *task = (Task){stack, 0, body, argument, false, false};
    stack[0] = GUARD;
    u32 *top = stack + STACK_SIZE / 4;
    *--top = 0; // enter() does not return
    *--top = (u32)enter;
    for (u32 i = 0; i < 4; i++) *--top = 0; // ebp, ebx, esi, edi
    task->pointer = (u32)top;
    return true;
  }
  return false;
}

bool inTask(void) {
  return current != NULL;
}

void giveWay(bool waits) {
  if (!current) panic("Only a task can give way.");
  if (!waits && microseconds() - turnStart < TURN) return;
  current->waits = waits;
  switchStack(&current->pointer, loopPointer);
}

void wakeTasks(void) {
  woken = true;
}

bool tasksWait(void) {
  bool ready = woken;
  for (u32 i = 0; i < TASKS_MAX; i++) ready |= tasks[i].stack && !tasks[i].waits;
  return ready;
}

void runTasks(void) {
  woken = false;
  for (u32 i = 0; i < TASKS_MAX; i++) {
    Task *task = &tasks[i];
    if (!task->stack) continue;
    current = task;
    turnStart = microseconds();
    switchStack(&loopPointer, task->pointer);
    current = NULL;
    if (task->stack[0] != GUARD) panic("A task has used up its stack.");
    if (!task->ended) continue;
    release(task->stack);
    task->stack = NULL;
  }
}
