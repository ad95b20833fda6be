/** Layouts by the worker, each within a deadline. */

import type { Answer, Task } from "./worker.ts";

declare const WORKER: string; // its code, which build.mjs puts in

export const DEADLINE = 10_000; // ms

export class TooSlow extends Error {}
export class Replaced extends Error {}

/** Graphviz in a worker, which lays out one picture at a time. */
export class Layouts {
  private worker: Worker | null = null;
  private waiting: { since: number; fail: (error: Error) => void } | null = null;
  private count = 0;
  private readonly code = URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" }));

  constructor(private readonly graphviz: string, private readonly deadline = DEADLINE) {
    if (typeof WebAssembly !== "object") throw new Error("this browser has no WebAssembly");
    this.start();
  }

  private start(): Worker {
    this.worker = new Worker(this.code);
    this.send({ graphviz: this.graphviz });
    return this.worker;
  }

  private send(task: Task): void {
    this.worker!.postMessage(task);
  }

  /** Return the SVG of DOT source. */
  async layout(dot: string): Promise<string> {
    const worker = this.worker ?? this.start();
    const id = ++this.count;
    const timer = setTimeout(() => this.stop(new TooSlow()), this.deadline);
    const ended = new AbortController();
    try {
      return await new Promise((resolve, reject) => {
        const onAnswer = ({ data }: MessageEvent<Answer>) => {
          if (data.id !== id) return;
          if ("svg" in data) resolve(data.svg);
          else reject(new Error(data.error));
        };
        worker.addEventListener("message", onAnswer, { signal: ended.signal });
        worker.onerror = ({ message }) => this.stop(new Error(message || "the worker did not start"));
        this.waiting = { since: performance.now(), fail: reject };
        this.send({ id, dot });
      });
    } finally {
      clearTimeout(timer);
      ended.abort();
      this.waiting = null;
    }
  }

  /** Give up a layout that has taken longer than some milliseconds. */
  giveUp(after: number): void {
    if (this.waiting && performance.now() - this.waiting.since > after) this.stop(new Replaced());
  }

  private stop(error: Error): void {
    this.worker?.terminate();
    this.worker = null;
    this.waiting?.fail(error);
  }
}

let early: Layouts | null = null;

/** Return the layouts of the page, whose worker starts while the data is unpacked. */
export function prepared(): Layouts {
  return (early ??= new Layouts(document.getElementById("map-graphviz")?.textContent ?? ""));
}

/** Start Graphviz in its worker, or leave it to the picture to say why that fails. */
export function startGraphviz(): void {
  try {
    prepared();
  } catch {
    // as said
  }
}
