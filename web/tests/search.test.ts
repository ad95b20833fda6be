import assert from "node:assert/strict";
import { test } from "node:test";

import { available, sorted } from "../src/metrics.ts";
import { find, words } from "../src/search.ts";
import { small } from "./small.ts";

const GROUPS = [
  { parent: 0, kind: "function", title: "encode" },
  { parent: 1, kind: "loop", title: "for t in range(2)", copies: [[3], [4]] },
  { parent: 0, kind: "line", title: "14 total = np.sum(h, where=some)" },
];
const data = small(
  [
    { label: "net.w", shape: [4, 3], line: 3, grad: 12, norm: 2 },
    {
      op: "matmul",
      label: "x @ ·",
      parents: [1],
      shape: [4, 3],
      line: 12,
      forward: 3e6,
      backward: 1e6,
      grad: 5,
      home: 1,
    },
    { op: "tanh", parents: [2], shape: [4], line: 123, forward: 1000, grad: 0.5, nans: 1, home: 2 },
    {
      op: "tanh",
      parents: [3],
      shape: [4],
      line: 123,
      forward: 2000,
      grad: 0.25,
      infs: 2,
      home: -1,
    },
    { op: "sum", label: "sum <b>", parents: [4], line: 14, grad: 1, home: 3 },
  ],
  GROUPS,
);
const ids = (query: string) => [...find(data, query).ids];

const FOUND: [query: string, ids: number[]][] = [
  ["matmul", [2]],
  ["MATMUL", [2]],
  ["net.w", [1]],
  ["<b>", [5]],
  ["encode", [2, 3, 4]],
  ["v4", [4]],
  ["train.py:12", [2]],
  ["models/train.py:14", [5]],
  ["train.py", [1, 2, 3, 4, 5]],
  ["4x3", [1, 2]],
  ["4×3", [1, 2]],
  ["shape=4", [3, 4]],
  ["shape=()", [5]],
  ["nan", [3, 4]],
  ["inf", [4]],
  ["param", [1]],
  ["result", [5]],
  ["op=tan*", [3, 4]],
  ["op!=tanh", [1, 2, 5]],
  ["op=tanh v4", [4]],
  ["∇>10", [1]],
  ["grad>=5", [1, 2]],
  ["grad-norm<0.3", [4]],
  ["gradient=1", [5]],
  ["bytes>90", [1, 2]],
  ["time>1ms", [2]],
  ["forward>=2us", [2, 4]],
  ["forward<=2e3", [3, 4]],
  ["backward=1ms", [2]],
  ["line=14", [5]],
  ["scope=for*", [3, 4]],
  ["norm=2", [1]],
  ['"sum <b>"', [5]],
  ["some", []], // the code of a line
  ["nothing", []],
];
for (const [query, expected] of FOUND) {
  test(`${query} finds ${expected.length ? expected.join(", ") : "nothing"}`, () => {
    assert.deepEqual(ids(query), expected);
    assert.equal(find(data, query).error, "");
  });
}

test("an unknown column is an error that lists the known", () => {
  assert.match(
    find(data, "weight>3").error,
    /^unknown column “weight”; choose op, name, .*∇norm$/,
  );
});

test("a comparison without a number is an error", () => {
  assert.equal(find(data, "time>").error, "time>: write a number after >, such as 1e6 or 2ms");
  assert.equal(find(data, "time>3x").error, "time>3x: write a number after >, such as 1e6 or 2ms");
});

test("a text has no order", () =>
  assert.equal(find(data, "op>3").error, "op>3: op is a text; write op=…"));

test("quotes keep words together", () => {
  const found = words(`a "b c" op='d e' "open`);
  assert.deepEqual(found, [
    ["a", false],
    ["b c", true],
    ["op=d e", false],
    ["open", true],
  ]);
});

test("brackets are no pattern", () => assert.deepEqual(ids("name=net[.]w"), []));

const measured = new Map(available(data).map((one) => [one.metric.name, one]));

test("the total time of a group has all copies in it", () => {
  assert.deepEqual([...measured.get("total")!.groups], [4003000, 4003000, 3000, NaN]);
});

test("the self time of a function leaves out its loops", () => {
  assert.deepEqual([...measured.get("self")!.groups], [NaN, 4000000, 3000, NaN]);
});

test("a group has the largest and the smallest gradient in it", () => {
  assert.deepEqual([...measured.get("grad")!.groups], [12, 5, 0.5, 1]);
  assert.deepEqual([...measured.get("gradmin")!.groups], [0.25, 0.25, 0.25, 1]);
});

test("a group has the NaN and Inf elements in it", () => {
  assert.deepEqual([...measured.get("nan")!.groups], [3, 3, 3, 0]);
});

test("a node in the tree counts with the copies it stands for", () => {
  assert.deepEqual([...measured.get("total")!.members], [NaN, 4000000, 3000, NaN, NaN]);
  assert.deepEqual([...measured.get("gradmin")!.members], [12, 5, 0.25, NaN, 1]);
});

test("without an order groups are before nodes", () => {
  assert.deepEqual([...sorted(Int32Array.of(1, -1, 5), undefined)], [-1, 1, 5]);
});

test("members are sorted, the unknown ones last", () => {
  assert.deepEqual([...sorted(Int32Array.of(5, 3, -1), measured.get("total"))], [-1, 3, 5]);
  assert.deepEqual([...sorted(Int32Array.of(1, 2, 5), measured.get("gradmin"))], [5, 2, 1]);
});

test("a run that was not timed is not sorted by time", () => {
  const untimed = available(small([{ grad: 1 }, { op: "sum", parents: [1], grad: 1 }]));
  assert.deepEqual(
    untimed.map(({ metric }) => metric.name),
    ["bytes", "grad", "gradmin"],
  );
});

const keeping = small([{}, { op: "sin", parents: [1], saved: 8192 }, { op: "sum", parents: [2], saved: 0 }]);

test("a page that knows the memory of arrays sorts by what is saved", () => {
  const saved = available(keeping).find(({ metric }) => metric.name === "saved")!;
  assert.deepEqual([...saved.groups], [8192]);
  assert.equal(saved.metric.text(8192), "8.00KiB");
  assert.deepEqual(find(keeping, "saved>1kb").ids, Int32Array.of(2));
});

test("a page that does not know it has no such measure", () => {
  assert.equal(measured.has("saved"), false);
  assert.equal(measured.has("allocated"), false);
});
