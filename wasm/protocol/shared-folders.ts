// Shared folders on the Tandem port: directories of the host's user that a guest may use. Commands 0200h to 02FFh.
//
// Two ways to the same folders. FUSE: a block carries one message of Linux's FUSE protocol (7.31) and gets its answer; a daemon
// pipes /dev/fuse through. By path: operations for guests with a file system of their own making.
//
// Texts are UTF-8. A path is relative to its folder, its components are separated by "/", and it may be empty: the folder itself. It
// ends with a zero byte or with the block, where nothing but the room for the answer follows it.
// Components "." and "..", control characters and names of more than 255 bytes are refused. Numbers may be unaligned.

export enum FolderCommand {
  Roots = 0x0201, // the folders. body: u32 cursor, u32 room as in FolderListRequest -> FolderList, then FolderEntry each
  Open = 0x0202, // body: FolderOpen, then the path -> FolderOpened, then the file's first bytes
  Read = 0x0203, // body: FolderTransfer [, page list] -> u32 length [, the bytes, unless they went to the pages]
  Write = 0x0204, // body: FolderTransfer, then the bytes or the page list -> u32 length
  Close = 0x0205, // body: u32 handle. What was written is on the host when the answer says so; the handle is gone in any case
  List = 0x0206, // a directory. body: FolderListRequest, then the path -> FolderList, then FolderEntry each
  Status = 0x0207, // body: u32 folder, then the path -> FolderAttributes
  SetAttributes = 0x0208, // body: FolderSetAttributes, then the path
  MakeDirectory = 0x0209, // body: u32 folder, then the path
  RemoveDirectory = 0x020a, // an empty one. body: u32 folder, then the path
  Delete = 0x020b, // a file. body: u32 folder, then the path
  Rename = 0x020c, // body: FolderRename, then the two paths. Within one folder; a file in the way is replaced
  Copy = 0x020d, // a file, by the host. body: FolderRename, then the two paths
  Space = 0x020e, // body: u32 folder -> FolderSpace
  Flush = 0x020f, // body: u32 handle, 0 for everything: what was written is on the host when the answer says so
  SetSize = 0x0210, // body: FolderSetSize
  Fuse = 0x0220, // body: FolderFuse, then the message -> the answer; FORGET and INTERRUPT have none
  FusePages = 0x0221, // body: FolderFuse, then the page list of one buffer: it holds the message, then the answer -> u32 length
}

/** A page list: pairs of u32 physical address, u32 length. */
export const FOLDER_PAGES_MAX = 512;
/** Bytes of one READ or WRITE that uses a page list, and of a FUSE message without its data. */
export const FOLDER_TRANSFER_MAX = 1048576;
export const FOLDER_NAME_MAX = 255;
export const FOLDER_HANDLES_MAX = 1024;

export enum FolderOpen {
  Folder = 0, // u32: number of the folder
  Flags = 4, // u32: see FolderOpenFlag
  Inline = 8, // u32: bytes of the file that are wanted with the answer
  PATH = 12,
}

export enum FolderOpenFlag {
  Read = 0x0001,
  Write = 0x0002,
  Create = 0x0004, // unless it is there
  Exclusive = 0x0008, // with Create: fails when it is there
  Truncate = 0x0010,
  Append = 0x0020, // every WRITE goes to the end
}

/** Answer of OPEN. */
export enum FolderOpened {
  Handle = 0, // u32, never 0
  InlineLength = 4, // u32
  Attributes = 8, // FolderAttributes
  INLINE = 40,
}

/** Body of READ and WRITE. */
export enum FolderTransfer {
  Handle = 0, // u32
  Length = 4, // u32
  Position = 8, // u64
  Pages = 16, // u32: entries of the page list; 0: the bytes are in the block
  DATA = 20,
}

export enum FolderListRequest {
  Folder = 0, // u32
  Cursor = 4, // u32: 0, then Next of the answer before
  Room = 8, // u32: bytes that the answer may have
  PATH = 12,
}

/** Begins the answers of ROOTS and LIST; as many entries as there is room for follow. */
export enum FolderList {
  Next = 0, // u32: cursor of the entries behind these; 0 when these were the last
  Count = 4, // u32
  ENTRIES = 8,
}

export enum FolderEntry {
  Size = 0, // u32: bytes of this entry, a multiple of 4
  NameLength = 4, // u32
  Attributes = 8, // FolderAttributes; for a folder of ROOTS, Number is the folder's number and Mode has FolderFlag
  NAME = 40,
}

export enum FolderAttributes {
  Kind = 0, // u32: see FolderKind
  Mode = 4, // u32: permission bits as on Unix
  Length = 8, // u64: bytes of a file
  Modified = 16, // u64: milliseconds since 1970, UTC
  Number = 24, // u64: names the file as long as the folder is attached
  SIZE = 32,
}

export enum FolderKind {
  File = 1,
  Directory = 2,
}

/** What a folder of ROOTS is like. */
export enum FolderFlag {
  ReadOnly = 0x0001,
  CaseInsensitive = 0x0002,
  NotReady = 0x0004, // the permission is missing, or the directory has vanished: the user must do something
}

export enum FolderSetAttributes {
  Folder = 0, // u32
  What = 4, // u32: see FolderAttribute
  Length = 8, // u64
  Modified = 16, // u64: kept while the machine runs; browsers cannot store it
  PATH = 24,
}

export enum FolderAttribute {
  Length = 0x0001,
  Modified = 0x0002,
}

/** Body of RENAME and COPY. */
export enum FolderRename {
  Folder = 0, // u32
  TargetFolder = 4, // u32
  Flags = 8, // u32: 1 fails when the target is there
  PathLength = 12, // u32: bytes of the first path
  PATHS = 16,
}

export enum FolderSpace {
  Total = 0, // u64 bytes
  Free = 8, // u64 bytes; a guess where browsers do not tell
  SIZE = 16,
}

export enum FolderSetSize {
  Handle = 0, // u32
  Reserved = 4, // u32
  Length = 8, // u64
  SIZE = 16,
}

export enum FolderFuse {
  Folder = 0, // u32: the folder that is mounted; 0: all of them, as directories of one
  Length = 4, // u32: bytes of the message
  Capacity = 8, // u32: bytes that the answer may have; of INIT: the most that any message may have
  Pages = 12, // u32: entries of the page list; 0 without
  DATA = 16,
}

/** Statuses of these commands beside those of RequestStatus: Linux's errno numbers, negative. */
export enum FolderStatus {
  BadHandle = -9, // EBADF
  OtherFolder = -18, // EXDEV
  NotReady = -19, // ENODEV: the folder is gone, or the user must do something
  NotDirectory = -20, // ENOTDIR
  IsDirectory = -21, // EISDIR
  TooManyFiles = -23, // ENFILE
  FileTooBig = -27, // EFBIG
  NoSpace = -28, // ENOSPC
  ReadOnly = -30, // EROFS
  NameTooLong = -36, // ENAMETOOLONG
  NotEmpty = -39, // ENOTEMPTY
  BadName = -84, // EILSEQ
}
