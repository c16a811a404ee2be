// What the File System Access API throws, in errno's words.

import { Errno, FolderError, type Trouble } from "./errors";

const ERRNO_OF_NAME: Readonly<Record<string, Errno>> = {
  NotFoundError: Errno.NoEntry,
  NotAllowedError: Errno.Access, // the permission is not (or no longer) granted
  SecurityError: Errno.Access,
  NoModificationAllowedError: Errno.Busy, // somebody else holds it open for writing
  InvalidModificationError: Errno.NotEmpty,
  QuotaExceededError: Errno.NoSpace,
  NotReadableError: Errno.Stale, // a File whose file has changed
  TypeMismatchError: Errno.NotDirectory, // a file where a directory was looked for, or the other way round
  TypeError: Errno.Invalid, // a name that the browser refuses
  AbortError: Errno.Access, // the browser's check of what was written has refused it
  NotSupportedError: Errno.NotSupported,
};

const TROUBLE_OF_NAME: Readonly<Record<string, Trouble>> = {
  NotAllowedError: "permission",
  SecurityError: "permission",
  QuotaExceededError: "full",
};

export function fromDomException(thrown: unknown): FolderError {
  if (thrown instanceof FolderError) return thrown;
  if (!(thrown instanceof Error)) return new FolderError(Errno.Io, String(thrown));
  const errno = ERRNO_OF_NAME[thrown.name] ?? Errno.Io;
  return new FolderError(errno, thrown.message, TROUBLE_OF_NAME[thrown.name]);
}
