/** The groups of nodes, and which of them are open. */

import { type Data, Lists } from "./data.ts";

export type Detail = "op" | "line" | "function";
export type Target = { node: number } | { group: number };

/** The groups that are open, and the smallest boxes. */
export interface View {
  open: ReadonlySet<number>;
  detail: Detail;
}

/** What does not depend on a view. A member of a group is a node, or -g for a group g. */
class Structure {
  readonly home: Int32Array;
  readonly parent: Int32Array;
  /** The node that is shown for each node: that of the first copies; 0 for none. */
  readonly model: Int32Array;
  /** The number of nodes with a model. */
  readonly kept: number;
  /** The groups in g are those from g to `end[g]`, g itself included. */
  readonly end: Int32Array;
  readonly members: Lists;
  /** The lines of the boxes of closed groups that were drawn. */
  readonly lines = new Map<number, string[]>();
  private similar?: Lists;
  private plain?: Uint8Array;

  constructor(private readonly data: Data) {
    const { groups } = data;
    const home = (this.home = data.column("home") as Int32Array);
    const parent = (this.parent = data.column("g_parent") as Int32Array);
    this.model = this.models();
    this.kept = this.model.reduce((count, model) => count + Math.sign(model), 0);
    this.end = parent.map((_, g) => g + 1);
    for (let g = groups - 1; g > 0; g--) {
      if (!(parent[g]! >= 0 && parent[g]! < g)) throw new Error(`the group ${g} is out of order`);
      this.end[parent[g]!] = Math.max(this.end[parent[g]!]!, this.end[g]!);
    }
    const first = new Int32Array(groups); // the oldest node of each
    const around = new Int32Array(data.nodes + groups).fill(-1);
    const members = new Int32Array(data.nodes + groups);
    let count = 0;
    for (let id = 1; id <= data.nodes; id++) {
      const own = home[id - 1]!;
      if (own >= groups) throw new Error(`the group ${own} is missing`);
      if (own < 0) continue;
      around[count] = own;
      members[count++] = id;
      for (let g = own; g > 0 && !first[g]; g = parent[g]!) {
        first[g] = id;
        around[count] = parent[g]!;
        members[count++] = -g;
      }
    }
    this.members = Lists.by(around, groups); // of places, now of members
    const { items } = this.members;
    for (let n = 0; n < items.length; n++) items[n] = members[items[n]!]!;
  }

  private models(): Int32Array {
    const { data } = this;
    const model = new Int32Array(data.nodes + 1);
    for (let id = 1; id <= data.nodes; id++) if (this.home[id - 1]! >= 0) model[id] = id;
    for (let g = data.groups - 1; g > 0; g--) {
      const times = data.times(g);
      const own = times ? data.copy(g, 0) : [];
      for (let n = 1; n < times; n++) {
        const copy = data.copy(g, n);
        for (let place = 0; place < own.length; place++) model[copy[place]!] = model[own[place]!]!;
      }
    }
    return model;
  }

  /** The nodes that each node of a first copy represents, itself included, oldest first. */
  get alike(): Lists {
    return (this.similar ??= Lists.by(this.model, this.data.nodes + 1));
  }

  /** 1 for each group that has no inner groups other than lines, pieces of lists, and leaves. */
  get innermost(): Uint8Array {
    if (!this.plain) {
      const plain = (this.plain = new Uint8Array(this.data.groups).fill(1));
      for (let g = this.data.groups - 1; g > 0; g--) {
        const kind = this.data.groupKind(g);
        if (!["line", "leaves"].includes(kind) && !(kind === "stretch" && plain[g])) {
          plain[this.parent[g]!] = 0;
        }
      }
    }
    return this.plain;
  }
}

const known = new WeakMap<Data, Structure>();

export function structure(data: Data): Structure {
  let found = known.get(data);
  if (!found) known.set(data, (found = new Structure(data)));
  return found;
}

/** Return the members of a group, oldest first: ids of nodes, and -g for a group g. */
export function membersOf(data: Data, group: number): Int32Array {
  return structure(data).members.of(group);
}

/** Return the node that is shown for a node of another copy, or the node itself; 0 if it is left out. */
export function modelOf(data: Data, id: number): number {
  return structure(data).model[id] ?? 0;
}

/** Return the number of nodes that no pass, such as a focus, has left out. */
export function kept(data: Data): number {
  return structure(data).kept;
}

/** Return the groups around a node or a group, outermost first, without the root and itself. */
export function pathTo(data: Data, target: Target): number[] {
  const { home, parent, model } = structure(data);
  const path = [];
  let g = ("node" in target ? home[model[target.node]! - 1] : parent[target.group]) ?? 0;
  for (; g > 0; g = parent[g]!) path.push(g);
  return path.reverse();
}

/** Return the open groups with those that a node or a group is in. */
export function reveal(data: Data, open: ReadonlySet<number>, target: Target): Set<number> {
  return new Set([...open, ...pathTo(data, target)]);
}

/** Return the ids of all nodes of a group, in all copies of it and of the groups around it. */
export function idsOf(data: Data, group: number): Int32Array {
  return Int32Array.from({ length: data.nodes }, (_, row) => row + 1).filter((id) =>
    isIn(data, id, group),
  );
}

/** Return whether a node is in some copy of a group. */
export function isIn(data: Data, id: number, group: number): boolean {
  const { home, model, end } = structure(data);
  const own = model[id] ? home[model[id]! - 1]! : -1;
  return own >= group && own < end[group]!;
}

const MOST_OPENED = 60; // boxes of a group that is opened with the lines in it
const FRAMELESS = ["line", "stretch", "leaves"];

/** Return whether an open group has a frame around its members. */
export function hasFrame(data: Data, group: number): boolean {
  return group > 0 && (data.times(group) > 0 || !FRAMELESS.includes(data.groupKind(group)));
}

/** Return the open groups with another one: with those that are all it has, and lines in it. */
export function opened(data: Data, { open, detail }: View, group: number): Set<number> {
  const found = new Set(open).add(group);
  let members = membersOf(data, group);
  while (members.length === 1 && members[0]! < 0) {
    found.add(-members[0]!);
    members = membersOf(data, -members[0]!);
  }
  let boxes = members.length;
  for (const member of detail === "op" ? members : []) {
    if (member > 0 || data.groupKind(-member) !== "line") continue;
    const more = membersOf(data, -member).length - 1;
    if (boxes + more > MOST_OPENED) break;
    boxes += more;
    found.add(-member);
  }
  return found;
}

/** Return whether a group, not those around it, is drawn as one box. */
export function isClosed(data: Data, view: View, group: number): boolean {
  if (group === 0) return false;
  if (!view.open.has(group)) return true;
  if (view.detail === "op") return false;
  const isLine = data.groupKind(group) === "line";
  return isLine || (view.detail === "function" && structure(data).innermost[group] === 1);
}
