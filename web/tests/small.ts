/** Small pages made by hand. */

import { type Data, load } from "../src/data.ts";

export interface Node {
  op?: string; // a Param without
  label?: string;
  parents?: number[];
  shape?: number[];
  line?: number;
  home?: number;
  forward?: number; // ns
  backward?: number; // ns, of argument 1
  norm?: number;
  constant?: string; // the text of an argument after the parents
  nans?: number;
  infs?: number;
  grad?: number | null; // the norm of the gradient, null for none
  gradNans?: number;
  equation?: number;
  saved?: number; // bytes, of a page that knows them
}

export interface Group {
  parent: number;
  kind: string;
  title: string;
  copies?: number[][];
  steps?: [first: number, last: number][];
}

const KINDS = ["param", "input", "result"];
const GROUP_KINDS = ["function", "scope", "loop", "step", "line", ""];

function highWord(number: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, number);
  return view.getUint32(0);
}

const differences = (numbers: number[]) => numbers.map((n, i) => n - (numbers[i - 1] ?? 0));

/** Return a page with nodes, of which the last is the result, and groups below the root. */
export function small(nodes: Node[], groups: Group[] = [], header: object = {}): Data {
  const strings: string[] = [];
  const text = (own: string) => {
    if (!strings.includes(own)) strings.push(own);
    return strings.indexOf(own);
  };
  const labels = nodes.map(({ label, op }) => text(label ?? op ?? "w"));
  const all = [{ parent: -1, kind: "", title: "" }, ...groups] as Group[];
  const titles = all.map(({ title }) => text(title));
  const empty = text("");
  const each = (of: (node: Node, id: number) => number) =>
    nodes.map((node, row) => of(node, row + 1));
  const timed = nodes.flatMap(({ backward }, row) => (backward === undefined ? [] : [row + 1]));
  const high = (of: (node: Node) => number | null | undefined) =>
    each((node) => highWord(of(node) ?? NaN));
  const unknown = high(() => NaN);
  const none = each(() => 0);
  const columns: Record<string, [type: string, numbers: number[]]> = {
    kind: ["u8", each(({ op }) => KINDS.indexOf(op ? "result" : "param"))],
    signature: ["i32", each((_, id) => id - 1)],
    label: ["i32", labels],
    source: ["i32", each(({ line }, id) => (line ? id - 1 : -1))],
    equation: ["i32", each(({ equation }) => equation ?? -1)],
    named: ["u8", each(({ op }) => (op ? 0 : 1))],
    home: ["i32", each(({ home }) => home ?? 0)],
    degree: ["i32", each(({ parents }) => parents?.length ?? 0)],
    back: [
      "i32",
      nodes.flatMap(({ parents }, row) => (parents ?? []).map((parent) => row + 1 - parent)),
    ],
    v_form: ["i32", each((_, id) => id - 1)],
    d_form: ["i32", each(({ grad }, id) => (grad === undefined || grad === null ? -1 : id - 1))],
    v_norm: ["p32", high(({ norm }) => norm)],
    d_norm: ["p32", high(({ grad }) => grad)],
    v_nans: ["i32", each(({ nans }) => nans ?? 0)],
    v_infs: ["i32", each(({ infs }) => infs ?? 0)],
    d_nans: ["i32", each(({ gradNans }) => gradNans ?? 0)],
    d_infs: ["i32", none],
    forward: ["p32", high(({ forward }) => forward)],
    b_node: ["i32", differences(timed)],
    b_argument: ["i32", timed.map(() => 1)],
    b_ns: ["p32", timed.map((id) => highWord(nodes[id - 1]!.backward!))],
    g_parent: ["i32", all.map(({ parent }) => parent)],
    g_kind: ["u8", all.map(({ kind }) => GROUP_KINDS.indexOf(kind))],
    g_title: ["i32", titles],
    g_instance: ["i32", all.map(() => empty)],
    g_file: ["i32", all.map(() => -1)],
    g_line: ["i32", all.map(() => 0)],
    g_times: ["i32", all.map(({ copies }) => copies?.length ?? 0)],
    g_length: ["i32", all.map(({ copies }) => copies?.[0]?.length ?? 0)],
    copies: ["i32", differences(all.flatMap(({ copies }) => copies?.flat() ?? []))],
    g_steps: ["i32", all.map(({ steps }) => steps?.length ?? 0)],
    s_first: ["i32", differences(all.flatMap(({ steps }) => (steps ?? []).map(([a]) => a)))],
    s_last: ["i32", differences(all.flatMap(({ steps }) => (steps ?? []).map(([, b]) => b)))],
  };
  if (nodes.some(({ saved }) => saved !== undefined)) columns["saved"] = ["p32", high(({ saved }) => saved)];
  for (const prefix of ["v", "d"]) {
    for (const name of ["min", "max", "mean"]) columns[`${prefix}_${name}`] = ["p32", unknown];
    for (const name of ["zeros", "low"]) columns[`${prefix}_${name}`] = ["i32", none];
    for (const name of ["bins", "binned"])
      columns[`${prefix}_${name}`] = [name === "bins" ? "u8" : "i32", []];
  }
  return load(
    packed(
      {
        format: "autograd_tools.map",
        version: 1,
        title: "small",
        notes: [],
        result: nodes.length,
        nodes: nodes.length,
        open: [],
        query: "",
        selected: 0,
        looks_at_first: {},
        view: "graph",
        strings,
        signatures: nodes.map(({ op, parents, constant }) => [
          op ?? "",
          [
            ...(parents ?? []).map(() => [["", ""], null]),
            ...(constant ? [[[constant], null]] : []),
          ],
        ]),
        kinds: KINDS,
        group_kinds: GROUP_KINDS,
        forms: nodes.map(({ shape }) => [
          "",
          shape ?? [],
          "float64",
          8 * (shape ?? []).reduce((a, b) => a * b, 1),
        ]),
        sources: nodes.map(({ line }) => [0, line ?? 0, "", "", `line ${line}`]),
        files: [{ path: "models/train.py", name: "train.py", parts: [], lines: 0, note: "" }],
        equations: [],
        symbols: ["v", "c"],
        looks: {},
        ...header,
      },
      columns,
    ),
  );
}

function packed(header: object, columns: Record<string, [string, number[]]>): ArrayBuffer {
  const parts: Uint8Array[] = [];
  const places: Record<string, [string, number, number]> = {};
  let offset = 0;
  for (const [name, [type, numbers]] of Object.entries(columns)) {
    const bytes = bytesOf(type, numbers);
    places[name] = [type, offset, numbers.length];
    const padded = new Uint8Array((bytes.length + 7) & ~7);
    padded.set(bytes);
    parts.push(padded);
    offset += padded.length;
  }
  const text = new TextEncoder().encode(JSON.stringify({ ...header, columns: places }));
  const base = (4 + text.length + 7) & ~7;
  const all = new Uint8Array(base + offset);
  new DataView(all.buffer).setUint32(0, text.length, true);
  all.set(text, 4);
  let at = base;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all.buffer;
}

function bytesOf(type: string, numbers: number[]): Uint8Array {
  if (type === "u8") return Uint8Array.from(numbers);
  if (type === "i32") return new Uint8Array(Int32Array.from(numbers).buffer);
  return Uint8Array.from(
    [0, 8, 16, 24].flatMap((shift) => numbers.map((n) => (n >>> shift) & 255)),
  );
}
