// The Tandem port: how a guest's driver talks to its machine. Registers, request blocks and the core's own commands.
//
// Found as a PCI function and, at a fixed place, without PCI. Every register can be read at 8, 16 and 32 bits, and there is no
// index register, so an interrupt handler may use the port while the foreground does. All numbers are little endian.
//
// Services add their commands in files of their own (pointer.ts); a number, once shipped, keeps its meaning.

/** PCI identity. Bochs' and QEMU's own display uses the same vendor number, which no company holds. */
export const PCI_VENDOR = 0x1234;
export const PCI_DEVICE = 0x7464;
/** The registers' fixed place, for guests without PCI. The PCI function has them at BAR 0 as well. */
export const ISA_BASE = 0x5a40;
export const PORT_SIZE = 64;

/** `Register.Id` reads "TDM1". */
export const SIGNATURE = 0x314d_4454;
/** Major version in the high byte: another one is another protocol. Minor ones only add. */
export const VERSION = 0x0100;

/** Offsets of the registers. */
export enum Register {
  Id = 0x00, // R, 4 bytes
  Version = 0x04, // R, 2 bytes
  Features = 0x06, // R, 2 bytes: see Feature
  Doorbell = 0x08, // W, 4 bytes: physical address of a request block; or two halves, the upper one (0Ah) last
  Status = 0x0c, // R, 2 bytes: see Status
  Pending = 0x0e, // R, 2 bytes: how many requests are under way
  Wait = 0x10, // R, 4 bytes: stands still until something happens (at most 20 ms), then reads like Status
  IrqCause = 0x14, // R, write 1 to clear, 2 bytes: see IrqCause
  IrqMask = 0x16, // RW, 2 bytes: causes that raise the interrupt
  Event = 0x18, // R, 4 bytes: takes one event, see Event; 0 for none. A kind raised twice is one event with the newest payload
  PioLength = 0x1c, // W, 2 bytes: a request of so many bytes follows at PioData
  PioRemaining = 0x1e, // R, 2 bytes: bytes of the answer that can be read; FFFFh while it is not there
  PioData = 0x20, // RW, 1, 2 or 4 bytes
  PointerWheel = 0x2c, // R, 2 bytes: s8 vertical (towards the user is positive), s8 horizontal; latched
  PointerSequence = 0x30, // R, 2 bytes: changes with the state; reading it latches the registers of the pointer
  PointerX = 0x32, // R, 2 bytes: 0 to FFFFh over the width, at the middle of the pixel
  PointerY = 0x34,
  PointerPixelX = 0x36, // R, 2 bytes: in pixels of the current mode
  PointerPixelY = 0x38,
  PointerButtons = 0x3a, // R, 2 bytes: see PointerState of pointer.ts
  PointerDeltaX = 0x3c, // R, s16: motion since the latch before, saturated; counts of the mouse, right and down positive
  PointerDeltaY = 0x3e,
}

/** What this machine offers. */
export enum Feature {
  Pointer = 0x0001,
  SharedFolders = 0x0002,
  Clipboard = 0x0004,
  Display = 0x0008,
  Time = 0x0010,
  Exec = 0x0020,
  Channels = 0x0040,
  Pio = 0x0080,
  DragAndDrop = 0x0100,
}

export enum Status {
  Request = 0x0001, // a request that was pending is done; cleared with IrqCause.Request
  Event = 0x0002, // an event can be taken
  Detached = 0x0004, // nobody looks at the machine: the page is hidden or frozen
  Restored = 0x0008, // the machine was restored from a snapshot since HELLO
  Pointer = 0x0010, // the pointer's state has changed since it was latched
  Pio = 0x0020, // an answer can be read at PioData
}

export enum IrqCause {
  // A cause says that there is something new. Clear it, then take what there is: what comes in between is told again.
  Request = 0x0001, // a request with RequestFlag.Notify that was pending is done
  Event = 0x0002,
  Pointer = 0x0004, // cleared by the latch that leaves nothing (without PointerState.More), and raised anew only then
  Pio = 0x0008, // an answer that was not there at once can be read
}

/** Kind of an event, bits 24 to 31; the payload is in bits 0 to 23. */
export enum Event {
  None = 0,
  Restored = 1, // from a snapshot: what the host kept for this guest is gone; say HELLO again
  PointerMode = 2, // payload: PointerMode of pointer.ts that the host uses now; also told when it is asked for by EventMask
  DisplayHint = 3, // the room for the picture has changed
  TimeStepped = 4, // the host's clock and the guest's differ
  Power = 5, // payload: 1 shut down, 2 restart
  Clipboard = 6, // payload: low bits of the offer's serial number
  Folders = 7, // payload: the folder that came, went or changed
  Channel = 8, // payload: the channel that has bytes or credit
  Drop = 9, // files were dropped on the screen
}

// --- Request blocks: a header, the body of the request, and in its place the body of the answer ---

export const REQUEST_HEADER_SIZE = 24;
export const REQUEST_SIZE_MAX = 65536;
export const REQUESTS_MAX = 32;

/** Offsets in the header. */
export enum Request {
  Size = 0, // u32: bytes of the whole block, header included: room for the answer
  Command = 4, // u16
  Flags = 6, // u16: see RequestFlag
  Tag = 8, // u32: the guest's, for CANCEL
  Status = 12, // s32: see RequestStatus; written last
  Session = 16, // u32: from HELLO; 0 before
  ReplySize = 20, // u32: bytes of the answer's body
}

export enum RequestFlag {
  Notify = 0x0001, // raise IrqCause.Request when it is done, unless that was before the doorbell returned
  Truncate = 0x0002, // an answer that does not fit may be cut
}

/** Negative ones are Linux's errno numbers, as FUSE has them. */
export enum RequestStatus {
  Ok = 0,
  Pending = 1,
  NotPermitted = -1, // EPERM
  NoEntry = -2, // ENOENT
  Io = -5, // EIO
  Again = -11, // EAGAIN: too many requests under way
  NoMemory = -12, // ENOMEM
  Access = -13, // EACCES
  Busy = -16, // EBUSY
  Exists = -17, // EEXIST
  Invalid = -22, // EINVAL
  Pipe = -32, // EPIPE: nobody reads this
  TooBig = -7, // E2BIG: the answer does not fit
  NoCommand = -38, // ENOSYS
  Canceled = -125, // ECANCELED
  Restart = -85, // ERESTART: the machine was restored meanwhile
  BadSession = -116, // ESTALE
  Reset = -104, // ECONNRESET: the other side has given up
}

/** Commands of the port itself; those of services begin at 0100h, 0200h, … */
export enum Command {
  Hello = 0x0001, // body: HelloRequest -> HelloReply; begins a session and ends the one before
  Bye = 0x0002, // ends the session: the pointer is relative again, the cursor is the host's
  Ping = 0x0003, // the body comes back; needs no session
  Cancel = 0x0004, // body: u32 tag
  EventMask = 0x0005, // body: u32, bit n: events of kind n are wanted; none after HELLO
  Log = 0x0006, // body: UTF-8 text for the host's debug console, to the block's end or a 0; needs no session
  SnapshotReady = 0x0007,
}

/** Offsets in the body of HELLO. */
export enum HelloRequest {
  GuestSystem = 0, // u32: see GuestSystem
  DriverVersion = 4, // u32
  Features = 8, // u32: Feature bits the driver will use
  SIZE = 12,
}

export enum HelloReply {
  Session = 0, // u32, never 0
  Features = 4, // u32: of those asked for, what there is
  EpochLow = 8, // u32: a random number of this start of the host; another one after a restore elsewhere
  EpochHigh = 12,
  RequestSizeMax = 16, // u32
  SIZE = 20,
}

export enum GuestSystem {
  Other = 0,
  Pillion = 1,
  Linux = 2,
  Dos = 3,
  Windows = 4,
}
