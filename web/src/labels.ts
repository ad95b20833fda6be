/** Numbers, shapes and the lines of a box as text, as `viewer.labels` and `viewer.drawing.texts`. */

import { indexOf, sum } from "./columns.ts";
import type { Chosen } from "./copies.ts";
import type { Data, Form, Statistics } from "./data.ts";
import { isIn, structure } from "./graph.ts";
import {
  general,
  grouped,
  LONGEST,
  memoryText,
  plural,
  shorten,
  strip,
  timeText,
} from "./numbers.ts";
import type { Box, Shown } from "./shown.ts";

const LONGEST_NAME = 24; // columns
const NAMED = 4; // operations that a closed group without a name of the program's names
const SHOWN_LEAVES = 2; // Params of a closed group that are shown one by one
const OF_PASSES = ["repeat", "stretch", "leaves", ""];

/** Return `64×32`, or `[64] float32` for another type than float64; nothing for a scalar. */
export function shapeText([text, shape, dtype]: Form): string {
  if (!shape) return text ? shorten(text, 20) : "";
  const sizes = shape.length === 1 ? `[${shape[0]}]` : shape.join("×");
  return !sizes || dtype === "float64" ? sizes : `${sizes} ${dtype}`;
}

/** Return the text of a value in a box: a scalar in six digits, an array as its shape. */
export function valueText(data: Data, id: number): string {
  const form = data.value.form(id);
  if (!form) return "freed";
  const mean = data.value.mean(id);
  const [text, shape] = form;
  if (shape?.length) return shapeText(form);
  return text === null || (shape && !Number.isNaN(mean)) ? general(mean, 6) : text;
}

/** Return the size of a gradient: that of a scalar, or the norm of an array; NaN if unknown. */
export function gradientSize(data: Data, id: number): number {
  const { gradient } = data;
  return gradient.form(id)?.[1]?.length === 0 ? gradient.mean(id) : gradient.norm(id);
}

/** Return a gradient in a few characters, "" if there is none. */
export function gradientText(data: Data, id: number): string {
  const form = data.gradient.form(id);
  if (!form) return "";
  const size = gradientSize(data, id);
  if (Number.isNaN(size)) return form[0] ?? "nan";
  return general(size, 3) + (form[1]?.length === 0 ? "" : counts(data.gradient, id));
}

/** Return ` 2 NaN 1 Inf`. */
export function counts(of: Statistics, id: number, separator = "", zeros = 0): string {
  const found: [number, string][] = [
    [zeros, "zeros"],
    [of.nans(id), "NaN"],
    [of.infs(id), "Inf"],
  ];
  return found
    .filter(([n]) => n)
    .map(([n, kind]) => `${separator} ${grouped(n)} ${kind}`)
    .join("");
}

/** Return the heading of a group, with `×99`. */
export function title(data: Data, group: number): string {
  const times = data.times(group);
  return data.groupTitle(group) + (times ? `  ×${grouped(times)}` : "");
}

/** What the lines of boxes are about: chosen copies of folded groups, gradients, shapes of results,
 * and without the memory or time of groups. */
export interface Content {
  copy: Chosen;
  gradients: boolean;
  shapes: boolean;
  without: "" | "bytes" | "time";
}

/** Return the lines of text in a box. */
export function boxLines(shown: Shown, box: Box, content: Content): string[] {
  const { copy, gradients, shapes, without } = content;
  const ids = shown.idsIn(box, copy);
  const own = ids.length ? ids : box.nodes;
  if (box.group < 0) return nodeLines(shown.data, own, gradients, shapes);
  const { lines } = structure(shown.data);
  const isUsual = !copy.size && gradients && !without;
  const known = isUsual ? lines.get(box.group) : undefined;
  const found = known ?? new GroupText(shown, box, own, content).lines();
  if (isUsual) lines.set(box.group, found);
  return [...found];
}

function nodeLines(data: Data, ids: Int32Array, gradients: boolean, shapes: boolean): string[] {
  const [first, last] = [ids[0]!, ids.at(-1)!];
  const degree = (id: number) => data.parentsOf(id).length;
  const names = [data.label(first), data.label(last)] as const;
  let name = names[0] === names[1] ? names[0] : `${shorten(names[0], LONGEST - 2)} …`;
  if (degree(first) !== degree(last)) name = names[1]; // it starts from a constant
  const isSilent =
    !shapes &&
    data.kind(first) === "result" &&
    data.childrenOf(first).length > 0 &&
    data.value.form(first)?.[1]?.length !== 0;
  const values = isSilent ? [] : [range([valueText(data, first), valueText(data, last)])];
  return [name, ...facts(data, values, gradients ? ids : NONE)];
}

const NONE = new Int32Array();

function range(texts: string[]): string {
  return [...new Set(texts)].join(" → ");
}

/** Return a line of facts with the gradients of some nodes, and a strip of their norms. */
function facts(data: Data, texts: string[], ids: Int32Array): string[] {
  const known = texts.filter(Boolean);
  const { gradient } = data;
  if (!ids.some((id) => gradient.has(id))) return known.length ? [known.join("  ")] : [];
  const line = [...known, `∇ ${gradientsText(data, [ids[0]!, ids.at(-1)!])}`].join("  ");
  const norms = Array.from(ids, (id) => (gradient.has(id) ? gradient.norm(id) : null));
  return norms.length > 2 && new Set(norms).size > 1 ? [line, strip(norms)] : [line];
}

/** Return the gradients of the first and the last of some nodes; nothing if none has any. */
export function gradientsText(data: Data, ids: number[]): string {
  const texts = ids.map((id) => gradientText(data, id));
  return texts.some(Boolean) ? range(texts.map((text) => text || "none")) : "";
}

/** The lines of a closed group. */
class GroupText {
  private readonly data: Data;
  private readonly copies: number;
  private readonly own: Int32Array; // the nodes of one copy

  constructor(
    private readonly shown: Shown,
    private readonly box: Box,
    private readonly ids: Int32Array,
    private readonly content: Content,
  ) {
    this.data = shown.data;
    this.own = ownIds(this.data, box.group);
    this.copies = Math.max(1, Math.floor(ids.length / this.own.length));
  }

  lines(): string[] {
    const {
      data,
      box: { group },
      ids,
      own,
      copies,
      content,
    } = this;
    const kind = data.groupKind(group);
    const kinds = data.column("kind");
    const result = data.header.kinds.indexOf("result");
    const results = own.filter((id) => kinds[id - 1] === result);
    const instance = data.groupInstance(group);
    const step = content.copy.get(group);
    const lines = [title(data, group), ...(instance ? [instance] : [])];
    if (step !== undefined) lines.push(`${grouped(step + 1)} of ${grouped(data.times(group))}`);
    if (kind !== "line" && results.length) {
      const bytes =
        content.without === "bytes"
          ? 0
          : results.reduce((sum, id) => sum + (data.value.form(id)?.[3] ?? 0), 0);
      const time = content.without === "time" ? NaN : totalTime(data, ids);
      const parts = [
        plural(results.length, "operation"),
        bytes ? memoryText(bytes) : "",
        Number.isNaN(time) ? "" : timeText(time / copies),
      ];
      lines.push(parts.filter(Boolean).join("  ") + (copies > 1 ? " each" : ""));
    }
    if (OF_PASSES.includes(kind) && results.length) lines.push(operations(data, results));
    const outputs = this.outputs(results);
    if (outputs.length) {
      const ends = [outputs[0]!, outputs.at(-1)!].map((id) => valueText(data, id));
      lines.push(...facts(data, [range(ends)], content.gradients ? outputs : NONE));
    }
    if (!results.length && data.times(group)) {
      const row =
        step === undefined
          ? data.copies.slice(data.copyStarts[group], data.copyStarts[group + 1])
          : ids;
      const ends = [row[0]!, row.at(-1)!].map((id) => valueText(data, id));
      return [...lines, ...facts(data, [range(ends)], content.gradients ? row : NONE)];
    }
    return [...lines, ...this.leafLines(own.filter((id) => kinds[id - 1] !== result))];
  }

  /** Return the newest node that is used outside of the group, in each of its copies. */
  private outputs(results: Int32Array): Int32Array {
    const { data } = this;
    const { model, alike } = structure(data);
    const { group } = this.box;
    const { children } = data;
    const isOwn = new Uint8Array(data.nodes + 1);
    for (const id of this.own) isOwn[id] = 1;
    const isUsed = (id: number, inside: (use: number) => boolean) => {
      const uses = children.of(id);
      return !uses.length || uses.some((use) => !inside(use));
    };
    for (const id of results.toSorted().reverse()) {
      if (model[id] !== id) continue;
      const same = alike.of(id);
      if (isUsed(id, (use) => isOwn[use] === 1) || isUsed(same.at(-1)!, (use) => isIn(data, use, group))) {
        const { copy } = this.content;
        return copy.size ? same.filter((id) => this.shown.isChosen(id, copy)) : same;
      }
    }
    return new Int32Array();
  }

  private leafLines(leaves: Int32Array): string[] {
    const {
      data,
      content: { copy, gradients },
      shown,
    } = this;
    const { model, alike } = structure(data);
    const rows = Array.from(leaves, (id) => alike.of(model[id]!))
      .map((row) => (copy.size ? row.filter((id) => shown.isChosen(id, copy)) : row))
      .filter((row) => row.length);
    if (rows.length <= SHOWN_LEAVES) {
      return rows.map((row) => {
        const ends = [row[0]!, row.at(-1)!];
        const gradient = gradients ? gradientsText(data, ends) : "";
        const name = [...new Set(ends.map((id) => data.label(id)))].join(" … ");
        return gradient ? `${name}  ∇ ${gradient}` : name;
      });
    }
    const texts = [
      ["param", "Param"],
      ["input", "input"],
    ].flatMap(([kind, noun]) => {
      const count = leaves.filter((id) => data.kind(id) === kind).length;
      return count ? [plural(count, noun!)] : [];
    });
    const ends = gradients ? extent(data, rows) : null;
    return [
      texts.join(" and ") + (ends ? `  ∇ ${general(ends[0], 3)} to ${general(ends[1], 3)}` : ""),
    ];
  }
}

function operations(data: Data, ids: Int32Array): string {
  const found = new Map<string, number>();
  for (const id of ids) found.set(data.op(id), (found.get(data.op(id)) ?? 0) + 1);
  const common = [...found].sort((a, b) => b[1] - a[1]).slice(0, NAMED);
  const names = common.map(([name]) => shorten(name, LONGEST_NAME)).join(", ");
  return names + (found.size > NAMED ? " …" : "");
}

/** Return the least and the greatest norm of the gradients of some rows of nodes, if known. */
function extent(data: Data, rows: Int32Array[]): [number, number] | null {
  let [least, most] = [Infinity, -Infinity];
  for (const row of rows) {
    for (const id of row) {
      const norm = data.gradient.norm(id);
      if (Number.isNaN(norm)) continue;
      least = Math.min(least, norm);
      most = Math.max(most, norm);
    }
  }
  return most < 0 ? null : [least, most];
}

/** Return the nodes of one copy of a group, with the copies of inner ones. */
export function ownIds(data: Data, group: number): Int32Array {
  if (data.times(group)) return data.copy(group, 0);
  const { members } = structure(data);
  const { copies, copyStarts } = data;
  const found: number[] = [];
  const todo = [-group];
  for (let member = todo.pop(); member !== undefined; member = todo.pop()) {
    const g = -member;
    if (member > 0) found.push(member);
    else if (!data.times(g)) todo.push(...members.of(g).toReversed());
    else for (let n = copyStarts[g]!; n < copyStarts[g + 1]!; n++) found.push(copies[n]!);
  }
  return Int32Array.from(found);
}

/** Return the nanoseconds of both passes of some nodes, NaN if none was timed. */
export function totalTime(data: Data, ids: Int32Array): number {
  const times = indexOf(data).numbers("time");
  return ids.reduce((ns, id) => sum(ns, times[id - 1]!), NaN);
}
