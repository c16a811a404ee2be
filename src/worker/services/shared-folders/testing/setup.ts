// A shared folder with a guest's kernel on it, for tests.

import { type FolderNews, SharedFoldersService } from "../../shared-folders";
import type { Folder, FolderOptions } from "../folder";
import { FuseServer } from "../fuse-server";
import { HandleRoot } from "../handle-root";
import type { FolderRoot } from "../root";
import { FakeDisk } from "./fake-handles";
import { FuseClient } from "./fuse-client";

export interface Setup {
  service: SharedFoldersService;
  folder: Folder;
  client: FuseClient;
  news: FolderNews[];
  /** Lets the folder's clock go on. */
  pass(milliseconds: number): void;
}

/** A guest that has mounted the folder. */
export async function mount(
  root: FolderRoot,
  options: Partial<FolderOptions> = {},
  flags?: number,
): Promise<Setup> {
  const news: FolderNews[] = [];
  let time = 0;
  const service = new SharedFoldersService((one) => news.push(one));
  const folder = service.attach(root, { name: "share", clock: () => time, ...options });
  news.length = 0;
  const server = new FuseServer(() => [folder], folder);
  const client = new FuseClient((message, capacity) => server.request(message, capacity));
  await client.init(flags);
  return { service, folder, client, news, pass: (milliseconds) => (time += milliseconds) };
}

export async function mountHandles(
  options?: Partial<FolderOptions>,
  flags?: number,
): Promise<Setup & { disk: FakeDisk }> {
  const disk = new FakeDisk();
  const root = new HandleRoot(disk.handle, { caseSensitive: true, nameRules: "posix" });
  return { disk, ...(await mount(root, options, flags)) };
}
