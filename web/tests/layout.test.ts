import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Layouts, Replaced, TooSlow } from "../src/layout.ts";
import type { Answer, Task } from "../src/worker.ts";

/** A worker that answers as the DOT source says: an SVG, an error, or never. */
class StandIn extends EventTarget {
  static made: StandIn[] = [];
  isTerminated = false;
  onerror: unknown = null;
  constructor() {
    super();
    StandIn.made.push(this);
  }
  postMessage(task: Task): void {
    if ("graphviz" in task || task.dot === "never") return;
    const answer: Answer =
      task.dot === "wrong"
        ? { id: task.id, error: "syntax" }
        : { id: task.id, svg: `<svg>${task.dot}</svg>` };
    queueMicrotask(() => this.dispatchEvent(new MessageEvent("message", { data: answer })));
  }
  terminate(): void {
    this.isTerminated = true;
  }
}

beforeEach(() => {
  StandIn.made = [];
  Object.assign(globalThis, { Worker: StandIn });
});

test("a layout is the answer of the worker", async () => {
  const layouts = new Layouts("");
  assert.equal(await layouts.layout("a"), "<svg>a</svg>");
  assert.equal(await layouts.layout("b"), "<svg>b</svg>");
});

test("an error of Graphviz is one of the layout", async () => {
  await assert.rejects(new Layouts("").layout("wrong"), /syntax/);
});

test("a slow layout ends, and the next has another worker", async () => {
  const layouts = new Layouts("", 5);
  await assert.rejects(layouts.layout("never"), TooSlow);
  assert.equal(await layouts.layout("a"), "<svg>a</svg>");
  assert.deepEqual(
    StandIn.made.map((worker) => worker.isTerminated),
    [true, false],
  );
});

test("a layout that another replaces is given up", async () => {
  const layouts = new Layouts("");
  const slow = layouts.layout("never");
  layouts.giveUp(-1);
  await assert.rejects(slow, Replaced);
  assert.equal(await layouts.layout("a"), "<svg>a</svg>");
});
