/** The data of a page: a header and columns, decoded into typed arrays. */

import type { Equation, Form, Header, Signature, Source } from "./header.ts";

export type * from "./header.ts";

export type Column = Uint8Array | Int32Array | Uint32Array;

const LOW_FIRST = new Float64Array(1);
const WORDS = new Uint32Array(LOW_FIRST.buffer);

/** Return the float64 whose high word this is; its low word is 0. */
export function fromHighWord(word: number): number {
  WORDS[1] = word;
  return LOW_FIRST[0]!;
}

/** Lists of numbers, one after another: those of `n` are from `starts[n]` to `starts[n + 1]`. */
export class Lists {
  constructor(
    readonly starts: Int32Array,
    readonly items: Int32Array,
  ) {}

  /** Return the list of `n`, a view that is not copied. */
  of(n: number): Int32Array {
    return this.items.subarray(this.starts[n]!, this.starts[n + 1]!);
  }
}

/** The statistics of the values or the gradients, by id of a node; NaN where one is unknown. */
export class Statistics {
  private readonly forms: Column;
  private readonly counts: Column[];
  private readonly binned: Int32Array;
  private readonly bars: Column;

  constructor(
    private readonly data: Data,
    private readonly prefix: "v" | "d",
  ) {
    const columns = (...names: string[]) => names.map((name) => data.column(`${prefix}_${name}`));
    this.forms = data.column(`${prefix}_form`);
    this.counts = columns("zeros", "nans", "infs");
    this.binned = sums(data.column(`${prefix}_binned`));
    this.bars = data.column(`${prefix}_bins`);
  }

  has(id: number): boolean {
    return this.forms[id - 1]! >= 0;
  }
  form(id: number): Form | null {
    return this.data.header.forms[this.forms[id - 1]!] ?? null;
  }
  min(id: number): number {
    return fromHighWord(this.words("min")[id - 1]!);
  }
  max(id: number): number {
    return fromHighWord(this.words("max")[id - 1]!);
  }
  mean(id: number): number {
    return fromHighWord(this.words("mean")[id - 1]!);
  }
  norm(id: number): number {
    return fromHighWord(this.words("norm")[id - 1]!);
  }
  zeros(id: number): number {
    return this.counts[0]![id - 1]!;
  }
  nans(id: number): number {
    return this.counts[1]![id - 1]!;
  }
  infs(id: number): number {
    return this.counts[2]![id - 1]!;
  }

  /** Return high words of numbers, for loops over many nodes. */
  words(name: "min" | "max" | "mean" | "norm"): Column {
    return this.data.column(`${this.prefix}_${name}`);
  }

  /** Return the heights of the bars of a histogram, from 0 to 15, or null. */
  bins(id: number): Uint8Array | null {
    const row = find(this.binned, id);
    return this.binned[row] === id
      ? (this.bars.subarray(8 * row, 8 * row + 8) as Uint8Array)
      : null;
  }
}

/** Return the place of the first number in a sorted row that is not below another one. */
export function find(row: Int32Array, number: number): number {
  let [low, high] = [0, row.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (row[middle]! < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

function sums(differences: Column): Int32Array {
  const found = new Int32Array(differences.length);
  let sum = 0;
  for (let n = 0; n < found.length; n++) found[n] = sum += differences[n]!;
  return found;
}

const TYPES = { u8: Uint8Array, i32: Int32Array, p32: Uint32Array };

/** Return numbers of which the buffer has the lowest bytes first, then the second ones and so on. */
function fromPlanes(planes: Uint8Array): Uint32Array {
  const length = planes.length / 4;
  const found = new Uint32Array(length);
  for (let n = 0; n < length; n++) {
    found[n] =
      planes[n]! |
      (planes[n + length]! << 8) |
      (planes[n + 2 * length]! << 16) |
      (planes[n + 3 * length]! << 24);
  }
  return found;
}

/** The nodes and groups of a page. Ids of nodes count from 1; the group 0 is the root. */
export class Data {
  readonly nodes: number;
  readonly groups: number;
  /** The ids of the parents of the node in row n are from `starts[n]` to `starts[n + 1]`. */
  readonly starts: Int32Array;
  readonly parents: Int32Array;
  readonly value: Statistics;
  readonly gradient: Statistics;
  /** The ids of timed rules in order, with an argument and nanoseconds in the same row each. */
  readonly rules: { node: Int32Array; argument: Column; ns: Column };
  /** The ids in the copies of the folded group g start at `copyStarts[g]`, copy after copy. */
  readonly copies: Int32Array;
  readonly copyStarts: Int32Array;
  private readonly found = new Map<string, Column>();
  private used?: Lists;

  constructor(
    readonly header: Header,
    private readonly bytes: ArrayBuffer,
    private readonly base: number,
  ) {
    this.nodes = header.nodes;
    this.groups = this.column("g_parent").length;
    this.starts = new Int32Array(this.nodes + 1);
    const degree = this.column("degree");
    const back = this.column("back");
    for (let row = 0; row < this.nodes; row++) {
      this.starts[row + 1] = this.starts[row]! + degree[row]!;
    }
    if (this.starts[this.nodes] !== back.length) throw new Error("its edges are incomplete");
    this.parents = new Int32Array(back.length);
    for (let row = 0, edge = 0; row < this.nodes; row++) {
      for (; edge < this.starts[row + 1]!; edge++) {
        const parent = row + 1 - back[edge]!;
        if (parent < 1 || parent > this.nodes) throw new Error("an edge starts at no node");
        this.parents[edge] = parent;
      }
    }
    this.copies = sums(this.column("copies"));
    this.copyStarts = new Int32Array(this.groups + 1);
    const times = this.column("g_times");
    const length = this.column("g_length");
    for (let g = 0; g < this.groups; g++) {
      this.copyStarts[g + 1] = this.copyStarts[g]! + times[g]! * length[g]!;
    }
    if (this.copyStarts[this.groups] !== this.copies.length) throw new Error("copies are missing");
    this.value = new Statistics(this, "v");
    this.gradient = new Statistics(this, "d");
    this.rules = {
      node: sums(this.column("b_node")),
      argument: this.column("b_argument"),
      ns: this.column("b_ns"),
    };
  }

  /** Return a column, a view that is not copied, except for one in planes. */
  column(name: string): Column {
    const known = this.found.get(name);
    if (known) return known;
    const [type, offset, length] = this.header.columns[name] ?? [];
    if (!type || !TYPES[type]) throw new Error(`the column ${name} is missing`);
    const start = this.base + offset!;
    const made = TYPES[type];
    if (start + length! * made.BYTES_PER_ELEMENT > this.bytes.byteLength) {
      throw new Error(`the column ${name} is cut off`);
    }
    const column =
      type === "p32"
        ? fromPlanes(new Uint8Array(this.bytes, start, 4 * length!))
        : new made(this.bytes, start, length);
    this.found.set(name, column);
    return column;
  }

  has(name: string): boolean {
    return name in this.header.columns;
  }

  /** Return the kind of a node: "param", "input" or "result". */
  kind(id: number): string {
    return this.header.kinds[this.column("kind")[id - 1]!]!;
  }
  signature(id: number): Signature {
    return this.header.signatures[this.column("signature")[id - 1]!]!;
  }
  op(id: number): string {
    return this.signature(id)[0];
  }
  label(id: number): string {
    return this.header.strings[this.column("label")[id - 1]!]!;
  }
  source(id: number): Source | null {
    return this.header.sources[this.column("source")[id - 1]!] ?? null;
  }
  equation(id: number): Equation | null {
    return this.header.equations[this.column("equation")[id - 1]!] ?? null;
  }
  parentsOf(id: number): Int32Array {
    return this.parents.subarray(this.starts[id - 1]!, this.starts[id]!);
  }
  /** Return the nodes that were computed from a node, once for each argument that it is. */
  childrenOf(id: number): Int32Array {
    return this.children.of(id);
  }

  get children(): Lists {
    if (!this.used) {
      const starts = new Int32Array(this.nodes + 2);
      const items = new Int32Array(this.parents.length);
      for (const parent of this.parents) starts[parent + 1]!++;
      for (let id = 0; id <= this.nodes; id++) starts[id + 1]! += starts[id]!;
      const next = starts.slice();
      for (let id = 1; id <= this.nodes; id++) {
        for (let n = this.starts[id - 1]!; n < this.starts[id]!; n++) {
          items[next[this.parents[n]!]!++] = id;
        }
      }
      this.used = new Lists(starts, items);
    }
    return this.used;
  }

  /** Return nanoseconds of the forward pass of a node, NaN if it was not timed. */
  forward(id: number): number {
    return fromHighWord(this.column("forward")[id - 1]!);
  }
  /** Return nanoseconds of the VJP rule of each timed argument of a node, from 1. */
  backward(id: number): [argument: number, ns: number][] {
    const { node, argument, ns } = this.rules;
    const found: [number, number][] = [];
    for (let n = find(node, id); node[n] === id; n++) {
      found.push([argument[n]!, fromHighWord(ns[n]!)]);
    }
    return found;
  }
  /** Return the mark of a comparison: "", "added", "removed" or "changed". */
  mark(id: number): string {
    return this.has("mark")
      ? ["", "added", "removed", "changed"][this.column("mark")[id - 1]!]!
      : "";
  }

  groupKind(g: number): string {
    return this.header.group_kinds[this.column("g_kind")[g]!]!;
  }
  groupTitle(g: number): string {
    return this.header.strings[this.column("g_title")[g]!]!;
  }
  groupInstance(g: number): string {
    return this.header.strings[this.column("g_instance")[g]!]!;
  }
  /** Return the number of copies of a folded group, 0 for another one. */
  times(g: number): number {
    return this.column("g_times")[g]!;
  }
  /** Return the nodes of one copy of a folded group; the order is the same in each. */
  copy(g: number, n: number): Int32Array {
    const length = this.column("g_length")[g]!;
    const start = this.copyStarts[g]! + n * length;
    return this.copies.subarray(start, start + length);
  }
}

const DAMAGED = "The data of this page is damaged";

/** Return data that was unpacked; raise an error that says what is wrong with damaged data. */
export function load(bytes: ArrayBuffer): Data {
  try {
    const length = new DataView(bytes).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length))) as Header;
    if (header.format !== "autograd_tools.map") throw new Error("it is no map");
    if (header.version !== 1) throw new Error(`its version is ${header.version}, not 1`);
    return new Data(header, bytes, (4 + length + 7) & ~7);
  } catch (error) {
    throw new Error(`${DAMAGED}: ${(error as Error).message}`);
  }
}

/** Return bytes that were compressed by gzip and written in base64. */
export async function unpack(text: string): Promise<ArrayBuffer> {
  if (typeof DecompressionStream !== "function") {
    throw new Error("This browser has no DecompressionStream to unpack the data: use a newer one");
  }
  try {
    const letters = atob(text.trim());
    const bytes = new Uint8Array(letters.length);
    for (let n = 0; n < bytes.length; n++) bytes[n] = letters.charCodeAt(n);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return await new Response(stream).arrayBuffer();
  } catch (error) {
    throw new Error(`${DAMAGED}: ${(error as Error).message}`);
  }
}
