/** The boxes, frames and arrows of a view with their texts, as `viewer.drawing.compose`. */

import { type Arrow, Arrows, nameOf } from "./arrows.ts";
import type { Chosen } from "./copies.ts";
import type { Data, Looks } from "./data.ts";
import { hasFrame, isClosed, membersOf } from "./graph.ts";
import { Heat, type Measured } from "./heat.ts";
import { boxLines, title } from "./labels.ts";
import { joined, shorten } from "./numbers.ts";
import type { Box, Shown } from "./shown.ts";

export interface Style {
  copy: Chosen;
  heat: Measured | "";
  gradients: boolean; // in boxes
  backward: boolean; // gradients on arrows
  shapes: boolean; // of values, on arrows instead of boxes
  plain: boolean; // no labels on arrows, which slow down a layout
  longest: number; // ranks; a longer arrow starts at a copy of its box, beside its use
  copies: number; // at most; more are left out with their arrows
}

export interface Shape {
  name: string;
  kind: string;
  lines: string[];
  heat: number | null;
  mark: string;
  faint: boolean;
}
/** A frame; of groups that share it, it has the name of the innermost and `outer`, the outermost. */
export interface Cluster {
  name: string;
  kind: string;
  title: string;
  outer: number;
  shapes: Shape[];
  clusters: Cluster[];
}

const DEEPEST = 12; // frames in one another

function cluster(name: string, kind: string, title = "", outer = 0): Cluster {
  return { name, kind, title, outer, shapes: [], clusters: [] };
}

/** The picture of a view. */
export class Picture {
  readonly root = cluster("", "scope");
  readonly arrows: Arrow[] = [];
  readonly frames = new Map<string, Cluster>();
  readonly shapes = new Map<string, Shape>();
  readonly heat: Heat | null;
  readonly missing: number; // arrows that are left out
  readonly looks: Looks;
  private readonly data: Data;
  private readonly edges: Arrows;
  private readonly drawn: Set<string>;
  private readonly copied = new Set<string>();
  private readonly faint = new Map<string, boolean>();
  private readonly hasGradients: boolean;

  constructor(private readonly shown: Shown, private readonly style: Style) {
    const data = (this.data = shown.data);
    this.looks = data.header.looks;
    this.heat = style.heat ? new Heat(shown, style.heat, style.copy) : null;
    this.hasGradients = data.column("d_form").some((form) => form >= 0);
    this.edges = new Arrows(shown, style, (box) => this.isFaint(box));
    this.missing = this.edges.missing;
    this.drawn = this.edges.drawn();
    this.fill(0, this.root, 0, [], 0);
    this.arrows.sort((a, b) => this.edges.order.get(a.head)! - this.edges.order.get(b.head)!);
  }

  /** Return the arrow that has an id in the SVG. */
  arrow(id: string): Arrow | undefined {
    return /^e\d+$/.test(id) ? this.arrows[Number(id.slice(1))] : undefined;
  }

  /** Draw a group into a frame: open ones as frames, except those too deep for that. */
  private fill(g: number, outer: Cluster, depth: number, around: string[], whole: number): void {
    const { data, shown } = this;
    const members = this.members(g);
    const isOpen = (member: number) => member < 0 && !isClosed(data, shown.view, -member);
    let [frame, titles] = [outer, around];
    if (hasFrame(data, g)) {
      titles = [...around, joined([title(data, g, this.style.copy), data.groupInstance(g)])];
      if (members.length === 1 && isOpen(members[0]!) && !data.times(g)) {
        return this.fill(-members[0]!, outer, depth, titles, whole);
      }
      if (depth <= DEEPEST) frame = this.frame(outer, g, titles, whole);
      titles = [];
    }
    for (const member of members) if (member > 0) this.add(frame, `n${member}`);
    for (const member of members) {
      if (isOpen(member)) this.fill(-member, frame, depth + 1, titles, -member);
      else if (member < 0) this.add(frame, `g${-member}`);
    }
  }

  /** Return the members of a group, those of open groups without a frame in the place of them. */
  private members(group: number): number[] {
    const { data, shown } = this;
    return Array.from(membersOf(data, group)).flatMap((member) => {
      const isPart = member < 0 && !isClosed(data, shown.view, -member) && !hasFrame(data, -member);
      return isPart ? this.members(-member) : [member];
    });
  }

  private frame(outer: Cluster, group: number, titles: string[], whole: number): Cluster {
    const isFolded = this.data.times(group) > 0;
    const name = `g${group}`;
    const heading = shorten(titles.join(" › "));
    const inner = cluster(name, isFolded ? "folded" : "scope", heading, whole);
    this.frames.set(name, inner);
    const behind = { ...cluster(`${name}_behind`, "behind", "", whole), clusters: [inner] };
    outer.clusters.push(isFolded ? behind : inner);
    return inner;
  }

  /** Draw a box, first constants beside it, and the arrows into it. */
  private add(frame: Cluster, key: string): void {
    const box = this.shown.boxes.get(key);
    if (!box) return;
    if (this.drawn.has(key)) frame.shapes.push(this.shape(box, key));
    for (const edge of this.edges.into.get(key) ?? []) {
      let { tail } = edge;
      if (!this.edges.isShort(edge)) {
        tail += `_for_${key.replace(/^n/, "")}`;
        if (!this.copied.has(tail)) {
          this.copied.add(tail);
          frame.shapes.push(this.copy(this.shown.boxes.get(edge.tail)!, tail));
        }
      }
      this.arrows.push(this.edges.arrow(edge, tail));
    }
    if (box.node > 0) this.addFirst(frame, box);
  }

  private shape(box: Box, name: string): Shape {
    const { heat: by, copy, gradients, plain, shapes } = this.style;
    const lines = boxLines(this.shown, box, {
      copy,
      gradients: gradients || by.includes("gradient"),
      shapes: plain || !shapes,
      without: by === "time" || by === "bytes" ? by : "",
    });
    const heat = this.heat ? this.heat.level(box) : null;
    if (this.heat) lines.push(...this.heat.lines(box, lines));
    const [sign, mark] = this.mark(box);
    lines[0] = sign + lines[0];
    const texts = lines.map((line) => shorten(line));
    const faint = this.isFaint(box);
    const shape = { name, kind: this.kindOf(box), lines: texts, heat, mark, faint };
    this.shapes.set(name, shape);
    return shape;
  }

  /** Return the kind of a box in the looks: a row of leaves is one of them. */
  private kindOf(box: Box): string {
    const { data } = this;
    const { result } = data.header;
    const kind = data.kind(box.nodes[0]!);
    const hasResult = result > 0 && box.nodes.includes(result);
    if (box.group < 0) return hasResult ? "final" : kind;
    if (kind !== "result" && box.nodes.every((id) => data.kind(id) === kind)) return kind;
    return data.times(box.group) ? "stack" : hasResult ? "end" : "group";
  }

  /** Return the signs before the name of a box, and the mark that colours it. */
  private mark(box: Box): [sign: string, mark: string] {
    const { data } = this;
    const { marks } = this.looks;
    const found: Record<string, number> = {};
    for (const id of data.has("mark") ? box.nodes : []) {
      const mark = data.mark(id);
      if (mark) found[mark] = (found[mark] ?? 0) + 1;
    }
    const [[first, count] = ["", 0], ...others] = Object.entries(found);
    if (!count) return ["", ""];
    const mark = !others.length && count === box.nodes.length ? first : "changed";
    if (box.nodes.length === 1) return [`${marks[mark]![0]} `, mark];
    const known = Object.keys(marks).filter((kind) => found[kind]);
    return [known.map((kind) => `${marks[kind]![0]}${found[kind]} `).join(""), mark];
  }

  /** Return a copy of a Param or input, or a note that names the box, to start an arrow. */
  private copy(box: Box, name: string): Shape {
    const shape = this.shape(box, name);
    if (box.node > 0 && this.data.kind(box.node) !== "result") return shape;
    return note(name, "elsewhere", nameOf(this.data, box, this.style.copy), shape.faint);
  }

  /** Return whether no gradient reaches a box. */
  private isFaint(box: Box): boolean {
    let faint = this.faint.get(box.key);
    if (faint === undefined) {
      faint = this.hasGradients && !box.nodes.some((id) => this.data.gradient.has(id));
      this.faint.set(box.key, faint);
    }
    return faint;
  }

  /** Draw the constants from which the first copy of a folded operation starts. */
  private addFirst(frame: Cluster, box: Box): void {
    const [first, last] = [box.nodes[0]!, box.nodes.at(-1)!].map((id) => this.data.signature(id)[1]);
    first!.slice(0, last!.length).forEach(([[text, ...gaps], keyword], n) => {
      if (gaps.length || keyword || last![n]![0].length < 2) return;
      const [name, faint] = [`${box.key}_${n + 1}`, this.isFaint(box)];
      frame.shapes.push(note(name, "constant", `${shorten(text!)} at first`, faint));
      const ends = { tail: name, head: box.key, title: `a constant → ${nameOf(this.data, box, this.style.copy)}` };
      const plain = { label: "", argument: "", width: 0, edge: null };
      this.arrows.push({ ...ends, ...plain, kind: "constant", faint });
    });
  }
}

/** Return a text without a box. */
function note(name: string, kind: string, text: string, faint: boolean): Shape {
  return { name, kind, lines: [shorten(text)], heat: null, mark: "", faint };
}
