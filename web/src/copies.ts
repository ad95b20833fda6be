/** The copies of folded groups: which ones a node is in, and figures of each. */

import { indexOf } from "./columns.ts";
import type { Data } from "./data.ts";
import { pathTo } from "./graph.ts";

export type Chosen = ReadonlyMap<number, number>; // the copy shown of a folded group, from 0

/** For each node a list of copies: a folded group, the number of a copy, and the list in it. */
export class Copies {
  /** The list of each node, outermost first; 0 for none. The others are by list. */
  readonly of: Int32Array;
  readonly group: number[] = [0];
  readonly number: number[] = [0];
  readonly inner: number[] = [0];

  constructor(data: Data) {
    this.of = new Int32Array(data.nodes + 1);
    for (let g = data.groups - 1; g > 0; g--) if (data.times(g)) this.add(data, g);
  }

  private add(data: Data, g: number): void {
    const lists = data.copy(g, 0).map((id) => this.of[id]!); // before those in g change
    const distinct = [...new Set(lists)];
    const place = new Map(distinct.map((list, n) => [list, n]));
    const places = lists.map((list) => place.get(list)!);
    for (let n = 0; n < data.times(g); n++) {
      const first = this.group.length;
      for (const inner of distinct) {
        this.group.push(g);
        this.number.push(n);
        this.inner.push(inner);
      }
      const copy = data.copy(g, n);
      for (let at = 0; at < copy.length; at++) this.of[copy[at]!] = first + places[at]!;
    }
  }
}

const known = new WeakMap<Data, Copies>();

export function copies(data: Data): Copies {
  let found = known.get(data);
  if (!found) known.set(data, (found = new Copies(data)));
  return found;
}

/** Return the folded groups around a node, outermost first, each with the copy it is in. */
export function copiesOf(data: Data, id: number): [group: number, copy: number][] {
  const { of, group, number, inner } = copies(data);
  const found: [number, number][] = [];
  for (let list = of[id] ?? 0; list; list = inner[list]!) {
    found.push([group[list]!, number[list]!]);
  }
  return found;
}

/** Return the node of the chosen copies that is at the place of a node of the first copies. */
export function inCopy(data: Data, chosen: Chosen, id: number): number {
  let at = id;
  for (const group of pathTo(data, { node: id }).reverse()) {
    const copy = Math.min(chosen.get(group) ?? 0, data.times(group) - 1);
    const position = copy > 0 ? data.copy(group, 0).indexOf(at) : -1;
    if (position >= 0) at = data.copy(group, copy)[position]!;
  }
  return at;
}

/** Return a figure of each copy of a group, in the chosen copies of the groups around it. */
function each<T>(data: Data, group: number, chosen: Chosen, node: number, figure: Figure<T>): T[] {
  const own = node ? placeIn(data, group, node) : -1;
  const around = pathTo(data, { group }).reverse().filter((outer) => data.times(outer));
  const places = around.map((outer) => new Map(Array.from(data.copy(outer, 0), (id, at) => [id, at])));
  return Array.from({ length: data.times(group) }, (_, n) => {
    let ids = data.copy(group, n);
    if (own >= 0) ids = ids.subarray(own, own + 1);
    around.forEach((outer, level) => {
      const at = ids.map((id) => places[level]!.get(id)!);
      const copy = chosen.get(outer);
      const all = Array.from({ length: data.times(outer) }, (_, n) => n);
      const rows = (copy === undefined ? all : [copy]).map((n) => data.copy(outer, n));
      ids = Int32Array.from(rows.flatMap((row) => Array.from(at, (place) => row[place]!)));
    });
    return figure(ids);
  });
}
type Figure<T> = (ids: Int32Array) => T;

/** Return the place of a node among those of a copy of a group, -1 if it is in none. */
function placeIn(data: Data, group: number, node: number): number {
  let id = node;
  for (const [outer, n] of copiesOf(data, node)) {
    const place = data.copy(outer, n).indexOf(id);
    if (outer === group) return place;
    id = data.copy(outer, 0)[place]!;
  }
  return -1;
}

/** Return the norm of a gradient in each copy: that of a node, or the greatest of the group. */
export function normsOf(
  data: Data,
  group: number,
  chosen: Chosen,
  node = 0,
): (number | null)[] {
  const { gradient } = data;
  return each(data, group, chosen, node, (ids) => {
    let found: number | null = null;
    for (const id of ids) if (gradient.has(id)) found = Math.max(found ?? 0, gradient.norm(id));
    return found;
  });
}

/** Return the nanoseconds of each copy, or nothing if none was timed. */
export function timesOf(data: Data, group: number, chosen: Chosen): number[] {
  const times = indexOf(data).numbers("time");
  const sum = (ids: Int32Array) => ids.reduce((ns, id) => ns + (times[id - 1]! || 0), 0);
  const found = each(data, group, chosen, 0, sum);
  return found.some(Boolean) ? found : [];
}
