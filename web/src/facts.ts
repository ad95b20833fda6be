/** Facts of nodes and groups as short texts, for the inspector and the tip of a box. */

import { size } from "./columns.ts";
import { contentsOf } from "./contents.ts";
import { copiesOf } from "./copies.ts";
import type { Form, Statistics } from "./data.ts";
import { title } from "./labels.ts";
import { general, grouped, memoryText, timeText } from "./numbers.ts";
import type { Page } from "./page.ts";

/** Return a number of an array in the digits that a page has; that of a scalar is its value. */
function digits(of: Statistics, id: number, x: number): string {
  return Number.isNaN(x) || !of.form(id)?.[1]?.length ? "" : general(x, 4);
}
const positive = (n: number) => (n > 0 ? grouped(n) : "");

function share(of: Statistics, id: number): string {
  const form = of.form(id);
  const zeros = of.zeros(id);
  return zeros > 0 && form ? `${grouped(zeros)} (${general((100 * zeros) / size(form), 3)}%)` : "";
}

function scalar(of: Statistics, id: number): string {
  const [mean, text] = [of.mean(id), of.form(id)?.[0]];
  return Number.isNaN(mean) && text ? text : general(mean, 6); // of inf there is a text alone
}

/** Return the text of a value without a shape, unless it is a container. */
function plainText(form: Form | null): string {
  return form && !form[1] && form[0] && !contentsOf(form[0]) ? form[0] : "";
}

function sizeOf(form: Form | null): string {
  const contents = form && !form[1] ? contentsOf(form[0] ?? "") : null;
  return contents ? (contents.isCut ? "more than " : "") + grouped(contents.items.length) : "";
}

/** Return what the containers among some values hold, by place or key: a row for each. */
export function contentRows(forms: (Form | null)[]): [name: string, texts: string[]][] {
  const items = forms.map((form) => new Map(form?.[1] ? [] : contentsOf(form?.[0] ?? "")?.items));
  const names = new Set(items.flatMap((own) => [...own.keys()]));
  return Array.from(names, (name) => [name, items.map((own) => own.get(name) ?? "")]);
}

function shapeOf(shape: readonly number[] | null | undefined): string {
  return shape ? shape.join("×") || "scalar" : "";
}

/** The facts of a value or a gradient; "" where unknown. To add one, add an entry. */
export const STATISTICS: [name: string, text: (of: Statistics, id: number) => string][] = [
  ["shape", (of, id) => shapeOf(of.form(id)?.[1])],
  ["dtype", (of, id) => of.form(id)?.[2] ?? ""],
  ["size", (of, id) => (of.form(id)?.[3] ? memoryText(of.form(id)![3]) : "")],
  ["elements", (of, id) => sizeOf(of.form(id))],
  ["value", (of, id) => (of.form(id)?.[1]?.length === 0 ? scalar(of, id) : plainText(of.form(id)))],
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
    const copies = new Map(copiesOf(data, node));
    const shown = [...copies.keys()].map((g) => title(data, g, copies));
    if (shown.length) lines.push(shown.join(" › "));
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
