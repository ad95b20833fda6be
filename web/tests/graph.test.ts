import assert from "node:assert/strict";
import { test } from "node:test";
import { idsOf, isClosed, membersOf, modelOf, opened, pathTo, reveal } from "../src/graph.ts";
import { Shown } from "../src/shown.ts";
import { expected, MODELS, read } from "./models.ts";

for (const name of MODELS) {
  test(`boxes and edges of ${name} are those of Python`, () => {
    const data = read(name);
    const states = expected(name);
    assert.ok(states.length > 5);
    for (const state of states) {
      const found = new Shown(data, { open: new Set(state.open), detail: "op" });
      const boxes = Array.from(found.boxes.values(), (box) => [box.key, Array.from(box.nodes)]);
      assert.deepEqual(boxes, Object.entries(state.boxes));
      const edges = found.edges.map((e) => [
        e.tail,
        e.head,
        e.node,
        e.argument,
        e.carried,
        e.count,
        e.last,
      ]);
      const sorted = (rows: unknown[]) => rows.map((row) => JSON.stringify(row)).sort();
      assert.deepEqual(sorted(edges), sorted(state.edges));
    }
  });

  test(`each member of a group of ${name} is in that group`, () => {
    const data = read(name);
    for (let g = 0; g < data.groups; g++) {
      for (const member of membersOf(data, g)) {
        const target = member > 0 ? { node: member } : { group: -member };
        assert.equal(pathTo(data, target).at(-1) ?? 0, g);
      }
    }
  });

  test(`every node of ${name} has its own box once it is revealed`, () => {
    const data = read(name);
    for (let id = 1; id <= data.nodes; id += 7) {
      const view = { open: reveal(data, new Set(), { node: id }), detail: "op" as const };
      assert.equal(new Shown(data, view).keyOf(id), `n${modelOf(data, id)}`);
    }
  });
}

test("a group has the nodes of all copies around it", () => {
  const data = read("nested");
  const inner = pathTo(data, { node: data.nodes }).length;
  const folded = Array.from({ length: data.groups }, (_, g) => g).filter((g) => data.times(g));
  assert.ok(inner >= 0 && folded.length > 1);
  const boxes = new Shown(data, { open: new Set(), detail: "op" }).boxes;
  for (const box of boxes.values())
    if (box.group > 0) assert.deepEqual(idsOf(data, box.group), box.nodes);
});

test("a hidden node passes its edges on", () => {
  const data = read("inputs");
  const view = { open: new Set<number>(), detail: "op" as const };
  const open = new Set(Array.from({ length: data.groups }, (_, g) => g));
  const all = new Shown(data, { ...view, open });
  const [middle] = all.edges
    .map((edge) => edge.head)
    .filter((key) => all.edges.some((edge) => edge.tail === key));
  const id = Number(middle!.slice(1));
  const hidden = new Uint8Array(data.nodes);
  hidden[id - 1] = 1;
  const { has, column } = data;
  data.has = (name) => name === "hidden" || has.call(data, name);
  data.column = (name) => (name === "hidden" ? hidden : column.call(data, name));
  const found = new Shown(data, { ...view, open });
  assert.equal(found.keyOf(id), null);
  const before = all.edges.filter((edge) => edge.head === middle).map((edge) => edge.tail);
  const after = all.edges.filter((edge) => edge.tail === middle).map((edge) => edge.head);
  for (const tail of before) {
    assert.ok(
      after.every((head) => found.edges.some((edge) => edge.tail === tail && edge.head === head)),
    );
  }
});

test("lines stay closed at the detail of lines", () => {
  const data = read("recurrent");
  const open = new Set(Array.from({ length: data.groups }, (_, g) => g));
  const closed = (detail: "op" | "line" | "function") =>
    [...open].filter((g) => isClosed(data, { open, detail }, g)).map((g) => data.groupKind(g));
  assert.deepEqual(new Set(closed("line")), new Set(["line"]));
  assert.deepEqual(closed("op"), []);
  assert.ok(closed("function").includes("step"));
});

test("opening a group opens the lines in it", () => {
  const data = read("recurrent");
  const step = Array.from({ length: data.groups }, (_, g) => g).find(
    (g) => data.groupTitle(g) === "step 10",
  )!;
  const lines = Array.from(membersOf(data, step))
    .filter((member) => member < 0)
    .map((member) => -member);
  const found = opened(data, { open: new Set(), detail: "op" }, step);
  assert.ok(lines.length > 1 && lines.every((line) => found.has(line)));
  assert.deepEqual([...opened(data, { open: new Set(), detail: "line" }, step)], [step]);
});
