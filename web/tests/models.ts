/** The graphs that `make.py` writes, and what Python shows of them with some groups open. */

import { readFileSync } from "node:fs";
import { type Data, load } from "../src/data.ts";
import type { Measured } from "../src/heat.ts";

export const MODELS = [
  "recurrent",
  "layers",
  "recursion",
  "levels",
  "nested",
  "irregular",
  "inputs",
  "second",
  "hostile",
];

export interface Expected {
  open: number[];
  boxes: Record<string, number[]>;
  edges: [
    tail: string,
    head: string,
    node: number,
    argument: number,
    carried: number,
    count: number,
    last: number,
  ][];
  styles: {
    style: { edges?: "shape"; gradients?: boolean; backward?: boolean; heat?: Measured };
    shapes: Record<string, [kind: string, isFaint: boolean, heat: number | null, lines: string[]]>;
    arrows: [
      tail: string,
      head: string,
      kind: string,
      label: string,
      argument: string,
      isFaint: boolean,
    ][];
    legend: string[];
  }[];
}

export function bytesOf(name: string): ArrayBuffer {
  const bytes = readFileSync(`tests/data/${name}.bin`);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

export function read(name: string): Data {
  return load(bytesOf(name));
}

export function expected(name: string): Expected[] {
  return JSON.parse(readFileSync(`tests/data/${name}.json`, "utf8")) as Expected[];
}
