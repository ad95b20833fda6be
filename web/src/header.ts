/** The header of the data of a page: what `viewer.map` writes, see `README.md`. */

import type { Detail } from "./graph.ts";
import type { Measured } from "./heat.ts";
import type { Direction, View } from "./store.ts";

export type Look = Record<string, string>;
export type Signature = [op: string, args: [pieces: string[], keyword: string | null][]];
export type Form = [text: string | null, shape: number[] | null, dtype: string | null, bytes: number];
export type Source = [file: number, line: number, name: string, gradient: string, code: string];
export type Stretch = [start: number, text: string]; // the number of a line, and text from there
export type File = { path: string; name: string; parts: Stretch[]; lines: number; note: string };
/** A text with symbols: 0 for the node, 1, 2 … for its parents, -1 for a constant array. */
export type Formula = (string | number)[];
export type Rule = [argument: number, targets: Formula, formula: Formula, note: Formula];
export type Equation = [forward: Formula, constants: Formula, rules: Rule[]];

export interface Looks {
  graph: Look; node: Look; edge: Look; heading: Look; faint: Look;
  boxes: Record<string, Look>; clusters: Record<string, Look>; arrows: Record<string, Look>;
  marks: Record<string, [sign: string, look: Look]>;
  heat: string[];
  dark: Record<string, string>;
  strip: string;
}

export interface Table {
  by: string;
  title: string;
  columns: { name: string; right: boolean; is_share: boolean }[];
  rows: { cells: string[]; values: (number | null)[]; file: number; line: number; op: string }[];
}
export interface Sample {
  name: string; place: string; file: number; line: number;
  seconds: number;
  inner: Sample[];
}
export interface Profile {
  summary: string[];
  parts: [name: string, ns: number][];
  gradients: number;
  tables: Table[];
  lines: [file: number, line: number, forward: number, backward: number, calls: number][];
  arguments: [file: number, line: number, op: string, argument: number, ns: number][];
  blocks: { title: string; text: string }[];
  samples?: Sample;
}
export interface Timeline {
  unit_ns: number;
  tracks: { name: string; rows: number }[];
  names: string[];
  note?: string; // about calls that are left out
}
export interface Changes {
  names: [string, string];
  text: string;
  lines: {
    file: number; line: number; code: string; is_gone: boolean;
    added: number; removed: number; changed: number; numbers: number;
    before_ns: number | null; after_ns: number | null; significant: boolean;
  }[];
}

export interface Header {
  format: "autograd_tools.map";
  version: 1;
  title: string;
  notes: string[];
  result: number;
  nodes: number;
  open: number[];
  query: string;
  selected: number;
  looks_at_first: {
    by?: Detail; heat?: Measured; direction?: Direction;
    gradients?: boolean; edges?: "none" | "shape"; backward?: boolean;
  };
  view: View;
  strings: string[];
  signatures: Signature[];
  kinds: string[];
  group_kinds: string[];
  forms: Form[];
  sources: Source[];
  files: File[];
  equations: Equation[];
  symbols: [node: string, constant: string];
  reasons?: Record<string, string>;
  looks: Looks;
  columns: Record<string, [type: "u8" | "i32" | "p32", offset: number, length: number]>;
  profile?: Profile;
  timeline?: Timeline;
  changes?: Changes;
}
