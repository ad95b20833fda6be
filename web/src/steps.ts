/** The numbers of steps: which iterations of the program's loop the copies of a group are. */

import type { Chosen } from "./copies.ts";
import type { Data } from "./data.ts";
import { membersOf, pathTo } from "./graph.ts";
import { grouped, joined } from "./numbers.ts";

const NAMED = 3; // steps in a title
const NOUNS: Record<string, string> = { step: "step", loop: "step", level: "level", recursion: "level" };

/** Return the first and the last step of a group in the chosen copies; in all where none is. */
function endsOf(data: Data, group: number, chosen: Chosen): [first: number, last: number][] {
  const { starts, first, last } = data.steps;
  if (starts[group] === starts[group + 1]) return [];
  let rows = [0];
  for (const g of [...pathTo(data, { group }), group]) {
    const times = data.times(g);
    const copy = chosen.get(g);
    if (!times) continue;
    const copies = copy === undefined ? Array.from({ length: times }, (_, n) => n) : [copy];
    rows = rows.flatMap((row) => copies.map((n) => row * times + n));
  }
  return rows.map((row) => [first[starts[group]! + row]!, last[starts[group]! + row]!]);
}

/** Return the word for the copies of a group: "step" or "level". */
function nounOf(data: Data, group: number): string {
  const inner = membersOf(data, group).find((member) => member < 0) ?? 0;
  return NOUNS[data.groupKind(group)] ?? NOUNS[data.groupKind(-inner)] ?? "step";
}

function text(first: number, last: number): string {
  const sign = first < 0 ? "≥" : "";
  return `${sign}${grouped(Math.abs(first))}${last === first ? "" : `-${grouped(Math.abs(last))}`}`;
}

function named(data: Data, group: number, ends: [number, number][]): string {
  if (!ends.length) return "";
  const inOrder = ends.toSorted(
    ([a, b], [c, d]) => Math.abs(a) - Math.abs(c) || Math.abs(b) - Math.abs(d),
  );
  const texts = [...new Set(inOrder.map(([first, last]) => text(first, last)))];
  const shown = texts.length > NAMED ? [...texts.slice(0, NAMED - 1), `… ${texts.at(-1)}`] : texts;
  const noun = nounOf(data, group) + (texts.length > 1 || texts[0]!.includes("-") ? "s" : "");
  return `${noun} ${shown.join(", ").replace(", …", ", …")}`;
}

/** Return `step 7`, or `steps 5-7` of a repeat of three; "" if the copies of a group are no steps. */
export function stepName(data: Data, group: number, chosen: Chosen): string {
  return named(data, group, endsOf(data, group, chosen));
}

/** Return the heading of a group in the chosen copies of the groups around it. */
export function heading(data: Data, group: number, chosen: Chosen): string {
  const isInner = pathTo(data, { group }).some((outer) => chosen.has(outer));
  const kind = data.groupKind(group);
  if (!isInner || kind === "loop" || kind === "recursion") return data.groupTitle(group);
  const without = new Map(chosen);
  without.delete(group);
  const times = data.times(group) || 1;
  const ends = endsOf(data, group, without);
  const rows = ends.flatMap(([first], n): [number, number][] =>
    n % times ? [] : [[first, ends[n + times - 1]![1]]],
  );
  return named(data, group, rows) || data.groupTitle(group);
}

/** Return what is shown of a folded group, such as `step 7 · 2 of 4`; "" if all copies are. */
export function shownCopy(data: Data, group: number, chosen: Chosen): string {
  const copy = chosen.get(group);
  if (copy === undefined || !data.times(group)) return "";
  const count = `${grouped(copy + 1)} of ${grouped(data.times(group))}`;
  return joined([stepName(data, group, chosen), count], " · ");
}
