/** The page as its panels share it: the data, the state, and what they ask and do in common. */

import { createContext } from "preact";
import { useContext, useLayoutEffect, useState } from "preact/hooks";

import { indexOf } from "./columns.ts";
import { type Chosen, copiesOf, inCopy } from "./copies.ts";
import { type Data, push } from "./data.ts";
import { modelOf, reveal, type Target } from "./graph.ts";
import { linesOf } from "./lines.ts";
import { plural } from "./numbers.ts";
import { available, type Measured } from "./metrics.ts";
import type { Selection, State, Store } from "./store.ts";

const MOST_SHOWN = 200; // nodes of a line

export interface Place {
  file: number;
  line: number;
}

const keyOf = ({ file, line }: Place) => `${file}:${line}`;

export class Page {
  private known?: Measured[];
  private heads?: Map<string, number[]>;
  private byLine?: Map<string, number[]>;
  private spent?: Map<string, [forward: number, backward: number]>;

  constructor(readonly data: Data, readonly store: Store, readonly say: (text: string) => void) {}

  /** The metrics that the page has. */
  get measured(): Measured[] {
    return (this.known ??= available(this.data));
  }

  /** Select something; of a node in a folded group, the copy that it is in is shown. */
  select(selected: Selection | null) {
    this.store.set({ selected, copy: this.copyWith(selected) });
  }

  private copyWith(selected: Selection | null): Chosen {
    const { copy } = this.store.get();
    const own = selected && "node" in selected ? copiesOf(this.data, selected.node) : [];
    const isShown = own.every(([group, n]) => (copy.get(group) ?? 0) === n);
    return isShown ? copy : new Map([...copy, ...own]);
  }

  /** Show a copy of a folded group, all if it is -1; a selected node becomes the one in that copy. */
  showCopy(group: number, n: number) {
    let { copy, selected } = this.store.get();
    const others = [...copy].filter(([other]) => other !== group);
    copy = new Map(n < 0 ? others : [...others, [group, n]]);
    if (n >= 0 && selected && "node" in selected) {
      const own = new Map(copiesOf(this.data, selected.node)).set(group, n);
      selected = { node: inCopy(this.data, own, modelOf(this.data, selected.node)) };
    }
    this.store.set({ copy, selected }, "replace");
  }

  /** Select a node or a group, and open the groups around it, at the copy that it is in. */
  show(target: Target) {
    const open = reveal(this.data, this.store.get().open, target);
    this.store.set({ selected: target, view: "graph", open, copy: this.copyWith(target) });
  }

  /** Open the groups around all nodes of a line. */
  showLine(place: Place) {
    const nodes = this.nodesAt(place).map((node) => ({ node }));
    const targets = nodes.length ? nodes : this.groupsAt(place).map((group) => ({ group }));
    let { open } = this.store.get();
    for (const one of targets.slice(0, MOST_SHOWN)) open = reveal(this.data, open, one);
    this.store.set({ selected: place, view: "graph", open });
    if (!targets.length) this.say("No operation of the graph is on this line.");
  }

  /** Return the line of what is selected. */
  placeOf(selected: Selection | null): Place | null {
    if (!selected || "line" in selected) return selected;
    const { data } = this;
    const [file = -1, line = 0] =
      "node" in selected
        ? (data.source(selected.node) ?? [])
        : ["g_file", "g_line"].map((name) => data.column(name)[selected.group]);
    return file >= 0 && line > 0 ? { file, line } : null;
  }

  /** Return the nodes that are computed at a line, sorted. */
  nodesAt(place: Place): number[] {
    if (!this.byLine) {
      const lists = (this.byLine = new Map());
      const keys = this.data.header.sources.map(([file, line]) => keyOf({ file, line }));
      this.data.column("source").forEach((at, row) => keys[at] && push(lists, keys[at], row + 1));
    }
    return this.byLine.get(keyOf(place)) ?? [];
  }

  /** Return the loops that begin at a line, and the functions that are called there. */
  groupsAt(place: Place): number[] {
    if (!this.heads) {
      this.heads = new Map();
      for (let group = 1; group < this.data.groups; group++) {
        const own = this.placeOf({ group });
        if (own && this.data.groupKind(group) !== "line") push(this.heads, keyOf(own), group);
      }
    }
    return this.heads.get(keyOf(place)) ?? [];
  }

  /** Return the code of a line, "" if it is not known. */
  codeAt({ file, line }: Place): string {
    const { sources, files } = this.data.header;
    const source = sources.find(
      ([own, number, , , code]) => own === file && number === line && code,
    );
    const lines = files[file] ? linesOf(files[file]) : [];
    return source?.[4] ?? lines.find(({ number }) => number === line)?.code.trim() ?? "";
  }

  /** Return the times of a line, of the profile, else of the nodes; 0 if it took none. */
  spentAt(place: Place): [forward: number, backward: number] {
    return this.times().get(keyOf(place)) ?? [0, 0];
  }

  /** The longest time of a line in one of the passes. */
  get longest(): number {
    return [...this.times().values()].reduce((most, ns) => Math.max(most, ...ns), 0);
  }

  private times(): Map<string, [forward: number, backward: number]> {
    if (this.spent) return this.spent;
    const spent = (this.spent = new Map());
    const add = (file: number, line: number, forward: number, backward: number) => {
      const key = keyOf({ file, line });
      const [before, after] = spent.get(key) ?? [0, 0];
      if (file >= 0 && (forward > 0 || backward > 0))
        spent.set(key, [before + (forward || 0), after + (backward || 0)]);
    };
    const { sources, profile } = this.data.header;
    for (const [file, line, forward, backward] of profile?.lines ?? [])
      add(file, line, forward, backward);
    if (spent.size) return spent;
    const index = indexOf(this.data);
    const [forward, backward] = [index.numbers("forward"), index.numbers("backward")];
    this.data.column("source").forEach((at, row) => {
      const [file, line] = sources[at] ?? [-1, 0];
      add(file, line, forward[row]!, backward[row]!);
    });
    return spent;
  }

  /** What the times of lines are about; those of nodes and groups are of one gradient. */
  get timesOf(): string {
    const { lines, gradients } = this.data.header.profile ?? { lines: [], gradients: 1 };
    return lines.length && gradients > 1 ? `run of ${plural(gradients, "gradient")}` : "this gradient";
  }

  /** Return the times of each argument at a line; null is the forward pass, 0 all of a VJP rule. */
  argumentsAt(place: Place): [op: string, argument: number | null, ns: number][] {
    const found = new Map<string, [string, number | null, number]>();
    const add = (op: string, argument: number | null, ns: number) => {
      const key = `${argument}:${op}`;
      if (ns > 0) found.set(key, [op, argument, (found.get(key)?.[2] ?? 0) + ns]);
    };
    for (const [file, line, op, argument, ns] of this.data.header.profile?.arguments ?? []) {
      if (file === place.file && line === place.line) add(op, argument, ns);
    }
    if (found.size) add("", null, this.spentAt(place)[0]);
    for (const id of found.size ? [] : this.nodesAt(place)) {
      add(this.data.op(id), null, this.data.forward(id));
      for (const [argument, ns] of this.data.backward(id)) add(this.data.op(id), argument, ns);
    }
    return [...found.values()].sort((a, b) => b[2] - a[2]);
  }

  placeText({ file, line }: Place): string {
    return `${this.data.header.files[file]?.name ?? "?"}:${line}`;
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
