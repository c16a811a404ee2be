// The host's half of the Tandem port: gives each request to the service whose command it is, and carries the answer back.
//
// A service answers at once or with a promise. What it throws becomes an I/O error for the guest, nothing else.

import type { Integration, MachineEvent } from "../../shared/api";
import { TandemError } from "../../shared/errors";
import {
  Command,
  Event,
  Feature,
  GuestSystem,
  REQUEST_SIZE_MAX,
  RequestStatus,
} from "../../../wasm/protocol/tandem-port";
import { PowerWish } from "../../../wasm/protocol/power";
import type { Core } from "../core";
import { ChannelsService } from "./channels";
import { ClipboardService } from "./clipboard";
import { DragAndDropService } from "./drag-and-drop";
import { ExecService } from "./exec";
import { PointerService } from "./pointer";
import { type PowerButtons, PowerService } from "./power";
import { SharedFoldersService } from "./shared-folders";
import { VirtioFs } from "./virtio-fs";
import { VmwareClipboard } from "./vmware-clipboard";
import { NO_COMMAND, OK, type Reply, type Service } from "./service";
import { DisplayService } from "./display";
import { HOST_CLOCK, TimeService } from "./time";

const SYSTEM_NAMES: Readonly<Record<GuestSystem, string>> = {
  [GuestSystem.Other]: "other",
  [GuestSystem.Pillion]: "pillion",
  [GuestSystem.Linux]: "linux",
  [GuestSystem.Dos]: "dos",
  [GuestSystem.Windows]: "windows",
};

const FEATURE_OF: Readonly<Record<Integration, Feature>> = {
  pointer: Feature.Pointer,
  folders: Feature.SharedFolders,
  clipboard: Feature.Clipboard,
  display: Feature.Display,
  time: Feature.Time,
  exec: Feature.Exec,
  channels: Feature.Channels,
};

function integrationsOf(features: number): Integration[] {
  const all = Object.keys(FEATURE_OF) as Integration[];
  return all.filter((name) => (features & FEATURE_OF[name]) !== 0);
}

type Tell = (event: MachineEvent) => void;

/** Of a hub without a machine. */
const NO_BUTTONS: PowerButtons = { [PowerWish.ShutDown]() {}, [PowerWish.Restart]() {} };

function allServices(tell: Tell): Service[] {
  return [new PointerService(tell)];
}

export class IntegrationHub {
  readonly #tell: Tell;
  readonly #wake: () => void;
  readonly #services: readonly Service[];
  readonly folders: SharedFoldersService;
  /** The same as virtio devices. */
  readonly virtioFs: VirtioFs;
  readonly display: DisplayService;
  readonly time: TimeService;
  readonly clipboard: ClipboardService;
  /** The same for VMware's port. */
  readonly vmwareClipboard: VmwareClipboard;
  readonly drops: DragAndDropService;
  readonly exec: ExecService;
  readonly channels: ChannelsService;
  readonly power: PowerService;
  #core: Core | undefined;
  #underWay = new Map<number, AbortController>();
  #hasSession = false;

  /** `wake`: a request was answered while the guest may have slept. */
  constructor(
    tell: Tell,
    wake: () => void,
    services: (tell: Tell) => Service[] = allServices,
    clock = HOST_CLOCK,
    buttons: PowerButtons = NO_BUTTONS,
  ) {
    this.#tell = tell;
    this.#wake = wake;
    this.folders = new SharedFoldersService((news) => {
      tell({ type: "folder", ...news });
      this.#core?.exports.raiseEvent(Event.Folders, news.number);
      this.#wake();
    });
    this.virtioFs = new VirtioFs(this.folders, wake);
    this.display = new DisplayService(tell, wake);
    this.time = new TimeService(wake, clock);
    this.clipboard = new ClipboardService(tell, (serial) => {
      this.#core?.exports.raiseEvent(Event.Clipboard, serial);
      this.vmwareClipboard.changed();
      this.#wake();
    });
    this.drops = new DragAndDropService(tell, (waiting) => {
      this.#core?.exports.raiseEvent(Event.Drop, waiting);
      this.#wake();
    });
    this.vmwareClipboard = new VmwareClipboard(tell, this.clipboard);
    this.exec = new ExecService(tell, wake);
    this.channels = new ChannelsService(tell, (number) => {
      this.#core?.exports.raiseEvent(Event.Channel, number);
      this.#wake();
    });
    this.power = new PowerService(buttons, wake);
    this.#services = [
      ...services(tell),
      this.folders,
      this.clipboard,
      this.display,
      this.time,
      this.drops,
      this.exec,
      this.channels,
      this.power,
    ];
  }

  /** Requests that were not answered at once. */
  get pending(): number {
    return this.#underWay.size + this.virtioFs.pending;
  }

  /** A core that was just made; undefined: the machine is off. */
  connect(core: Core | undefined): void {
    for (const controller of this.#underWay.values()) controller.abort();
    this.#underWay.clear();
    this.bye();
    this.#core = core;
    for (const service of this.#services) service.connect?.(core);
    this.vmwareClipboard.connect(core);
    this.virtioFs.connect(core);
  }

  hello(system: number, features: number): void {
    this.#hasSession = true;
    this.drops.accepts((features & Feature.DragAndDrop) !== 0);
    for (const service of this.#services) service.hello?.(system, features);
    const name = SYSTEM_NAMES[system as GuestSystem] ?? "other";
    this.#tell({
      type: "guest-hello",
      system: name,
      features,
      integrations: integrationsOf(features),
    });
  }

  bye(): void {
    if (!this.#hasSession) return;
    this.#hasSession = false;
    for (const service of this.#services) service.endSession();
    this.#tell({ type: "guest-bye" });
  }

  request(token: number, command: number, pointer: number, length: number): void {
    const core = this.#core;
    if (!core) return;
    const controller = new AbortController();
    try {
      const body = core.bytes(pointer >>> 0, length).slice();
      const reply = this.#dispatch(command, body, controller.signal);
      if (!(reply instanceof Promise)) {
        complete(core, token, reply);
        return;
      }
      this.#underWay.set(token, controller);
      void reply
        .catch((error: unknown) => this.#failed(error))
        .then((result) => {
          if (this.#underWay.get(token) === controller) this.#underWay.delete(token);
          if (core === this.#core) complete(core, token, result);
          this.#wake();
        });
    } catch (error) {
      complete(core, token, this.#failed(error));
    }
  }

  cancel(token: number): void {
    this.#underWay.get(token)?.abort();
    this.#underWay.delete(token);
  }

  flush(): void {
    for (const service of this.#services) service.flush();
  }

  #dispatch(
    command: number,
    body: Uint8Array<ArrayBuffer>,
    signal: AbortSignal,
  ): Reply | Promise<Reply> {
    if (command === (Command.Log as number)) return this.#log(body);
    for (const service of this.#services) {
      if (service.range !== command >> 8) continue;
      const reply = service.request(command, body, signal);
      if (reply !== NO_COMMAND) return reply;
    }
    return NO_COMMAND;
  }

  #log(body: Uint8Array): Reply {
    const end = body.indexOf(0);
    const text = new TextDecoder().decode(end < 0 ? body : body.subarray(0, end));
    this.#tell({ type: "debug", line: text.replace(/\r?\n$/, "") });
    return OK;
  }

  #failed(error: unknown): Reply {
    this.#tell({ type: "error", error: TandemError.from(error).toData() });
    return { status: RequestStatus.Io };
  }
}

function complete(core: Core, token: number, { status, body }: Reply): void {
  const buffer = core.exports.requestBuffer(token) >>> 0;
  if (buffer === 0) return;
  const length = Math.min(body?.length ?? 0, REQUEST_SIZE_MAX);
  if (body) core.bytes(buffer, length).set(body.subarray(0, length));
  core.exports.completeRequest(token, status, length);
}
