/** The boxes and edges of a view, as `viewer.graph.Graph` finds them. */

import { type Chosen, type Copies, copies, copiesOf } from "./copies.ts";
import { type Column, type Data, Lists } from "./data.ts";
import { isClosed, modelOf, structure, type View } from "./graph.ts";

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
  private readonly around: Int32Array; // the closed group that each is in, or is; -1 for none
  private readonly boxOf: Int32Array; // the number of the box of each node, or -1
  private readonly list: Box[] = [];
  private readonly hidden: Column | null;
  private readonly copies: Copies;
  private readonly between = new Map<number, Edge[]>(); // by the numbers of two boxes
  private readonly signatures = new Map<number, number>();
  private readonly positions: Int32Array[] = [];

  constructor(readonly data: Data, readonly view: View) {
    const { parent } = structure(data);
    this.copies = copies(data);
    this.hidden = data.has("hidden") ? data.column("hidden") : null;
    const around = (this.around = new Int32Array(data.groups).fill(-1));
    for (let g = 1; g < data.groups; g++) {
      const outer = around[parent[g]!]!;
      around[g] = outer >= 0 ? outer : isClosed(data, view, g) ? g : -1;
    }
    this.boxOf = this.boxesOfNodes();
    const lists = Lists.by(this.boxOf, this.list.length);
    this.list.forEach((box, n) => this.boxes.set(box.key, { ...box, nodes: lists.of(n) }));
    this.addEdges();
  }

  private boxesOfNodes(): Int32Array {
    const { data, around, hidden, list } = this;
    const { model, home } = structure(data);
    const boxOf = new Int32Array(data.nodes + 1).fill(-1);
    const ofGroup = new Int32Array(data.groups).fill(-1);
    for (let id = 1; id <= data.nodes; id++) {
      const own = model[id]!;
      if (!own || hidden?.[id - 1]) continue;
      const group = around[home[own - 1]!]!;
      let box = group >= 0 ? ofGroup[group]! : boxOf[own]!;
      if (box < 0) {
        const [key, node] = group >= 0 ? [`g${group}`, -1] : [`n${own}`, own];
        box = list.push({ key, node, group, nodes: boxOf }) - 1;
        if (group >= 0) ofGroup[group] = box;
        else boxOf[own] = box;
      }
      boxOf[id] = box;
    }
    return boxOf;
  }

  /** Return the key of the box of a node, null if it is not shown. */
  keyOf(id: number): string | null {
    return this.list[this.boxOf[id] ?? -1]?.key ?? null;
  }

  /** Return the nodes of a box in the chosen copies of folded groups. */
  idsIn(box: Box, chosen: Chosen): Int32Array {
    return chosen.size ? box.nodes.filter((id) => this.isChosen(id, chosen)) : box.nodes;
  }

  /** Return whether a node is in the chosen copies of the folded groups that are drawn. */
  isChosen(id: number, chosen: Chosen): boolean {
    return copiesOf(this.data, id).every(([g, n]) => this.isInBox(g) || (chosen.get(g) ?? n) === n);
  }

  private isInBox(group: number): boolean {
    return this.around[group]! >= 0 && this.around[group] !== group;
  }

  /** Return by how many copies of a folded group a value is carried, 0 within one. */
  private carried(from: number, to: number): number {
    const { of, group, number, inner } = this.copies;
    let [tail, head] = [of[from]!, of[to]!];
    for (; tail && head && tail !== head; tail = inner[tail]!, head = inner[head]!) {
      if (group[tail] !== group[head] || this.isInBox(group[tail]!)) return 0;
      if (number[tail] !== number[head]) return number[head]! - number[tail]!;
    }
    return 0;
  }

  private addEdges(): void {
    const { data, boxOf, copies, hidden } = this;
    const { starts, parents } = data;
    for (let id = 1; id <= data.nodes; id++) {
      const head = boxOf[id]!;
      const own = copies.of[id]!;
      if (head < 0) continue;
      for (let n = starts[id - 1]!; n < starts[id]!; n++) {
        const parent = parents[n]!;
        if (hidden?.[parent - 1]) {
          for (const source of this.sources(parent)) this.addEdge(source, id, n);
        } else if (boxOf[parent]! >= 0 && (boxOf[parent] !== head || (own && copies.of[parent]))) {
          this.addEdge(parent, id, n);
        }
      }
    }
  }

  private addEdge(source: number, id: number, wire: number): void {
    const { list, edges, boxOf } = this;
    const [from, to] = [boxOf[source]!, boxOf[id]!];
    const carried = this.carried(source, id);
    if (from === to && !carried) return;
    const position = wire - this.data.starts[id - 1]!;
    const argument = list[to]!.group >= 0 ? 0 : this.argument(id, position);
    const pair = from * list.length + to;
    let alike = this.between.get(pair);
    if (!alike) this.between.set(pair, (alike = []));
    const edge = alike.find((one) => one.argument === argument && one.carried === carried);
    if (edge) {
      edge.count++;
      edge.last = Math.max(edge.last, source);
    } else {
      const [tail, head] = [list[from]!.key, list[to]!.key];
      const made = { tail, head, node: source, argument, carried, count: 1, last: source };
      edges.push(made);
      alike.push(made);
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
