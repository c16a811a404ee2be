// Work that waits for the host only where it must. What is answered from a cache is answered before the guest's OUT returns, and
// a promise would be too late for that: so operations are generators that yield a promise only when there is one.

export type Maybe<T> = T | Promise<T>;
export type Task<T> = Generator<Promise<unknown>, T, unknown>;

function isPromise<T>(value: Maybe<T>): value is Promise<T> {
  return value instanceof Promise;
}

/** `const x = yield* wait(maybe)`: like await, but at once when it is there. */
export function* wait<T>(value: Maybe<T>): Task<T> {
  return isPromise(value) ? ((yield value) as T) : value;
}

/** Of all of them, in their order. */
export function* waitAll<T>(values: Maybe<T>[]): Task<T[]> {
  if (!values.some(isPromise)) return values as T[];
  return (yield Promise.all(values)) as T[];
}

export function run<T>(task: Task<T>): Maybe<T> {
  const step = task.next();
  return step.done ? step.value : follow(task, step.value);
}

async function follow<T>(task: Task<T>, first: Promise<unknown>): Promise<T> {
  let waited = first;
  for (;;) {
    let step: IteratorResult<Promise<unknown>, T>;
    try {
      const value = await waited;
      step = task.next(value);
    } catch (error) {
      // Also what the task itself threw: it is finished then, and throws the same again.
      step = task.throw(error);
    }
    if (step.done) return step.value;
    waited = step.value;
  }
}

/** One task after the other. */
export class TaskQueue {
  #last: Promise<void> | undefined;

  run<T>(task: () => Task<T>): Maybe<T> {
    if (!this.#last) {
      const result = run(task());
      return isPromise(result) ? this.#occupy(result) : result;
    }
    return this.#occupy(this.#last.then(() => run(task())));
  }

  #occupy<T>(work: Promise<T>): Promise<T> {
    const done = (): void => {
      if (this.#last === last) this.#last = undefined;
    };
    const last: Promise<void> = work.then(done, done);
    this.#last = last;
    return work;
  }
}
