// What goes wrong with folders, by Linux's numbers: FUSE has them, and the Tandem port's statuses are their negatives.

export enum Errno {
  NotPermitted = 1, // EPERM
  NoEntry = 2, // ENOENT
  Io = 5, // EIO
  TooBig = 7, // E2BIG
  BadHandle = 9, // EBADF
  Access = 13, // EACCES
  Busy = 16, // EBUSY
  Exists = 17, // EEXIST
  OtherFolder = 18, // EXDEV
  NotReady = 19, // ENODEV
  NotDirectory = 20, // ENOTDIR
  IsDirectory = 21, // EISDIR
  Invalid = 22, // EINVAL
  TooManyFiles = 23, // ENFILE
  FileTooBig = 27, // EFBIG
  NoSpace = 28, // ENOSPC
  ReadOnly = 30, // EROFS
  Range = 34, // ERANGE
  NameTooLong = 36, // ENAMETOOLONG
  NoCommand = 38, // ENOSYS
  NotEmpty = 39, // ENOTEMPTY
  BadName = 84, // EILSEQ
  NotSupported = 95, // EOPNOTSUPP
  Stale = 116, // ESTALE
}

/** What is the matter with the whole folder, not with one file. */
export type Trouble = "permission" | "write-permission" | "full" | "vanished";

export class FolderError extends Error {
  override readonly name = "FolderError";
  readonly errno: Errno;
  readonly trouble: Trouble | undefined;

  constructor(errno: Errno, message: string = Errno[errno], trouble?: Trouble) {
    super(message);
    this.errno = errno;
    this.trouble = trouble;
  }

  /** Whatever was thrown; a bug of ours is an input/output error to the guest. */
  static from(thrown: unknown): FolderError {
    if (thrown instanceof FolderError) return thrown;
    return new FolderError(Errno.Io, thrown instanceof Error ? thrown.message : String(thrown));
  }
}

export function isErrno(thrown: unknown, errno: Errno): boolean {
  return thrown instanceof FolderError && thrown.errno === errno;
}
