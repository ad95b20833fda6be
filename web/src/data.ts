/** The data of a page: a header and columns, decoded into typed arrays. */

import type { Equation, Form, Header, Signature, Source } from "./header.ts";

export type * from "./header.ts";

export type Column = Uint8Array | Int32Array | Uint32Array;

const LOW_FIRST = new Float64Array(1);
const WORDS = new Uint32Array(LOW_FIRST.buffer);

/** Return the float64 of a high word and the first 12 bits of the low one. */
export function fromHighWord(word: number, low = 0): number {
  WORDS[0] = low << 20;
  WORDS[1] = word;
  return LOW_FIRST[0]!;
}

/** Lists of numbers, one after another: those of `n` are from `starts[n]` to `starts[n + 1]`. */
export class Lists {
  constructor(
    readonly starts: Int32Array,
    readonly items: Int32Array,
  ) {}

  /** Return for each place from 0 the numbers n whose `places[n]` it is, in order; -1 is no place. */
  static by(places: Int32Array, count: number): Lists {
    const starts = new Int32Array(count + 1);
    for (let n = 0; n < places.length; n++) if (places[n]! >= 0) starts[places[n]! + 1]!++;
    for (let n = 0; n < count; n++) starts[n + 1]! += starts[n]!;
    const items = new Int32Array(starts[count]!);
    const next = starts.slice();
    for (let n = 0; n < places.length; n++) if (places[n]! >= 0) items[next[places[n]!]!++] = n;
    return new Lists(starts, items);
  }

  /** Return the list of `n`, a view that is not copied. */
  of(n: number): Int32Array {
    return this.items.subarray(this.starts[n]!, this.starts[n + 1]!);
  }
}

/** Add an item to the list of a key. */
export function push<K, V>(lists: Map<K, V[]>, key: K, item: V): void {
  const list = lists.get(key);
  if (list) list.push(item);
  else lists.set(key, [item]);
}

/** The statistics of the values or the gradients, by id of a node; NaN where one is unknown. */
export type Statistics = ReturnType<typeof statistics>;

function statistics(data: Data, prefix: "v" | "d") {
  const column = (name: string) => data.column(`${prefix}_${name}`);
  const number = (name: string) => {
    const low = name === "mean" ? column("low") : null;
    let words: Column | undefined; // decoded at its first use
    return (id: number) => fromHighWord((words ??= column(name))[id - 1]!, low?.[id - 1]);
  };
  const count = (name: string) => {
    const counts = column(name);
    return (id: number) => counts[id - 1]!;
  };
  const forms = column("form");
  const binned = sums(column("binned"));
  const bars = column("bins") as Uint8Array;
  return {
    has: (id: number) => forms[id - 1]! >= 0,
    form: (id: number): Form | null => data.header.forms[forms[id - 1]!] ?? null,
    min: number("min"),
    max: number("max"),
    mean: number("mean"),
    norm: number("norm"),
    zeros: count("zeros"),
    nans: count("nans"),
    infs: count("infs"),
    /** Return the heights of the bars of a histogram, from 0 to 15, or null. */
    bins(id: number): Uint8Array | null {
      const row = find(binned, id);
      return binned[row] === id ? bars.subarray(8 * row, 8 * row + 8) : null;
    },
  };
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
  let sum = 0;
  return (differences as Int32Array).map((difference) => (sum += difference));
}

/** Return where lists of some lengths start that are one after another, and the end of the last. */
function starts(lengths: Column): Int32Array {
  const found = new Int32Array(lengths.length + 1);
  for (let n = 0; n < lengths.length; n++) found[n + 1] = found[n]! + lengths[n]!;
  return found;
}

const TYPES = { u8: Uint8Array, i32: Int32Array, p32: Uint32Array };

/** Return numbers of which the buffer has the lowest bytes first, then the second ones and so on. */
function fromPlanes(planes: Uint8Array): Uint32Array {
  const length = planes.length / 4;
  const [second, third, fourth] = [1, 2, 3].map((n) => planes.subarray(n * length));
  const found = new Uint32Array(length);
  for (let n = 0; n < length; n++) {
    found[n] = planes[n]! | (second![n]! << 8) | (third![n]! << 16) | (fourth![n]! << 24);
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
  /** The rows of `first` and `last` of group g are from `starts[g]` to `starts[g + 1]`. */
  readonly steps: { starts: Int32Array; first: Int32Array; last: Int32Array };
  private readonly found = new Map<string, Column>();
  private readonly kinds: Column;
  private readonly signatures: Column;
  private used?: Lists;

  constructor(
    readonly header: Header,
    private readonly bytes: ArrayBuffer,
    private readonly base: number,
  ) {
    this.nodes = header.nodes;
    this.groups = this.column("g_parent").length;
    this.kinds = this.column("kind");
    this.signatures = this.column("signature");
    this.starts = starts(this.column("degree"));
    const back = this.column("back");
    if (this.starts[this.nodes] !== back.length) throw new Error("its edges are incomplete");
    this.parents = new Int32Array(back.length);
    for (let row = 0, edge = 0; row < this.nodes; row++) {
      for (; edge < this.starts[row + 1]!; edge++) {
        const parent = row + 1 - back[edge]!;
        if (parent < 1 || parent > this.nodes) throw new Error("an edge starts at no node");
        this.parents[edge] = parent;
      }
    }
    const length = this.column("g_length");
    this.copies = sums(this.column("copies"));
    this.copyStarts = starts(this.column("g_times").map((times, g) => times * length[g]!));
    if (this.copyStarts[this.groups] !== this.copies.length) throw new Error("copies are missing");
    const [first, last] = ["s_first", "s_last"].map((name) => sums(this.column(name)));
    this.steps = { starts: starts(this.column("g_steps")), first: first!, last: last! };
    this.value = statistics(this, "v");
    this.gradient = statistics(this, "d");
    const node = sums(this.column("b_node"));
    this.rules = { node, argument: this.column("b_argument"), ns: this.column("b_ns") };
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
    const isPlanes = type === "p32";
    const column = isPlanes
      ? fromPlanes(new Uint8Array(this.bytes, start, 4 * length!))
      : new made(this.bytes, start, length);
    this.found.set(name, column);
    return column;
  }

  has(name: string): boolean { return name in this.header.columns; }

  /** Return the kind of a node: "param", "input" or "result". */
  kind(id: number): string { return this.header.kinds[this.kinds[id - 1]!]!; }
  signature(id: number): Signature {
    return this.header.signatures[this.signatures[id - 1]!]!;
  }
  op(id: number): string { return this.signature(id)[0]; }
  label(id: number): string { return this.header.strings[this.column("label")[id - 1]!]!; }
  source(id: number): Source | null {
    return this.header.sources[this.column("source")[id - 1]!] ?? null;
  }
  equation(id: number): Equation | null {
    return this.header.equations[this.column("equation")[id - 1]!] ?? null;
  }
  parentsOf(id: number): Int32Array {
    return this.parents.subarray(this.starts[id - 1]!, this.starts[id]!);
  }
  /** Return `v3` for node 3. */
  numbered(id: number): string { return `${this.header.symbols[0]}${id}`; }
  /** Return the symbol of a node in formulas: `v3`, or the name of a Param. */
  symbol(id: number): string { return this.column("named")[id - 1] ? this.label(id) : this.numbered(id); }
  /** Return the heading of a node: `v3 = tanh`, `w`, or `w = v1` where its name is no symbol. */
  headline(id: number): string {
    const [label, symbol] = [this.label(id), this.symbol(id)];
    if (this.kind(id) === "result") return `${symbol} = ${label}`;
    return label === symbol ? label : `${label} = ${symbol}`;
  }

  /** Return the nodes that were computed from a node, once for each argument that it is. */
  childrenOf(id: number): Int32Array { return this.children.of(id); }

  get children(): Lists {
    if (!this.used) {
      const lists = (this.used = Lists.by(this.parents, this.nodes + 1)); // of edges, now of heads
      const heads = new Int32Array(this.parents.length);
      for (let id = 1, edge = 0; id <= this.nodes; id++) {
        while (edge < this.starts[id]!) heads[edge++] = id;
      }
      for (let n = 0; n < heads.length; n++) lists.items[n] = heads[lists.items[n]!]!;
    }
    return this.used;
  }

  /** Return nanoseconds of the forward pass of a node, NaN if it was not timed. */
  forward(id: number): number { return fromHighWord(this.column("forward")[id - 1]!); }
  /** Return nanoseconds of the VJP rule of each timed argument of a node, from 1; 0 is all of it. */
  backward(id: number): [argument: number, ns: number][] {
    const { node, argument, ns } = this.rules;
    const found: [number, number][] = [];
    for (let n = find(node, id); node[n] === id; n++) {
      found.push([argument[n]!, fromHighWord(ns[n]!)]);
    }
    return found;
  }
  /** Return the mark of a comparison: "", "added", "removed", "changed" or "numbers". */
  mark(id: number): string { return this.has("mark") ? MARKS[this.column("mark")[id - 1]!]! : ""; }

  groupKind(g: number): string { return this.header.group_kinds[this.column("g_kind")[g]!]!; }
  groupTitle(g: number): string { return this.header.strings[this.column("g_title")[g]!]!; }
  groupInstance(g: number): string { return this.header.strings[this.column("g_instance")[g]!]!; }
  /** Return the number of copies of a folded group, 0 for another one. */
  times(g: number): number { return this.column("g_times")[g]!; }
  /** Return the nodes of one copy of a folded group; the order is the same in each. */
  copy(g: number, n: number): Int32Array {
    const length = this.column("g_length")[g]!;
    const start = this.copyStarts[g]! + n * length;
    return this.copies.subarray(start, start + length);
  }
}

const MARKS = ["", "added", "removed", "changed", "numbers"];
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

/** Return the bytes of base64; older browsers take a loop for it. */
function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const own = Uint8Array as unknown as { fromBase64?(text: string): Uint8Array<ArrayBuffer> };
  if (own.fromBase64) return own.fromBase64(text);
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let n = 0; n < bytes.length; n++) bytes[n] = letters.charCodeAt(n);
  return bytes;
}

/** Return bytes that were compressed by gzip and written in base64. */
export async function unpack(text: string): Promise<ArrayBuffer> {
  if (typeof DecompressionStream !== "function") {
    throw new Error("This browser has no DecompressionStream to unpack the data: use a newer one");
  }
  try {
    const stream = new Blob([fromBase64(text.trim())]).stream().pipeThrough(new DecompressionStream("gzip"));
    return await new Response(stream).arrayBuffer();
  } catch {
    throw new Error(`${DAMAGED}: it cannot be unpacked`);
  }
}
