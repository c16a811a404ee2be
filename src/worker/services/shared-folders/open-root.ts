// What the page gives for a folder, as a root.

import type { FolderSource } from "../../../shared/api";
import { FileListRoot } from "./file-list-root";
import { HandleRoot } from "./handle-root";
import { MemoryRoot } from "./memory-root";
import { checkName, splitPath } from "./names";
import type { FolderRoot, Space } from "./root";

/** @throws FolderError when a path of a folder in memory is none */
export function openRoot(source: FolderSource): FolderRoot {
  switch (source.kind) {
    case "files":
      return new FileListRoot(source.files);
    case "memory": {
      const root = new MemoryRoot();
      for (const [path, bytes] of Object.entries(source.files ?? {}))
        root.put(
          splitPath(path).map((name) => checkName(name, "posix")),
          bytes,
        );
      return root;
    }
    case "handle": {
      if (source.where === "opfs")
        return new HandleRoot(source.handle, {
          caseSensitive: true,
          nameRules: "posix",
          space: originSpace,
        });
      const { userAgent } = navigator;
      return new HandleRoot(source.handle, {
        caseSensitive: !/Windows|Mac OS/.test(userAgent),
        nameRules: /Windows/.test(userAgent) ? "windows" : "posix",
      });
    }
  }
}

async function originSpace(): Promise<Space | undefined> {
  const { quota, usage } = await navigator.storage.estimate();
  if (quota === undefined || usage === undefined) return undefined;
  return { total: quota, free: Math.max(0, quota - usage) };
}
