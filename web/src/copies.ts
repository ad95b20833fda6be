/** The copies of folded groups: which ones a node is in, and figures of each. */

import { indexOf } from "./columns.ts";
import type { Data } from "./data.ts";
import { modelOf, pathTo } from "./graph.ts";

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

function each<T>(data: Data, group: number, figure: (ids: Int32Array) => T): T[] {
  return Array.from({ length: data.times(group) }, (_, n) => figure(data.copy(group, n)));
}

/** Return the norm of a gradient in each copy: that of a node, or the greatest of the group. */
export function normsOf(data: Data, group: number, node = 0): (number | null)[] {
  const { gradient } = data;
  const place = data.copy(group, 0).indexOf(modelOf(data, node) || node);
  return each(data, group, (ids) => {
    const own = place >= 0 ? ids.subarray(place, place + 1) : ids;
    let found: number | null = null;
    for (const id of own) if (gradient.has(id)) found = Math.max(found ?? 0, gradient.norm(id));
    return found;
  });
}

/** Return the nanoseconds of each copy, or nothing if none was timed. */
export function timesOf(data: Data, group: number): number[] {
  const times = indexOf(data).numbers("time");
  const found = each(data, group, (ids) => ids.reduce((ns, id) => ns + (times[id - 1]! || 0), 0));
  return found.some(Boolean) ? found : [];
}
