/** The columns of all nodes to search and sort by: numbers, and texts that nodes share. */

import { type Data, type Form, fromHighWord, type Statistics } from "./data.ts";
import { structure } from "./graph.ts";

export type Numbers = Float64Array; // by row of a node, NaN where unknown
type Make = (index: Index) => Numbers;

export const UNNAMED = new Set(["line", "leaves", "stretch", "repeat", ""]); // groups that are no scopes

export const sum = (a: number, b: number) => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : a + b);

/** Return the number of elements of an array, NaN if its shape is unknown. */
export const size = (form: Form) => form[1]?.reduce((a, b) => a * b, 1) ?? NaN;

/** Return a number for each of some rows. */
export function numbersOf(rows: number, number: (row: number) => number): Numbers {
  const found = new Float64Array(rows); // Float64Array.from() takes ten times as long
  for (let row = 0; row < rows; row++) found[row] = number(row);
  return found;
}

/** Return the columns of the values or the gradients, whose names start with a sign. */
function statistics(sign: string, of: (data: Data) => Statistics): Record<string, Make> {
  const each =
    (number: (of: Statistics, id: number) => number): Make =>
    ({ data }) => {
      const own = of(data);
      return numbersOf(data.nodes, (row) => (own.has(row + 1) ? number(own, row + 1) : NaN));
    };
  return {
    [`${sign}bytes`]: each((own, id) => own.form(id)![3]),
    [`${sign}min`]: each((own, id) => own.min(id)),
    [`${sign}mean`]: each((own, id) => own.mean(id)),
    [`${sign}max`]: each((own, id) => own.max(id)),
    [`${sign}norm`]: each((own, id) => own.norm(id)),
    [`${sign}zeros`]: each((own, id) => own.zeros(id) / size(own.form(id)!)),
    [`${sign}nan`]: each((own, id) => own.nans(id)),
    [`${sign}inf`]: each((own, id) => own.infs(id)),
  };
}

/** Return bytes that only some pages know. */
function memory(name: string): Make {
  return ({ data }) => {
    const words = data.has(name) ? data.column(name) : null;
    return numbersOf(data.nodes, (row) => (words ? fromHighWord(words[row]!) : NaN));
  };
}

/** The columns with numbers. To add one, add an entry. */
export const NUMBERS: Record<string, Make> = {
  id: ({ data }) => numbersOf(data.nodes, (row) => row + 1),
  line: ({ data }) => numbersOf(data.nodes, (row) => data.source(row + 1)?.[1] || NaN),
  forward: ({ data }) => numbersOf(data.nodes, (row) => data.forward(row + 1)),
  backward: ({ data }) => {
    const sums = new Float64Array(data.nodes).fill(NaN);
    data.rules.node.forEach((id, n) => {
      sums[id - 1] = (sums[id - 1]! || 0) + fromHighWord(data.rules.ns[n]!);
    });
    return sums;
  },
  time: (index) => {
    const [forward, backward] = [index.numbers("forward"), index.numbers("backward")];
    return numbersOf(index.data.nodes, (row) => sum(forward[row]!, backward[row]!));
  },
  allocated: memory("allocated"),
  saved: memory("saved"),
  ...statistics("", (data) => data.value),
  ...statistics("∇", (data) => data.gradient),
};

interface Texts {
  keys: (index: Index) => ArrayLike<number>; // by row of a node
  texts: (data: Data, key: number) => (string | null | undefined)[];
}

const column =
  (name: string) =>
  ({ data }: Index) =>
    data.column(name);

/** The columns with texts: those of a key, of which nodes share a few. To add one, add an entry. */
export const TEXTS: Record<string, Texts> = {
  op: { keys: column("signature"), texts: ({ header }, key) => [header.signatures[key]?.[0]] },
  name: { keys: column("label"), texts: ({ header }, key) => [header.strings[key]] },
  kind: { keys: column("kind"), texts: ({ header }, key) => [header.kinds[key]] },
  shape: {
    keys: column("v_form"),
    texts: ({ header }, key) => {
      const shape = header.forms[key]?.[1];
      return shape ? [shape.join("×") || "()", shape.join("x"), shape.join(",")] : [];
    },
  },
  dtype: { keys: column("v_form"), texts: ({ header }, key) => [header.forms[key]?.[2]] },
  file: { keys: column("source"), texts: (data, key) => placesOf(data, key).slice(0, 2) },
  source: { keys: column("source"), texts: (data, key) => placesOf(data, key).slice(2) },
  scope: { keys: (index) => index.home, texts: scopesOf },
};

function placesOf({ header }: Data, source: number): string[] {
  const [number = -1, line] = header.sources[source] ?? [];
  const file = header.files[number];
  return file ? [file.name, file.path, `${file.name}:${line}`, `${file.path}:${line}`] : [];
}

function scopesOf(data: Data, home: number): string[] {
  const found: string[] = [];
  const parents = data.column("g_parent");
  for (let group = home; group > 0; group = parents[group]!) {
    if (UNNAMED.has(data.groupKind(group))) continue;
    found.push(data.groupTitle(group), data.groupInstance(group));
  }
  return found.filter(Boolean);
}

/** The columns of a page, made when they are first needed. */
export class Index {
  private readonly known = new Map<string, Numbers>();
  private homes?: Int32Array;
  private lowered?: string[];

  constructor(readonly data: Data) {}

  numbers(name: string): Numbers {
    let found = this.known.get(name);
    if (!found) this.known.set(name, (found = NUMBERS[name]!(this)));
    return found;
  }

  /** The group of each row; of a node in another copy, the group of its model; -1 for none. */
  get home(): Int32Array {
    const { home, model } = structure(this.data);
    return (this.homes ??= home.map((group, row) =>
      group >= 0 ? group : (home[model[row + 1]! - 1] ?? -1),
    ));
  }

  /** The labels and other texts of the page in lower case. */
  get lower(): string[] {
    return (this.lowered ??= this.data.header.strings.map((text) => text.toLowerCase()));
  }
}

const indices = new WeakMap<Data, Index>();

/** Return the columns of a page. */
export function indexOf(data: Data): Index {
  let found = indices.get(data);
  if (!found) indices.set(data, (found = new Index(data)));
  return found;
}
