import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {test} from "node:test";
import {membersOf, pathTo, shown} from "../src/graph.ts";
import {MODELS, read} from "./models.ts";

interface Expected {
  open: number[]; boxes: Record<string, number[]>;
  edges: [string, string, number, number, number, number, number][];
}

for (const name of MODELS) {
  test(`boxes and edges of ${name} are those of Python`, () => {
    const data = read(name);
    const states = JSON.parse(readFileSync(`tests/data/${name}.json`, "utf8")) as Expected[];
    assert.ok(states.length > 5);
    for (const state of states) {
      const found = shown(data, {open: new Set(state.open), detail: "op"});
      const boxes = Array.from(found.boxes.values(), box => [box.key, Array.from(box.nodes)]);
      assert.deepEqual(boxes, Object.entries(state.boxes));
      const edges = found.edges.map(e =>
        [e.tail, e.head, e.node, e.argument, e.carried, e.count, e.last]);
      const sorted = (rows: unknown[]) => rows.map(row => JSON.stringify(row)).sort();
      assert.deepEqual(sorted(edges), sorted(state.edges));
    }
  });

  test(`each member of a group of ${name} is in that group`, () => {
    const data = read(name);
    for (let g = 0; g < data.groups; g++) {
      for (const member of membersOf(data, g)) {
        const target = member > 0 ? {node: member} : {group: -member};
        assert.equal(pathTo(data, target).at(-1) ?? 0, g);
      }
    }
  });
}
