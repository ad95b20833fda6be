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
  /** The groups in g are those from g to `end[g]`, g itself included. */
  readonly end: Int32Array;
  readonly members: Lists;
  /** The lines of the boxes of closed groups that were drawn. */
  readonly lines = new Map<number, string[]>();
  private similar?: Lists;
  private plain?: Uint8Array;

  constructor(private readonly data: Data) {
    const home = (this.home = data.column("home") as Int32Array);
    const parent = (this.parent = data.column("g_parent") as Int32Array);
    this.model = this.models();
    const { nodes, groups } = data;
    this.end = Int32Array.from(parent, (_, g) => g + 1);
    for (let g = groups - 1; g > 0; g--) {
      if (!(parent[g]! >= 0 && parent[g]! < g)) throw new Error(`the group ${g} is out of order`);
      this.end[parent[g]!] = Math.max(this.end[parent[g]!]!, this.end[g]!);
    }
    const first = new Int32Array(groups);
    const starts = new Int32Array(groups + 2);
    const each = (visit: (group: number, member: number) => void) => {
      for (let id = 1; id <= nodes; id++) {
        let g = home[id - 1]!;
        if (g < 0) continue;
        if (g >= groups) throw new Error(`the group ${g} is missing`);
        visit(g, id);
        for (; g > 0 && (first[g] ||= id) === id; g = parent[g]!) visit(parent[g]!, -g);
      }
    };
    each((g) => starts[g + 1]!++);
    for (let g = 0; g < groups; g++) starts[g + 1]! += starts[g]!;
    const items = new Int32Array(starts[groups]!);
    const next = starts.slice();
    each((g, member) => {
      items[next[g]!++] = member;
    });
    this.members = new Lists(starts, items);
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
    return (this.similar ??= listsBy(this.model, this.data.nodes + 1));
  }

  /** 1 for each group that has no inner groups other than lines, pieces of lists, and leaves. */
  get innermost(): Uint8Array {
    if (!this.plain) {
      this.plain = new Uint8Array(this.data.groups).fill(1);
      for (let g = this.data.groups - 1; g > 0; g--) {
        const kind = this.data.groupKind(g);
        const isPart =
          kind === "line" || kind === "leaves" || (kind === "stretch" && this.plain[g]);
        if (!isPart) this.plain[this.parent[g]!] = 0;
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

/** Return for each place from 0 the numbers n whose `places[n]` it is, in order; -1 is no place. */
export function listsBy(places: Int32Array, count: number): Lists {
  const starts = new Int32Array(count + 1);
  for (const place of places) if (place >= 0) starts[place + 1]!++;
  for (let n = 0; n < count; n++) starts[n + 1]! += starts[n]!;
  const items = new Int32Array(starts[count]!);
  const next = starts.slice();
  places.forEach((place, n) => {
    if (place >= 0) items[next[place]!++] = n;
  });
  return new Lists(starts, items);
}

/** Return the members of a group, oldest first: ids of nodes, and -g for a group g. */
export function membersOf(data: Data, group: number): Int32Array {
  return structure(data).members.of(group);
}

/** Return the node that is shown for a node of another copy, or the node itself; 0 for none. */
export function modelOf(data: Data, id: number): number {
  return structure(data).model[id] ?? 0;
}

/** Return the groups around a node or a group, outermost first, without the root and itself. */
export function pathTo(data: Data, target: Target): number[] {
  const { home, parent } = structure(data);
  const path = [];
  let g =
    "node" in target ? (home[modelOf(data, target.node) - 1] ?? 0) : (parent[target.group] ?? 0);
  for (; g > 0; g = parent[g]!) path.push(g);
  return path.reverse();
}

/** Return the open groups with those that a node or a group is in. */
export function reveal(data: Data, open: ReadonlySet<number>, target: Target): Set<number> {
  return new Set([...open, ...pathTo(data, target)]);
}

/** Return the ids of all nodes of a group, in all copies of it and of the groups around it. */
export function idsOf(data: Data, group: number): Int32Array {
  const { home, model, end } = structure(data);
  const found: number[] = [];
  for (let id = 1; id <= data.nodes; id++) {
    const g = model[id] ? home[model[id]! - 1]! : -1;
    if (g >= group && g < end[group]!) found.push(id);
  }
  return Int32Array.from(found);
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
