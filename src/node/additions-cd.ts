// The additions CD in Node.

import { readFileSync } from "node:fs";
import { additionsImage } from "../shared/additions";

export async function additionsCd(): Promise<ArrayBuffer> {
  const { buffer } = await additionsImage(async (url) => readFileSync(url));
  return buffer;
}
