// The machine's devices, one line each.

export function attachDevices(): void {}
