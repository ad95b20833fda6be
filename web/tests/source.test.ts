import assert from "node:assert/strict";
import { test } from "node:test";

import { linesOf } from "../src/source.tsx";
import { small } from "./small.ts";

const NODES = [
  { line: 7 },
  { op: "sin", parents: [1], line: 2 },
  { op: "sum", parents: [2], line: 3 },
];

test("of a file that is gone the lines that ran are known", () => {
  const lines = linesOf(small(NODES), 0);
  assert.deepEqual(lines, [
    { number: 0, code: "⋮" },
    { number: 2, code: "line 2" },
    { number: 3, code: "line 3" },
    { number: 0, code: "⋮" },
    { number: 7, code: "line 7" },
  ]);
});

test("a part of a file starts at its line", () => {
  const file = {
    path: "a.py",
    name: "a.py",
    text: "x = 1\r\ny = 2\n\nz = 3\n",
    start: 40,
    note: "",
  };
  const lines = linesOf(small(NODES, [], { files: [file] }), 0);
  assert.deepEqual(
    lines.map(({ number, code }) => [number, code]),
    [
      [40, "x = 1"],
      [41, "y = 2"],
      [42, ""],
      [43, "z = 3"],
    ],
  );
});
