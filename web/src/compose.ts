/** The boxes, frames and arrows of a view with their texts, as `viewer.drawing.compose`. */

import { type Arrow, Arrows, nameOf } from "./arrows.ts";
import type { Chosen } from "./copies.ts";
import type { Data } from "./data.ts";
import { hasFrame, isClosed, membersOf } from "./graph.ts";
import { Heat, type Measured } from "./heat.ts";
import { boxLines, title } from "./labels.ts";
import { shorten } from "./numbers.ts";
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

/** The picture of a view. */
export class Picture {
  readonly root: Cluster = {
    name: "",
    kind: "scope",
    title: "",
    outer: 0,
    shapes: [],
    clusters: [],
  };
  readonly arrows: Arrow[] = [];
  readonly frames = new Map<string, Cluster>();
  readonly shapes = new Map<string, Shape>();
  readonly heat: Heat | null;
  readonly missing: number; // arrows that are left out
  private readonly data: Data;
  private readonly edges: Arrows;
  private readonly drawn: Set<string>;
  private readonly copied = new Set<string>();
  private readonly faint = new Map<string, boolean>();
  private readonly hasGradients: boolean;

  constructor(
    private readonly shown: Shown,
    private readonly style: Style,
  ) {
    const data = (this.data = shown.data);
    this.heat = style.heat ? new Heat(shown, style.heat, style.copy) : null;
    this.hasGradients = data.column("d_form").some((form) => form >= 0);
    this.edges = new Arrows(shown, style, (box) => this.isFaint(box));
    this.missing = this.edges.missing;
    this.drawn = this.edges.drawn();
    this.fill(0, this.root, 0, [], 0);
    this.arrows.sort((a, b) => this.edges.order.get(a.head)! - this.edges.order.get(b.head)!);
  }

  /** Draw a group into a cluster: open ones as frames, except those too deep for that. */
  private fill(
    group: number,
    outer: Cluster,
    depth: number,
    around: string[],
    whole: number,
  ): void {
    const { data, shown } = this;
    const members = this.members(group);
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
    const { data, shown } = this;
    return Array.from(membersOf(data, group)).flatMap((member) => {
      const isPart = member < 0 && !isClosed(data, shown.view, -member) && !hasFrame(data, -member);
      return isPart ? this.members(-member) : [member];
    });
  }

  private frame(outer: Cluster, group: number, titles: string[], whole: number): Cluster {
    const isFolded = this.data.times(group) > 0;
    const inner = {
      name: `g${group}`,
      kind: isFolded ? "folded" : "scope",
      outer: whole,
      title: shorten(titles.join(" › ")),
      shapes: [],
      clusters: [],
    };
    this.frames.set(inner.name, inner);
    outer.clusters.push(
      !isFolded
        ? inner
        : {
            ...inner,
            name: `${inner.name}_behind`,
            kind: "behind",
            title: "",
            shapes: [],
            clusters: [inner],
          },
    );
    return inner;
  }

  /** Draw a box, first constants beside it, and the arrows into it. */
  private add(cluster: Cluster, key: string): void {
    const box = this.shown.boxes.get(key);
    if (!box) return;
    if (this.drawn.has(key)) cluster.shapes.push(this.shape(box, key));
    for (const edge of this.edges.into.get(key) ?? []) {
      let { tail } = edge;
      if (!this.edges.isShort(edge)) {
        tail += `_for_${key.replace(/^n/, "")}`;
        if (!this.copied.has(tail)) {
          this.copied.add(tail);
          cluster.shapes.push(this.copy(this.shown.boxes.get(edge.tail)!, tail));
        }
      }
      this.arrows.push(this.edges.arrow(edge, tail));
    }
    if (box.node > 0) this.addFirst(cluster, box);
  }

  private shape(box: Box, name: string): Shape {
    const { heat: by, copy, gradients, plain, shapes } = this.style;
    const lines = boxLines(this.shown, box, {
      copy,
      gradients: gradients || !!by.match("gradient"),
      shapes: plain || !shapes,
      without: by === "time" || by === "bytes" ? by : "",
    });
    const heat = this.heat ? this.heat.level(box) : null;
    if (this.heat) lines.push(...this.heat.lines(box, lines));
    const [sign, mark] = this.mark(box);
    const shape = {
      name,
      kind: this.kindOf(box),
      lines: [sign + lines[0], ...lines.slice(1)].map((line) => shorten(line)),
      heat,
      mark,
      faint: this.isFaint(box),
    };
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
    const { marks } = data.header.looks;
    const found: Record<string, number> = {};
    if (!data.has("mark")) return ["", ""];
    const column = data.column("mark");
    for (const id of box.nodes)
      if (column[id - 1]) found[data.mark(id)] = (found[data.mark(id)] ?? 0) + 1;
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
    return {
      name,
      kind: "elsewhere",
      lines: [shorten(nameOf(this.data, box))],
      heat: null,
      mark: "",
      faint: shape.faint,
    };
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
  private addFirst(cluster: Cluster, box: Box): void {
    const { data } = this;
    const first = data.signature(box.nodes[0]!)[1];
    const last = data.signature(box.nodes.at(-1)!)[1];
    first.slice(0, last.length).forEach(([[text, ...gaps], keyword], n) => {
      if (gaps.length || keyword || last[n]![0].length < 2) return;
      const name = `${box.key}_${n + 1}`;
      const faint = this.isFaint(box);
      cluster.shapes.push({
        name,
        kind: "constant",
        lines: [`${shorten(text!)} at first`],
        heat: null,
        mark: "",
        faint,
      });
      this.arrows.push({
        tail: name,
        head: box.key,
        kind: "constant",
        label: "",
        argument: "",
        width: 0,
        faint,
        title: `a constant → ${nameOf(this.data, box)}`,
        edge: null,
      });
    });
  }
}
