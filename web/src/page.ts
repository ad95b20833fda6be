/** The page as its panels share it: the data, the state, and what they ask and do in common. */

import { createContext } from "preact";
import { useContext, useLayoutEffect, useState } from "preact/hooks";

import { indexOf } from "./columns.ts";
import { copiesOf } from "./copies.ts";
import type { Data } from "./data.ts";
import { reveal } from "./graph.ts";
import { plural } from "./numbers.ts";
import { available, type Measured } from "./metrics.ts";
import type { Selection, State, Store } from "./store.ts";

const MOST_SHOWN = 200; // nodes of a line

export interface Place {
  file: number;
  line: number;
}

export interface Spent {
  forward: number; // ns
  backward: number;
}

export class Page {
  private known?: Measured[];
  private heads?: Map<string, number[]>;
  private byLine?: Map<string, Int32Array>;
  private spent?: Map<string, Spent>;

  constructor(
    readonly data: Data,
    readonly store: Store,
    readonly say: (text: string) => void,
  ) {}

  /** The metrics that the page has. */
  get measured(): Measured[] {
    return (this.known ??= available(this.data));
  }

  /** Select something; of a node in a folded group, the copy that it is in is shown. */
  select(selected: Selection | null) {
    this.store.set({ selected, copy: this.copyWith(selected) });
  }

  private copyWith(selected: Selection | null): State["copy"] {
    const { copy } = this.store.get();
    const own = selected && "node" in selected ? copiesOf(this.data, selected.node) : [];
    return own.some(([group, n]) => (copy.get(group) ?? 0) !== n)
      ? new Map([...copy, ...own])
      : copy;
  }

  /** Select a node or a group, and open the groups around it, at the copy that it is in. */
  show(target: { node: number } | { group: number }) {
    const open = reveal(this.data, this.store.get().open, target);
    this.store.set({ selected: target, view: "graph", open, copy: this.copyWith(target) });
  }

  /** Open the groups around all nodes of a line. */
  showLine(place: Place) {
    let open: ReadonlySet<number> = this.store.get().open;
    const [ids, groups] = [this.nodesAt(place), this.groupsAt(place)];
    for (const node of ids.slice(0, MOST_SHOWN)) open = reveal(this.data, open, { node });
    if (!ids.length)
      for (const group of groups.slice(0, MOST_SHOWN)) open = reveal(this.data, open, { group });
    this.store.set({ selected: place, view: "graph", open });
    if (!ids.length && !groups.length) this.say("No operation of the graph is on this line.");
  }

  /** Return the line of what is selected. */
  placeOf(selected: Selection | null): Place | null {
    if (!selected) return null;
    if ("line" in selected) return selected;
    if ("node" in selected) {
      const source = this.data.source(selected.node);
      return source && source[0] >= 0 ? { file: source[0], line: source[1] } : null;
    }
    const [file, line] = ["g_file", "g_line"].map(
      (name) => this.data.column(name)[selected.group]!,
    );
    return file! >= 0 && line! > 0 ? { file: file!, line: line! } : null;
  }

  /** Return the nodes that are computed at a line, sorted. */
  nodesAt({ file, line }: Place): Int32Array {
    this.byLine ??= this.lines();
    return this.byLine.get(`${file}:${line}`) ?? new Int32Array();
  }

  /** Return the loops that begin at a line, and the functions that are called there. */
  groupsAt({ file, line }: Place): number[] {
    if (!this.heads) {
      this.heads = new Map();
      const [files, lines] = [this.data.column("g_file"), this.data.column("g_line")];
      for (let group = 1; group < this.data.groups; group += 1) {
        if (this.data.groupKind(group) === "line") continue; // its nodes are there
        const key = `${files[group]}:${lines[group]}`;
        const known = this.heads.get(key);
        if (known) known.push(group);
        else this.heads.set(key, [group]);
      }
    }
    return this.heads.get(`${file}:${line}`) ?? [];
  }

  /** Return the code of a line, "" if it is not known. */
  codeAt({ file, line }: Place): string {
    const { sources, files } = this.data.header;
    const source = sources.find(
      ([own, number, , , code]) => own === file && number === line && code,
    );
    const { text = null, start = 1 } = files[file] ?? {};
    return source?.[4] ?? text?.split(/\r\n|\r|\n/)[line - start]?.trim() ?? "";
  }

  private lines(): Map<string, Int32Array> {
    const { sources } = this.data.header;
    const lists = new Map<string, number[]>();
    const own = sources.map(([file, line]) => {
      const key = `${file}:${line}`;
      if (!lists.has(key)) lists.set(key, []);
      return lists.get(key)!;
    });
    this.data.column("source").forEach((at, row) => own[at]?.push(row + 1));
    return new Map([...lists].map(([key, ids]) => [key, Int32Array.from(ids)]));
  }

  /** Return the times of each line that took any: of the profile, else of the nodes. */
  times(): Map<string, Spent> {
    if (this.spent) return this.spent;
    const spent = new Map<string, Spent>();
    const add = (file: number, line: number, forward: number, backward: number) => {
      if (!(forward > 0 || backward > 0) || file < 0) return;
      const key = `${file}:${line}`;
      const before = spent.get(key) ?? { forward: 0, backward: 0 };
      spent.set(key, {
        forward: before.forward + (forward || 0),
        backward: before.backward + (backward || 0),
      });
    };
    const lines = this.data.header.profile?.lines;
    if (lines?.length)
      for (const [file, line, ...times] of lines) add(file, line, times[0], times[1]);
    else {
      const [forward, backward] = ["forward", "backward"].map((name) => indexOf(this.data).numbers(name));
      const { sources } = this.data.header;
      this.data.column("source").forEach((at, row) => {
        const source = sources[at];
        if (source) add(source[0], source[1], forward![row]!, backward![row]!);
      });
    }
    return (this.spent = spent);
  }

  /** What the times of lines are about; those of nodes and groups are of one gradient. */
  get timesOf(): string {
    const { lines, gradients } = this.data.header.profile ?? { lines: [], gradients: 1 };
    return lines.length && gradients > 1 ? `run of ${plural(gradients, "gradient")}` : "this gradient";
  }

  /** Return the times of each argument at a line; argument 0 is the forward pass. */
  argumentsAt(place: Place): [op: string, argument: number, ns: number][] {
    const found = new Map<string, [string, number, number]>();
    const add = (op: string, argument: number, ns: number) => {
      const key = `${argument}:${op}`;
      const entry = found.get(key) ?? [op, argument, 0];
      if (ns > 0) found.set(key, [op, argument, entry[2] + ns]);
    };
    for (const [file, line, op, argument, ns] of this.data.header.profile?.arguments ?? []) {
      if (file === place.file && line === place.line) add(op, argument, ns);
    }
    if (found.size) add("", 0, this.times().get(`${place.file}:${place.line}`)?.forward ?? 0);
    else {
      for (const id of this.nodesAt(place)) {
        add(this.data.op(id), 0, this.data.forward(id));
        for (const [argument, ns] of this.data.backward(id)) add(this.data.op(id), argument, ns);
      }
    }
    return [...found.values()].sort((a, b) => b[2] - a[2]);
  }

  placeText({ file, line }: Place): string {
    return `${this.data.header.files[file]?.name ?? "?"}:${line}`;
  }

  /** Return the name of a node in a formula: a Param has its own. */
  nameOf(id: number): string {
    const isNamed = this.data.kind(id) !== "result" && /^[\w.[\]]+$/.test(this.data.label(id));
    return isNamed ? this.data.label(id) : `v${id}`;
  }
}

const Shared = createContext<Page | null>(null);
export const PageProvider = Shared.Provider;

/** Return the page, and its state, whose changes render again. */
export function usePage(): { page: Page; data: Data; state: State } {
  const page = useContext(Shared)!;
  const [state, setState] = useState(page.store.get());
  useLayoutEffect(() => {
    setState(page.store.get());
    return page.store.subscribe(() => setState(page.store.get()));
  }, [page]);
  return { page, data: page.data, state };
}
