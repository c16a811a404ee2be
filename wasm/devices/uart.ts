// Serial ports: two 16550A, COM1 at 3F8h (IRQ 4) and COM2 at 2F8h (IRQ 3). The cable ends at the host.
//
// A byte leaves at once, so the transmitter is always empty; the divisor only times the receiver's time-out.
//
// Not implemented: break, parity and framing errors (the host makes none), DMA mode, throttling to the baud rate.

import { Clock, NANOSECONDS_PER_SECOND, onTimer, Timer } from "../bus/clock";
import { addDevice, Device } from "../bus/devices";
import { Irq } from "../bus/irq";
import { onRead, onWrite } from "../bus/ports";
import { hostSerialOutput } from "../host";

const PORT_COM1: u16 = 0x3f8;
const PORT_COM2: u16 = 0x2f8;
const IRQ_COM1 = 4;
const IRQ_COM2 = 3;

const REG_DATA: u32 = 0; // divisor low with DLAB
const REG_INTERRUPT_ENABLE: u32 = 1; // divisor high with DLAB
const REG_INTERRUPT_ID: u32 = 2; // write: FIFO control
const REG_LINE_CONTROL: u32 = 3;
const REG_MODEM_CONTROL: u32 = 4;
const REG_LINE_STATUS: u32 = 5;
const REG_MODEM_STATUS: u32 = 6;

const IER_DATA: u32 = 0x01;
const IER_EMPTY: u32 = 0x02;
const IER_LINE: u32 = 0x04;
const IER_MODEM: u32 = 0x08;

const IIR_NONE: u32 = 0x01;
const IIR_MODEM: u32 = 0x00;
const IIR_EMPTY: u32 = 0x02;
const IIR_DATA: u32 = 0x04;
const IIR_LINE: u32 = 0x06;
const IIR_TIMEOUT: u32 = 0x0c;
const IIR_FIFO: u32 = 0xc0;

const FCR_ENABLE: u32 = 0x01;
const FCR_CLEAR_RECEIVER: u32 = 0x02;

const LCR_DIVISOR: u32 = 0x80;
const LCR_BREAK: u32 = 0x40;

const MCR_OUT2: u32 = 0x08; // the PC's gate of the interrupt line
const MCR_LOOPBACK: u32 = 0x10;

const LSR_DATA_READY: u32 = 0x01;
const LSR_OVERRUN: u32 = 0x02;
const LSR_BREAK: u32 = 0x10;
const LSR_EMPTY: u32 = 0x60; // holding register and shift register

/** Modem status with the host at the other end: CTS, DSR, DCD. */
const MSR_CONNECTED: u32 = 0xb0;

const FIFO_SIZE: u32 = 16;
/** Divisor 1 is 115200 baud. */
const BASE_BAUD: u64 = 115_200;
const TIMEOUT_CHARACTERS: u64 = 4;
const CHARACTER_BITS: u64 = 10;

@unmanaged
class Uart {
  fifo0: u64;
  fifo1: u64;
  head: u32; // first byte of the FIFO
  count: u32;
  divisor: u32;
  interruptEnable: u32;
  fifoControl: u32;
  lineControl: u32;
  modemControl: u32;
  errors: u32; // error bits of LSR not yet read
  modemDelta: u32;
  scratch: u32;
  emptyPending: u32; // the transmitter's interrupt waits
  timedOut: u32;
  connected: u32; // modem lines from the cable
}
const UART_SIZE = <i32>offsetof<Uart>();
const STATE_SIZE = 2 * UART_SIZE;
const STATE = memory.data(STATE_SIZE, 8);

function uartAt(number: u32): Uart {
  return changetype<Uart>(STATE + <usize>number * <usize>UART_SIZE);
}

export function attachUart(): void {
  addDevice(Device.Uart, STATE, STATE_SIZE, reset);
  onTimer(Timer.Uart0, timeout0);
  onTimer(Timer.Uart1, timeout1);
  for (let i: u16 = 0; i < 8; i++) {
    onRead(PORT_COM1 + i, 1, read);
    onWrite(PORT_COM1 + i, 1, write);
    onRead(PORT_COM2 + i, 1, read);
    onWrite(PORT_COM2 + i, 1, write);
  }
}

function reset(): void {
  memory.fill(STATE, 0, STATE_SIZE);
  for (let number: u32 = 0; number < 2; number++) {
    const uart = uartAt(number);
    uart.divisor = 12;
    uart.connected = MSR_CONNECTED;
    Clock.cancel(Timer.Uart0 + number);
    update(number);
  }
}

// --- Host ---

/** Host: a byte arrives at port 0 or 1. Returns 0 when there is no room: try again later. */
export function serialInput(port: i32, byte: i32): i32 {
  if (!serialRoom(port)) return 0;
  receive((<u32>port) & 1, (<u32>byte) & 0xff);
  return 1;
}

/** Host: how many bytes the port would take now. */
export function serialRoom(port: i32): i32 {
  const uart = uartAt((<u32>port) & 1);
  if (uart.modemControl & MCR_LOOPBACK) return 0;
  return <i32>(capacity(uart) - uart.count);
}

// --- Receiver ---

function capacity(uart: Uart): u32 {
  return uart.fifoControl & FCR_ENABLE ? FIFO_SIZE : 1;
}

function triggerLevel(uart: Uart): u32 {
  if (!(uart.fifoControl & FCR_ENABLE)) return 1;
  const level = uart.fifoControl >>> 6;
  return level == 0 ? 1 : level == 1 ? 4 : level == 2 ? 8 : 14;
}

function receive(number: u32, byte: u32): void {
  const uart = uartAt(number);
  if (uart.count >= capacity(uart)) {
    uart.errors |= LSR_OVERRUN;
    // Without FIFOs the new byte replaces the old one; a full FIFO keeps what it has.
    if (!(uart.fifoControl & FCR_ENABLE)) store<u8>(changetype<usize>(uart) + uart.head, <u8>byte);
  } else {
    const at = (uart.head + uart.count) & (FIFO_SIZE - 1);
    store<u8>(changetype<usize>(uart) + <usize>at, <u8>byte);
    uart.count++;
  }
  uart.timedOut = 0;
  scheduleTimeout(number);
  update(number);
}

function readReceiver(number: u32): u32 {
  const uart = uartAt(number);
  uart.timedOut = 0;
  if (!uart.count) return 0;
  const byte = <u32>load<u8>(changetype<usize>(uart) + <usize>uart.head);
  uart.head = (uart.head + 1) & (FIFO_SIZE - 1);
  uart.count--;
  scheduleTimeout(number);
  update(number);
  return byte;
}

/** Bytes below the trigger level interrupt when nothing happened for four characters. */
function scheduleTimeout(number: u32): void {
  const uart = uartAt(number);
  if (!(uart.fifoControl & FCR_ENABLE) || !uart.count) {
    Clock.cancel(Timer.Uart0 + number);
    return;
  }
  const divisor = <u64>(uart.divisor ? uart.divisor : 1);
  const bits = TIMEOUT_CHARACTERS * CHARACTER_BITS;
  const wait = (bits * divisor * NANOSECONDS_PER_SECOND) / BASE_BAUD;
  Clock.set(Timer.Uart0 + number, Clock.now() + wait);
}

function timeout(number: u32): void {
  const uart = uartAt(number);
  if (!uart.count) return;
  uart.timedOut = 1;
  update(number);
}
function timeout0(_deadline: u64): void {
  timeout(0);
}
function timeout1(_deadline: u64): void {
  timeout(1);
}

function clearReceiver(number: u32): void {
  const uart = uartAt(number);
  uart.head = 0;
  uart.count = 0;
  uart.timedOut = 0;
  Clock.cancel(Timer.Uart0 + number);
}

// --- Interrupts ---

/** The interrupt with the highest priority, as the identification register shows it. */
function interruptId(uart: Uart): u32 {
  const enable = uart.interruptEnable;
  if (enable & IER_LINE && uart.errors) return IIR_LINE;
  if (enable & IER_DATA && uart.count >= triggerLevel(uart)) return IIR_DATA;
  if (enable & IER_DATA && uart.timedOut) return IIR_TIMEOUT;
  if (enable & IER_EMPTY && uart.emptyPending) return IIR_EMPTY;
  if (enable & IER_MODEM && uart.modemDelta) return IIR_MODEM;
  return IIR_NONE;
}

function update(number: u32): void {
  const uart = uartAt(number);
  const gate = uart.modemControl & MCR_OUT2 && !(uart.modemControl & MCR_LOOPBACK);
  const level = gate && interruptId(uart) != IIR_NONE ? 1 : 0;
  Irq.set(number ? IRQ_COM2 : IRQ_COM1, level);
}

// --- Transmitter and modem lines ---

function transmit(number: u32, byte: u32): void {
  const uart = uartAt(number);
  // The interrupt goes away with the write and comes back, as an edge, when the byte has left.
  uart.emptyPending = 0;
  update(number);
  if (uart.modemControl & MCR_LOOPBACK) receive(number, byte);
  else hostSerialOutput(<i32>number, <i32>byte);
  uart.emptyPending = 1;
  update(number);
}

/** The upper half of the modem status: from the cable, or in loopback from the own outputs. */
function modemLines(uart: Uart): u32 {
  const control = uart.modemControl;
  if (!(control & MCR_LOOPBACK)) return uart.connected;
  // DTR -> DSR, RTS -> CTS, OUT1 -> RI, OUT2 -> DCD.
  return ((control & 1) << 5) | ((control & 2) << 3) | ((control & 12) << 4);
}

function writeModemControl(number: u32, value: u32): void {
  const uart = uartAt(number);
  const before = modemLines(uart);
  uart.modemControl = value & 0x1f;
  const after = modemLines(uart);
  const changed = (before ^ after) >>> 4;
  // Of the ring indicator only the end counts.
  uart.modemDelta |= changed & 4 && after & 0x40 ? changed & ~4 : changed;
  update(number);
}

// --- Ports ---

function numberOf(port: u16): u32 {
  return port >= PORT_COM1 ? 0 : 1;
}

function read(port: u16): u32 {
  const number = numberOf(port);
  const uart = uartAt(number);
  const divisor = (uart.lineControl & LCR_DIVISOR) != 0;
  switch ((<u32>port) & 7) {
    case REG_DATA:
      return divisor ? uart.divisor & 0xff : readReceiver(number);
    case REG_INTERRUPT_ENABLE:
      return divisor ? uart.divisor >>> 8 : uart.interruptEnable;
    case REG_INTERRUPT_ID:
      return readInterruptId(number);
    case REG_LINE_CONTROL:
      return uart.lineControl;
    case REG_MODEM_CONTROL:
      return uart.modemControl;
    case REG_LINE_STATUS: {
      const status = LSR_EMPTY | uart.errors | (uart.count ? LSR_DATA_READY : 0);
      uart.errors = 0;
      update(number);
      return status;
    }
    case REG_MODEM_STATUS: {
      const status = modemLines(uart) | uart.modemDelta;
      uart.modemDelta = 0;
      update(number);
      return status;
    }
    default:
      return uart.scratch;
  }
}

/** Reading the identification takes the transmitter's interrupt back, if it is the one shown. */
function readInterruptId(number: u32): u32 {
  const uart = uartAt(number);
  const id = interruptId(uart);
  if (id == IIR_EMPTY) {
    uart.emptyPending = 0;
    update(number);
  }
  return id | (uart.fifoControl & FCR_ENABLE ? IIR_FIFO : 0);
}

function write(port: u16, value: u32): void {
  const number = numberOf(port);
  const uart = uartAt(number);
  const byte = value & 0xff;
  const divisor = (uart.lineControl & LCR_DIVISOR) != 0;
  switch ((<u32>port) & 7) {
    case REG_DATA:
      if (divisor) uart.divisor = (uart.divisor & 0xff00) | byte;
      else transmit(number, byte);
      break;
    case REG_INTERRUPT_ENABLE:
      if (divisor) {
        uart.divisor = (uart.divisor & 0xff) | (byte << 8);
      } else {
        // The transmitter is empty, so enabling its interrupt raises it: Linux tests for this.
        if (byte & ~uart.interruptEnable & IER_EMPTY) uart.emptyPending = 1;
        uart.interruptEnable = byte & 0x0f;
        update(number);
      }
      break;
    case REG_INTERRUPT_ID:
      writeFifoControl(number, byte);
      break;
    case REG_LINE_CONTROL:
      writeLineControl(number, byte);
      break;
    case REG_MODEM_CONTROL:
      writeModemControl(number, byte);
      break;
    case REG_LINE_STATUS:
    case REG_MODEM_STATUS:
      break;
    default:
      uart.scratch = byte;
      break;
  }
}

function writeFifoControl(number: u32, value: u32): void {
  const uart = uartAt(number);
  const toggled = ((uart.fifoControl ^ value) & FCR_ENABLE) != 0;
  uart.fifoControl = value & FCR_ENABLE ? value & 0xc9 : 0;
  if (toggled || value & FCR_CLEAR_RECEIVER) clearReceiver(number);
  update(number);
}

/** In loopback a break comes back as a received break. */
function writeLineControl(number: u32, value: u32): void {
  const uart = uartAt(number);
  const begins = value & ~uart.lineControl & LCR_BREAK;
  uart.lineControl = value;
  if (begins && uart.modemControl & MCR_LOOPBACK) {
    receive(number, 0);
    uart.errors |= LSR_BREAK;
    update(number);
  }
}
