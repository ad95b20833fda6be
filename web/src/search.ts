/** Search over all nodes. */

import { type Index, indexOf, NUMBERS, TEXTS, UNNAMED } from "./columns.ts";
import type { Data, Source, Statistics } from "./data.ts";

type Test = (id: number) => boolean;

const COMPARISON = /^([^=<>!]+)(!=|<=|>=|==?|<|>)(.*)$/su;
const NUMBER = /^([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|[-+]?inf)\s*([a-zµμ%]*)$/i;
const TIMES = { ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6, s: 1e9 };
const SIZES = { b: 1, kb: 1e3, mb: 1e6, gb: 1e9, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30 };
const UNITS: Record<string, number> = { "": 1, "%": 0.01, ...TIMES, ...SIZES };
const SHAPE = /^\d+(?:[x×]\d+)+$/;
const PLACE = /^(.*[^\d:]):(\d+)$/s;
const OTHER_NAMES: Record<string, string> = {
  "∇": "∇norm",
  grad: "∇norm",
  gradient: "∇norm",
  operation: "op",
  step: "scope",
};

const finite = (of: Statistics, id: number) => !(of.nans(id) > 0 || of.infs(id) > 0);

/** The properties that a search knows by name. */
const PROPERTIES: Record<string, (data: Data, id: number) => boolean> = {
  nan: (data, id) => !finite(data.value, id) || !finite(data.gradient, id),
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
  numbers: (data, id) => data.mark(id) === "numbers",
};

export interface Found {
  ids: Int32Array; // sorted
  error: string; // why there are none
}

/** Return the nodes that match all words of a query. */
export function find(data: Data, query: string): Found {
  const index = indexOf(data);
  const { nodes } = data;
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
  const bare = (word: string) => word.replace(/"([^"]*)"?|'([^']*)'?/gu, "$1$2");
  return found
    .map((word): [string, boolean] => [bare(word), /^["']/.test(word)])
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

function bySource(data: Data, matches: (source: Source) => boolean): Test {
  const found = data.header.sources.map(matches);
  const column = data.column("source");
  return (id) => found[column[id - 1]!] ?? false;
}

function comparing(index: Index, [word, left, sign, right]: RegExpExecArray): Test {
  const given = left!.trim().toLowerCase();
  const short = given.replace(/^grad[-_.]?(?=.)(?!ient$)/, "∇");
  const name = OTHER_NAMES[short] ?? short;
  if (Object.hasOwn(TEXTS, name)) {
    if (!/^(!=|==?)$/.test(sign!)) throw new Error(`${word}: ${name} is a text; write ${name}=…`);
    const equal = matching(index, name, right!);
    return sign === "!=" ? (id) => !equal(id) : equal;
  }
  if (!Object.hasOwn(NUMBERS, name)) {
    const known = Object.keys({ ...TEXTS, ...NUMBERS }).filter((own) => !own.startsWith("∇"));
    throw new Error(`unknown column “${left}”; choose ${known.join(", ")}, or ∇norm`);
  }
  const limit = numberOf(right!);
  if (Number.isNaN(limit))
    throw new Error(`${word}: write a number after ${sign}, such as 1e6 or 2ms`);
  const values = index.numbers(name);
  const compare = COMPARISONS[sign!]!;
  return (id) => compare(values[id - 1]!, limit);
}

const COMPARISONS: Record<string, (a: number, b: number) => boolean> = {
  "<": (a, b) => a < b,
  ">": (a, b) => a > b,
  "<=": (a, b) => a <= b,
  ">=": (a, b) => a >= b,
  "!=": (a, b) => a !== b && !Number.isNaN(a),
  "=": (a, b) => a === b,
  "==": (a, b) => a === b,
};

function numberOf(text: string): number {
  const found = NUMBER.exec(text.trim());
  const unit = UNITS[found?.[2]?.toLowerCase() ?? ""];
  if (!found || unit === undefined) return NaN;
  return Number(found[1]!.replace(/inf$/i, "Infinity")) * unit;
}

/** Compare a text of each node with a pattern in which `*` matches anything. */
function matching(index: Index, name: string, given: string): Test {
  const literal = given.replace(/[\\^$.|+()[\]{}]/g, "\\$&");
  const pattern = new RegExp(`^${literal.replaceAll("*", ".*").replaceAll("?", ".")}$`, "isu");
  const { keys, texts } = TEXTS[name]!;
  const known: boolean[] = []; // by key, which is -1 or above
  const column = keys(index);
  const matches = (key: number) =>
    texts(index.data, key).some((text) => typeof text === "string" && pattern.test(text));
  return (id) => (known[column[id - 1]! + 1] ??= matches(column[id - 1]!));
}

/** Search for a text in the label, the operation, the scopes and the source; `v12` is node 12. */
function containing(index: Index, sought: string): Test {
  const { data } = index;
  const strings = index.lower.map((text) => text.includes(sought));
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
  const [labels, signatures, home] = [data.column("label"), data.column("signature"), index.home];
  const node = /^v\d+$/.test(sought) ? Number(sought.slice(1)) : 0;
  return (id) =>
    strings[labels[id - 1]!]! ||
    ops[signatures[id - 1]!]! ||
    inside[home[id - 1]!] === 1 ||
    source(id) ||
    id === node;
}
