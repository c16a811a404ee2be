// Shared folders as virtio file systems, which Linux mounts without a driver of ours: `mount -t virtiofs NAME DIRECTORY`.
//
// A machine has a function for each folder that it is told of before power-on, and one named "tandem" with all folders as
// directories of one, those that come later, too. Without any folder it has none. A folder that is shared again after it was taken
// away must be mounted again.
//
// Not there: more than eight functions, names of more than 36 bytes (both are under "tandem"), FUSE_INTERRUPT: nothing takes long.

import { FOLDER_TRANSFER_MAX } from "../../../wasm/protocol/shared-folders";
import { VIRTIO_FS_TAG_MAX, VIRTIO_PLACES, VirtioSegment } from "../../../wasm/protocol/virtio";
import type { Core } from "../core";
import { PageList, PAGES_BYTES_MAX, type SharedFoldersService } from "./shared-folders";
import { lengthOf } from "./shared-folders/bytes";
import { Errno } from "./shared-folders/errors";
import { Opcode, OUT_HEADER_SIZE } from "./shared-folders/fuse";
import { type FuseAnswer, type FuseServer, opcodeOf, refusal } from "./shared-folders/fuse-server";
import type { Maybe } from "./shared-folders/task";

/** The function with all folders. */
export const ALL_FOLDERS = "tandem";

const TRANSPORT = { transfer: FOLDER_TRANSFER_MAX, writeBack: false };
const WORDS = VirtioSegment.SIZE / 4;

/** What the guest's kernel knows of one function between two resets. */
interface Session {
  /** undefined: its folder is not there. */
  server: FuseServer | undefined;
  isOver: boolean;
}

export class VirtioFs {
  readonly #folders: SharedFoldersService;
  readonly #wake: () => void;
  /** By place: the folder's name, undefined for all. */
  #names: (string | undefined)[] = [];
  readonly #sessions = new Map<number, Session>();
  #core: Core | undefined;
  #pending = 0;

  /** `wake`: a request was answered while the guest may have slept. */
  constructor(folders: SharedFoldersService, wake: () => void) {
    this.#folders = folders;
    this.#wake = wake;
  }

  /** Requests that were not answered at once. */
  get pending(): number {
    return this.#pending;
  }

  /** Adds functions to a core before it is switched on. `expected`: folders that may come later. */
  plug(core: Core, expected: readonly string[]): void {
    this.connect(undefined);
    this.#names = [];
    const names = new Set([...expected, ...this.#folders.folders.map(({ name }) => name)]);
    if (names.size === 0) return;
    for (const name of names) if (!this.#add(core, name, name)) break;
    if (!names.has(ALL_FOLDERS)) this.#add(core, ALL_FOLDERS, undefined);
  }

  /** False: there is no room but for the function with all folders. */
  #add(core: Core, tag: string, name: string | undefined): boolean {
    const bytes = new TextEncoder().encode(tag);
    if (bytes.length > VIRTIO_FS_TAG_MAX) return true;
    if (name !== undefined && this.#names.length === VIRTIO_PLACES - 1) return false;
    const buffer = core.exports.HOST_BUFFERS.value as number;
    core.bytes(buffer, bytes.length).set(bytes);
    this.#names[core.exports.addVirtioFs(buffer, bytes.length)] = name;
    return true;
  }

  /** A core that was just made; undefined: the machine is off. */
  connect(core: Core | undefined): void {
    for (const place of [...this.#sessions.keys()]) this.reset(place);
    this.#core = core;
  }

  /** The guest's driver has gone: its files are closed. */
  reset(place: number): void {
    const session = this.#sessions.get(place);
    if (!session) return;
    this.#sessions.delete(place);
    session.isOver = true;
    void session.server?.close();
  }

  /** A message of FUSE in the first buffers, room for its answer in the others. */
  request(
    place: number,
    token: number,
    segments: number,
    readable: number,
    writable: number,
  ): void {
    const core = this.#core;
    if (!core) return;
    const words = new Uint32Array(core.memory.buffer, segments, (readable + writable) * WORDS);
    const question = pagesOf(core, words.subarray(0, readable * WORDS));
    const room = pagesOf(core, words.subarray(readable * WORDS));
    if (question.length > PAGES_BYTES_MAX) {
      core.exports.completeVirtio(token, 0);
      return;
    }
    const session = this.#session(place);
    const answer = this.#ask(place, session, question.read(question.length), room.length);
    if (!(answer instanceof Promise)) {
      core.exports.completeVirtio(token, put(room, answer));
      return;
    }
    this.#pending++;
    void answer.then((late) => {
      this.#pending--;
      // What a driver of before has lent may be anybody's by now.
      if (!session.isOver) core.exports.completeVirtio(token, put(room, late));
      this.#wake();
    });
  }

  #session(place: number): Session {
    const known = this.#sessions.get(place);
    if (known) return known;
    const session: Session = { server: undefined, isOver: false };
    this.#sessions.set(place, session);
    return session;
  }

  #ask(
    place: number,
    session: Session,
    message: Uint8Array,
    room: number,
  ): Maybe<FuseAnswer | undefined> {
    if (opcodeOf(message) === Opcode.Init) {
      void session.server?.close();
      session.server = this.#server(place);
    }
    const { server } = session;
    if (!server) return refusal(message, Errno.NotReady);
    try {
      // FORGET has no room for an answer, and needs none.
      return server.request(message, Math.max(OUT_HEADER_SIZE, Math.min(room, PAGES_BYTES_MAX)));
    } catch {
      return undefined; // no message at all
    }
  }

  /** undefined: there is no such folder now. */
  #server(place: number): FuseServer | undefined {
    try {
      return this.#folders.fuseServer(TRANSPORT, this.#names[place]);
    } catch {
      return undefined;
    }
  }
}

function pagesOf(core: Core, words: Uint32Array): PageList {
  const pages: { address: number; length: number }[] = [];
  let length = 0;
  for (let at = 0; at < words.length; at += WORDS) {
    const page = { address: words[at] ?? 0, length: words[at + 1] ?? 0 };
    length += page.length;
    pages.push(page);
  }
  return new PageList(pages, length, () => core);
}

/** Bytes written; none where the answer does not fit, or the guest's memory is none any more. */
function put(room: PageList, answer: FuseAnswer | undefined): number {
  if (!answer) return 0;
  const length = lengthOf(answer);
  if (length > room.length) return 0;
  try {
    room.write(...answer);
    return length;
  } catch {
    return 0;
  }
}
