/** Graphviz as WebAssembly in a worker: DOT to SVG. */

import { unpack } from "./data.ts";

export type Task = { graphviz: string } | { id: number; dot: string };
export type Answer = { id: number; svg: string } | { id: number; error: string };

interface Graphviz {
  memory: WebAssembly.Memory;
  malloc(size: number): number;
  graphviz_free(address: number): void;
  graphviz_render(dot: number, format: number, engine: number, size: number): number;
  graphviz_last_error(): number;
}

let module: Promise<WebAssembly.Module> | undefined;
let graphviz: Graphviz | undefined;

/** Start Graphviz. It asks the system for the time and for files, of which there are none. */
async function start(): Promise<Graphviz> {
  const compiled = await module!;
  const BAD_DESCRIPTOR = 8;
  const fill = (start: number, size: number) => {
    new Uint8Array(made.memory.buffer, start, size).fill(0);
    return 0;
  };
  const answers: Record<string, (...args: number[]) => number> = {
    environ_sizes_get: (count, size) => fill(count!, 4) + fill(size!, 4),
    environ_get: () => 0,
    clock_time_get: (_, __, time) => fill(time!, 8),
    random_get: (start, size) => fill(start!, size!),
    fd_write: (_, pieces, count, written) => {
      const view = new DataView(made.memory.buffer); // of warnings
      let size = 0;
      for (let n = 0; n < count!; n++) size += view.getUint32(pieces! + 8 * n + 4, true);
      view.setUint32(written!, size, true);
      return 0;
    },
    proc_exit: (code) => {
      throw new Error(`Graphviz ended with ${code}`);
    },
  };
  const bad = () => BAD_DESCRIPTOR;
  const imports = WebAssembly.Module.imports(compiled).map(({ name }) => [name, answers[name] ?? bad]);
  const wasi = { wasi_snapshot_preview1: Object.fromEntries(imports) };
  const made = (await WebAssembly.instantiate(compiled, wasi)).exports as unknown as Graphviz;
  return made;
}

function render(made: Graphviz, dot: string): string {
  const write = (text: string) => {
    const bytes = new TextEncoder().encode(`${text}\0`);
    const address = made.malloc(bytes.length);
    new Uint8Array(made.memory.buffer).set(bytes, address);
    return address;
  };
  const read = (address: number, size?: number) => {
    const bytes = new Uint8Array(made.memory.buffer, address);
    return new TextDecoder().decode(bytes.subarray(0, size ?? bytes.indexOf(0)));
  };
  const given = [write(dot), write("svg"), write("dot"), made.malloc(4)] as const;
  const found = made.graphviz_render(...given);
  if (!found) throw new Error(read(made.graphviz_last_error()));
  const svg = read(found, new DataView(made.memory.buffer).getUint32(given[3], true));
  for (const address of [found, ...given]) made.graphviz_free(address);
  return svg;
}

self.onmessage = async ({ data }: MessageEvent<Task>) => {
  if ("graphviz" in data) {
    module = unpack(data.graphviz).then((bytes) => WebAssembly.compile(bytes));
    module.catch(() => {}); // each task reports it
    return;
  }
  const { id, dot } = data;
  try {
    graphviz ??= await start();
    self.postMessage({ id, svg: render(graphviz, dot) } satisfies Answer);
  } catch (error) {
    graphviz = undefined; // after a trap its memory is of no use
    self.postMessage({ id, error: String((error as Error).message) } satisfies Answer);
  }
};
