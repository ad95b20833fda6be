/** The boxes, frames and arrows of a view with their texts, as `viewer.drawing.compose`. */

import type {Data} from "./data.ts";
import {hasFrame, isClosed, membersOf} from "./graph.ts";
import {argumentsOf, type Box, type Edge, type Shown} from "./shown.ts";
import {Heat, type Measured} from "./heat.ts";
import {boxLines, gradientsText, shapeText, title} from "./labels.ts";
import {grouped, shorten} from "./numbers.ts";

export interface Style {
  copy: ReadonlyMap<number, number>;
  heat: Measured | "";
  direction: "down" | "right";
  gradients: boolean;  // in boxes
  backward: boolean;  // gradients on arrows
  shapes: boolean;  // of values, on arrows instead of boxes
  plain: boolean;  // no labels on arrows, which slow down a layout
  longest: number;  // ranks; a longer arrow starts at a copy of its box, beside its use
}

export interface Shape {name: string; kind: string; lines: string[]; heat: number | null;
  mark: string; faint: boolean}
export interface Arrow {tail: string; head: string; kind: string; label: string; argument: string;
  width: number; faint: boolean; title: string; edge: Edge | null}
/** A frame; of groups that share it, it has the name of the innermost and `outer`, the outermost. */
export interface Cluster {name: string; kind: string; title: string; outer: number;
  shapes: Shape[]; clusters: Cluster[]}

export const LONGEST_EDGE = 12;
const DEEPEST = 12;  // frames in one another
const THICKEST = 4;  // points of the arrow with the greatest gradient
const SYMMETRIC = ["add", "multiply"];  // whose arguments need no number

/** Return where a value goes that another copy of a folded group uses. */
function carried(copies: number): string {
  return copies === 1 ? "to the next step" : copies === -1 ? "back to the level above"
    : `${copies} steps on`;
}

/** Return the rank of each box: as low as makes its arrows shortest together; leaves above uses. */
function ranks(shown: Shown, order: Map<string, number>, leaves: Set<string>): Map<string, number> {
  const into = new Map<string, string[]>(), room = new Map<string, number[]>();
  const found = new Map<string, number>(), first = new Map<string, number>();
  for (const edge of shown.edges) {
    const isDown = !edge.carried && order.get(edge.tail)! < order.get(edge.head)!;
    if (isDown && !leaves.has(edge.tail)) push(into, edge.head, edge.tail);
  }
  for (const key of shown.boxes.keys()) {
    found.set(key, (into.get(key) ?? []).reduce((most, tail) => Math.max(most, found.get(tail)!), 0) + 1);
  }
  for (const key of [...shown.boxes.keys()].reverse()) {
    const tails = into.get(key) ?? [], below = room.get(key) ?? [];
    if (below.length && tails.length <= below.length) {
      found.set(key, below.reduce((a, b) => Math.min(a, b)));
    }
    for (const tail of tails) push(room, tail, found.get(key)! - 1);
  }
  for (const {tail, head} of shown.edges) {
    if (leaves.has(tail)) {
      first.set(tail, Math.min(found.get(head)!, first.get(tail) ?? Infinity));
    }
  }
  for (const [key, rank] of first) found.set(key, rank - 1);
  return found;
}

function push<K, V>(lists: Map<K, V[]>, key: K, item: V): void {
  const list = lists.get(key);
  if (list) list.push(item);
  else lists.set(key, [item]);
}

/** The picture of a view. */
export class Picture {
  readonly root: Cluster = {name: "", kind: "scope", title: "", outer: 0,
    shapes: [], clusters: []};
  readonly arrows: Arrow[] = [];
  readonly frames = new Map<string, Cluster>();
  readonly shapes = new Map<string, Shape>();
  readonly heat: Heat | null;
  private readonly data: Data;
  private readonly order: Map<string, number>;
  private readonly ranks: Map<string, number>;
  private readonly into = new Map<string, Edge[]>();
  private readonly drawn: Set<string>;
  private readonly copied = new Set<string>();
  private readonly faint = new Map<string, boolean>();
  private readonly hasGradients: boolean;
  private readonly flow: Map<Edge, number>;

  constructor(private readonly shown: Shown, private readonly style: Style) {
    const {boxes, edges, data} = shown;
    this.data = data;
    this.heat = style.heat ? new Heat(shown, style.heat, style.copy) : null;
    this.order = new Map(Array.from(boxes.keys(), (key, n) => [key, n]));
    const leaves = new Set<string>();
    for (const {key, node} of boxes.values()) {
      if (node > 0 && data.kind(node) !== "result") leaves.add(key);
    }
    this.ranks = ranks(shown, this.order, leaves);
    for (const edge of edges) push(this.into, edge.head, edge);
    const near = new Set(edges.filter(edge => this.isShort(edge)).map(edge => edge.tail));
    this.drawn = new Set(boxes.keys());
    for (const {tail} of edges) if (leaves.has(tail) && !near.has(tail)) this.drawn.delete(tail);
    this.hasGradients = data.column("d_form").some(form => form >= 0);
    this.flow = style.backward ? this.flowOfGradients() : new Map();
    this.fill(0, this.root, 0, [], 0);
    this.arrows.sort((a, b) => this.order.get(a.head)! - this.order.get(b.head)!);
  }

  /** Draw a group into a cluster: open ones as frames, except those too deep for that. */
  private fill(group: number, outer: Cluster, depth: number, around: string[], whole: number): void {
    const {data, shown} = this, members = this.members(group);
    const isOpen = (member: number) => member < 0 && !isClosed(data, shown.view, -member);
    let [cluster, titles] = [outer, around];
    if (hasFrame(data, group)) {
      const instance = data.groupInstance(group);
      titles = [...around, title(data, group) + (instance ? ` ${instance}` : "")];
      if (members.length === 1 && isOpen(members[0]!) && !data.times(group)) {
        return this.fill(-members[0]!, outer, depth, titles, whole);
      }
      if (depth <= DEEPEST) cluster = this.frame(outer, group, titles, whole);
      titles = [];
    }
    for (const member of members) if (member > 0) this.add(cluster, `n${member}`);
    for (const member of members) {
      if (isOpen(member)) this.fill(-member, cluster, depth + 1, titles, -member);
      else if (member < 0) this.add(cluster, `g${-member}`);
    }
  }

  /** Return the members of a group, those of open groups without a frame in the place of them. */
  private members(group: number): number[] {
    const {data, shown} = this;
    return Array.from(membersOf(data, group)).flatMap(member => {
      const isPart = member < 0 && !isClosed(data, shown.view, -member) && !hasFrame(data, -member);
      return isPart ? this.members(-member) : [member];
    });
  }

  private frame(outer: Cluster, group: number, titles: string[], whole: number): Cluster {
    const isFolded = this.data.times(group) > 0;
    const inner = {name: `g${group}`, kind: isFolded ? "folded" : "scope", outer: whole,
      title: shorten(titles.join(" › ")), shapes: [], clusters: []};
    this.frames.set(inner.name, inner);
    outer.clusters.push(!isFolded ? inner : {...inner, name: `${inner.name}_behind`,
      kind: "behind", title: "", shapes: [], clusters: [inner]});
    return inner;
  }

  /** Draw a box, first constants beside it, and the arrows into it. */
  private add(cluster: Cluster, key: string): void {
    const box = this.shown.boxes.get(key);
    if (!box) return;
    if (this.drawn.has(key)) cluster.shapes.push(this.shape(box, key));
    for (const edge of this.into.get(key) ?? []) {
      let {tail} = edge;
      if (!this.isShort(edge)) {
        tail += `_for_${key.replace(/^n/, "")}`;
        if (!this.copied.has(tail)) {
          this.copied.add(tail);
          cluster.shapes.push(this.copy(this.shown.boxes.get(edge.tail)!, tail));
        }
      }
      this.arrows.push(this.arrow(edge, tail));
    }
    if (box.node > 0) this.addFirst(cluster, box);
  }

  private shape(box: Box, name: string): Shape {
    const {heat: by, copy, gradients, plain, shapes} = this.style;
    const lines = boxLines(this.shown, box, {copy, gradients: gradients || !!by.match("gradient"),
      shapes: plain || !shapes, without: by === "time" || by === "bytes" ? by : ""});
    const heat = this.heat ? this.heat.level(box) : null;
    if (this.heat) lines.push(...this.heat.lines(box, lines));
    const [sign, mark] = this.mark(box);
    const shape = {name, kind: this.kindOf(box), lines: [sign + lines[0], ...lines.slice(1)]
      .map(line => shorten(line)), heat, mark, faint: this.isFaint(box)};
    this.shapes.set(name, shape);
    return shape;
  }

  /** Return the kind of a box in the looks: a row of leaves is one of them. */
  private kindOf(box: Box): string {
    const {data} = this, {result} = data.header, kind = data.kind(box.nodes[0]!);
    const hasResult = result > 0 && box.nodes.includes(result);
    if (box.group < 0) return hasResult ? "final" : kind;
    if (kind !== "result" && box.nodes.every(id => data.kind(id) === kind)) return kind;
    return data.times(box.group) ? "stack" : hasResult ? "end" : "group";
  }

  /** Return the signs before the name of a box, and the mark that colours it. */
  private mark(box: Box): [sign: string, mark: string] {
    const {data} = this, {marks} = data.header.looks, found: Record<string, number> = {};
    if (!data.has("mark")) return ["", ""];
    const column = data.column("mark");
    for (const id of box.nodes) if (column[id - 1]) found[data.mark(id)] = (found[data.mark(id)] ?? 0) + 1;
    const [[first, count] = ["", 0], ...others] = Object.entries(found);
    if (!count) return ["", ""];
    const mark = !others.length && count === box.nodes.length ? first : "changed";
    if (box.nodes.length === 1) return [`${marks[mark]![0]} `, mark];
    const known = Object.keys(marks).filter(kind => found[kind]);
    return [known.map(kind => `${marks[kind]![0]}${found[kind]} `).join(""), mark];
  }

  /** Return a copy of a Param or input, or a note that names the box, to start an arrow. */
  private copy(box: Box, name: string): Shape {
    const shape = this.shape(box, name);
    if (box.node > 0 && this.data.kind(box.node) !== "result") return shape;
    return {name, kind: "elsewhere", lines: [shorten(this.name(box))], heat: null, mark: "",
      faint: shape.faint};
  }

  /** Return the name of a box in a text elsewhere. */
  private name(box: Box): string {
    if (box.group >= 0) return title(this.data, box.group);
    const first = box.nodes[0]!;
    return `${shorten(this.data.op(first) || this.data.label(first))} (node ${box.node})`;
  }

  private kind(edge: Edge): string {
    if (edge.carried) return "carried";
    return this.order.get(edge.tail)! < this.order.get(edge.head)! ? "value" : "up";
  }

  /** Return whether an arrow may start at the box itself: it is near, or leads back. */
  private isShort(edge: Edge): boolean {
    const distance = this.ranks.get(edge.head)! - this.ranks.get(edge.tail)!;
    return this.kind(edge) !== "value" || distance <= this.style.longest;
  }

  /** Return whether no gradient reaches a box. */
  private isFaint(box: Box): boolean {
    let faint = this.faint.get(box.key);
    if (faint === undefined) {
      faint = this.hasGradients && !box.nodes.some(id => this.data.gradient.has(id));
      this.faint.set(box.key, faint);
    }
    return faint;
  }

  /** Return the widths of the arrows that gradients flow back along: by the logarithm of the norm. */
  private flowOfGradients(): Map<Edge, number> {
    const {gradient} = this.data, {boxes} = this.shown, found = new Map<Edge, number>();
    const isKnown = (x: number) => x > 0 && x < Infinity;
    for (const edge of this.shown.edges) {
      const isDimmed = [edge.tail, edge.head].some(key => this.isFaint(boxes.get(key)!));
      if (!gradient.has(edge.node) || isDimmed) continue;
      const [last, first] = [gradient.norm(edge.last), gradient.norm(edge.node)];
      found.set(edge, first > last ? first : last);
    }
    const logs = [...found.values()].filter(isKnown).map(Math.log10);
    const high = logs.length ? logs.reduce((a, b) => Math.max(a, b)) : 0;
    const low = Math.min(logs.length ? logs.reduce((a, b) => Math.min(a, b)) : 0, high - 1);
    for (const [edge, norm] of found) {
      const share = (Math.log10(norm) - low) / (high - low);
      found.set(edge, isKnown(norm) ? 1 + (THICKEST - 1) * share : 1);
    }
    return found;
  }

  private arrow(edge: Edge, tail: string): Arrow {
    const {boxes} = this.shown, head = boxes.get(edge.head)!, origin = boxes.get(edge.tail)!;
    const {plain} = this.style, shape = this.data.value.form(edge.node), width = this.flow.get(edge);
    const flows = width ? gradientsText(this.data, [edge.node, edge.last]) : "";
    const gradient = flows ? `∇ ${flows}` : "";
    const facts = [edge.argument ? `argument ${edge.argument}` : "", shape ? shapeText(shape) : "",
      edge.carried ? carried(edge.carried) : "", gradient];
    const label = [this.label(edge, head, origin), gradient].filter(Boolean).join(" ");
    return {tail, head: edge.head, edge, width: width ?? 0,
      kind: !width ? this.kind(edge) : edge.carried ? "back" : "backward",
      label: plain ? "" : label, argument: plain ? "" : this.number(edge),
      faint: this.isFaint(head) || this.isFaint(origin),
      title: [`${this.name(origin)} → ${this.name(head)}`, ...facts.filter(Boolean)].join(" · ")};
  }

  /** Return the label of an arrow: its shape, and how many equal edges it is. */
  private label(edge: Edge, head: Box, origin: Box): string {
    const {data, style} = this, parts = [], form = data.value.form(edge.node);
    const fromLeaf = origin.node > 0 && data.kind(edge.node) !== "result";
    if (edge.carried) parts.push(carried(edge.carried));
    else if (style.shapes && !fromLeaf && form) parts.push(shapeText(form));
    const times = head.node > 0 ? Math.floor(edge.count / head.nodes.length) : 1;
    if (times > 1) parts.push(`×${grouped(times)}`);
    return parts.filter(Boolean).join(" ");
  }

  /** Return the number of the argument that an arrow leads to, or of its items in a list. */
  private number(edge: Edge): string {
    const {data} = this, into = this.into.get(edge.head)!, node = this.shown.boxes.get(edge.head)!.nodes[0]!;
    if (!edge.argument || SYMMETRIC.includes(data.op(node))) return "";
    if (into.some(other => other.argument !== into[0]!.argument)) return String(edge.argument);
    const others = into.filter(other => !other.carried);
    if (others.length < 2 || edge.carried) return "";
    const args = argumentsOf(data, data.column("signature")[node - 1]!);
    const items = data.parentsOf(node).filter((_, n) => args[n] === others[0]!.argument);
    const numbers: number[] = [];
    items.forEach((id, n) => { if (this.shown.keyOf(id) === edge.tail) numbers.push(n + 1); });
    return ranges(numbers);
  }

  /** Draw the constants from which the first copy of a folded operation starts. */
  private addFirst(cluster: Cluster, box: Box): void {
    const {data} = this, first = data.signature(box.nodes[0]!)[1];
    const last = data.signature(box.nodes.at(-1)!)[1];
    first.slice(0, last.length).forEach(([[text, ...gaps], keyword], n) => {
      if (gaps.length || keyword || last[n]![0].length < 2) return;
      const name = `${box.key}_${n + 1}`, faint = this.isFaint(box);
      cluster.shapes.push({name, kind: "constant", lines: [`${shorten(text!)} at first`], heat: null,
        mark: "", faint});
      this.arrows.push({tail: name, head: box.key, kind: "constant", label: "", argument: "", width: 0, faint,
        title: `a constant → ${this.name(box)}`, edge: null});
    });
  }
}

/** Return numbers in order, with those in a row as one range: `1-4, 7`. */
function ranges(numbers: number[]): string {
  const rows: [number, number][] = [];
  for (const number of numbers) {
    const row = rows.at(-1);
    if (row && number === row[1] + 1) row[1] = number;
    else rows.push([number, number]);
  }
  return rows.map(([from, to]) => from === to ? from : `${from}-${to}`).join(", ");
}
