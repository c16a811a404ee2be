// How a virtio function tells its driver something: by its INTx pin, which reading the ISR register releases.

import { Pci, pciFunction } from "../../bus/pci";
import { Place } from "./state";

export const FIRST_DEVICE: i32 = 8;

export const STATUS_DRIVER_OK: u32 = 0x04;
/** The device has met something that makes no sense, and does nothing until it is reset. */
export const STATUS_NEEDS_RESET: u32 = 0x40;

const ISR_QUEUE: u32 = 1;
const ISR_CONFIGURATION: u32 = 2;

const CONFIG_COMMAND: usize = 0x04;
const CONFIG_STATUS: usize = 0x06;
const COMMAND_INTERRUPT_DISABLE: u32 = 0x0400;
const PCI_STATUS_INTERRUPT: u32 = 0x0008;
const PIN_A = 1;

/** A queue has something for its driver. */
export function interrupt(place: i32): void {
  setIsr(place, Place.virtio(place).isr | ISR_QUEUE);
}

export function stop(place: i32): void {
  const virtio = Place.virtio(place);
  virtio.status |= STATUS_NEEDS_RESET;
  if (virtio.status & STATUS_DRIVER_OK) setIsr(place, virtio.isr | ISR_CONFIGURATION);
}

export function setIsr(place: i32, isr: u32): void {
  Place.virtio(place).isr = isr;
  updateInterrupt(place);
}

/** The pin follows the ISR register, unless the command register forbids. */
export function updateInterrupt(place: i32): void {
  const config = Place.config(place);
  const wanted = Place.virtio(place).isr != 0;
  const status = (<u32>load<u16>(config, CONFIG_STATUS)) & ~PCI_STATUS_INTERRUPT;
  store<u16>(config, <u16>(status | (wanted ? PCI_STATUS_INTERRUPT : 0)), CONFIG_STATUS);
  const disabled = ((<u32>load<u16>(config, CONFIG_COMMAND)) & COMMAND_INTERRUPT_DISABLE) != 0;
  Pci.setInterrupt(functionOf(place), PIN_A, wanted && !disabled ? 1 : 0);
}

export function functionOf(place: i32): i32 {
  return pciFunction(FIRST_DEVICE + place, 0);
}
