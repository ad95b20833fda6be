/** Layouts by the worker, each within a deadline. */

import type { Answer, Task } from "./worker.ts";

declare const WORKER: string; // its code, which build.mjs puts in

export const DEADLINE = 10_000; // ms

export class TooSlow extends Error {}
export class Replaced extends Error {}

/** Graphviz in a worker, which lays out one picture at a time. */
export class Layouts {
  private worker: Worker | null = null;
  private waiting: { id: number; since: number; fail: (error: Error) => void } | null = null;
  private count = 0;
  private readonly code = URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" }));

  constructor(
    private readonly graphviz: string,
    private readonly deadline = DEADLINE,
  ) {
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
  layout(dot: string): Promise<string> {
    const worker = this.worker ?? this.start();
    const id = ++this.count;
    return new Promise<string>((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        worker.removeEventListener("message", onAnswer);
        this.waiting = null;
      };
      const fail = (error: Error) => {
        end();
        reject(error);
      };
      const onAnswer = ({ data }: MessageEvent<Answer>) => {
        if (data.id !== id) return;
        if ("error" in data) return fail(new Error(data.error));
        end();
        resolve(data.svg);
      };
      const timer = setTimeout(() => this.stop(new TooSlow()), this.deadline);
      worker.addEventListener("message", onAnswer);
      worker.onerror = (event) => this.stop(new Error(event.message || "the worker did not start"));
      this.waiting = { id, since: performance.now(), fail };
      this.send({ id, dot });
    });
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

if (typeof document === "object") {
  // after the first picture is painted, as the app
  requestAnimationFrame(() =>
    setTimeout(() => {
      try {
        prepared();
      } catch {
        // the picture reports it
      }
    }),
  );
}
