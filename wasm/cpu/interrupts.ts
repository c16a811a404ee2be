// Placeholder of the lead until helper `system` lands its file (take theirs on conflict).
import { Instruction } from "./instruction";
import { Memory } from "../memory/memory";
import { Flags } from "./flags";
import { pushSegmented } from "./operands";
import { CS, cpu, FLAG_IF, FLAG_TF, Segments } from "./state";
import { updateMode } from "./segments";

export function deliverExternal(vector: i32): void {
  pushSegmented(Flags.get(), 2);
  pushSegmented(Segments.of(CS).selector, 2);
  pushSegmented(cpu.eip, 2);
  Flags.set(Flags.get() & ~(FLAG_IF | FLAG_TF));
  const entry = Memory.systemRead32(cpu.idtBase + ((<u32>vector) << 2));
  Segments.of(CS).selector = entry >>> 16;
  Segments.of(CS).base = (entry >>> 16) << 4;
  cpu.eip = entry & 0xffff;
  updateMode();
}

export function deliverFault(): void {
  cpu.eip = changetype<Instruction>(cpu.instruction).eip;
  deliverExternal(cpu.faultVector);
}
