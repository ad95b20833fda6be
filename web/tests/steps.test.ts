import assert from "node:assert/strict";
import { test } from "node:test";

import { Picture, type Style } from "../src/compose.ts";
import { normsOf, timesOf } from "../src/copies.ts";
import { tipOf } from "../src/facts.ts";
import { rowName, title } from "../src/labels.ts";
import { Page } from "../src/page.ts";
import { Shown } from "../src/shown.ts";
import { heading, shownCopy, stepName } from "../src/steps.ts";
import { createStore, type State, type Store } from "../src/store.ts";
import { small } from "./small.ts";

const STYLE: Omit<Style, "copy"> = {
  heat: "", gradients: true, backward: false, shapes: false, plain: false, longest: 9, copies: 9,
};

/** Two steps of an outer loop, each with a part of an inner loop: 2 steps, one of two operations. */
const STEPS = { parent: 2, kind: "step", title: "steps 6-7, 8-10", copies: [[2], [3]] };
const data = small(
  [
    { label: "w" },
    { op: "sin", parents: [1], home: 3, grad: 1, forward: 1000 },
    { op: "sin", parents: [2], home: -1, grad: 2, forward: 1000 },
    { op: "cos", parents: [3], home: 4, grad: 3, forward: 2000 },
    { op: "sin", parents: [4], home: -1, grad: 4, forward: 3000 },
    { op: "sin", parents: [5], home: -1, grad: 5, forward: 4000 },
    { op: "cos", parents: [6], home: -1, grad: 6, forward: 5000 },
  ],
  [
    {
      parent: 0,
      kind: "loop",
      title: "for i in range(9)",
      copies: [[2, 3, 4], [5, 6, 7]],
      steps: [[2, 2], [4, 4]],
    },
    { parent: 1, kind: "loop", title: "for j in range(20)" },
    { ...STEPS, steps: [[6, 6], [7, 7], [8, 8], [10, 10]] },
    { parent: 2, kind: "step", title: "steps 12, 15", steps: [[12, 12], [15, 15]] },
  ],
);
const [outer, inner, single] = [1, 3, 4];

test("a copy has the number of its step in the program", () => {
  assert.equal(stepName(data, outer, new Map([[outer, 1]])), "step 4");
  assert.equal(shownCopy(data, outer, new Map([[outer, 1]])), "step 4 · 2 of 2");
});

test("a copy without steps has its place among the copies", () => {
  const plain = small([{ op: "sin", home: 1 }, { op: "sin", home: -1 }], [
    { parent: 0, kind: "repeat", title: "repeat", copies: [[1], [2]] },
  ]);
  assert.equal(shownCopy(plain, 1, new Map([[1, 1]])), "2 of 2");
});

test("an inner step has the number in the outer step", () => {
  const chosen = new Map([[outer, 1], [inner, 1]]);
  assert.equal(stepName(data, inner, chosen), "step 10");
  assert.equal(stepName(data, inner, new Map([[inner, 1]])), "steps 7, 10");
});

test("a frame in a chosen step has the number there", () => {
  const chosen = new Map([[outer, 1]]);
  assert.equal(heading(data, single, new Map()), "steps 12, 15");
  assert.equal(heading(data, single, chosen), "step 15");
  assert.equal(title(data, inner, chosen), "steps 8-10  ×2");
});

test("a chosen step is part of the title", () => {
  const chosen = new Map([[outer, 0], [inner, 1]]);
  assert.equal(title(data, inner, chosen), "steps 6-7  ×2 · step 7 · 2 of 2");
});

test("the strip of an inner loop is that of the outer step", () => {
  assert.deepEqual(normsOf(data, inner, new Map([[outer, 1]])), [4, 5]);
  assert.deepEqual(timesOf(data, inner, new Map([[outer, 1]])), [3000, 4000]);
});

test("the strip of an inner loop joins all outer steps", () => {
  assert.deepEqual(normsOf(data, inner, new Map()), [4, 5]);
  assert.deepEqual(timesOf(data, inner, new Map()), [4000, 5000]);
});

test("the strip of a node has its gradient in each step", () => {
  assert.deepEqual(normsOf(data, outer, new Map(), 3), [2, 5]);
  assert.deepEqual(normsOf(data, outer, new Map(), 6), [2, 5]);
});

test("a row of the tree is named by all steps", () => {
  const loop = { parent: 0, kind: "loop", title: "for i in range(2)", copies: [[1, 2], [3, 4]] };
  const labels = ["w * 1", "sin", "w * 2", "sin"];
  const nodes = labels.map((label, n) => ({ op: "f", label, home: n < 2 ? 1 : -1 }));
  const folded = small(nodes, [loop]);
  assert.deepEqual([1, 2, 3].map((id) => rowName(folded, id)), ["w * 1 …", "sin", "w * 1 …"]);
});

test("arrows into a chosen step name the nodes in it", () => {
  const loop = { parent: 0, kind: "loop", title: "for i in range(2)", copies: [[1, 2], [3, 4]] };
  const nodes = [
    { op: "sin", home: 1, grad: 1, shape: [2] },
    { op: "cos", parents: [1], home: 1, grad: 2, shape: [2] },
    { op: "sin", home: -1, grad: 3, shape: [2] },
    { op: "cos", parents: [3], home: -1, grad: 4, shape: [2] },
  ];
  const view = new Shown(small(nodes, [loop]), { open: new Set([1]), detail: "op" });
  const title = (copy: Map<number, number>) =>
    new Picture(view, { ...STYLE, copy, backward: true }).arrows.map((arrow) => arrow.title);
  assert.deepEqual(title(new Map()), ["sin (node 1) → cos (node 2) · argument 1 · [2] · ∇ 1 → 3"]);
  assert.deepEqual(title(new Map([[1, 1]])), ["sin (node 3) → cos (node 4) · argument 1 · [2] · ∇ 3"]);
});

test("the tip of a node in a loop says its step", () => {
  const limits = { nodes: 7, groups: 5, files: 1, copies: () => 2 };
  const address = { read: () => "", write: () => {}, watch: () => {} };
  const state = { copy: new Map() } as unknown as State;
  const page = new Page(data, createStore(state, limits, address), () => {});
  const [shown] = tipOf(page, { node: 6 }).split("\n");
  assert.equal(
    shown,
    "for i in range(9)  ×2 · step 4 · 2 of 2 › steps 8-10  ×2 · step 10 · 2 of 2",
  );
});

test("another step of a loop selects the node in it", () => {
  const limits = { nodes: 7, groups: 5, files: 1, copies: () => 2 };
  const address = { read: () => "", write: () => {}, watch: () => {} };
  const first = { open: new Set(), copy: new Map(), selected: { node: 3 } } as unknown as State;
  const page = new Page(data, createStore({ ...first, query: "" }, limits, address), () => {});
  const selected = (group: number, copy: number) => {
    page.showCopy(group, copy);
    return page.store.get().selected;
  };
  assert.deepEqual(selected(outer, 1), { node: 6 });
  assert.deepEqual(selected(inner, 0), { node: 5 });
  assert.deepEqual(selected(outer, -1), { node: 5 });
});

test("a PyTorch VJP rule without an argument is no forward pass", () => {
  const rule = ["log", 0, 700];
  const profile = { lines: [[0, 7, 600, 700, 1]], arguments: [[0, 7, ...rule]] };
  const timed = small([{ op: "log", line: 7 }], [], { profile });
  const page = new Page(timed, null as unknown as Store, () => {});
  assert.deepEqual(page.argumentsAt({ file: 0, line: 7 }), [rule, ["", null, 600]]);
});

test("a step that is not known has a sign", () => {
  const some = small([{ op: "sin", home: 1 }, { op: "sin", home: -1 }], [
    { parent: 0, kind: "loop", title: "while f()", copies: [[1], [2]], steps: [[1, 1], [-3, -3]] },
  ]);
  assert.equal(stepName(some, 1, new Map([[1, 1]])), "step ≥3");
});
