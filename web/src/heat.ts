/** Heat: a number for each box, and the colours and the legend that show it. */

import type { Data } from "./data.ts";
import type { Box, Shown } from "./shown.ts";
import { indexOf } from "./columns.ts";
import type { Chosen } from "./copies.ts";
import { ownIds, totalTime } from "./labels.ts";
import { general, memoryText, timeText } from "./numbers.ts";

export type Measured = "time" | "bytes" | "gradient" | "least-gradient";

interface Measure {
  title: string;
  figure: (data: Data, ids: Int32Array) => number; // NaN: unknown
  text: (figure: number) => string;
  isGradient: boolean;
}

function bytes(data: Data, ids: Int32Array): number {
  let sum = NaN;
  for (const id of ids) {
    if (data.value.has(id)) sum = (sum || 0) + data.value.form(id)![3];
  }
  return sum;
}

function extreme(choose: (a: number, b: number) => number) {
  return (data: Data, ids: Int32Array) => {
    let found = NaN;
    for (const id of ids) {
      const norm = data.gradient.norm(id);
      if (!Number.isNaN(norm)) found = Number.isNaN(found) ? norm : choose(found, norm);
    }
    return found;
  };
}

const MEASURES: Record<Measured, Measure> = {
  time: {
    title: "time, forward and backward",
    figure: totalTime,
    text: timeText,
    isGradient: false,
  },
  bytes: {
    title: "bytes of the values",
    figure: bytes,
    text: (n) => (n ? memoryText(n) : "0B"),
    isGradient: false,
  },
  gradient: {
    title: "greatest norm of the gradients",
    figure: extreme(Math.max),
    text: (x) => general(x, 3),
    isGradient: true,
  },
  "least-gradient": {
    title: "least norm of the gradients",
    figure: extreme(Math.min),
    text: (x) => general(x, 3),
    isGradient: true,
  },
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

  constructor(
    private readonly shown: Shown,
    by: Measured,
    copy: Chosen,
  ) {
    const { data } = shown;
    this.measure = MEASURES[by];
    for (const box of shown.boxes.values()) {
      const figure = this.measure.figure(data, shown.idsIn(box, copy));
      if (!Number.isNaN(figure)) this.figures.set(box.key, figure);
    }
    this.bounds = bounds(
      [...this.figures.values()],
      this.measure.isGradient,
      data.header.looks.heat.length,
    );
  }

  /** Return the level of a box from 0, null if its figure is unknown. */
  level(box: Box): number | null {
    const figure = this.figures.get(box.key);
    return figure === undefined
      ? null
      : this.bounds.slice(1, -1).filter((bound) => figure >= bound).length;
  }

  /** Return the line of a figure in a box; none if one of the others has that gradient. */
  lines(box: Box, others: string[]): string[] {
    const figure = this.figures.get(box.key);
    if (figure === undefined) return [];
    const { text, isGradient, title } = this.measure;
    const shown = text(figure);
    const one = box.group < 0 ? 1 : ownIds(this.shown.data, box.group).length;
    if (!isGradient) return [box.nodes.length >= 2 * one ? `${shown} in all` : shown];
    const isThere = others.some((line) => line.split("∇ ")[1]?.split(" ").includes(shown));
    return box.nodes.length < 2 || isThere ? [] : [`${title.split(" ")[0]} ∇ ${shown}`];
  }

  /** Return a title, and the text of each level. */
  legend(): [title: string, ...levels: string[]] {
    const found = [...new Set(this.bounds.map(this.measure.text))];
    const { title } = this.measure;
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
