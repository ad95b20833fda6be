/** Heat: a number for each box, and the colours and the legend that show it. */

import type { Data } from "./data.ts";
import type { Box, Shown } from "./shown.ts";
import { indexOf, sum } from "./columns.ts";
import type { Chosen } from "./copies.ts";
import { ownIds, totalTime } from "./labels.ts";
import { JOINS } from "./metrics.ts";
import { general, memoryText, timeText } from "./numbers.ts";

export type Measured = "time" | "bytes" | "gradient" | "least-gradient";

type Measure = [
  title: string,
  figure: (data: Data, ids: Int32Array) => number, // NaN: unknown
  text: (figure: number) => string,
  isGradient: boolean,
];

const bytes = (data: Data, ids: Int32Array) =>
  ids.reduce((all, id) => sum(all, data.value.form(id)?.[3] ?? NaN), NaN);
const norms = (join: (a: number, b: number) => number) => (data: Data, ids: Int32Array) =>
  ids.reduce((found, id) => join(found, data.gradient.norm(id)), NaN);
const short = (x: number) => general(x, 3);

/** To add a measure, add an entry. */
const MEASURES: Record<Measured, Measure> = {
  time: ["time, forward and backward", totalTime, timeText, false],
  bytes: ["bytes of the values", bytes, (n) => (n ? memoryText(n) : "0B"), false],
  gradient: ["greatest norm of the gradients", norms(JOINS.max), short, true],
  "least-gradient": ["least norm of the gradients", norms(JOINS.min), short, true],
};

/** Return the measures that some node has a figure for. */
export function measures(data: Data): Measured[] {
  const has = (column: string) => data.column(column).some((form) => form >= 0);
  const gradients: Measured[] = has("d_form") ? ["gradient", "least-gradient"] : [];
  return [
    ...(indexOf(data).numbers("time").some((ns) => ns >= 0) ? ["time" as const] : []),
    ...(has("v_form") ? ["bytes" as const] : []),
    ...gradients,
  ];
}

/** The figures of the boxes of a view, by key, and the bounds of the levels of colour. */
export class Heat {
  readonly bounds: number[];
  private readonly figures = new Map<string, number>();
  private readonly measure: Measure;

  constructor(private readonly shown: Shown, by: Measured, copy: Chosen) {
    const { data } = shown;
    this.measure = MEASURES[by];
    const [, measured, , isGradient] = this.measure;
    for (const box of shown.boxes.values()) {
      const figure = measured(data, shown.idsIn(box, copy));
      if (!Number.isNaN(figure)) this.figures.set(box.key, figure);
    }
    const levels = data.header.looks.heat.length;
    this.bounds = bounds([...this.figures.values()], isGradient, levels);
  }

  /** Return the level of a box from 0, null if its figure is unknown. */
  level(box: Box): number | null {
    const figure = this.figures.get(box.key);
    if (figure === undefined) return null;
    return this.bounds.slice(1, -1).filter((bound) => figure >= bound).length;
  }

  /** Return the line of a figure in a box; none if one of the others has that gradient. */
  lines(box: Box, others: string[]): string[] {
    const figure = this.figures.get(box.key);
    if (figure === undefined) return [];
    const [title, , text, isGradient] = this.measure;
    const shown = text(figure);
    const one = box.group < 0 ? 1 : ownIds(this.shown.data, box.group).length;
    if (!isGradient) return [box.nodes.length >= 2 * one ? `${shown} in all` : shown];
    const isThere = others.some((line) => line.split("∇ ")[1]?.split(" ").includes(shown));
    return box.nodes.length < 2 || isThere ? [] : [`${title.split(" ")[0]} ∇ ${shown}`];
  }

  /** Return a title, and the text of each level. */
  legend(): [title: string, ...levels: string[]] {
    const [title, , text] = this.measure;
    const found = [...new Set(this.bounds.map(text))];
    if (found.length < 3) return [title, found.join(" to ")];
    const levels = [`< ${found[1]}`, ...found.slice(1, -1).map((bound) => `≥ ${bound}`)];
    levels.push(`${levels.pop()} to ${found.at(-1)}`);
    return [title, ...levels];
  }
}

/** Return equal steps from 0 to the largest figure, or equal factors from the smallest above 0. */
function bounds(figures: number[], isLogarithmic: boolean, levels: number): number[] {
  const most = figures.reduce((a, b) => Math.max(a, b), 0);
  const positive = figures.filter((figure) => figure);
  let least = isLogarithmic && positive.length ? positive.reduce((a, b) => Math.min(a, b)) : 0;
  if (Number.isFinite(most)) least = isLogarithmic ? Math.max(least, most * 0.1 ** levels) : least;
  if (least === most) return [least, most];
  const [low, high] = [Math.log(least), Math.log(most)];
  return Array.from({ length: levels + 1 }, (_, n) =>
    isLogarithmic ? Math.exp(low + ((high - low) * n) / levels) : (most * n) / levels,
  );
}
