/** PCI identity. Bochs' and QEMU's own display uses the same vendor number, which no company holds. */
export declare const PCI_VENDOR = 4660;
export declare const PCI_DEVICE = 29796;
/** The registers' fixed place, for guests without PCI. The PCI function has them at BAR 0 as well. */
export declare const ISA_BASE = 23104;
export declare const PORT_SIZE = 64;
/** `Register.Id` reads "TDM1". */
export declare const SIGNATURE = 827147348;
/** Major version in the high byte: another one is another protocol. Minor ones only add. */
export declare const VERSION = 256;
/** Offsets of the registers. */
export declare enum Register {
    Id = 0,// R, 4 bytes
    Version = 4,// R, 2 bytes
    Features = 6,// R, 2 bytes: see Feature
    Doorbell = 8,// W, 4 bytes: physical address of a request block; or two halves, the upper one (0Ah) last
    Status = 12,// R, 2 bytes: see Status
    Pending = 14,// R, 2 bytes: how many requests are under way
    Wait = 16,// R, 4 bytes: stands still until something happens (at most 20 ms), then reads like Status
    IrqCause = 20,// R, write 1 to clear, 2 bytes: see IrqCause
    IrqMask = 22,// RW, 2 bytes: causes that raise the interrupt
    Event = 24,// R, 4 bytes: takes one event, see Event; 0 for none. A kind raised twice is one event with the newest payload
    PioLength = 28,// W, 2 bytes: a request of so many bytes follows at PioData
    PioRemaining = 30,// R, 2 bytes: bytes of the answer that can be read; FFFFh while it is not there
    PioData = 32,// RW, 1, 2 or 4 bytes
    PointerWheel = 44,// R, 2 bytes: s8 vertical (towards the user is positive), s8 horizontal; latched
    PointerSequence = 48,// R, 2 bytes: changes with the state; reading it latches the registers of the pointer
    PointerX = 50,// R, 2 bytes: 0 to FFFFh over the width, at the middle of the pixel
    PointerY = 52,
    PointerPixelX = 54,// R, 2 bytes: in pixels of the current mode
    PointerPixelY = 56,
    PointerButtons = 58,// R, 2 bytes: see PointerState of pointer.ts
    PointerDeltaX = 60,// R, s16: motion since the latch before, saturated; counts of the mouse, right and down positive
    PointerDeltaY = 62
}
/** What this machine offers. */
export declare enum Feature {
    Pointer = 1,
    SharedFolders = 2,
    Clipboard = 4,
    Display = 8,
    Time = 16,
    Exec = 32,
    Channels = 64,
    Pio = 128,
    DragAndDrop = 256
}
export declare enum Status {
    Request = 1,// a request that was pending is done; cleared with IrqCause.Request
    Event = 2,// an event can be taken
    Detached = 4,// nobody looks at the machine: the page is hidden or frozen
    Restored = 8,// the machine was restored from a snapshot since HELLO
    Pointer = 16,// the pointer's state has changed since it was latched
    Pio = 32
}
export declare enum IrqCause {
    Request = 1,// a request with RequestFlag.Notify that was pending is done
    Event = 2,
    Pointer = 4,// cleared by the latch that leaves nothing (without PointerState.More), and raised anew only then
    Pio = 8
}
/** Kind of an event, bits 24 to 31; the payload is in bits 0 to 23. */
export declare enum Event {
    None = 0,
    Restored = 1,// from a snapshot: what the host kept for this guest is gone; say HELLO again
    PointerMode = 2,// payload: PointerMode of pointer.ts that the host uses now; also told when it is asked for by EventMask
    DisplayHint = 3,// the room for the picture has changed
    TimeStepped = 4,// the host's clock and the guest's differ
    Power = 5,// payload: 1 shut down, 2 restart
    Clipboard = 6,// payload: low bits of the offer's serial number
    Folders = 7,// payload: the folder that came, went or changed
    Channel = 8,// payload: the channel that has bytes or credit
    Drop = 9
}
export declare const REQUEST_HEADER_SIZE = 24;
export declare const REQUEST_SIZE_MAX = 65536;
export declare const REQUESTS_MAX = 32;
/** Offsets in the header. */
export declare enum Request {
    Size = 0,// u32: bytes of the whole block, header included: room for the answer
    Command = 4,// u16
    Flags = 6,// u16: see RequestFlag
    Tag = 8,// u32: the guest's, for CANCEL
    Status = 12,// s32: see RequestStatus; written last
    Session = 16,// u32: from HELLO; 0 before
    ReplySize = 20
}
export declare enum RequestFlag {
    Notify = 1,// raise IrqCause.Request when it is done, unless that was before the doorbell returned
    Truncate = 2
}
/** Negative ones are Linux's errno numbers, as FUSE has them. */
export declare enum RequestStatus {
    Ok = 0,
    Pending = 1,
    NotPermitted = -1,// EPERM
    NoEntry = -2,// ENOENT
    Io = -5,// EIO
    Again = -11,// EAGAIN: too many requests under way
    NoMemory = -12,// ENOMEM
    Access = -13,// EACCES
    Busy = -16,// EBUSY
    Exists = -17,// EEXIST
    Invalid = -22,// EINVAL
    TooBig = -7,// E2BIG: the answer does not fit
    NoCommand = -38,// ENOSYS
    Canceled = -125,// ECANCELED
    Restart = -85,// ERESTART: the machine was restored meanwhile
    BadSession = -116
}
/** Commands of the port itself; those of services begin at 0100h, 0200h, … */
export declare enum Command {
    Hello = 1,// body: HelloRequest -> HelloReply; begins a session and ends the one before
    Bye = 2,// ends the session: the pointer is relative again, the cursor is the host's
    Ping = 3,// the body comes back; needs no session
    Cancel = 4,// body: u32 tag
    EventMask = 5,// body: u32, bit n: events of kind n are wanted; none after HELLO
    Log = 6,// body: UTF-8 text for the host's debug console, to the block's end or a 0; needs no session
    SnapshotReady = 7
}
/** Offsets in the body of HELLO. */
export declare enum HelloRequest {
    GuestSystem = 0,// u32: see GuestSystem
    DriverVersion = 4,// u32
    Features = 8,// u32: Feature bits the driver will use
    SIZE = 12
}
export declare enum HelloReply {
    Session = 0,// u32, never 0
    Features = 4,// u32: of those asked for, what there is
    EpochLow = 8,// u32: a random number of this start of the host; another one after a restore elsewhere
    EpochHigh = 12,
    RequestSizeMax = 16,// u32
    SIZE = 20
}
export declare enum GuestSystem {
    Other = 0,
    Pillion = 1,
    Linux = 2,
    Dos = 3,
    Windows = 4
}
