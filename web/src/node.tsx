/** All facts of a node: both passes as formulas, statistics, inputs and uses. */

import { useMemo } from "preact/hooks";

import type { Data, Statistics } from "./data.ts";
import { general, grouped, memoryText, timeText } from "./numbers.ts";
import { Around, Links } from "./links.tsx";
import { usePage } from "./page.ts";

const KINDS: Record<string, string> = { param: "Param", input: "input" };
const MOST = 3; // gradients of a rule

export function Node({ id }: { id: number }) {
  const { page, data } = usePage();
  const place = page.placeOf({ node: id });
  const [forward, ...rules] = data.equation(id) ?? [""];
  const timed = new Map(data.backward(id));
  const parents = Array.from(data.parentsOf(id));
  const children = useMemo(() => [...new Set(data.childrenOf(id))], [data, id]);
  const ns = data.forward(id);
  const note = id === data.header.result ? "the result" : KINDS[data.kind(id)];
  const mark = data.mark(id);
  return (
    <>
      <h2 class="code">
        {data.kind(id) === "result" ? `v${id} = ${data.label(id)}` : data.label(id)}
      </h2>
      <p class="where">
        {[note, mark].filter(Boolean).map((text) => (
          <b>{text} · </b>
        ))}
        {place && (
          <button class="link" onClick={() => page.select(place)}>
            {page.placeText(place)}
          </button>
        )}
        <Around target={{ node: id }} />
      </p>
      {forward && (
        <>
          <h3>forward{ns > 0 && ` · ${timeText(ns)}`}</h3>
          <Formula text={forward} id={id} />
        </>
      )}
      {rules.length > 0 && (
        <>
          <h3>backward</h3>
          {rules.map(([argument, formula, remark]) => (
            <div>
              <Formula
                text={`${targetOf(data, id, argument)} = ${formula}`}
                id={id}
                end={timed.has(argument) ? `  ${timeText(timed.get(argument)!)}` : ""}
              />
              {remark && <span class="dim">{remark}</span>}
            </div>
          ))}
        </>
      )}
      <Values id={id} />
      <Links heading="inputs" ids={parents} />
      <Links heading="used by" ids={children} />
    </>
  );
}

/** Return the gradients that a rule computes: those of the nodes in an argument, as `∇v1`. */
function targetOf(data: Data, id: number, argument: number): string {
  const args = data.signature(id)[1];
  const positional = args.filter(([, keyword]) => keyword === null);
  const before = args.slice(0, args.indexOf(positional[argument - 1]!));
  const gaps = ([pieces]: (typeof args)[number]) => pieces.length - 1;
  const first = before.reduce((sum, arg) => sum + gaps(arg), 0);
  const count = positional[argument - 1] ? gaps(positional[argument - 1]!) : 0;
  const names = Array.from({ length: Math.min(count, MOST) }, (_, i) => `∇v${first + i + 1}`);
  return names.join(", ") + (count > MOST ? ", …" : "");
}

/** A formula, in which `v0` stands for the node, and `v1`, `v2` … for its parents. */
function Formula({ text, id, end = "" }: { text: string; id: number; end?: string }) {
  const { page, data } = usePage();
  const parents = data.parentsOf(id);
  const pieces = text.split(/\bv(\d+)\b/);
  return (
    <code class="formula">
      {pieces.map((piece, i) => {
        const node = i % 2 ? (piece === "0" ? id : parents[Number(piece) - 1]) : undefined;
        if (i % 2 === 0) return piece;
        if (!node) return `v${piece}`;
        if (node === id) return page.nameOf(id);
        return (
          <button class="link code" onClick={() => page.show({ node })}>
            {page.nameOf(node)}
          </button>
        );
      })}
      <span class="dim">{end}</span>
    </code>
  );
}

/** The statistics of a value and its gradient, side by side. */
function Values({ id }: { id: number }) {
  const { data } = usePage();
  const both = [data.value, data.gradient];
  const row = (name: string, text: (of: Statistics) => string) => {
    const texts = both.map((of) => (of.has(id) ? text(of) : ""));
    if (!texts.some(Boolean)) return null;
    return (
      <tr>
        <th scope="row">{name}</th>
        {texts.map((cell) => (
          <td class={`number ${/NaN|Inf/.test(name) ? "bad" : ""}`}>{cell}</td>
        ))}
      </tr>
    );
  };
  const digits = (n: number) => (Number.isNaN(n) ? "" : general(n, 6));
  const share = (of: Statistics) => {
    const size = of.form(id)?.[1]?.reduce((a, b) => a * b, 1) ?? 0;
    const zeros = of.zeros(id);
    return zeros > 0 && size ? `${grouped(zeros)} (${general((100 * zeros) / size, 3)}%)` : "";
  };
  const positive = (n: number) => (n > 0 ? grouped(n) : "");
  return (
    <>
      <h3>statistics</h3>
      <table>
        <thead>
          <tr>
            <th />
            <th class="number">value</th>
            <th class="number">{data.gradient.has(id) ? "gradient" : "no gradient"}</th>
          </tr>
        </thead>
        <tbody>
          {row("shape", (of) => shapeOf(of.form(id)?.[1]))}
          {row("dtype", (of) => of.form(id)?.[2] ?? "")}
          {row("size", (of) => (of.form(id)?.[3] ? memoryText(of.form(id)![3]) : ""))}
          {row("min", (of) => digits(of.min(id)))}
          {row("mean", (of) => digits(of.mean(id)))}
          {row("max", (of) => digits(of.max(id)))}
          {row("norm", (of) => digits(of.norm(id)))}
          {row("zeros", share)}
          {row("NaN", (of) => positive(of.nans(id)))}
          {row("Inf", (of) => positive(of.infs(id)))}
          <tr>
            <th />
            {both.map((of, i) => (
              <td>
                <Bins bins={of.has(id) ? of.bins(id) : null} kind={i ? "d" : "v"} />
              </td>
            ))}
          </tr>
        </tbody>
      </table>
    </>
  );
}

function shapeOf(shape: readonly number[] | null | undefined): string {
  return !shape ? "" : shape.length ? shape.join("×") : "scalar";
}

function Bins({ bins, kind }: { bins: Uint8Array | null; kind: string }) {
  if (!bins) return null;
  return (
    <svg
      class={`bins ${kind}`}
      viewBox="0 0 80 15"
      preserveAspectRatio="none"
      role="img"
      aria-label={`Histogram from min to max, in fifteenths: ${bins.join(" ")}`}
    >
      {Array.from(bins, (height, i) => (
        <rect x={10 * i + 0.5} y={15 - height} width={9} height={height} />
      ))}
    </svg>
  );
}
