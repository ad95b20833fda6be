/** The path of a gradient; where it vanishes, explodes, ends, becomes NaN. */

import { indexOf, numbersOf } from "./columns.ts";
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

const OPERAND = /[PR]\([^()]*\)/g; // a node in the text of an argument
const NOT_FINITE = /(?<![\w.'"])-?(?:nan|inf)(?![\w'"])/;
const ARRAY = /\b(?:float|complex)\d+\[[\d,]*\]/;

/** Return the constant argument of an operation that is not finite, and an array that may not be. */
function constantsOf(data: Data, id: number): { given: string; array: string } {
  const texts = data.signature(id)[1].map(([pieces, keyword]) =>
    keyword === null ? pieces.join(" ").replace(OPERAND, "") : "",
  );
  const n = texts.findIndex((text) => NOT_FINITE.test(text));
  const given = n < 0 ? "" : `argument ${n + 1} is ${NOT_FINITE.exec(texts[n]!)![0]}`;
  return { given, array: texts.map((text) => ARRAY.exec(text)?.[0]).find(Boolean) ?? "" };
}

/** Return where the NaN or Inf of the first node with one comes from. */
function firstText(data: Data, id: number): string {
  const { given, array } = constantsOf(data, id);
  const [name, what] = [data.headline(id), `the first ${kind(data.value, id)}`];
  if (!data.parentsOf(id).length) return `${name} holds ${what}.`;
  if (given) return `${name} is given ${what}: ${given}.`;
  return `${name} produces ${what} from finite inputs${array && `, unless ${array} contains it`}.`;
}

/** Return the first node with a NaN or Inf though all that it came from is finite. */
export function firstNaN(data: Data): Answer {
  const { value, gradient } = data;
  for (let id = 1; id <= data.nodes; id++) {
    if (!isWrong(value, id)) continue;
    const parents = data.parentsOf(id);
    if (parents.some((from) => isWrong(value, from))) continue;
    return { node: id, text: firstText(data, id) };
  }
  for (let id = data.nodes; id >= 1; id--) {
    if (!isWrong(gradient, id)) continue;
    const makers = data.childrenOf(id).filter((child) => gradient.has(child));
    const node = makers.find((child) => !isWrong(gradient, child)) ?? makers[0] ?? id;
    const made = `${kind(gradient, id)} in the gradient of ${data.symbol(id)}`;
    const { given } = constantsOf(data, node);
    const rule = `The VJP rule of ${data.headline(node)}`;
    return { node, text: `${rule} produces the first ${made}${given && `; ${given}`}.` };
  }
  return { node: 0, text: "All values and gradients are finite." };
}

/** The norms of gradients by id; 0 for those that are none, unknown or not finite. */
function normsOf(data: Data): Float64Array {
  const norms = indexOf(data).numbers("∇norm");
  return numbersOf(data.nodes + 1, (id) => {
    const norm = id ? norms[id - 1]! : 0;
    return norm > 0 && norm < Infinity ? norm : 0;
  });
}

/** Return the node whose gradient, and those of all operations before it, fall most on the way. */
export function vanishing(data: Data): Answer {
  const norms = normsOf(data);
  const { starts, parents } = data;
  const before = norms.slice(); // the largest of the node and the operations that it needs
  for (let id = 1; id <= data.nodes; id++) {
    for (let n = starts[id - 1]!; n < starts[id]!; n++) {
      const from = parents[n]!;
      if (before[from]! > before[id]! && data.kind(from) === "result") before[id] = before[from]!;
    }
  }
  const found = farthest(data, norms, 1, (id, peak) => norms[peak]! / before[id]!);
  if (!found) return zeroed(data);
  return { node: found.node, text: `Vanishes: the norm of the gradient falls ${found.text}.` };
}

/** Return the newest node that passes no part of its gradient on. */
function zeroed(data: Data): Answer {
  const { norm } = data.gradient;
  for (let id = data.header.result; id >= 1; id--) {
    const from = norm(id) > 0 && data.parentsOf(id).find((parent) => norm(parent) === 0);
    if (!from) continue;
    const text = `Vanishes: the gradient is ${general(norm(id), 3)} at v${id}, 0 at v${from}.`;
    return { node: id, text };
  }
  return { node: 0, text: "No gradient falls by a factor of 10,000 along its path." };
}

/** Return the node whose gradient grows most on its way from the result. */
export function exploding(data: Data): Answer {
  const norms = normsOf(data);
  const found = farthest(data, norms, -1, (id, least) => norms[id]! / norms[least]!);
  if (!found) return { node: 0, text: "No gradient grows by a factor of 10,000 along its path." };
  return { node: found.node, text: `Explodes: the norm of the gradient grows ${found.text}.` };
}

/** Return the node with the greatest ratio to the largest norm (the smallest, if `sign` is -1) on
 * its way from the result; of several ways, the one on which that is nearest. */
function farthest(
  data: Data,
  norms: Float64Array,
  sign: 1 | -1,
  ratioOf: (id: number, extreme: number) => number,
): Answer | null {
  const { starts, parents, header: { result } } = data;
  const extreme = new Int32Array(result + 1);
  const isMore = (a: number, b: number) => !b || sign * (norms[a]! - norms[b]!) > 0;
  let [node, worst] = [0, RATIO];
  for (let id = result; id >= 1; id--) {
    if (!norms[id]) continue;
    if (isMore(id, extreme[id]!)) extreme[id] = id;
    const ratio = ratioOf(id, extreme[id]!);
    if (ratio >= worst) [node, worst] = [id, ratio];
    for (let n = starts[id - 1]!; n < starts[id]!; n++) {
      const parent = parents[n]!;
      if (!extreme[parent] || isMore(extreme[parent]!, extreme[id]!)) extreme[parent] = extreme[id]!;
    }
  }
  const [from, to] = [extreme[node]!, node].map((id) => `${general(norms[id]!, 3)} at v${id}`);
  return node ? { node, text: `from ${from} to ${to}` } : null;
}

const COUNTED = /^(?:bool|u?int|True|False|-?\d+$)/; // a dtype, or a plain number

/** Return whether a value is of a type that has no gradient. */
function isCounted(data: Data, id: number): boolean {
  const [text, , dtype] = data.value.form(id) ?? [];
  return COUNTED.test(dtype ?? text ?? "");
}

/** Return the nodes that no gradient reaches: those that the result needs, nearest first, then Params. */
export function endings(data: Data): Answer[] {
  const found = new Map<number, Answer>();
  const { gradient, starts, parents, header: { result } } = data;
  const needed = new Uint8Array(result + 1);
  needed[result] = 1;
  for (let id = result; id >= 1; id--) {
    if (!needed[id]) continue;
    for (let n = starts[id - 1]!; n < starts[id]!; n++) {
      const parent = parents[n]!;
      needed[parent] = 1;
      if (gradient.has(parent) || !gradient.has(id) || data.kind(parent) === "input") continue;
      if (found.has(parent) || isCounted(data, parent)) continue;
      const text = `No gradient reaches v${parent}: it ends at v${id} = ${data.label(id)}.`;
      found.set(parent, { node: parent, text });
    }
  }
  for (let id = 1; id <= data.nodes; id++) {
    if (data.kind(id) !== "param" || gradient.has(id) || found.has(id)) continue;
    const why = data.header.reasons?.[id] ?? "the result does not depend on it";
    found.set(id, { node: id, text: `No gradient reaches ${data.label(id)}: ${why}.` });
  }
  const none = { node: 0, text: "Gradients reach every node that the result depends on." };
  return found.size ? [...found.values()] : [none];
}

/** The questions with a button each; only the first has an answer without a backward pass. */
export const QUESTIONS: [
  title: string,
  help: string,
  answer: (data: Data) => Answer | Answer[],
][] = [
  ["First NaN", "Where the first NaN or Inf comes from", firstNaN],
  ["Vanishes", "Where the gradient becomes small along its path", vanishing],
  ["Explodes", "Where the gradient becomes large along its path", exploding],
  ["Ends", "Where the gradient ends; each click goes to the next place", endings],
];

/** Return the answers in the order of the questions. */
export function answers(data: Data): Answer[][] {
  const none = { node: 0, text: "No backward pass ran." };
  return QUESTIONS.map(([, , answer], n) => [n && !data.header.result ? none : answer(data)].flat());
}

/** Return the answer after the one that is selected, with its number; after the last, the first. */
export function nextOf(found: Answer[], selected: number): Answer | undefined {
  const n = (found.findIndex(({ node }) => node === selected) + 1) % found.length;
  if (found.length < 2) return found[0];
  return { node: found[n]!.node, text: `${n + 1} of ${found.length}: ${found[n]!.text}` };
}
