/** The arrows of a picture: how far they go, and their kinds and labels. */

import type { Style } from "./compose.ts";
import { type Chosen, inCopy } from "./copies.ts";
import { type Data, push } from "./data.ts";
import { modelOf } from "./graph.ts";
import { gradientsText, shapeText, title } from "./labels.ts";
import { grouped, joined, shorten } from "./numbers.ts";
import { argumentsOf, type Box, type Edge, type Shown } from "./shown.ts";

export interface Arrow {
  tail: string;
  head: string;
  kind: string;
  label: string;
  argument: string;
  width: number;
  faint: boolean;
  title: string;
  edge: Edge | null;
}

export const LONGEST_EDGE = 12; // ranks
const THICKEST = 4; // points of the arrow with the greatest gradient
const SYMMETRIC = ["add", "multiply"]; // whose arguments need no number

/** Return where a value goes that another copy of a folded group uses. */
function carried(copies: number): string {
  if (copies === 1) return "to the next step";
  return copies === -1 ? "back to the level above" : `${copies} steps on`;
}

/** Return the name of a box in a text elsewhere. */
export function nameOf(data: Data, box: Box, copy: Chosen): string {
  if (box.group >= 0) return title(data, box.group, copy);
  const first = box.nodes[0]!;
  return `${shorten(data.op(first) || data.label(first))} (node ${inCopy(data, copy, box.node)})`;
}

/** Return the nodes whose value an arrow carries: the first and the last, or that chosen. */
export function nodesOf(data: Data, edge: Edge, copy: Chosen): number[] {
  if (!copy.size) return [edge.node, edge.last];
  return [inCopy(data, copy, modelOf(data, edge.node) || edge.node)];
}

/** The arrows between the boxes of a view. */
export class Arrows {
  readonly order: Map<string, number>;
  readonly into = new Map<string, Edge[]>();
  private readonly data: Data;
  private readonly leaves = new Set<string>();
  private readonly ranks: Map<string, number>;
  private readonly flow: Map<Edge, number>;
  private readonly left: ReadonlySet<Edge>;

  constructor(
    private readonly shown: Shown,
    private readonly style: Style,
    private readonly isFaint: (box: Box) => boolean,
  ) {
    const { boxes, data, edges } = shown;
    this.data = data;
    this.order = new Map(Array.from(boxes.keys(), (key, n) => [key, n]));
    for (const { key, node } of boxes.values()) {
      if (node > 0 && data.kind(node) !== "result") this.leaves.add(key);
    }
    this.ranks = ranks(shown, this.order, this.leaves);
    this.left = this.leftOut();
    for (const edge of edges) if (!this.left.has(edge)) push(this.into, edge.head, edge);
    this.flow = style.backward ? this.flowOfGradients() : new Map();
  }

  /** Return the keys of the boxes to draw: not those of leaves that have a copy at each use. */
  drawn(): Set<string> {
    const { boxes, edges } = this.shown;
    const found = new Set(boxes.keys());
    const near = new Set(edges.filter((edge) => this.isShort(edge)).map((edge) => edge.tail));
    for (const { tail } of edges) if (this.leaves.has(tail) && !near.has(tail)) found.delete(tail);
    return found;
  }

  /** The number of arrows that are not drawn. */
  get missing(): number {
    return this.left.size;
  }

  /** Return the arrows that there are too many copies for: those from leaves into groups first. */
  private leftOut(): Set<Edge> {
    const { boxes, edges, data } = this.shown;
    const isLeaf = (key: string) => boxes.get(key)!.nodes.every((id) => data.kind(id) !== "result");
    const levels: Edge[][] = [[], [], [], []];
    for (const edge of edges) {
      const intoGroup = boxes.get(edge.head)!.group >= 0;
      const level = (intoGroup ? 0 : 2) + (isLeaf(edge.tail) ? 0 : 1);
      if (!this.isShort(edge)) levels[level]!.push(edge);
    }
    const copies = (rest: Edge[]) => new Set(rest.map(({ tail, head }) => `${tail} ${head}`)).size;
    let first = 0;
    while (copies(levels.slice(first).flat()) > this.style.copies) first++;
    return new Set(levels.slice(0, first).flat());
  }

  private kind(edge: Edge): string {
    if (edge.carried) return "carried";
    return this.order.get(edge.tail)! < this.order.get(edge.head)! ? "value" : "up";
  }

  /** Return whether an arrow may start at the box itself: it is near, or leads back. */
  isShort(edge: Edge): boolean {
    const distance = this.ranks.get(edge.head)! - this.ranks.get(edge.tail)!;
    return this.kind(edge) !== "value" || distance <= this.style.longest;
  }

  /** Return the widths of the arrows that gradients flow back along: by the logarithm of the norm. */
  private flowOfGradients(): Map<Edge, number> {
    const { gradient } = this.data;
    const { boxes } = this.shown;
    const found = new Map<Edge, number>();
    const isKnown = (x: number) => x > 0 && x < Infinity;
    for (const edge of this.shown.edges) {
      const isDimmed = [edge.tail, edge.head].some((key) => this.isFaint(boxes.get(key)!));
      if (!gradient.has(edge.node) || isDimmed) continue;
      const [last, first] = [gradient.norm(edge.last), gradient.norm(edge.node)];
      found.set(edge, first > last ? first : last);
    }
    const logs = [...found.values()].filter(isKnown).map(Math.log10).sort((a, b) => a - b);
    const high = logs.at(-1) ?? 0;
    const low = Math.min(logs[0] ?? 0, high - 1);
    for (const [edge, norm] of found) {
      const share = (Math.log10(norm) - low) / (high - low);
      found.set(edge, isKnown(norm) ? 1 + (THICKEST - 1) * share : 1);
    }
    return found;
  }

  /** Return the arrow of an edge that starts at the box `tail`. */
  arrow(edge: Edge, tail: string): Arrow {
    const { boxes } = this.shown;
    const [origin, head] = [boxes.get(edge.tail)!, boxes.get(edge.head)!];
    const { copy, plain } = this.style;
    const shape = this.data.value.form(edge.node);
    const width = this.flow.get(edge) ?? 0;
    const flows = width ? gradientsText(this.data, nodesOf(this.data, edge, copy)) : "";
    const gradient = flows ? `∇ ${flows}` : "";
    const facts = [
      `${nameOf(this.data, origin, copy)} → ${nameOf(this.data, head, copy)}`,
      edge.argument ? `argument ${edge.argument}` : "",
      shape ? shapeText(shape) : "",
      edge.carried ? carried(edge.carried) : "",
      gradient,
    ];
    const label = joined([this.label(edge, head, origin), gradient]);
    return {
      tail,
      head: edge.head,
      edge,
      width,
      kind: !width ? this.kind(edge) : edge.carried ? "back" : "backward",
      label: plain ? "" : label,
      argument: plain ? "" : this.number(edge),
      faint: this.isFaint(head) || this.isFaint(origin),
      title: joined(facts, " · "),
    };
  }

  /** Return the label of an arrow: its shape, and how many equal edges it is. */
  private label(edge: Edge, head: Box, origin: Box): string {
    const { data, style } = this;
    const parts = [];
    const form = data.value.form(edge.node);
    const fromLeaf = origin.node > 0 && data.kind(edge.node) !== "result";
    if (edge.carried) parts.push(carried(edge.carried));
    else if (style.shapes && !fromLeaf && form) parts.push(shapeText(form));
    const times = head.node > 0 ? Math.floor(edge.count / head.nodes.length) : 1;
    if (times > 1) parts.push(`×${grouped(times)}`);
    return joined(parts);
  }

  /** Return the number of the argument that an arrow leads to, or of its items in a list. */
  private number(edge: Edge): string {
    const { data } = this;
    const into = this.into.get(edge.head)!;
    const node = this.shown.boxes.get(edge.head)!.nodes[0]!;
    if (!edge.argument || SYMMETRIC.includes(data.op(node))) return "";
    if (into.some((other) => other.argument !== into[0]!.argument)) return String(edge.argument);
    const others = into.filter((other) => !other.carried);
    if (others.length < 2 || edge.carried) return "";
    const args = argumentsOf(data, data.column("signature")[node - 1]!);
    const items = data.parentsOf(node).filter((_, n) => args[n] === others[0]!.argument);
    return ranges([...items.keys()].filter((n) => this.shown.keyOf(items[n]!) === edge.tail));
  }
}

/** Return the rank of each box: as low as makes its arrows shortest together; leaves above uses. */
function ranks(shown: Shown, order: Map<string, number>, leaves: Set<string>): Map<string, number> {
  const into = new Map<string, string[]>();
  const room = new Map<string, number[]>();
  const found = new Map<string, number>();
  const first = new Map<string, number>();
  for (const edge of shown.edges) {
    const isDown = !edge.carried && order.get(edge.tail)! < order.get(edge.head)!;
    if (isDown && !leaves.has(edge.tail)) push(into, edge.head, edge.tail);
  }
  const most = (a: number, b: number) => Math.max(a, b);
  const least = (a: number, b: number) => Math.min(a, b);
  for (const key of shown.boxes.keys()) {
    const above = (into.get(key) ?? []).map((tail) => found.get(tail)!);
    found.set(key, above.reduce(most, 0) + 1);
  }
  for (const key of [...shown.boxes.keys()].reverse()) {
    const tails = into.get(key) ?? [];
    const below = room.get(key) ?? [];
    if (below.length && tails.length <= below.length) found.set(key, below.reduce(least));
    for (const tail of tails) push(room, tail, found.get(key)! - 1);
  }
  for (const { tail, head } of shown.edges) {
    if (leaves.has(tail)) first.set(tail, least(found.get(head)!, first.get(tail) ?? Infinity));
  }
  for (const [key, rank] of first) found.set(key, rank - 1);
  return found;
}

/** Return numbers from 0 as numbers from 1, with those in a row as one range: `1-4, 7`. */
function ranges(numbers: number[]): string {
  const rows: [number, number][] = [];
  for (const number of numbers) {
    const row = rows.at(-1);
    if (row && number === row[1] + 1) row[1] = number;
    else rows.push([number, number]);
  }
  return rows.map(([from, to]) => (from === to ? from + 1 : `${from + 1}-${to + 1}`)).join(", ");
}
