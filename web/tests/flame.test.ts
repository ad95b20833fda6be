import assert from "node:assert/strict";
import { test } from "node:test";

import { firstAfter, type Row, sliceAt, visible } from "../src/flame.ts";

const row: Row = {
  start: Float64Array.of(0, 10, 20, 21, 22, 100),
  end: Float64Array.of(5, 20, 21, 22, 23, 200),
  slice: Int32Array.of(7, 8, 9, 10, 11, 12),
};

function drawn(from: number, to: number, pixel: number): number[][] {
  const found: number[][] = [];
  visible(row, from, to, pixel, (start, end, slice) => found.push([start, end, slice]));
  return found;
}

test("a slice is found by a time", () => {
  assert.deepEqual(
    [4, 5, 10, 21.5, 99, 150, 200].map((time) => sliceAt(row, time)),
    [7, -1, 8, 10, -1, 12, -1],
  );
});

test("the first slice after a time is still open or later", () => {
  assert.deepEqual(
    [0, 5, 12, 500].map((time) => firstAfter(row, time)),
    [0, 1, 1, 6],
  );
});

test("only slices between two times are drawn", () => {
  assert.deepEqual(drawn(12, 22, 0.1), [
    [10, 20, 8],
    [20, 21, 9],
    [21, 22, 10],
  ]);
});

test("slices below a pixel are merged", () => {
  assert.deepEqual(drawn(0, 200, 6), [
    [0, 6, 7],
    [10, 20, 8],
    [20, 26, 9],
    [100, 200, 12],
  ]);
});
