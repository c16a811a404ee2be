// The core's exports, all of them.

export { initialize, makeBare, reset, readPort, writePort } from "./machine";
export {
  jitCondition,
  jitFallback,
  jitProbe,
  jitRead16,
  jitRead32,
  jitRead8,
  jitSegmented,
  jitWrite16,
  jitWrite32,
  jitWrite8,
} from "./jit/helpers";
export { jitFigure, setJit } from "./jit/cache";
export { run, handleFault, step } from "./cpu/run";
export {
  budgetLeft,
  guestMilliseconds,
  initializeProcessor,
  instructionsExecuted,
  interruptsDelivered,
  raiseNmi,
} from "./machine";
export {
  dirtyHeight,
  dirtyWidth,
  dirtyX,
  dirtyY,
  frameAspect,
  frameHeight,
  frameWidth,
  renderFrame,
  textScreen,
} from "./devices/vga/render";
export { setVgaRom } from "./devices/vga/pci";
export { DEVICE_TABLE } from "./bus/devices";
export {
  pointerButtons,
  pointerInterrupts,
  pointerMotion,
  pointerPosition,
  pointerReports,
  pointerRoute,
  pointerWheel,
} from "./bus/pointer";
export { clockLag, millisecondsToNextTimer, pauseClock, resumeClock, runTimers } from "./bus/clock";
export { keyboardKey } from "./bus/keys";
export { guestRange, ramAddress, ramBytes } from "./memory/physical";
export { readPhysical, writePhysical } from "./memory/physical";
export { CPU_STATE, FRAMEBUFFER, HOST_BUFFERS, RAM, SYSTEM_ROM, VGA_ROM } from "./layout";
export {
  clearHalted,
  FPU_STATE,
  getControlRegister,
  getCpl,
  getDebugRegister,
  getDescriptorTableBase,
  getDescriptorTableLimit,
  getEflags,
  getEip,
  getFaultCode,
  getFaultEip,
  getFaultHasCode,
  getFaultVector,
  getHalted,
  getInhibit,
  getRegister,
  getSegmentAttributes,
  getSegmentBase,
  getSegmentLimit,
  getSegmentSelector,
  getShutdown,
  MSR_STATE,
  probeFetch,
  setControlRegister,
  setDebugRegister,
  setDescriptorTable,
  setEflags,
  setEip,
  setHarness,
  setRegister,
  setSegment,
  setStepping,
  XMM_STATE,
} from "./cpu/inspect";
export { offerVmwareText, vmwareTextToGuest, vmwareTextToHost } from "./devices/vmport/clipboard";
export { setHypervisor } from "./cpu/identity";
export { setCmos } from "./devices/cmos";
export { addFirmwareFile } from "./devices/fw-cfg";
export { setSystemRom } from "./devices/i440fx";
export { pressPowerButton } from "./devices/piix4-pm";
export { usbPlug, usbSetInterval } from "./devices/usb/uhci";
export { serialInput, serialRoom } from "./devices/uart";
export {
  attachDisk,
  detachDisk,
  diskComplete,
  ejectMedium,
  insertMedium,
  setMedium,
} from "./devices/disks";
export { setDetached } from "./devices/tandem-port";
export { raiseEvent } from "./devices/tandem-port/events";
export { completeRequest, requestBuffer } from "./devices/tandem-port/requests";
export { addVirtioFs, completeVirtio } from "./devices/virtio/fs";
