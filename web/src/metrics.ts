/** Numbers of nodes and groups, by which the tree is sorted. */

import { general, grouped, memoryText, timeText } from "./numbers.ts";
import { type Index, indexOf, type Numbers, numbersOf, sum, UNNAMED } from "./columns.ts";
import type { Column, Data } from "./data.ts";
import { structure } from "./graph.ts";

/** A number of each node and group, by which the tree is sorted. */
export interface Metric {
  name: string;
  title: string; // a word or two
  help: string;
  of: (index: Index) => Numbers; // of each node by row
  fold: "sum" | "max" | "min";
  text: (n: number) => string;
}

const short = (n: number) => general(n, 3);

const column = (name: string) => (index: Index) => index.numbers(name);

const ALLOCATED = "bytes of new arrays, of values and gradients; a view has none";
const SAVED = "saved for backward: bytes that VJP rules need; an array counts at the oldest of them";

/** To add a metric, add an entry: its name, title, help, numbers, how they join, and their text. */
export const METRICS: readonly Metric[] = (
  [
    ["total", "total", "time of both passes, including nested groups", column("time"), "sum", timeText],
    ["self", "self", "time without nested functions and loops", column("time"), "sum", timeText],
    ["forward", "forward", "time of the forward pass", column("forward"), "sum", timeText],
    ["backward", "backward", "time of the VJP rules", column("backward"), "sum", timeText],
    ["bytes", "bytes", "bytes of the values", column("bytes"), "sum", memoryText],
    ["allocated", "allocated", ALLOCATED, column("allocated"), "sum", memoryText],
    ["saved", "saved", SAVED, column("saved"), "sum", memoryText],
    ["grad", "∇ max", "largest norm of a gradient", column("∇norm"), "max", short],
    ["gradmin", "∇ min", "smallest norm of a gradient", column("∇norm"), "min", short],
    ["nan", "NaN, Inf elements", "elements that are NaN or Inf, in both passes", wrong, "sum", grouped],
    ["changes", "changes", "nodes added, removed, changed, or with different numbers", marked, "sum", grouped],
  ] as const
).map(([name, title, help, of, fold, text]) => {
  const has = (n: number) => n > 0 || (n === 0 && fold !== "sum");
  return { name, title, help, of, fold, text: (n) => (has(n) ? text(n) : "") };
});

/** Two numbers as one; of NaN and another the other. */
export const JOINS = {
  sum,
  max: (a: number, b: number) => (a >= b || Number.isNaN(b) ? a : b),
  min: (a: number, b: number) => (a <= b || Number.isNaN(b) ? a : b),
};

/** The numbers of a metric: of each node by row, of each node that is drawn with all that it stands
 * for in folded groups, and of each group. */
export interface Measured {
  metric: Metric;
  nodes: Numbers;
  members: Numbers;
  groups: Numbers;
}

function measure(data: Data, metric: Metric): Measured {
  const nodes = metric.of(indexOf(data));
  const join = JOINS[metric.fold];
  let groups: Numbers | undefined; // made at their first use
  let members: Numbers | undefined;
  return {
    metric,
    nodes,
    get members() {
      return (members ??= ofMembers(data, nodes, join));
    },
    get groups() {
      return (groups ??= ofGroups(data, metric, nodes));
    },
  };
}

function ofGroups(data: Data, metric: Metric, nodes: Numbers): Numbers {
  const groups = new Float64Array(data.groups).fill(NaN);
  const parents = data.column("g_parent");
  const join = JOINS[metric.fold];
  indexOf(data).home.forEach((group, row) => {
    if (group >= 0) groups[group] = join(groups[group]!, nodes[row]!);
  });
  for (let group = data.groups - 1; group > 0; group -= 1) {
    if (metric.name === "self" && !UNNAMED.has(data.groupKind(group))) continue;
    groups[parents[group]!] = join(groups[parents[group]!]!, groups[group]!);
  }
  return groups;
}

function ofMembers(data: Data, nodes: Numbers, join: (a: number, b: number) => number): Numbers {
  const { model } = structure(data);
  const found = new Float64Array(nodes.length).fill(NaN);
  nodes.forEach((n, row) => {
    const own = model[row + 1]! - 1;
    if (own >= 0) found[own] = join(found[own]!, n);
  });
  return found;
}

function wrong({ data }: Index): Numbers {
  const columns = ["v_nans", "v_infs", "d_nans", "d_infs"].map((name) => data.column(name));
  const [a, b, c, d] = columns as [Column, Column, Column, Column];
  return numbersOf(data.nodes, (row) => a[row]! + b[row]! + c[row]! + d[row]!);
}

function marked({ data }: Index): Numbers {
  const marks = data.has("mark") ? data.column("mark") : [];
  return numbersOf(data.nodes, (row) => (marks[row] ? 1 : 0));
}

/** Return the numbers of a metric that the page has: times only of a timed run. */
export function available(data: Data): Measured[] {
  const found = METRICS.map((metric) => measure(data, metric));
  return found.filter(({ nodes }) => nodes.some((n) => n > 0));
}

/** Return members of a group in the order of a metric, unknown ones last; ids, or groups as -g.
 * With `all`, a node counts with those that it stands for in folded groups. */
export function sorted(members: Int32Array, by: Measured | undefined, all = true): Int32Array {
  const groups = members.filter((member) => member < 0);
  const nodes = members.filter((member) => member >= 0);
  const found = Int32Array.of(...groups, ...nodes);
  if (!by) return found;
  const sign = by.metric.fold === "min" ? 1 : -1;
  const keys = Float64Array.from(found, (member) => {
    const value = member < 0 ? by.groups[-member]! : (all ? by.members : by.nodes)[member - 1]!;
    return Number.isNaN(value) ? Infinity : sign * value;
  });
  const order = Uint32Array.from(found, (_, i) => i).sort((a, b) => {
    const [x, y] = [keys[a]!, keys[b]!];
    return x < y ? -1 : x > y ? 1 : a - b;
  });
  return Int32Array.from(order, (i) => found[i]!);
}
