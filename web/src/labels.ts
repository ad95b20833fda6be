/** Numbers, shapes and the lines of a box as text, as `viewer.labels` and `viewer.drawing.texts`. */

import { indexOf, sum } from "./columns.ts";
import type { Chosen } from "./copies.ts";
import type { Data, Form, Statistics } from "./data.ts";
import { isIn, structure } from "./graph.ts";
import { general, grouped, joined, LONGEST, memoryText, plural, shorten } from "./numbers.ts";
import { strip, timeText } from "./numbers.ts";
import type { Box, Shown } from "./shown.ts";
import { heading, shownCopy } from "./steps.ts";

const LONGEST_NAME = 24; // columns
const NAMED = 4; // operations that a closed group without a name of the program's names
const SHOWN_LEAVES = 2; // Params of a closed group that are shown one by one
const ALL: Chosen = new Map();
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

/** Return a gradient in a few characters: a scalar, or the norm of an array; "" for none. */
export function gradientText(data: Data, id: number): string {
  const { gradient } = data;
  const form = gradient.form(id);
  if (!form) return "";
  const isScalar = form[1]?.length === 0;
  const size = isScalar ? gradient.mean(id) : gradient.norm(id);
  if (Number.isNaN(size)) return (isScalar ? "" : counts(gradient, id).trim()) || (form[0] ?? "nan");
  return general(size, 3) + (isScalar ? "" : counts(gradient, id));
}

/** Return ` 2 NaN 1 Inf`. */
function counts(of: Statistics, id: number): string {
  const text = (n: number, kind: string) => (n ? ` ${grouped(n)} ${kind}` : "");
  return text(of.nans(id), "NaN") + text(of.infs(id), "Inf");
}

/** Return the heading of a group, with `×99`. */
function nameOf(data: Data, group: number, copy: Chosen): string {
  const times = data.times(group);
  return heading(data, group, copy) + (times ? `  ×${grouped(times)}` : "");
}

/** Return the heading of a group, with `×99`, and the copy of it that is chosen. */
export function title(data: Data, group: number, copy: Chosen = ALL): string {
  return joined([nameOf(data, group, copy), shownCopy(data, group, copy)], " · ");
}

/** Return the label of a node with all that it stands for in folded groups: `w * 1 …`. */
export function rowName(data: Data, node: number): string {
  const { alike, model } = structure(data);
  const same = alike.of(model[node] ?? 0);
  const [first, last] = [same[0] ?? node, same.at(-1) ?? node].map((id) => data.label(id));
  return first === last ? first! : `${first} …`;
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
  const isUsual = !copy.size && gradients && !without;
  const { lines } = structure(shown.data);
  const found = (isUsual && lines.get(box.group)) || groupLines(shown, box, own, content);
  if (isUsual) lines.set(box.group, found);
  return [...found];
}

function nodeLines(data: Data, ids: Int32Array, gradients: boolean, shapes: boolean): string[] {
  const [first, last] = [ids[0]!, ids.at(-1)!];
  const degree = (id: number) => data.parentsOf(id).length;
  const names = [data.label(first), data.label(last)] as const;
  let name = names[0] === names[1] ? names[0] : `${shorten(names[0], LONGEST - 2)} …`;
  if (degree(first) !== degree(last)) name = names[1]; // it starts from a constant
  const isArray = data.value.form(first)?.[1]?.length !== 0;
  const isInner = data.kind(first) === "result" && data.childrenOf(first).length > 0;
  const values = !shapes && isInner && isArray ? "" : valuesText(data, ids);
  return [name, ...facts(data, values, gradients ? ids : NONE)];
}

const NONE = new Int32Array();

const range = (texts: string[]) => [...new Set(texts)].join(" → ");
const ends = (ids: Int32Array) => [ids[0]!, ids.at(-1)!];
const valuesText = (data: Data, ids: Int32Array) =>
  range(ends(ids).map((id) => valueText(data, id)));

/** Return a line of a fact with the gradients of some nodes, and a strip of their norms. */
function facts(data: Data, text: string, ids: Int32Array): string[] {
  const { gradient } = data;
  if (!ids.some((id) => gradient.has(id))) return text ? [text] : [];
  const line = `${text ? `${text}  ` : ""}∇ ${gradientsText(data, ends(ids))}`;
  const norms = Array.from(ids, (id) => (gradient.has(id) ? gradient.norm(id) : null));
  return norms.length > 2 && new Set(norms).size > 1 ? [line, strip(norms)] : [line];
}

/** Return the gradients of the first and the last of some nodes; nothing if none has any. */
export function gradientsText(data: Data, ids: number[]): string {
  const texts = ids.map((id) => gradientText(data, id));
  return texts.some(Boolean) ? range(texts.map((text) => text || "none")) : "";
}

/** Return the lines of a closed group. */
function groupLines(shown: Shown, box: Box, ids: Int32Array, content: Content): string[] {
  const { data } = shown;
  const { group } = box;
  const { copy, gradients, without } = content;
  const own = ownIds(data, group); // of one copy
  const copies = Math.max(1, Math.floor(ids.length / own.length));
  const kind = data.groupKind(group);
  const isResult = (id: number) => data.kind(id) === "result";
  const results = own.filter(isResult);
  const instance = data.groupInstance(group);
  const lines = [nameOf(data, group, copy), instance, shownCopy(data, group, copy)];
  if (kind !== "line" && results.length) {
    const bytes = results.reduce((all, id) => all + (data.value.form(id)?.[3] ?? 0), 0);
    const time = totalTime(data, ids);
    const parts = [
      plural(results.length, "operation"),
      bytes && without !== "bytes" ? memoryText(bytes) : "",
      Number.isNaN(time) || without === "time" ? "" : timeText(time / copies),
    ];
    lines.push(joined(parts, "  ") + (copies > 1 ? " each" : ""));
  }
  if (OF_PASSES.includes(kind) && results.length) lines.push(operations(data, results));
  const all = () => data.copies.slice(data.copyStarts[group], data.copyStarts[group + 1]);
  const isRow = !results.length && data.times(group) > 0; // of leaves
  const row = isRow ? (!copy.has(group) ? all() : ids) : outputs(shown, box, own, copy);
  if (row.length) lines.push(...facts(data, valuesText(data, row), gradients ? row : NONE));
  const rest = isRow ? [] : leafLines(shown, own.filter((id) => !isResult(id)), copy, gradients);
  return [...lines.filter(Boolean), ...rest];
}

/** Return the newest node of a group that is used outside of it, in each of its copies. */
function outputs(shown: Shown, box: Box, own: Int32Array, copy: Chosen): Int32Array {
  const { data } = shown;
  const { model, alike } = structure(data);
  const isOwn = new Uint8Array(data.nodes + 1);
  for (const id of own) isOwn[id] = 1;
  const isUsed = (id: number, isInside: (use: number) => boolean) => {
    const uses = data.childrenOf(id);
    return !uses.length || uses.some((use) => !isInside(use));
  };
  for (const id of own.toSorted().reverse()) {
    if (model[id] !== id || data.kind(id) !== "result") continue;
    const same = alike.of(id);
    const isOutput =
      isUsed(id, (use) => isOwn[use] === 1) ||
      isUsed(same.at(-1)!, (use) => isIn(data, use, box.group));
    if (isOutput) return copy.size ? same.filter((one) => shown.isChosen(one, copy)) : same;
  }
  return NONE;
}

function leafLines(shown: Shown, leaves: Int32Array, copy: Chosen, gradients: boolean): string[] {
  const { data } = shown;
  const { model, alike } = structure(data);
  const rows = Array.from(leaves, (id) => alike.of(model[id]!))
    .map((row) => (copy.size ? row.filter((id) => shown.isChosen(id, copy)) : row))
    .filter((row) => row.length);
  if (rows.length <= SHOWN_LEAVES) {
    return rows.map((row) => {
      const gradient = gradients ? gradientsText(data, ends(row)) : "";
      const name = [...new Set(ends(row).map((id) => data.label(id)))].join(" … ");
      return gradient ? `${name}  ∇ ${gradient}` : name;
    });
  }
  const count = (kind: string, noun: string) => {
    const n = leaves.filter((id) => data.kind(id) === kind).length;
    return n ? plural(n, noun) : "";
  };
  const texts = [count("param", "Param"), count("input", "input")].filter(Boolean);
  const norms = rows.flatMap((row) => Array.from(row, (id) => data.gradient.norm(id)));
  const known = norms.filter((norm) => gradients && !Number.isNaN(norm)).sort((a, b) => a - b);
  const extent = known.length ? [known[0]!, known.at(-1)!].map((x) => general(x, 3)) : null;
  return [texts.join(" and ") + (extent ? `  ∇ ${extent.join(" to ")}` : "")];
}

/** Return the operations of some nodes, with how many there are of each, most first. */
export function operationsOf(data: Data, ids: Int32Array): [op: string, count: number][] {
  const found = new Map<string, number>();
  for (const id of ids) found.set(data.op(id), (found.get(data.op(id)) ?? 0) + 1);
  return [...found].sort((a, b) => b[1] - a[1]);
}

function operations(data: Data, ids: Int32Array): string {
  const found = operationsOf(data, ids);
  const names = found.slice(0, NAMED).map(([name]) => shorten(name, LONGEST_NAME));
  return names.join(", ") + (found.length > NAMED ? " …" : "");
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
