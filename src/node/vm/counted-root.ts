// Counts what a shared folder asks of the host, by the methods of FolderRoot and of its readers and writers: a script looks at it.

import type { FolderRoot, HostReader, HostWriter } from "../../worker/services/shared-folders/root";

export type HostCalls = Record<string, number>;

/** The same root; each call of a method adds one to its name in `calls`, and reading and writing to "read" and "write". */
export function countedRoot(root: FolderRoot, calls: HostCalls): FolderRoot {
  const count = (name: string): void => {
    calls[name] = (calls[name] ?? 0) + 1;
  };
  const counted = <T extends object>(target: T, uncounted: readonly string[] = []): T =>
    new Proxy(target, {
      get(of, name) {
        const value: unknown = Reflect.get(of, name, of);
        if (typeof value !== "function" || uncounted.includes(String(name))) return value;
        return (...args: unknown[]): unknown => {
          count(String(name));
          const result: unknown = Reflect.apply(value, of, args);
          if (name === "openReader" || name === "openWriter")
            return result instanceof Promise
              ? result.then((file: HostReader | HostWriter) => counted(file, ["close"]))
              : counted(result as HostReader | HostWriter, ["close"]);
          return result;
        };
      },
    });
  return counted(root);
}
