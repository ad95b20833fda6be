/** All facts of a node: both passes as formulas, statistics, inputs and uses. */

import { useMemo } from "preact/hooks";

import type { Data } from "./data.ts";
import { STATISTICS } from "./facts.ts";
import { Around, Link, Links } from "./links.tsx";
import { timeText } from "./numbers.ts";
import { usePage } from "./page.ts";

const KINDS: Record<string, string> = { param: "Param", input: "input" };
const MOST = 3; // gradients of a rule

export function Node({ id }: { id: number }) {
  const { page, data } = usePage();
  const [forward, ...rules] = data.equation(id) ?? [""];
  const timed = new Map(data.backward(id));
  const children = useMemo(() => [...new Set(data.childrenOf(id))], [data, id]);
  const ns = data.forward(id);
  const note = id === data.header.result ? "the result" : KINDS[data.kind(id)];
  return (
    <>
      <h2 class="code">
        {data.kind(id) === "result" ? `v${id} = ${data.label(id)}` : data.label(id)}
      </h2>
      <p class="where">
        {[note, data.mark(id)].filter(Boolean).map((text) => (
          <b>{text} · </b>
        ))}
        <Around target={{ node: id }} place={page.placeOf({ node: id })} />
      </p>
      {forward && (
        <>
          <h3>forward{ns > 0 && ` · ${timeText(ns)}`}</h3>
          <Formula text={forward} id={id} />
        </>
      )}
      {rules.length > 0 && <h3>backward</h3>}
      {rules.map(([argument, formula, remark]) => (
        <div>
          <Formula
            text={`${targetOf(data, id, argument)} = ${formula}`}
            id={id}
            end={timed.has(argument) ? `  ${timeText(timed.get(argument)!)}` : ""}
          />
          {remark && <div class="dim">{remark}</div>}
        </div>
      ))}
      <Values id={id} />
      <Links heading="inputs" ids={Array.from(data.parentsOf(id))} />
      <Links heading="used by" ids={children} />
    </>
  );
}

/** Return the gradients that a rule computes: those of the nodes in an argument, as `∇v1`. */
function targetOf(data: Data, id: number, argument: number): string {
  const args = data.signature(id)[1];
  const own = args.filter(([, keyword]) => keyword === null)[argument - 1];
  const gaps = ([pieces]: (typeof args)[number]) => pieces.length - 1;
  const first = args.slice(0, own && args.indexOf(own)).reduce((sum, arg) => sum + gaps(arg), 0);
  const count = own ? gaps(own) : 0;
  const names = Array.from({ length: Math.min(count, MOST) }, (_, i) => `∇v${first + i + 1}`);
  return names.join(", ") + (count > MOST ? ", …" : "");
}

/** A formula, in which `v0` stands for the node, and `v1`, `v2` … for its parents. */
function Formula({ text, id, end = "" }: { text: string; id: number; end?: string }) {
  const { page, data } = usePage();
  const parents = data.parentsOf(id);
  return (
    <code class="formula">
      {text.split(/\bv(\d+)\b/).map((piece, i) => {
        const node = i % 2 ? (piece === "0" ? id : parents[Number(piece) - 1]) : undefined;
        if (i % 2 === 0) return piece;
        if (!node) return `v${piece}`;
        if (node === id) return page.nameOf(id);
        return <Link text={page.nameOf(node)} look="code" does={() => page.show({ node })} />;
      })}
      <span class="dim">{end}</span>
    </code>
  );
}

/** The statistics of a value and its gradient, side by side. */
function Values({ id }: { id: number }) {
  const { data } = usePage();
  const both = [data.value, data.gradient];
  const rows = STATISTICS.map(([name, text]) => ({
    name,
    texts: both.map((of) => (of.has(id) ? text(of, id) : "")),
  })).filter(({ texts }) => texts.some(Boolean));
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
          {rows.map(({ name, texts }) => (
            <tr>
              <th scope="row">{name}</th>
              {texts.map((text) => (
                <td class={`number ${/NaN|Inf/.test(name) ? "bad" : ""}`}>{text}</td>
              ))}
            </tr>
          ))}
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

function Bins({ bins, kind }: { bins: Uint8Array | null; kind: string }) {
  if (!bins) return null;
  const label = `Histogram from min to max, in fifteenths: ${bins.join(" ")}`;
  return (
    <svg class={`bins ${kind}`} viewBox="0 0 80 15" preserveAspectRatio="none" role="img" aria-label={label}>
      {Array.from(bins, (height, i) => (
        <rect x={10 * i + 0.5} y={15 - height} width={9} height={height} />
      ))}
    </svg>
  );
}
