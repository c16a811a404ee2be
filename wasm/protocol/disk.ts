/** Operations of `diskRequest`. */
export enum DiskOperation {
  Read = 0,
  Write = 1,
  Flush = 2,
}

/** Status of `diskComplete`. */
export enum DiskStatus {
  Ok = 0,
  Error = 1, // medium error: unreadable block, host failure
  NoMedium = 2,
  ReadOnly = 3,
}

/** Drive numbers shared by core and host. */
export enum Drive {
  PrimaryMaster = 0,
  PrimarySlave = 1,
  SecondaryMaster = 2,
  SecondarySlave = 3,
  FloppyA = 4,
  FloppyB = 5,
}
