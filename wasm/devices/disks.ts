// Host: what drives are in the machine and what lies in them. Drive numbers: protocol/disk.ts.

import { Drive } from "../protocol/disk";
import { completeFloppy, removeFloppyDrive, setFloppyMedium } from "./floppy";
import {
  attachIdeDrive,
  completeIde,
  detachIdeDrive,
  ejectIdeMedium,
  hasIdeDrive,
  insertIdeMedium,
} from "./ide/controller";

const FLOPPY: i32 = <i32>Drive.FloppyA;

/** Plugs a drive in: 0 disk, 1 CD-ROM (floppy drives have one kind). Before the machine starts. */
export function attachDisk(drive: i32, kind: i32, sizeBytes: f64): void {
  if (drive < FLOPPY) attachIdeDrive(drive, kind, sizeBytes);
  else setFloppyMedium(<u32>(drive - FLOPPY), sizeBytes, false);
}

/** Takes a drive out. */
export function detachDisk(drive: i32): void {
  if (drive < FLOPPY) detachIdeDrive(drive);
  else removeFloppyDrive(<u32>(drive - FLOPPY));
}

/** Puts a medium into a drive and closes the tray. */
export function insertMedium(drive: i32, sizeBytes: f64, readOnly: i32): void {
  if (drive < FLOPPY) insertIdeMedium(drive, sizeBytes, readOnly);
  else setFloppyMedium(<u32>(drive - FLOPPY), sizeBytes, readOnly != 0);
}

/** Takes the medium out. 0: the guest has locked the tray and `force` is 0; it has been asked to let go. */
export function ejectMedium(drive: i32, force: i32): i32 {
  if (drive < FLOPPY) return ejectIdeMedium(drive, force);
  setFloppyMedium(<u32>(drive - FLOPPY), 0, false);
  return 1;
}

/** The answer to hostDiskRequest; status: DiskStatus. */
export function diskComplete(drive: i32, status: i32): void {
  if (drive < FLOPPY) completeIde(drive, status);
  else completeFloppy(drive, status);
}

/**
 * Host: what lies in a drive, 0 bytes for nothing. The first time also builds the drive in: a hard disk where there is
 * an image, a CD-ROM always at the secondary master, floppy drives always.
 */
export function setMedium(drive: i32, sizeBytes: f64, readOnly: i32): void {
  if (drive >= FLOPPY) {
    insertMedium(drive, sizeBytes, readOnly);
  } else if (hasIdeDrive(drive)) {
    if (sizeBytes > 0) insertMedium(drive, sizeBytes, readOnly);
    else if (drive == <i32>Drive.SecondaryMaster) ejectMedium(drive, 1);
    else detachDisk(drive);
  } else if (drive == <i32>Drive.SecondaryMaster) {
    attachDisk(drive, 1, sizeBytes);
  } else if (sizeBytes > 0) {
    attachDisk(drive, 0, sizeBytes);
    insertMedium(drive, sizeBytes, readOnly);
  }
}
