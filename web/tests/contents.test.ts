import assert from "node:assert/strict";
import { test } from "node:test";

import { contentsOf } from "../src/contents.ts";
import { contentRows } from "../src/facts.ts";

test("a tuple has items by place", () => {
  assert.deepEqual(contentsOf("(float64[3,3], [float64[2], 1.0])")?.items, [
    ["[0]", "float64[3,3]"],
    ["[1]", "[float64[2], 1.0]"],
  ]);
});

test("a dict has items by key", () => {
  assert.deepEqual(contentsOf("{'w, \\'b': float64[2], 3: 'a, b'}")?.items, [
    ["'w, \\'b'", "float64[2]"],
    ["3", "'a, b'"],
  ]);
});

test("a dataclass has items by field", () => {
  assert.deepEqual(contentsOf("Layer(w=float64[2,2], b=None)")?.items, [
    ["w", "float64[2,2]"],
    ["b", "None"],
  ]);
});

test("a long list is cut", () => {
  const { items, isCut } = contentsOf("[1.0, 2.0, ...]")!;
  assert.deepEqual([items.length, isCut], [2, true]);
});

test("an array and a word are no containers", () => {
  assert.deepEqual([contentsOf("float64[3,3]"), contentsOf("'a (b)'"), contentsOf("None")], [
    null, null, null,
  ]);
});

test("a value and its gradient share the rows of their items", () => {
  const rows = contentRows([
    ["{'w': float64[2], 'name': 'tanh'}", null, null, 0],
    ["{'w': float64[2]}", null, null, 0],
  ]);
  assert.deepEqual(rows, [["'w'", ["float64[2]", "float64[2]"]], ["'name'", ["'tanh'", ""]]]);
});
