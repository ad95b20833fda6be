import assert from "node:assert/strict";
import { test } from "node:test";

import { linesOf } from "../src/lines.ts";

const FILE = { path: "a.py", name: "a.py", lines: 0, note: "" };

test("lines that are left out are counted", () => {
  const lines = linesOf({ ...FILE, parts: [[2, "y = 2\nz = 3\n"], [1007, "w = 7\n"]] });
  assert.deepEqual(lines, [
    { number: 0, code: "⋮ 1 line" },
    { number: 2, code: "y = 2" },
    { number: 3, code: "z = 3" },
    { number: 0, code: "⋮ 1,003 lines" },
    { number: 1007, code: "w = 7" },
  ]);
});

test("lines that are left out at the end are counted", () => {
  const lines = linesOf({ ...FILE, parts: [[1, "x = 1\n"]], lines: 5 });
  assert.deepEqual(lines, [{ number: 1, code: "x = 1" }, { number: 0, code: "⋮ 4 lines" }]);
});

test("a part of a file starts at its line", () => {
  const lines = linesOf({ ...FILE, parts: [[40, "x = 1\r\ny = 2\n\nz = 3\n"]] });
  assert.deepEqual(
    lines.slice(1).map(({ number, code }) => [number, code]),
    [
      [40, "x = 1"],
      [41, "y = 2"],
      [42, ""],
      [43, "z = 3"],
    ],
  );
});
