// Request blocks: checked, copied once, answered at once or by the host.
//
// A block is RAM from its first byte to its last, or it is not touched. Nothing outside of it is ever written. The guest's header
// is read once; its body is copied before anybody looks at it, so that a guest that changes it meanwhile changes nothing.

import { hostCancel, hostEvent, hostRequest } from "../../host";
import { TANDEM_BODIES } from "../../layout";
import { isRam, Physical } from "../../memory/physical";
import { MachineEvent } from "../../protocol/events";
import { PointerCommand, PointerMode } from "../../protocol/pointer";
import {
  Command,
  Feature,
  HelloReply,
  HelloRequest,
  IrqCause,
  Request,
  RequestFlag,
  RequestStatus,
} from "../../protocol/tandem-port";
import { happen, raiseCause, setEventMask } from "./events";
import { answerPio, roomInPio } from "./pio";
import { listen, tellMode } from "./pointer";
import { BLOCK_MAX, HEADER_SIZE, PIO_BUFFER, Slot, slotAt, SLOTS, tandem } from "./state";

export const FEATURES: u32 =
  Feature.Pointer |
  Feature.SharedFolders |
  Feature.Clipboard |
  Feature.Display |
  Feature.Time |
  Feature.Exec |
  Feature.Channels |
  Feature.Pio |
  Feature.DragAndDrop;

/** Commands below are the port's own. */
const FIRST_SERVICE: u32 = 0x0100;
const SLOT_BITS: u32 = 5;
const BODY_SIZE: usize = <usize>BLOCK_MAX;
/** The body of the request being looked at lies behind those under way. */
const CURRENT_BODY: usize = TANDEM_BODIES + <usize>SLOTS * BODY_SIZE;

const HEADER = memory.data(32, 8);
/** The request being looked at, apart from its body. */
const current = changetype<Slot>(memory.data(32, 8));
const WORD = memory.data(4, 4);

function bodyOf(index: u32): usize {
  return TANDEM_BODIES + <usize>index * BODY_SIZE;
}

/** The guest rings with the address of a block. What is not a block, it gets no answer to. */
export function ring(address: u32): void {
  if (!isRam(address, HEADER_SIZE)) return;
  Physical.copyOut(HEADER, address, HEADER_SIZE);
  const size = load<u32>(HEADER, Request.Size);
  if (size < HEADER_SIZE) return;
  current.address = address;
  current.size = HEADER_SIZE;
  current.viaPio = 0;
  takeHeader();
  if (size > BLOCK_MAX || !isRam(address, size)) {
    answer(RequestStatus.Invalid, 0, 0);
    return;
  }
  current.size = size;
  const length = size - HEADER_SIZE;
  Physical.copyOut(CURRENT_BODY, address + HEADER_SIZE, length);
  execute(length);
}

/** The request in the FIFO is complete. */
export function executePio(): void {
  memory.copy(HEADER, PIO_BUFFER, HEADER_SIZE);
  const size = load<u32>(HEADER, Request.Size);
  current.viaPio = 1;
  current.size = HEADER_SIZE;
  takeHeader();
  if (size < HEADER_SIZE || size > BLOCK_MAX) {
    answer(RequestStatus.Invalid, 0, 0);
    return;
  }
  current.size = size;
  const length = min<u32>(tandem.pioLength, size) - HEADER_SIZE;
  memory.copy(CURRENT_BODY, PIO_BUFFER + HEADER_SIZE, length);
  execute(length);
}

function takeHeader(): void {
  current.deferred = 0;
  current.tag = load<u32>(HEADER, Request.Tag);
  current.flags = <u32>load<u16>(HEADER, Request.Flags);
}

// --- Commands ---

function execute(length: u32): void {
  const command = <u32>load<u16>(HEADER, Request.Command);
  switch (command) {
    case Command.Hello:
      hello(length);
      return;
    case Command.Ping:
      answer(RequestStatus.Ok, CURRENT_BODY, length);
      return;
    case Command.Log:
      give(command, length);
      return;
    default:
      break;
  }
  if (!tandem.session || load<u32>(HEADER, Request.Session) != tandem.session) {
    answer(RequestStatus.BadSession, 0, 0);
    return;
  }
  switch (command) {
    case Command.Bye:
      endSession(true);
      answer(RequestStatus.Ok, 0, 0);
      break;
    case Command.Cancel:
      answer(length < 4 ? RequestStatus.Invalid : cancel(load<u32>(CURRENT_BODY)), 0, 0);
      break;
    case Command.EventMask:
      if (length >= 4) {
        setEventMask(load<u32>(CURRENT_BODY));
        tellMode();
      }
      answer(length < 4 ? RequestStatus.Invalid : RequestStatus.Ok, 0, 0);
      break;
    case PointerCommand.Mode:
      answer(length < 4 ? RequestStatus.Invalid : setMode(load<u32>(CURRENT_BODY)), 0, 0);
      break;
    default:
      if (command < FIRST_SERVICE) answer(RequestStatus.NoCommand, 0, 0);
      else give(command, length);
      break;
  }
}

function hello(length: u32): void {
  if (length < <u32>HelloRequest.SIZE) {
    answer(RequestStatus.Invalid, 0, 0);
    return;
  }
  const system = load<u32>(CURRENT_BODY, HelloRequest.GuestSystem);
  const features = load<u32>(CURRENT_BODY, HelloRequest.Features) & FEATURES;
  endSession(false);
  tandem.lastSession = max<u32>(tandem.lastSession + 1, 1);
  tandem.session = tandem.lastSession;
  tandem.features = features;
  tandem.wanted = PointerMode.Automatic;
  tandem.happened = 0;
  hostEvent(MachineEvent.GuestHello, <i32>system, <i32>features);
  listen();
  store<u32>(CURRENT_BODY, tandem.session, HelloReply.Session);
  store<u32>(CURRENT_BODY, features, HelloReply.Features);
  store<u32>(CURRENT_BODY, tandem.epochLow, HelloReply.EpochLow);
  store<u32>(CURRENT_BODY, tandem.epochHigh, HelloReply.EpochHigh);
  store<u32>(CURRENT_BODY, BLOCK_MAX, HelloReply.RequestSizeMax);
  answer(RequestStatus.Ok, CURRENT_BODY, HelloReply.SIZE);
}

/**
 * `alive`: the driver that made the requests under way still wants their answers. One that was loaded anew does not: their
 * memory may be anybody's by now.
 */
export function endSession(alive: bool): void {
  for (let i: u32 = 0; i < SLOTS; i++) {
    const slot = slotAt(i);
    if (!slot.token) continue;
    hostCancel(<i32>slot.token);
    if (alive) finish(slot, RequestStatus.Canceled, 0, 0);
    slot.token = 0;
  }
  if (!tandem.session) return;
  tandem.session = 0;
  tandem.features = 0;
  setEventMask(0);
  listen();
  hostEvent(MachineEvent.GuestBye, 0, 0);
}

function setMode(mode: u32): RequestStatus {
  if (mode > <u32>PointerMode.Automatic) return RequestStatus.Invalid;
  tandem.wanted = mode;
  listen();
  return RequestStatus.Ok;
}

function cancel(tag: u32): RequestStatus {
  for (let i: u32 = 0; i < SLOTS; i++) {
    const slot = slotAt(i);
    if (!slot.token || slot.tag != tag) continue;
    hostCancel(<i32>slot.token);
    finish(slot, RequestStatus.Canceled, 0, 0);
    slot.token = 0;
    return RequestStatus.Ok;
  }
  return RequestStatus.NoEntry;
}

/** The FIFO is used for something else: nobody waits for its answer any more. */
export function dropPio(): void {
  for (let i: u32 = 0; i < SLOTS; i++) {
    const slot = slotAt(i);
    if (!slot.token || !slot.viaPio) continue;
    hostCancel(<i32>slot.token);
    slot.token = 0;
  }
}

// --- The host's part ---

function give(command: u32, length: u32): void {
  let index: u32 = 0;
  while (index < SLOTS && slotAt(index).token) index++;
  if (index == SLOTS) {
    answer(RequestStatus.Again, 0, 0);
    return;
  }
  const slot = slotAt(index);
  memory.copy(changetype<usize>(slot), changetype<usize>(current), offsetof<Slot>());
  tandem.serial++;
  const token = max<u32>(tandem.serial << SLOT_BITS, 1 << SLOT_BITS) | index;
  slot.token = token;
  memory.copy(bodyOf(index), CURRENT_BODY, length);
  hostRequest(<i32>token, <i32>command, bodyOf(index), <i32>length);
  if (slot.token != token) return; // answered already
  slot.deferred = 1;
  if (!slot.viaPio) writeWord(slot.address + Request.Status, <u32>RequestStatus.Pending);
}

/** Host: where the answer to a request goes, BODY_SIZE bytes; 0 when nobody waits for it any more. */
export function requestBuffer(token: i32): usize {
  const index = (<u32>token) & (SLOTS - 1);
  return token && slotAt(index).token == <u32>token ? bodyOf(index) : 0;
}

/** Host: the answer's body lies in the buffer. 0: nobody waits for it any more. */
export function completeRequest(token: i32, status: i32, length: i32): i32 {
  const buffer = requestBuffer(token);
  if (!buffer) return 0;
  const slot = slotAt((<u32>token) & (SLOTS - 1));
  slot.token = 0;
  finish(slot, status, buffer, min<u32>(<u32>length, <u32>BODY_SIZE));
  return 1;
}

// --- Answers ---

/** Of the request being looked at. */
function answer(status: i32, reply: usize, length: u32): void {
  finish(current, status, reply, length);
}

/** Body first, status last: a guest that looks at the status finds everything else in place. */
function finish(request: Slot, status: i32, reply: usize, length: u32): void {
  let room = request.size - HEADER_SIZE;
  if (request.viaPio) room = min<u32>(room, roomInPio(request.size));
  let told = length;
  if (length > room) {
    if (request.flags & RequestFlag.Truncate) {
      told = room;
    } else {
      status = RequestStatus.TooBig;
      length = 0;
    }
    length = min<u32>(length, room);
  }
  const deferred = request.deferred != 0;
  if (request.viaPio) {
    answerPio(status, reply, length, told, deferred);
    return;
  }
  // The board may have put something else there since the doorbell.
  if (!isRam(request.address, request.size)) return;
  if (length) Physical.copyIn(request.address + HEADER_SIZE, reply, length);
  writeWord(request.address + Request.ReplySize, told);
  writeWord(request.address + Request.Status, <u32>status);
  if (!deferred) return;
  tandem.requestDone = 1;
  if (request.flags & RequestFlag.Notify) raiseCause(IrqCause.Request);
  else happen();
}

/** May cross a page. */
function writeWord(address: u32, value: u32): void {
  store<u32>(WORD, value);
  Physical.copyIn(address, WORD, 4);
}
