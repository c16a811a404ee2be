/** What the core tells its host through `event(kind, a, b)`. Numbers are never reused. */
export enum MachineEvent {
  PowerOff = 1, // ACPI S5 or the guest's own port
  Reset = 2, // the machine has been reset; a: ResetCause, b: 1 when only its CPU was
  TripleFault = 3, // a: EIP, b: CR2
  VideoMode = 4, // a: width, b: height in pixels
  DiskActivity = 5, // a: drive, b: 1 write, 0 read
  KeyboardLeds = 6, // a: bit 0 scroll, 1 num, 2 caps
  TrayOpen = 7, // a: drive; the guest ejected its medium
  TrayClose = 8, // a: drive
  PointerWanted = 9, // a: 1 when the guest has enabled its PS/2 mouse
  UnknownHardware = 10, // a: port or address; told once per place, for diagnosis
  Pointer = 11, // a: PointerMode, b: PointerDevice of input.ts: what the guest listens to now
  InputTaken = 12, // a: PointerDevice, b: number of the input: the guest's driver has taken the report that it is in
  GuestHello = 13, // a: GuestSystem of tandem-port.ts, b: features: a driver has begun a session on the Tandem port
  GuestBye = 14, // it has ended
  TextWanted = 15, // the guest looks on VMware's port whether the host has text for it
  TextCopied = 16, // a: bytes of text that the guest has put there for the host
}

/** Why a machine was reset. */
export enum ResetCause {
  Host = 0,
  Keyboard = 1, // 8042 command FEh
  Port92 = 2,
  PortCf9 = 3,
  TripleFault = 4,
}
