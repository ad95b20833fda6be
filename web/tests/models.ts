/** The graphs that `make.py` writes. */

import {readFileSync} from "node:fs";
import {type Data, load} from "../src/data.ts";

export const MODELS = ["recurrent", "layers", "recursion", "levels", "nested", "irregular",
  "inputs", "second"];

export function bytesOf(name: string): ArrayBuffer {
  const bytes = readFileSync(`tests/data/${name}.bin`);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

export function read(name: string): Data {
  return load(bytesOf(name));
}
