/** The sign of an equation of a gradient. */

import type { Data } from "./data.ts";
import type { Formula, Rule } from "./header.ts";

const has = (targets: Formula, place: number) => targets.includes(place);

/** Return the sign between a gradient and its formula: it adds to a part, and to earlier ones. */
export function signOf(data: Data, id: number, [argument, targets]: Rule): " = " | " += " {
  const places = targets.filter((piece) => typeof piece === "number" && piece > 0) as number[];
  const isPart = targets.some((piece) => typeof piece === "string" && piece.startsWith("["));
  const rules = data.equation(id)![2];
  const isLater = places.some((place) => {
    const uses = data.childrenOf(data.parentsOf(id)[place - 1]!);
    const newest = uses.findLast((use) => data.gradient.has(use)) ?? id;
    return newest !== id || rules.find((rule) => has(rule[1], place))![0] !== argument;
  });
  return isPart || isLater ? " += " : " = ";
}
