// The worker's end of the conversation: one machine behind MachineApi.

import * as Comlink from "comlink";
import type { ChannelOrder, DriveName, ImageFile, MachineApi, MachineEvent, MachineFiles } from "../shared/api"; // prettier-ignore
import { type FirmwareConfig, type MachineConfig, parseConfig } from "../shared/config";
import { TandemError } from "../shared/errors";
import { recogniseKernel } from "./boot/image";
import type { HttpOptions } from "./disks/http-reader";
import { openImage } from "./disks/open";
import { OverlaySource } from "./disks/overlay";
import { readAll } from "./disks/source";
import { Machine, type MachineParts } from "./machine";
import { WorkerScreen } from "./screen";
import type { Folder } from "./services/shared-folders/folder";
import type { HostChannel } from "./services/channels";
import { openRoot } from "./services/shared-folders/open-root";
import * as pageFiles from "./services/shared-folders/page-files";

/** The core's file; the build puts it beside the worker. */
const CORE_URL = new URL("../../build/core.wasm", import.meta.url);

let machine: Machine | undefined;
let port: MessagePort | undefined;
/** By the page's numbers. */
const channels = new Map<number, HostChannel>();
const screen = new WorkerScreen(tell, () => machine?.refresh());

function current(): Machine {
  if (!machine) throw new TandemError("not-running", "The machine has not been created.");
  return machine;
}

function tell(event: MachineEvent): void {
  const transfer: Transferable[] = [];
  if (event.type === "frame" && event.data) transfer.push(event.data.buffer);
  if (event.type === "cursor-shape") transfer.push(event.pixels.data.buffer);
  if (event.type === "serial") transfer.push(event.bytes.buffer);
  port?.postMessage(event, transfer);
  if (event.type === "state" && event.state === "off") screen.clear();
}

/** Only plain data keeps its code on the way to the page. */
async function plainErrors<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw TandemError.from(error).toData();
  }
}

/** As plainErrors, of shared folders. */
async function folderErrors<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw TandemError.from(error, "folder").toData();
  }
}

/** @throws FolderError */
function folderOf(name: string): Folder {
  return current().folders.folder(name);
}

const api: MachineApi = {
  create: (config, files, core) =>
    plainErrors(async () => {
      const parts = await loadParts(parseConfig(config), files ?? {}, core);
      await machine?.dispose();
      machine = new Machine(parts, tell, screen);
    }),
  listen(target) {
    port = target;
    screen.forgetUntaken();
    target.onmessage = () => {
      screen.taken();
      machine?.refresh();
    };
  },
  drawOn: (canvas) => screen.drawOn(canvas),
  tellFrames: (news) => screen.tellFrames(news),
  start: () => plainErrors(() => current().start()),
  pause: () => machine?.pause(),
  resume: () => machine?.resume(),
  reset: () => plainErrors(() => current().reset()),
  powerButton: () => machine?.powerButton(),
  shutDown: (timeout) => plainErrors(() => current().shutDown(timeout)),
  restart: (timeout) => plainErrors(() => current().restart(timeout)),
  powerOff: () => machine?.powerOff(),
  run: (id, request) => plainErrors(() => current().exec.run(id, request)),
  runInput: (id, bytes) => machine?.exec.input(id, bytes),
  runKill: (id, signal) => machine?.exec.kill(id, signal),
  runAbort: (id) => machine?.exec.abort(id),
  openChannel: (id, name, end) => plainErrors(() => openChannel(id, name, end)),
  abortChannel(id, reason) {
    channels.get(id)?.take({ type: "abort", reason });
    channels.delete(id);
  },
  typeText: (text) => plainErrors(() => current().typeText(text)),
  key: (code, pressed) => machine?.key(code, pressed),
  sendKeys: (chord) => plainErrors(() => current().sendKeys(chord)),
  releaseAll: () => machine?.releaseAll(),
  pointerMotion: (dx, dy, id) => machine?.pointerMotion(dx, dy, id),
  pointerPosition: (x, y, id) => machine?.pointerPosition(x, y, id),
  pointerButtons: (buttons, id) => machine?.pointerButtons(buttons, id),
  pointerWheel: (vertical, horizontal, id) => machine?.pointerWheel(vertical, horizontal, id),
  setPointerMode: (mode) => machine?.setPointerMode(mode),
  shareInput: (buffer) => current().shareInput(buffer),
  wake: () => machine?.wake(),
  pointerStatistics: () => current().pointerStatistics(),
  setDetached: (detached) => machine?.setDetached(detached),
  setDisplayRoom: (room) => machine?.setDisplayRoom(room),
  serialInput: (bytes, number) => machine?.serialInput(bytes, number),
  insert: (drive, file) =>
    plainErrors(async () =>
      current().insert(drive, await openImage(drive, file, progressOf(file))),
    ),
  eject: (drive) => machine?.eject(drive),
  exportDisk: (drive) => plainErrors(() => exportDisk(drive)),
  attachFolder: (name, source, options) =>
    folderErrors(() => void current().folders.attach(openRoot(source), { ...options, name })),
  detachFolder: (name) => folderErrors(() => current().folders.detach(name)),
  setFolderReadOnly: (name, readOnly) =>
    folderErrors(() => current().folders.setReadOnly(name, readOnly)),
  reconnectFolder: (name) => folderErrors(() => folderOf(name).reconnect()),
  folders: () => machine?.folders.status() ?? [],
  listFiles: (name, path) => folderErrors(() => pageFiles.listFiles(folderOf(name), path)),
  readFile: (name, path) => folderErrors(() => pageFiles.readFile(folderOf(name), path)),
  writeFile: (name, path, data) =>
    folderErrors(() => pageFiles.writeFile(folderOf(name), path, data)),
  dropFiles: (x, y, files) => plainErrors(() => current().drops.drop(x, y, files)),
  setClipboard: (setting) => machine?.clipboard.set(setting),
  offerClipboard: (formats, paste) => machine?.clipboard.offer(formats, paste),
  supplyClipboard: (request, data) => machine?.clipboard.supply(request, data),
  readClipboard: (format) =>
    plainErrors(async () => {
      const bytes = await current().clipboard.read(format);
      return Comlink.transfer(bytes, [bytes.buffer]);
    }),
  screenshot() {
    const pixels = current().screenshot();
    return Comlink.transfer(pixels, [pixels.data.buffer]);
  },
  screenText: () => machine?.screenText() ?? [],
  stats: () => current().stats(),
  async dispose() {
    await machine?.dispose();
    machine = undefined;
  },
};

/** @throws TandemError */
function openChannel(id: number, name: string, end: MessagePort): void {
  const channel = current().channels.open(name, (news) => {
    if (news.type === "closed") channels.delete(id);
    end.postMessage(news, news.type === "data" ? [news.bytes.buffer] : []);
  });
  channels.set(id, channel);
  end.onmessage = ({ data }: MessageEvent<ChannelOrder>) => channel.take(data);
}

async function loadParts(
  config: MachineConfig,
  files: MachineFiles,
  core?: WebAssembly.Module,
): Promise<MachineParts> {
  const drives: MachineParts["drives"] = {};
  for (const drive of ["floppy", "hda", "cdrom"] as const) {
    const file = files[drive] ?? config[drive];
    if (file) drives[drive] = await openImage(drive, file, progressOf(file));
  }
  const kernelFile = files.kernel ?? config.kernel;
  const kernel = kernelFile && (await recogniseKernel(await readFile(kernelFile)));
  const initrdFile = files.initrd ?? config.initrd;
  const initrd = initrdFile && (await readFile(initrdFile));
  const needed = !kernel || kernel.needsFirmware;
  const systemRom = await firmware(files.firmware, config.firmware, needed);
  const vgaRom = await firmware(files.vgaFirmware, config.vgaFirmware, needed);
  if (needed && !systemRom)
    throw new TandemError("firmware-missing", "What starts here needs a BIOS, but there is none.");
  return {
    module: core ?? (await WebAssembly.compileStreaming(fetch(CORE_URL))),
    memory: config.memory,
    drives,
    append: config.append,
    pointer: config,
    clipboard: config.clipboard,
    hypervisor: config.hypervisor,
    folders: config.folders.map(({ name }) => name),
    jit: config.jit,
    onTripleFault: "reset",
    ...(kernel && { kernel }),
    ...(initrd && { initrd, modules: [{ bytes: initrd, commandLine: "initrd" }] }),
    ...(systemRom && { systemRom }),
    ...(vgaRom && { vgaRom }),
    ...(config.boot && { boot: config.boot }),
  };
}

/** With "auto" it is read when what starts needs it: from where the page says, beside it. */
async function firmware(
  file: ImageFile | undefined,
  config: FirmwareConfig,
  needed: boolean,
): Promise<Uint8Array | undefined> {
  if (config === "auto" && !needed) return undefined;
  const source = file ?? (typeof config === "string" ? undefined : config);
  if (!source) return undefined;
  if (config !== "auto" || !("url" in source)) return readFile(source);
  try {
    return await readFile(source);
  } catch {
    throw new TandemError(
      "firmware-missing",
      `What starts here needs a BIOS, and ${source.url} is not there.`,
    );
  }
}

async function readFile(file: ImageFile): Promise<Uint8Array<ArrayBuffer>> {
  return readAll(await openImage("kernel", file, progressOf(file)));
}

/** Tells the page how a download goes on. */
function progressOf(file: ImageFile): HttpOptions {
  if (!("url" in file)) return {};
  return {
    onProgress: (loaded, total = 0) => tell({ type: "progress", file: file.url, loaded, total }),
  };
}

async function exportDisk(drive: DriveName): Promise<Blob> {
  const source = current().medium(drive);
  if (!source) throw new TandemError("bad-argument", `There is no medium in "${drive}".`);
  if (source instanceof OverlaySource) return source.toBlob();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let position = 0; position < source.size; position += EXPORT_CHUNK) {
    const chunk = new Uint8Array(Math.min(EXPORT_CHUNK, source.size - position));
    await source.read(position, chunk);
    parts.push(chunk);
  }
  return new Blob(parts);
}
const EXPORT_CHUNK = 1 << 22;

Comlink.expose(api);
