/** The sign between a gradient and its formula. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { signOf } from "../src/equations.ts";
import type { Equation, Rule } from "../src/header.ts";
import { small } from "./small.ts";

const rule = (argument: number, place: number): Rule => [argument, ["∇", place], ["∇", 0], []];
const signs = (data: ReturnType<typeof small>, id: number) =>
  data.equation(id)![2].map((own) => signOf(data, id, own).trim());

const PRODUCT: Equation = [[], [], [rule(1, 1), rule(2, 1)]]; // x * x
const SINE: Equation = [[], [], [rule(1, 1)]];

test("a gradient adds to that of an argument before", () => {
  const x = { grad: 1 };
  const data = small([x, { op: "multiply", parents: [1, 1], grad: 1, equation: 0 }], [], {
    equations: [PRODUCT],
  });
  assert.deepEqual(signs(data, 2), ["=", "+="]);
});

test("a gradient adds to that of a newer use that has one", () => {
  const use = { op: "sin", parents: [1], equation: 0 };
  const nodes = [{ grad: 1 }, { ...use, grad: 1 }, { ...use, grad: 1 }, { ...use, grad: null }];
  const data = small(nodes, [], { equations: [SINE] });
  assert.deepEqual([2, 3].map((id) => signs(data, id)[0]), ["+=", "="]);
});

for (const end of [["[0]"], ["[", -1, "]"]]) {
  test(`a gradient adds to the part ${end.join("")}`, () => {
    const equation: Equation = [[], [], [[1, ["∇", 1, ...end], ["∇", 0], []]]];
    const nodes = [{ grad: 1 }, { op: "getitem", parents: [1], grad: 1, equation: 0 }];
    assert.deepEqual(signs(small(nodes, [], { equations: [equation] }), 2), ["+="]);
  });
}
