/** The state of the view, its history and the hash of the address. */

import type { Chosen } from "./copies.ts";
import type { Detail } from "./graph.ts";
import type { Measured } from "./heat.ts";

export type Direction = "down" | "right";
export type View = "graph" | "hotspots" | "timeline" | "changes";
export type Selection = { node: number } | { group: number } | { file: number; line: number };

export interface State {
  open: ReadonlySet<number>; // open groups
  detail: Detail;
  selected: Selection | null;
  copy: Chosen; // of folded groups; without: all copies
  query: string;
  outside: boolean; // whether a search finds what the focus leaves out, too
  sort: string;
  heat: Measured | "";
  direction: Direction; // in which values flow
  view: View;
}

/** How many of each there are: a hash that names others is from another page. */
export interface Limits {
  nodes: number;
  groups: number;
  files: number;
  copies(group: number): number;
}

/** The address and history of a window, or a stand-in of a test. */
export interface Address {
  read(): string; // the hash without its "#"
  write(hash: string, how: How): void;
  watch(listener: () => void): void;
}

export type How = "push" | "replace";

export interface Store {
  readonly first: State; // of the page, before any hash
  get(): State;
  /** Change some of the state. `push` makes a step of the history, `replace` changes the last. */
  set(change: Partial<State>, how?: How): void;
  subscribe(listener: () => void): () => void;
}

const DETAILS: Detail[] = ["op", "line", "function"];
const HEATS: (Measured | "")[] = ["", "time", "bytes", "gradient", "least-gradient"];
const DIRECTIONS: Direction[] = ["down", "right"];
const VIEWS: View[] = ["graph", "hotspots", "timeline", "changes"];
const TYPED: readonly string[] = ["query", "sort", "copy"]; // changed too often to step through

export function createStore(first: State, limits: Limits, address: Address): Store {
  let state = fromHash(address.read(), first, limits);
  const listeners = new Set<() => void>();
  const change = (next: State) => {
    state = next;
    for (const listener of [...listeners]) listener();
  };
  address.watch(() => {
    if (address.read() !== toHash(state, first)) change(fromHash(address.read(), first, limits));
  });
  return {
    first,
    get: () => state,
    set(changes, how) {
      const names = Object.keys(changes) as (keyof State)[];
      const changed = names.filter((name) => changes[name] !== state[name]);
      if (!changed.length) return;
      const before = toHash(state, first);
      change({ ...state, ...changes });
      const hash = toHash(state, first);
      const often = changed.every((name) => TYPED.includes(name));
      if (hash !== before) address.write(hash, how ?? (often ? "replace" : "push"));
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Return what differs from the first view, as `open=1,4~7&by=line&node=12`. */
export function toHash(state: State, first: State): string {
  const parts: string[] = [];
  const add = (name: string, text: string, plain: string) => {
    // What may stand in a fragment stays legible: `open=1,4` and no `open=1%2C4`.
    const code = encodeURIComponent(text).replace(/%(?:2C|3A|3D|2F)/g, decodeURIComponent);
    if (text !== plain) parts.push(`${name}=${code}`);
  };
  add("view", state.view, first.view);
  add("open", rangesText(state.open), rangesText(first.open));
  add("by", state.detail, first.detail);
  const selected = selectionText(state.selected);
  if (selected !== selectionText(first.selected)) parts.push(selected);
  const copies = [...state.copy].sort(([a], [b]) => a - b);
  add("copy", copies.map(([group, copy]) => `${group}:${copy}`).join(","), "");
  add("q", state.query, first.query);
  add("outside", state.outside ? "yes" : "", "");
  add("sort", state.sort, first.sort);
  add("heat", state.heat, first.heat);
  add("flow", state.direction, first.direction);
  return parts.join("&");
}

/** Return the state of a hash; what it does not name, or names wrongly, is as at first. */
export function fromHash(hash: string, first: State, limits: Limits): State {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const choice = <T extends string>(name: string, known: T[], plain: T): T =>
    known.find((one) => one === given.get(name)) ?? plain;
  const open = given.get("open");
  return {
    view: choice("view", VIEWS, first.view),
    open: open === null ? first.open : rangesFrom(open, limits.groups),
    detail: choice("by", DETAILS, first.detail),
    selected: selectionFrom(given, limits, first.selected),
    copy: copiesFrom(given.get("copy") ?? "", limits),
    query: given.get("q") ?? first.query,
    outside: given.get("outside") === "yes",
    sort: given.get("sort") ?? first.sort,
    heat: choice("heat", HEATS, first.heat),
    direction: choice("flow", DIRECTIONS, first.direction),
  };
}

/** Return a selection as text; `node=0` is none, for a page with one at first. */
function selectionText(selected: Selection | null): string {
  if (!selected) return "node=0";
  if ("node" in selected) return `node=${selected.node}`;
  if ("group" in selected) return `group=${selected.group}`;
  return `line=${selected.file}:${selected.line}`;
}

function selectionFrom(
  given: URLSearchParams,
  limits: Limits,
  plain: Selection | null,
): Selection | null {
  const node = whole(given.get("node"));
  if (node === 0) return null;
  if (node >= 1 && node <= limits.nodes) return { node };
  const group = whole(given.get("group"));
  if (group >= 0 && group < limits.groups) return { group };
  const [file = -1, line = -1] = (given.get("line") ?? "").split(":").map(whole);
  return file >= 0 && file < limits.files && line >= 1 ? { file, line } : plain;
}

function copiesFrom(text: string, limits: Limits): Chosen {
  const found = new Map<number, number>();
  for (const pair of text.split(",")) {
    const [group = -1, copy = -1] = pair.split(":").map(whole);
    if (group >= 0 && copy >= 0 && copy < limits.copies(group)) found.set(group, copy);
  }
  return found;
}

/** Return numbers as text: `1,4~7`. */
export function rangesText(numbers: ReadonlySet<number>): string {
  const sorted = [...numbers].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let i = 0; i < sorted.length; i++) {
    const from = sorted[i]!;
    while (sorted[i + 1] === sorted[i]! + 1) i++;
    parts.push(sorted[i] === from ? `${from}` : `${from}~${sorted[i]}`);
  }
  return parts.join(",");
}

/** Return the numbers of `1,4~7` that are below a limit. */
export function rangesFrom(text: string, limit: number): ReadonlySet<number> {
  const found = new Set<number>();
  for (const part of text.split(",")) {
    const [from = -1, to = from] = part.split("~").map(whole);
    for (let n = from; n >= 0 && n <= Math.min(to, limit - 1); n += 1) found.add(n);
  }
  return found;
}

function whole(text: string | null): number {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : -1;
}

/** Return the address of a window. A page in a frame without an address of its own keeps none. */
export function windowAddress({ history, location }: Window): Address {
  let timer = 0;
  let waiting: string | null = null; // to replace the last hash
  const put = (hash: string, how: How) => {
    const url = `${location.href.replace(/#.*$/s, "")}${hash ? `#${hash}` : ""}`;
    try {
      history[how === "push" ? "pushState" : "replaceState"](null, "", url);
    } catch {
      // The view works without its address.
    }
  };
  const flush = () => {
    clearTimeout(timer);
    if (waiting !== null) put(waiting, "replace");
    waiting = null;
  };
  return {
    read: () => location.hash.slice(1),
    write(hash, how) {
      if (how === "replace") {
        waiting = hash;
        clearTimeout(timer);
        timer = setTimeout(flush, 200) as unknown as number; // browsers refuse too many changes
      } else {
        flush();
        put(hash, how);
      }
    },
    watch(listener) {
      const told = () => {
        clearTimeout(timer);
        waiting = null;
        listener();
      };
      for (const name of ["popstate", "hashchange"]) addEventListener(name, told);
    },
  };
}
