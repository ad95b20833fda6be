import assert from "node:assert/strict";
import { test } from "node:test";
import { LONGEST_EDGE } from "../src/arrows.ts";
import { type Cluster, Picture, type Shape, type Style } from "../src/compose.ts";
import { dotOf } from "../src/dot.ts";
import { Shown } from "../src/shown.ts";
import { expected, MODELS, read } from "./models.ts";

const STYLE: Style = {
  copy: new Map(),
  heat: "",
  gradients: true,
  backward: false,
  shapes: false,
  plain: false,
  longest: LONGEST_EDGE,
  copies: Infinity,
};

function shapesOf(cluster: Cluster): Shape[] {
  return [...cluster.shapes, ...cluster.clusters.flatMap(shapesOf)];
}

const NUMBER = /\d+\.\d+(?:e[+-]\d+)?/g;

/** Assert that texts are equal, but for the last digit of numbers, of which a page has 4 or 6. */
function assertAlike(lines: string[], python: string[]): void {
  const bare = (texts: string[]) =>
    texts.map((text) => text.replace(NUMBER, "").replace(/[▂▃▄▅▆▇]/g, "▄"));
  assert.deepEqual(bare(lines), bare(python));
  const [ours, theirs] = [lines, python].map((texts) =>
    (texts.join("\n").match(NUMBER) ?? []).map(Number),
  );
  for (const [n, x] of ours!.entries()) assert.ok(Math.abs(x - theirs![n]!) <= 0.006 * Math.abs(x));
}

for (const name of MODELS) {
  test(`texts and arrows of ${name} are those of Python`, () => {
    const data = read(name);
    for (const state of expected(name)) {
      const view = new Shown(data, { open: new Set(state.open), detail: "op" });
      for (const { style, shapes, arrows, legend } of state.styles) {
        const { heat = "", gradients = true, backward = false, edges } = style;
        const picture = new Picture(view, {
          ...STYLE,
          heat,
          gradients,
          backward,
          shapes: edges === "shape",
        });
        const found = shapesOf(picture.root);
        assert.equal(found.length, Object.keys(shapes).length);
        for (const { name: key, kind, faint, heat: level, lines } of found) {
          const [python, isFaint, heat, texts] = shapes[key]!;
          assert.deepEqual([key, kind, faint, level], [key, python, isFaint, heat]);
          assertAlike(lines, texts);
        }
        assert.deepEqual(
          picture.arrows.map((a) => [a.tail, a.head, a.kind, a.argument, a.faint]),
          arrows.map(([tail, head, kind, , argument, isFaint]) => [
            tail,
            head,
            kind,
            argument,
            isFaint,
          ]),
        );
        assertAlike(
          picture.arrows.map((a) => a.label),
          arrows.map(([, , , label]) => label),
        );
        assert.equal(picture.heat?.legend()[0], legend[0]);
      }
    }
  });
}

test("too many copies are left out, those beside closed groups first", () => {
  const view = new Shown(read("irregular"), {
    open: new Set(expected("irregular")[4]!.open),
    detail: "op",
  });
  const copies = (most: number) => {
    const picture = new Picture(view, { ...STYLE, longest: 1, copies: most });
    const found = shapesOf(picture.root).filter(({ name }) => name.includes("_for_"));
    const besideGroups = found.filter(({ name }) => name.includes("_for_g"));
    return { found: found.length, besideGroups: besideGroups.length, missing: picture.missing };
  };
  assert.deepEqual(copies(Infinity), { found: 76, besideGroups: 57, missing: 0 });
  assert.deepEqual(copies(60), { found: 19, besideGroups: 0, missing: 57 });
  assert.deepEqual(copies(0), { found: 0, besideGroups: 0, missing: 76 });
});

test("a chosen step has its own figures", () => {
  const data = read("recurrent");
  const open = new Set(data.header.open);
  const group = Array.from({ length: data.groups }, (_, g) => g).find((g) => data.times(g) === 9)!;
  const lines = (copy: Map<number, number>) => {
    const view = new Shown(data, { open, detail: "op" });
    const id = data.copy(group, 0)[0]!;
    return new Picture(view, { ...STYLE, copy }).shapes.get(view.keyOf(id)!)!.lines.join();
  };
  assert.match(lines(new Map()), /→/);
  assert.doesNotMatch(lines(new Map([[group, 4]])), /→/);
  assert.notEqual(lines(new Map([[group, 4]])), lines(new Map([[group, 8]])));
});

test("heat colours boxes from the least to the greatest", () => {
  const data = read("levels");
  const open = new Set(Array.from({ length: data.groups }, (_, g) => g));
  const picture = new Picture(new Shown(data, { open, detail: "op" }), { ...STYLE, heat: "gradient" });
  const levels = new Set([...picture.shapes.values()].map((shape) => shape.heat));
  assert.ok(levels.has(data.header.looks.heat.length - 1));
  assert.equal(picture.heat!.legend()[0], "greatest norm of the gradients");
});

test("no name ends its text in DOT", () => {
  const data = read("hostile");
  const open = new Set(Array.from({ length: data.groups }, (_, g) => g));
  const dot = dotOf(new Picture(new Shown(data, { open, detail: "op" }), STYLE), "down");
  const bare = dot.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  assert.doesNotMatch(bare, /alert|onerror|script|</);
  assert.match(dot, /alert/);
});
