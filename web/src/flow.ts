/** The path of a gradient; where it vanishes, explodes, ends, becomes NaN. */

import type { Data, Statistics } from "./data.ts";
import { general } from "./numbers.ts";

/** A node that a question is answered by, and the answer; node 0: there is none, and why. */
export interface Answer {
  node: number;
  text: string;
}

const RATIO = 1e4; // between norms of a gradient on one path, for it to vanish or explode

/** Return the nodes on any path from a node to the result along which gradients flow, sorted. */
export function pathToResult(data: Data, node: number): Int32Array {
  const { result } = data.header;
  if (!result || node > result) return Int32Array.of(node);
  const [starts, parents] = [data.starts, data.parents];
  const reached = new Uint8Array(result + 1); // 1: computed from the node; 2: on a path
  reached[node] = 1;
  for (let id = node + 1; id <= result; id += 1) {
    if (!data.gradient.has(id)) continue;
    for (let n = starts[id - 1]!; n < starts[id]!; n += 1) {
      if (reached[parents[n]!]) {
        reached[id] = 1;
        break;
      }
    }
  }
  if (!reached[result]) return Int32Array.of(node);
  reached[result] = 2;
  const found: number[] = [];
  for (let id = result; id >= node; id -= 1) {
    if (reached[id] !== 2) continue;
    found.push(id);
    for (let n = starts[id - 1]!; n < starts[id]!; n += 1) {
      if (reached[parents[n]!] === 1) reached[parents[n]!] = 2;
    }
  }
  return Int32Array.from(found).reverse();
}

const isWrong = (of: Statistics, id: number) => of.nans(id) > 0 || of.infs(id) > 0;
const kind = (of: Statistics, id: number) => (of.nans(id) > 0 ? "NaN" : "Inf");

/** Return the first node with a NaN or Inf though all that it came from is finite. */
export function firstNaN(data: Data): Answer {
  for (let id = 1; id <= data.nodes; id += 1) {
    if (!isWrong(data.value, id) || data.parentsOf(id).some((from) => isWrong(data.value, from)))
      continue;
    const made = data.parentsOf(id).length ? "makes" : "holds";
    const from = data.parentsOf(id).length ? " from finite inputs" : "";
    return {
      node: id,
      text: `v${id} = ${data.label(id)} ${made} the first ${kind(data.value, id)}${from}.`,
    };
  }
  for (let id = data.nodes; id >= 1; id -= 1) {
    if (!isWrong(data.gradient, id)) continue;
    const makers = data.childrenOf(id).filter((child) => data.gradient.has(child));
    const maker = makers.find((child) => !isWrong(data.gradient, child)) ?? makers[0] ?? id;
    const what = `${kind(data.gradient, id)} in the gradient of v${id}`;
    return {
      node: maker,
      text: `The VJP rule of v${maker} = ${data.label(maker)} makes the first ${what}.`,
    };
  }
  return { node: 0, text: "All values and gradients are finite." };
}

/** The norms of gradients by id; 0 for those that are none, unknown or not finite. */
function normsOf(data: Data): Float64Array {
  const norms = new Float64Array(data.nodes + 1);
  for (let id = 1; id <= data.nodes; id += 1) {
    const norm = data.gradient.norm(id);
    if (norm > 0 && norm < Infinity) norms[id] = norm;
  }
  return norms;
}

/** Return the node whose gradient, and those of all operations before it, fall most on the way. */
export function vanishing(data: Data): Answer {
  const { result } = data.header;
  if (!result) return { node: 0, text: NO_BACKWARD };
  const norms = normsOf(data);
  const before = norms.slice(); // the largest of the node and the operations that it needs
  for (let id = 1; id <= result; id += 1) {
    for (const parent of data.parentsOf(id)) {
      if (data.kind(parent) === "result") before[id] = Math.max(before[id]!, before[parent]!);
    }
  }
  const peaks = new Int32Array(result + 1); // the largest on the best way to a node
  let [node, worst] = [0, RATIO];
  for (let id = result; id >= 1; id -= 1) {
    if (!norms[id]) continue;
    if (norms[id]! >= norms[peaks[id]!]!) peaks[id] = id;
    const ratio = norms[peaks[id]!]! / before[id]!;
    if (ratio >= worst) [node, worst] = [id, ratio];
    for (const parent of data.parentsOf(id)) {
      if (!peaks[parent] || norms[peaks[parent]!]! > norms[peaks[id]!]!) peaks[parent] = peaks[id]!;
    }
  }
  if (!node) return zeroed(data, result);
  const [from, to] = [peaks[node]!, node].map((id) => `${general(norms[id]!, 3)} at v${id}`);
  return { node, text: `Vanishes: the norm of the gradient falls from ${from} to ${to}.` };
}

/** Return the newest node that passes no part of its gradient on. */
function zeroed(data: Data, result: number): Answer {
  const { gradient } = data;
  for (let id = result; id >= 1; id -= 1) {
    if (!(gradient.norm(id) > 0)) continue;
    const from = data.parentsOf(id).find((parent) => gradient.norm(parent) === 0);
    if (from) {
      const text = `Vanishes: the gradient is ${general(gradient.norm(id), 3)} at v${id}, 0 at v${from}.`;
      return { node: id, text };
    }
  }
  return { node: 0, text: "No gradient falls by a factor of 10,000 on its way." };
}

/** Return the node whose gradient grows most on its way from the result. */
export function exploding(data: Data): Answer {
  const { result } = data.header;
  if (!result) return { node: 0, text: NO_BACKWARD };
  const norms = normsOf(data);
  const least = new Int32Array(result + 1); // the smallest on the best way to a node
  let [node, worst] = [0, RATIO];
  for (let id = result; id >= 1; id -= 1) {
    if (!norms[id]) continue;
    if (!least[id] || norms[id]! < norms[least[id]!]!) least[id] = id;
    const ratio = norms[id]! / norms[least[id]!]!;
    if (ratio >= worst) [node, worst] = [id, ratio];
    for (const parent of data.parentsOf(id)) {
      if (norms[least[id]!]! > norms[least[parent]!]!) least[parent] = least[id]!;
    }
  }
  if (!node) return { node, text: "No gradient grows by a factor of 10,000 on its way." };
  const [from, to] = [least[node]!, node].map((id) => `${general(norms[id]!, 3)} at v${id}`);
  return { node, text: `Explodes: the norm of the gradient grows from ${from} to ${to}.` };
}

/** Return the node nearest to the result that it needs, but that no gradient reaches. */
export function ending(data: Data): Answer {
  const { result } = data.header;
  if (!result) return { node: 0, text: NO_BACKWARD };
  const needed = new Uint8Array(result + 1);
  needed[result] = 1;
  for (let id = result; id >= 1; id -= 1) {
    if (!needed[id]) continue;
    for (const parent of data.parentsOf(id)) {
      const ends =
        data.gradient.has(id) && !data.gradient.has(parent) && data.kind(parent) !== "input";
      if (ends)
        return {
          node: parent,
          text: `No gradient reaches v${parent}: it ends at v${id} = ${data.label(id)}.`,
        };
      needed[parent] = 1;
    }
  }
  for (let id = 1; id <= data.nodes; id += 1) {
    if (data.kind(id) === "param" && !data.gradient.has(id)) {
      return {
        node: id,
        text: `No gradient reaches ${data.label(id)}: the result does not depend on it.`,
      };
    }
  }
  return { node: 0, text: "Gradients reach all that the result depends on." };
}

const NO_BACKWARD = "No backward pass ran.";

/** The questions with a button each. */
export const QUESTIONS: readonly { title: string; help: string; answer: (data: Data) => Answer }[] =
  [
    { title: "First NaN", help: "Where the first NaN or Inf comes from", answer: firstNaN },
    { title: "Vanishes", help: "Where the gradient becomes small on its way", answer: vanishing },
    { title: "Explodes", help: "Where the gradient becomes large on its way", answer: exploding },
    { title: "Ends", help: "Where the gradient ends", answer: ending },
  ];
