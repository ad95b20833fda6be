/** Facts of nodes and groups as short texts, for the inspector and the tip of a box. */

import type { Statistics } from "./data.ts";
import { general, grouped, memoryText, timeText } from "./numbers.ts";
import type { Page } from "./page.ts";

/** Return a number of an array in the digits that a page has; that of a scalar is its value. */
function digits(of: Statistics, id: number, x: number): string {
  return Number.isNaN(x) || !of.form(id)?.[1]?.length ? "" : general(x, 4);
}
const positive = (n: number) => (n > 0 ? grouped(n) : "");

function share(of: Statistics, id: number): string {
  const size = of.form(id)?.[1]?.reduce((a, b) => a * b, 1) ?? 0;
  const zeros = of.zeros(id);
  return zeros > 0 && size ? `${grouped(zeros)} (${general((100 * zeros) / size, 3)}%)` : "";
}

function shapeOf(shape: readonly number[] | null | undefined): string {
  return shape ? shape.join("×") || "scalar" : "";
}

/** The facts of a value or a gradient; "" where unknown. To add one, add an entry. */
export const STATISTICS: [name: string, text: (of: Statistics, id: number) => string][] = [
  ["shape", (of, id) => shapeOf(of.form(id)?.[1])],
  ["dtype", (of, id) => of.form(id)?.[2] ?? ""],
  ["size", (of, id) => (of.form(id)?.[3] ? memoryText(of.form(id)![3]) : "")],
  ["value", (of, id) => (of.form(id)?.[1]?.length === 0 ? general(of.mean(id), 6) : "")],
  ["min", (of, id) => digits(of, id, of.min(id))],
  ["mean", (of, id) => digits(of, id, of.mean(id))],
  ["max", (of, id) => digits(of, id, of.max(id))],
  ["norm", (of, id) => digits(of, id, of.norm(id))],
  ["zeros", share],
  ["NaN", (of, id) => positive(of.nans(id))],
  ["Inf", (of, id) => positive(of.infs(id))],
];

type Figure = [name: string, text: string, help: string];

/** Return the figures of a group that the page has: a name, a text, and what it means. */
export function figuresOf({ measured }: Page, group: number): Figure[] {
  return measured.flatMap(({ metric, groups }): Figure[] => {
    const text = metric.text(groups[group]!);
    return text ? [[metric.title, text, metric.help]] : [];
  });
}

/** Return the lines of the tip of a box, below the text that is in it. */
export function tipOf(page: Page, target: { node: number } | { group: number }): string {
  const { data } = page;
  const lines: string[] = [];
  if ("group" in target) {
    lines.push(...figuresOf(page, target.group).map(([name, text]) => `${name}  ${text}`));
  } else {
    const { node } = target;
    for (const [name, of] of [["value", data.value], ["∇", data.gradient]] as const) {
      const known = STATISTICS.map(([fact, text]) => [fact, of.has(node) ? text(of, node) : ""]);
      const texts = known.filter(([, text]) => text).map(([fact, text]) => `${fact} ${text}`);
      if (texts.length) lines.push(`${name}: ${texts.join("  ")}`);
    }
    const backward = data.backward(node).reduce((sum, [, ns]) => sum + ns, 0);
    const spent = [["forward", data.forward(node)], ["backward", backward]] as const;
    const texts = spent.filter(([, ns]) => ns > 0).map(([name, ns]) => `${name} ${timeText(ns)}`);
    if (texts.length) lines.push(texts.join("  "));
  }
  const place = page.placeOf(target);
  return [...lines, ...(place ? [page.placeText(place)] : [])].join("\n");
}
