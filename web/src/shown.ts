/** The boxes and edges of a view, as `viewer.graph.Graph` finds them. */

import type { Column, Data } from "./data.ts";
import { isClosed, listsBy, modelOf, structure, type View } from "./graph.ts";

/** A node or a closed group to draw. `node` or `group` is -1; `nodes` are all ids in it, sorted. */
export interface Box {
  key: string;
  node: number;
  group: number;
  nodes: Int32Array;
}

/** As `viewer.graph.Edge`; `tail` and `head` are keys of boxes. */
export interface Edge {
  tail: string;
  head: string;
  node: number;
  argument: number;
  carried: number;
  count: number;
  last: number;
}

/** The boxes and edges of a view. */
export class Shown {
  readonly boxes = new Map<string, Box>(); // oldest first
  readonly edges: Edge[] = [];
  private readonly boxOf: Int32Array; // the number of the box of each node, or -1
  private readonly list: Box[] = [];
  private readonly hidden: Column | null;
  private readonly path: Int32Array; // the innermost list of copies of each node, 0 for none
  // A list of copies: a folded group, a number of a copy, and the list without them.
  private readonly heads: number[] = [0];
  private readonly numbers: number[] = [0];
  private readonly rests: number[] = [0];
  private readonly signatures = new Map<number, number>();
  private readonly positions: Int32Array[] = [];

  constructor(
    readonly data: Data,
    readonly view: View,
  ) {
    const { nodes, groups } = data;
    const { parent, model, home } = structure(data);
    const around = new Int32Array(groups).fill(-1); // the closed group that each is in, or is
    for (let g = 1; g < groups; g++) {
      const outer = around[parent[g]!]!;
      around[g] = outer >= 0 ? outer : isClosed(data, view, g) ? g : -1;
    }
    const boxOf = (this.boxOf = new Int32Array(nodes + 1).fill(-1));
    const hidden = (this.hidden = data.has("hidden") ? data.column("hidden") : null);
    const ofGroup = new Int32Array(groups).fill(-1);
    for (let id = 1; id <= nodes; id++) {
      const own = model[id]!;
      const group = own ? around[home[own - 1]!]! : -1;
      if (!own || hidden?.[id - 1]) continue;
      let box = group >= 0 ? ofGroup[group]! : boxOf[own]!;
      if (box < 0) {
        box = this.list.length;
        this.list.push({
          key: group >= 0 ? `g${group}` : `n${own}`,
          node: group >= 0 ? -1 : own,
          group,
          nodes: boxOf,
        });
        if (group >= 0) ofGroup[group] = box;
        else boxOf[own] = box;
      }
      boxOf[id] = box;
    }
    const lists = listsBy(boxOf, this.list.length);
    this.list.forEach((box, n) => this.boxes.set(box.key, { ...box, nodes: lists.of(n) }));
    this.path = new Int32Array(nodes + 1);
    for (let g = groups - 1; g > 0; g--) {
      if (data.times(g) && (around[g]! < 0 || around[g] === g)) this.addCopies(g);
    }
    this.addEdges();
  }

  /** Return the key of the box of a node, null if it is not shown. */
  keyOf(id: number): string | null {
    return this.list[this.boxOf[id] ?? -1]?.key ?? null;
  }

  /** Return the folded groups that a node is in, outermost first, and in which copies. */
  copiesOf(id: number): [group: number, copy: number][] {
    const found: [number, number][] = [];
    for (let path = this.path[id] ?? 0; path; path = this.rests[path]!) {
      found.push([this.heads[path]!, this.numbers[path]!]);
    }
    return found;
  }

  private addCopies(g: number): void {
    const { path, heads, numbers, rests } = this;
    const own = this.data.copy(g, 0).slice();
    const inner = own.map((id) => path[id]!);
    const distinct = [...new Set(inner)];
    const place = new Map(distinct.map((list, n) => [list, n]));
    const places = inner.map((list) => place.get(list)!);
    const times = this.data.times(g);
    for (let n = 0; n < times; n++) {
      const first = heads.length;
      const copy = this.data.copy(g, n);
      for (const rest of distinct) {
        heads.push(g);
        numbers.push(n);
        rests.push(rest);
      }
      for (let at = 0; at < copy.length; at++) path[copy[at]!] = first + places[at]!;
    }
  }

  /** Return by how many copies of a folded group a value is carried, 0 within one. */
  private carried(tail: number, head: number): number {
    const { heads, numbers, rests } = this;
    for (; tail && head && tail !== head; tail = rests[tail]!, head = rests[head]!) {
      if (heads[tail] !== heads[head]) return 0;
      if (numbers[tail] !== numbers[head]) return numbers[head]! - numbers[tail]!;
    }
    return 0;
  }

  private addEdges(): void {
    const { data, boxOf, path, hidden } = this;
    const { starts, parents } = data;
    const wires = new Wires();
    for (let id = 1; id <= data.nodes; id++) {
      const head = boxOf[id]!;
      const own = path[id]!;
      if (head < 0) continue;
      for (let n = starts[id - 1]!; n < starts[id]!; n++) {
        const parent = parents[n]!;
        if (hidden?.[parent - 1]) {
          for (const source of this.sources(parent)) this.addEdge(wires, source, id, n);
        } else if (boxOf[parent]! >= 0 && (boxOf[parent] !== head || (own && path[parent]))) {
          this.addEdge(wires, parent, id, n);
        }
      }
    }
  }

  private addEdge(wires: Wires, source: number, id: number, wire: number): void {
    const { list, edges, boxOf, path } = this;
    const tail = boxOf[source]!;
    const head = boxOf[id]!;
    const carried = this.carried(path[source]!, path[id]!);
    if (tail === head && !carried) return;
    const position = wire - this.data.starts[id - 1]!;
    const argument = list[head]!.group >= 0 ? 0 : this.argument(id, position);
    const edge = edges[wires.number(tail, head, argument, carried)];
    if (edge) {
      edge.count++;
      edge.last = Math.max(edge.last, source);
    } else {
      edges.push({
        tail: list[tail]!.key,
        head: list[head]!.key,
        node: source,
        argument,
        carried,
        count: 1,
        last: source,
      });
    }
  }

  /** Return the shown nodes that a hidden one was computed from. */
  private sources(id: number): number[] {
    const seen = new Set([id]);
    const todo = [id];
    const found: number[] = [];
    for (let next = todo.pop(); next; next = todo.pop()) {
      for (const parent of this.data.parentsOf(next)) {
        if (seen.has(parent)) continue;
        seen.add(parent);
        if (this.hidden![parent - 1]) todo.push(parent);
        else if (this.boxOf[parent]! >= 0) found.push(parent);
      }
    }
    return found.sort((a, b) => a - b);
  }

  /** Return the argument that a parent of a node is, for all nodes of a box alike. */
  private argument(id: number, position: number): number {
    const { data } = this;
    const model = modelOf(data, id);
    const degree = data.starts[id]! - data.starts[id - 1]!;
    const alike = model * 65536 + degree;
    let signature = this.signatures.get(alike);
    if (signature === undefined) {
      this.signatures.set(alike, (signature = data.column("signature")[id - 1]!));
    }
    this.positions[signature] ??= argumentsOf(data, signature);
    return this.positions[signature]![position] ?? 0;
  }
}

/** Return the argument, from 1, that each parent of a node with a signature is. */
export function argumentsOf(data: Data, signature: number): Int32Array {
  const args = data.header.signatures[signature]![1];
  return Int32Array.from(args.flatMap(([pieces], n) => Array(pieces.length - 1).fill(n + 1)));
}

/** Numbers for tuples of four integers, counted from 0: a hash table, much faster than a Map. */
class Wires {
  private rows = new Int32Array(4 * 1024);
  private slots = new Int32Array(2048); // the number of a tuple and 1, 0 for none
  private size = 0;

  number(a: number, b: number, c: number, d: number): number {
    const { rows, slots } = this;
    const mask = slots.length - 1;
    let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35) ^ d;
    hash ^= hash >>> 15;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const number = slots[slot]! - 1;
      const at = 4 * number;
      if (number < 0) {
        slots[slot] = this.size + 1;
        rows.set([a, b, c, d], 4 * this.size);
        if (4 * ++this.size === rows.length) this.grow();
        return this.size - 1;
      }
      if (rows[at] === a && rows[at + 1] === b && rows[at + 2] === c && rows[at + 3] === d) {
        return number;
      }
    }
  }

  private grow(): void {
    const old = this.rows;
    const count = this.size;
    this.rows = new Int32Array(2 * old.length);
    this.slots = new Int32Array(2 * this.slots.length);
    this.size = 0;
    for (let at = 0; at < 4 * count; at += 4) {
      this.number(old[at]!, old[at + 1]!, old[at + 2]!, old[at + 3]!);
    }
  }
}

/** Return the boxes and edges of a view. */
export function shown(data: Data, view: View): Shown {
  return new Shown(data, view);
}
