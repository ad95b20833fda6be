import assert from "node:assert/strict";
import { test } from "node:test";

import { answers, endings, exploding, firstNaN, nextOf, pathToResult, vanishing } from "../src/flow.ts";
import { available } from "../src/metrics.ts";
import { type Node, small } from "./small.ts";

const chain = (grads: (number | null)[]) =>
  small(grads.map((grad, row): Node => (row ? { op: "tanh", parents: [row], grad } : { grad })));

test("the path of a gradient is all ways to the result", () => {
  const data = small([
    { grad: 1 },
    { op: "sin", parents: [1], grad: 1 },
    { op: "cos", parents: [1], grad: 1 },
    { op: "floor", parents: [1], grad: null },
    { grad: 1 },
    { op: "add", parents: [2, 3, 4, 5], grad: 1 },
    { op: "sum", parents: [6], grad: 1 },
  ]);
  assert.deepEqual([...pathToResult(data, 1)], [1, 2, 3, 6, 7]);
  assert.deepEqual([...pathToResult(data, 3)], [3, 6, 7]);
});

test("a gradient that becomes exactly 0 vanishes", () => {
  const text = "Vanishes: the gradient is 4.24 at v3, 0 at v2.";
  assert.deepEqual(vanishing(chain([0, 0, 4.24, 1])), { node: 3, text });
});

test("a node that no gradient leaves has a path of itself", () => {
  assert.deepEqual([...pathToResult(chain([1, null, 1]), 1)], [1]);
});

test("the first NaN is where inputs are finite", () => {
  const data = small([
    { grad: 1 },
    { op: "log", label: "log(·)", parents: [1], infs: 1, grad: 1 },
    { op: "exp", parents: [2], nans: 1, grad: 1, gradNans: 1 },
  ]);
  assert.deepEqual(firstNaN(data), {
    node: 2,
    text: "v2 = log(·) produces the first Inf from finite inputs.",
  });
});

test("the first Inf of a constant is given by that", () => {
  const data = small([
    { grad: 1 },
    { op: "multiply", label: "w * -inf", parents: [1], constant: "-inf", infs: 1, grad: 1 },
  ]);
  assert.equal(firstNaN(data).text, "v2 = w * -inf is given the first Inf: argument 2 is -inf.");
});

test("a constant array may hold the first NaN", () => {
  const node = { op: "add", label: "w + A", parents: [1], constant: "float64[3]", nans: 1, grad: 1 };
  const text = "v2 = w + A produces the first NaN from finite inputs, unless float64[3] contains it.";
  assert.equal(firstNaN(small([{ grad: 1 }, node])).text, text);
});

test("a VJP rule with an infinite constant says so", () => {
  const data = small([
    { grad: 1, gradNans: 1 },
    { op: "power", label: "w ** inf", parents: [1], constant: "inf", grad: 1 },
  ]);
  const rule = "The VJP rule of v2 = w ** inf produces the first NaN in the gradient of w";
  assert.equal(firstNaN(data).text, `${rule}; argument 2 is inf.`);
});

test("a name with nan in it is no number", () => {
  const data = small([
    { grad: 1 },
    { op: "f", label: "f", parents: [1], constant: "'nan', nansum, 0.5", nans: 1, grad: 1 },
  ]);
  assert.equal(firstNaN(data).text, "v2 = f produces the first NaN from finite inputs.");
});

test("the first NaN can be one that was given", () => {
  const data = small([
    { label: "w", nans: 2, grad: 1 },
    { op: "sum", parents: [1], nans: 1, grad: 1 },
  ]);
  assert.deepEqual(firstNaN(data), { node: 1, text: "w holds the first NaN." });
});

test("the first NaN of a gradient is made by a VJP rule", () => {
  const data = small([
    { grad: 1, gradNans: 1 },
    { op: "sqrt", label: "sqrt(·)", parents: [1], grad: 1 },
    { op: "sum", parents: [2], grad: 1 },
  ]);
  const text = "The VJP rule of v2 = sqrt(·) produces the first NaN in the gradient of w.";
  assert.deepEqual(firstNaN(data), { node: 2, text });
});

test("elements of values and gradients that are not finite are counted", () => {
  const data = small([{ nans: 2, infs: 1, gradNans: 1 }]);
  const [counted] = available(data).filter(({ metric }) => metric.title === "NaN, Inf elements");
  assert.equal(counted!.groups[0], 4);
});

test("a finite run has no first NaN", () => {
  assert.deepEqual(firstNaN(chain([1, 1])), {
    node: 0,
    text: "All values and gradients are finite.",
  });
});

test("a gradient vanishes where it is least, compared with the most on its way", () => {
  const text = "Vanishes: the norm of the gradient falls from 2 at v3 to 0.0001 at v1.";
  assert.deepEqual(vanishing(chain([1e-4, 0.5, 2, 1])), { node: 1, text });
});

test("a gradient explodes where it is largest, compared with the least on its way", () => {
  const text = "Explodes: the norm of the gradient grows from 0.5 at v3 to 1e+06 at v2.";
  assert.deepEqual(exploding(chain([3, 1e6, 0.5, 1])), { node: 2, text });
});

test("a small gradient on another way is none that vanishes", () => {
  const data = small([
    { grad: 1e-3 },
    { grad: 100 },
    { op: "sin", parents: [1], grad: 1e-3 },
    { op: "cos", parents: [2], grad: 100 },
    { op: "add", parents: [3, 4], grad: 1 },
  ]);
  assert.deepEqual(vanishing(data), {
    node: 0,
    text: "No gradient falls by a factor of 10,000 along its path.",
  });
});

test("a small gradient beside a large one does not vanish", () => {
  const data = small([
    { grad: 3 },
    { op: "sin", parents: [1], grad: 2 },
    { op: "mean", parents: [2], grad: 1e-16 },
    { op: "subtract", parents: [2, 3], grad: 1 },
  ]);
  assert.equal(vanishing(data).node, 0);
  assert.equal(exploding(data).node, 0);
});

test("a gradient ends at the node nearest to the result without one", () => {
  const text = "No gradient reaches v2: it ends at v3 = tanh.";
  assert.deepEqual(endings(chain([null, null, 1, 1]))[0], { node: 2, text });
});

test("a Param that the result does not need has no gradient", () => {
  const data = small([
    { label: "w", grad: null },
    { grad: 1 },
    { op: "sum", parents: [2], grad: 1 },
  ]);
  const text = "No gradient reaches w: the result does not depend on it.";
  assert.deepEqual(endings(data), [{ node: 1, text }]);
});

const three = () =>
  small([
    { label: "w", grad: null },
    { label: "u", grad: null },
    { grad: 1 },
    { op: "floor", parents: [1], grad: null },
    { op: "add", parents: [3, 4, 4], grad: 1 },
  ]);

test("each place where a gradient ends is named once", () => {
  assert.deepEqual(
    endings(three()).map(({ node }) => node),
    [4, 1, 2],
  );
});

test("the next place follows the selected one, the first the last", () => {
  const found = endings(three());
  assert.deepEqual(
    [0, 4, 1, 2].map((selected) => nextOf(found, selected)!.node),
    [4, 1, 2, 4],
  );
  assert.equal(nextOf(found, 4)!.text, "2 of 3: No gradient reaches w: the result does not depend on it.");
});

for (const [kind, form] of [
  ["array", ["bool[2]", [2], "bool", 2]],
  ["number", ["False", null, null, 0]],
  ["integer", ["int64[2]", [2], "int64", 16]],
] as const)
  test(`no gradient ends at a ${kind} of a type without gradients`, () => {
    const other = ["", [], "float64", 8];
    const nodes: Node[] = [
      { grad: 1 },
      { op: "greater", parents: [1], grad: null },
      { op: "where", parents: [2, 1], grad: 1 },
    ];
    const data = small(nodes, [], { forms: [other, form, other] });
    const text = "Gradients reach every node that the result depends on.";
    assert.deepEqual(endings(data), [{ node: 0, text }]);
  });

test("without a backward pass there is nothing to follow", () => {
  const data = small([{}, { op: "sum", parents: [1] }], [], { result: 0 });
  const texts = answers(data).flat().map(({ node, text }) => [node, text]);
  const none = [0, "No backward pass ran."];
  assert.deepEqual(texts, [[0, "All values and gradients are finite."], none, none, none]);
});
