// The numbers of Linux's FUSE protocol, version 7.31, as far as they are used. Linux: include/uapi/linux/fuse.h.

export const FUSE_MAJOR = 7;
export const FUSE_MINOR = 31;

export const IN_HEADER_SIZE = 40;
export const OUT_HEADER_SIZE = 16;
/** fuse_write_in, before the bytes. */
export const WRITE_IN_SIZE = 40;
export const ENTRY_SIZE = 128;
export const DIRENT_SIZE = 24;
export const ROOT_ID = 1;

export enum Opcode {
  Lookup = 1,
  Forget = 2,
  GetAttributes = 3,
  SetAttributes = 4,
  ReadLink = 5,
  Symlink = 6,
  MakeNode = 8,
  MakeDirectory = 9,
  Unlink = 10,
  RemoveDirectory = 11,
  Rename = 12,
  Link = 13,
  Open = 14,
  Read = 15,
  Write = 16,
  StatFs = 17,
  Release = 18,
  FSync = 20,
  Flush = 25,
  Init = 26,
  OpenDirectory = 27,
  ReadDirectory = 28,
  ReleaseDirectory = 29,
  FSyncDirectory = 30,
  Create = 35,
  Interrupt = 36,
  Destroy = 38,
  BatchForget = 42,
  ReadDirectoryPlus = 44,
  Rename2 = 45,
  SyncFs = 50,
}

/** Of INIT. */
export enum InitFlag {
  AsyncRead = 1 << 0,
  AtomicTruncate = 1 << 3,
  BigWrites = 1 << 5,
  AutoInvalidateData = 1 << 12,
  ReadDirectoryPlus = 1 << 13,
  ReadDirectoryPlusAuto = 1 << 14,
  WritebackCache = 1 << 16,
  ParallelDirectoryOperations = 1 << 18,
  MaxPages = 1 << 22,
  NoOpenDirectory = 1 << 24,
}

/** Of SETATTR: what is valid. */
export enum SetFlag {
  Mode = 1 << 0,
  Size = 1 << 3,
  Modified = 1 << 5,
  ModifiedNow = 1 << 8,
}

/** Of OPEN's answer. */
export enum OpenFlag {
  DirectIo = 1 << 0,
  KeepCache = 1 << 1,
  /** Closing it needs no FLUSH; Linux 5.16, without write-back. */
  NoFlush = 1 << 5,
}

/** Linux's O_ bits on x86. */
export const O_ACCESS_MODE = 3;
export const O_WRITE_ONLY = 1;
export const O_EXCLUSIVE = 0x80;
export const O_TRUNCATE = 0x200;

export const S_TYPE = 0o170_000;
export const S_DIRECTORY = 0o040_000;
export const S_FILE = 0o100_000;
export const DT_DIRECTORY = 4;
export const DT_FILE = 8;

export const RENAME_NO_REPLACE = 1;
