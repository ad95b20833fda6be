/** Search and sort over all nodes. */

import { type Data, fromHighWord, type Statistics } from "./data.ts";
import { modelOf } from "./graph.ts";

type Test = (id: number) => boolean;
export type Numbers = Float64Array; // by row of a node, NaN where unknown

const COMPARISON = /^([^=<>!]+)(!=|<=|>=|==?|<|>)(.*)$/su;
const NUMBER = /^([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|[-+]?inf)\s*([a-zµμ%]*)$/i;
const UNITS: Record<string, number> = {
  "": 1,
  "%": 0.01,
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};
const SHAPE = /^\d+(?:[x×]\d+)+$/;
const PLACE = /^(.*[^\d:]):(\d+)$/s;

export const UNNAMED = new Set(["line", "leaves", "stretch", "repeat", ""]); // groups that are no scopes

const high = (column: ArrayLike<number>) => Float64Array.from(column, fromHighWord);
const statistic = (prefix: string, name: string) => (index: Index) =>
  high(index.data.column(`${prefix}_${name}`));
const count = (prefix: string, name: string) => (index: Index) => {
  const forms = index.data.column(`${prefix}_form`);
  return Float64Array.from(index.data.column(`${prefix}_${name}`), (n, i) =>
    forms[i]! < 0 ? NaN : n,
  );
};
const perForm = (prefix: string, of: (form: Form) => number) => (index: Index) => {
  const known = index.data.header.forms.map(of);
  return Float64Array.from(index.data.column(`${prefix}_form`), (form) => known[form] ?? NaN);
};
type Form = Data["header"]["forms"][number];
const size = (form: Form) => form[1]?.reduce((a, b) => a * b, 1) ?? NaN;

function statistics(sign: string, prefix: string): [string, (index: Index) => Numbers][] {
  const share = (index: Index) => {
    const zeros = count(prefix, "zeros")(index);
    const sizes = perForm(prefix, size)(index);
    return zeros.map((n, i) => n / sizes[i]!);
  };
  return [
    [`${sign}bytes`, perForm(prefix, (form) => form[3])],
    ...["min", "mean", "max", "norm"].map((name): [string, (index: Index) => Numbers] => [
      sign + name,
      statistic(prefix, name),
    ]),
    [`${sign}zeros`, share],
    [`${sign}nan`, count(prefix, "nans")],
    [`${sign}inf`, count(prefix, "infs")],
  ];
}

/** The columns with numbers. To add one, add an entry. */
const NUMBERS: Record<string, (index: Index) => Numbers> = {
  id: ({ data }) => Float64Array.from({ length: data.nodes }, (_, row) => row + 1),
  line: ({ data }) =>
    Float64Array.from(data.column("source"), (at) => data.header.sources[at]?.[1] || NaN),
  forward: ({ data }) => high(data.column("forward")),
  backward: ({ data }) => {
    const sums = new Float64Array(data.nodes).fill(NaN);
    data.rules.node.forEach((id, n) => {
      sums[id - 1] = (sums[id - 1]! || 0) + fromHighWord(data.rules.ns[n]!);
    });
    return sums;
  },
  time: (index) => {
    const backward = index.numbers("backward");
    return index.numbers("forward").map((ns, row) => sum(ns, backward[row]!));
  },
  ...Object.fromEntries([...statistics("", "v"), ...statistics("∇", "d")]),
};
const OTHER_NAMES: Record<string, string> = {
  "∇": "∇norm",
  grad: "∇norm",
  gradient: "∇norm",
  allocated: "bytes",
  operation: "op",
  step: "scope",
};

interface Texts {
  keys: (index: Index) => ArrayLike<number>; // by row of a node
  texts: (index: Index, key: number) => (string | null | undefined)[];
}

/** The columns with texts: those of a key, of which nodes share a few. To add one, add an entry. */
const TEXTS: Record<string, Texts> = {
  op: {
    keys: ({ data }) => data.column("signature"),
    texts: ({ data }, key) => [data.header.signatures[key]?.[0]],
  },
  name: {
    keys: ({ data }) => data.column("label"),
    texts: ({ data }, key) => [data.header.strings[key]],
  },
  kind: {
    keys: ({ data }) => data.column("kind"),
    texts: ({ data }, key) => [data.header.kinds[key]],
  },
  shape: {
    keys: ({ data }) => data.column("v_form"),
    texts: ({ data }, key) => {
      const shape = data.header.forms[key]?.[1];
      return shape ? [shape.join("×") || "()", shape.join("x"), shape.join(",")] : [];
    },
  },
  dtype: {
    keys: ({ data }) => data.column("v_form"),
    texts: ({ data }, key) => [data.header.forms[key]?.[2]],
  },
  file: {
    keys: ({ data }) => data.column("source"),
    texts: ({ data }, key) => placesOf(data, key).slice(0, 2),
  },
  source: {
    keys: ({ data }) => data.column("source"),
    texts: ({ data }, key) => placesOf(data, key).slice(2),
  },
  scope: { keys: (index) => index.home(), texts: ({ data }, key) => scopesOf(data, key) },
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

const finite = (of: Statistics, id: number) => !(of.nans(id) > 0 || of.infs(id) > 0);

/** The properties that a search knows by name. */
const PROPERTIES: Record<string, (data: Data, id: number) => boolean> = {
  nan: (data, id) => data.value.nans(id) > 0 || data.gradient.nans(id) > 0,
  inf: (data, id) => data.value.infs(id) > 0 || data.gradient.infs(id) > 0,
  "zero-gradient": (data, id) => data.gradient.norm(id) === 0 && finite(data.gradient, id),
  "no-gradient": (data, id) => !data.gradient.has(id),
  freed: (data, id) => !data.value.has(id),
  param: (data, id) => data.kind(id) === "param",
  input: (data, id) => data.kind(id) === "input",
  result: (data, id) => id === data.header.result,
  added: (data, id) => data.mark(id) === "added",
  removed: (data, id) => data.mark(id) === "removed",
  changed: (data, id) => data.mark(id) === "changed",
};

/** The columns of all nodes, made when they are first needed. */
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
  home(): Int32Array {
    if (!this.homes) {
      const home = this.data.column("home");
      this.homes = Int32Array.from(home, (group, row) =>
        group >= 0 ? group : (home[modelOf(this.data, row + 1) - 1] ?? -1),
      );
    }
    return this.homes;
  }

  /** The labels and other texts of the page in lower case. */
  lower(): string[] {
    this.lowered ??= this.data.header.strings.map((text) => text.toLowerCase());
    return this.lowered;
  }
}

export const sum = (a: number, b: number) => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : a + b);

export interface Found {
  ids: Int32Array; // sorted
  error: string; // why there are none
}

/** Return the nodes that match all words of a query. */
export function find(index: Index, query: string): Found {
  const { nodes } = index.data;
  const ids = new Int32Array(nodes);
  let length = 0;
  try {
    const tests = words(query).map(([word, isText]) =>
      isText ? containing(index, word.toLowerCase()) : test(index, word),
    );
    for (let id = 1; id <= nodes && tests.length; id += 1) {
      if (tests.every((matches) => matches(id))) ids[length++] = id;
    }
    return { ids: ids.slice(0, length), error: "" };
  } catch (error) {
    return { ids: ids.slice(0, 0), error: (error as Error).message };
  }
}

/** Return the words of a query. Quotes keep spaces together; a quoted word is a text to find. */
export function words(query: string): [word: string, isText: boolean][] {
  const found = query.match(/(?:"[^"]*"?|'[^']*'?|[^\s"'])+/gu) ?? [];
  return found
    .map((word): [string, boolean] => [
      word.replace(/"([^"]*)"?|'([^']*)'?/gu, "$1$2"),
      /^["']/.test(word),
    ])
    .filter(([word]) => word);
}

function test(index: Index, word: string): Test {
  const { data } = index;
  if (Object.hasOwn(PROPERTIES, word)) return (id) => PROPERTIES[word]!(data, id);
  if (SHAPE.test(word)) return matching(index, "shape", word.replaceAll("×", "x"));
  const place = PLACE.exec(word);
  if (place) return at(index, place[1]!, Number(place[2]));
  const compared = COMPARISON.exec(word);
  return compared ? comparing(index, compared) : containing(index, word.toLowerCase());
}

function at({ data }: Index, name: string, line: number): Test {
  const files = data.header.files.map((file) => file.name === name || file.path.endsWith(name));
  return bySource(data, ([file, number]) => number === line && files[file]!);
}

function bySource(
  data: Data,
  matches: (source: Data["header"]["sources"][number]) => boolean,
): Test {
  const found = data.header.sources.map(matches);
  const column = data.column("source");
  return (id) => found[column[id - 1]!] ?? false;
}

function comparing(index: Index, [word, left, sign, right]: RegExpExecArray): Test {
  const short = left!
    .trim()
    .toLowerCase()
    .replace(/^grad[-_.]?(?=.)(?!ient$)/, "∇");
  const name = OTHER_NAMES[short] ?? short;
  if (Object.hasOwn(TEXTS, name)) {
    if (!/^(!=|==?)$/.test(sign!)) throw new Error(`${word}: ${name} is a text; write ${name}=…`);
    const equal = matching(index, name, right!);
    return sign === "!=" ? (id) => !equal(id) : equal;
  }
  if (!Object.hasOwn(NUMBERS, name)) {
    const known = [...Object.keys(TEXTS), ...Object.keys(NUMBERS)].filter(
      (own) => !/^∇./.test(own),
    );
    throw new Error(`unknown column “${left}”; choose ${known.join(", ")}, or ∇norm`);
  }
  const limit = numberOf(right!);
  if (Number.isNaN(limit))
    throw new Error(`${word}: write a number after ${sign}, such as 1e6 or 2ms`);
  const values = index.numbers(name);
  switch (sign) {
    case "<":
      return (id) => values[id - 1]! < limit;
    case ">":
      return (id) => values[id - 1]! > limit;
    case "<=":
      return (id) => values[id - 1]! <= limit;
    case ">=":
      return (id) => values[id - 1]! >= limit;
    case "!=":
      return (id) => values[id - 1]! !== limit && !Number.isNaN(values[id - 1]);
    default:
      return (id) => values[id - 1]! === limit;
  }
}

function numberOf(text: string): number {
  const found = NUMBER.exec(text.trim());
  const unit = UNITS[found?.[2]?.toLowerCase() ?? ""];
  if (!found || unit === undefined) return NaN;
  return Number(found[1]!.replace(/inf$/i, "Infinity")) * unit;
}

/** Compare a text of each node with a pattern in which `*` matches anything. */
function matching(index: Index, name: string, given: string): Test {
  const pieces = given
    .split(/([*?])/)
    .map((piece) =>
      piece === "*" ? ".*" : piece === "?" ? "." : piece.replace(/[\\^$.|+()[\]{}]/g, "\\$&"),
    );
  const pattern = new RegExp(`^(?:${pieces.join("")})$`, "isu");
  const { keys, texts } = TEXTS[name]!;
  const known: boolean[] = []; // by key, which is -1 or above
  const column = keys(index);
  const matches = (key: number) =>
    texts(index, key).some((text) => typeof text === "string" && pattern.test(text));
  return (id) => (known[column[id - 1]! + 1] ??= matches(column[id - 1]!));
}

/** Search for a text in the label, the operation, the scopes and the source; `v12` is node 12. */
function containing(index: Index, sought: string): Test {
  const { data } = index;
  const strings = index.lower().map((text) => text.includes(sought));
  const ops = data.header.signatures.map(([op]) => op.toLowerCase().includes(sought));
  const files = data.header.files.map((file) => `${file.path}:`.toLowerCase());
  const source = bySource(data, ([file, line]) => `${files[file] ?? ""}${line}`.includes(sought));
  const parents = data.column("g_parent");
  const [titles, instances] = [data.column("g_title"), data.column("g_instance")];
  const inside = new Uint8Array(data.groups);
  for (let group = 1; group < data.groups; group += 1) {
    const isNamed = !UNNAMED.has(data.groupKind(group));
    const own = isNamed && (strings[titles[group]!] || strings[instances[group]!]);
    inside[group] = own || inside[parents[group]!] ? 1 : 0;
  }
  const [labels, signatures, home] = [data.column("label"), data.column("signature"), index.home()];
  const node = /^v\d+$/.test(sought) ? Number(sought.slice(1)) : 0;
  return (id) =>
    strings[labels[id - 1]!]! ||
    ops[signatures[id - 1]!]! ||
    inside[home[id - 1]!] === 1 ||
    source(id) ||
    id === node;
}
