/** All facts of a node: both passes as formulas, statistics, inputs and uses. */

import { useMemo } from "preact/hooks";

import { signOf } from "./equations.ts";
import { contentRows, STATISTICS } from "./facts.ts";
import type { Formula } from "./header.ts";
import { valueText } from "./labels.ts";
import { Around, Link, Links } from "./links.tsx";
import { joined, timeText } from "./numbers.ts";
import { usePage } from "./page.ts";

const MEMORY = ["allocated", "saved"]; // metrics
const KINDS: Record<string, string> = { param: "Param", input: "input" };

export function Node({ id }: { id: number }) {
  const { page, data } = usePage();
  const [forward, constants, rules] = data.equation(id) ?? [[], [], []];
  const timed = new Map(data.backward(id));
  const children = useMemo(() => [...new Set(data.childrenOf(id))], [data, id]);
  const ns = data.forward(id);
  const reason = data.header.reasons?.[id];
  const note = id === data.header.result ? "the result" : KINDS[data.kind(id)];
  return (
    <>
      <h2 class="code">{data.headline(id)}</h2>
      <p class="where">
        <b>{joined([note, data.mark(id)], " · ")}</b>{" "}
        <Around target={{ node: id }} place={page.placeOf({ node: id })} />
      </p>
      {forward.length > 0 && (
        <>
          <h3>forward{ns > 0 && ` · ${timeText(ns)}`}</h3>
          <code class="formula">
            <Symbols of={forward} id={id} />
          </code>
          <Note of={constants} id={id} />
        </>
      )}
      {rules.length > 0 && <h3>backward{timed.has(0) && ` · ${timeText(timed.get(0)!)}`}</h3>}
      {rules.map((rule) => (
        <div>
          <code class="formula">
            <Symbols of={[...rule[1], signOf(data, id, rule), ...rule[2]]} id={id} />
            {timed.has(rule[0]) && <span class="dim">{`  ${timeText(timed.get(rule[0])!)}`}</span>}
          </code>
          <Note of={rule[3]} id={id} />
        </div>
      ))}
      {reason && <h3>no gradient</h3>}
      {reason && <div class="reason">{reason}</div>}
      <Values id={id} />
      <Memory id={id} />
      <Links heading="inputs" ids={Array.from(data.parentsOf(id))} />
      <Links heading="used by" ids={children} />
    </>
  );
}

function Note({ of, id }: { of: Formula; id: number }) {
  if (!of.length) return null;
  return (
    <div class="dim">
      <Symbols of={of} id={id} />
    </div>
  );
}

/** The pieces of a formula, with links to the parents of the node in it. */
function Symbols({ of, id }: { of: Formula; id: number }) {
  const { page, data } = usePage();
  const parents = data.parentsOf(id);
  return (
    <>
      {of.map((piece) => {
        if (typeof piece === "string") return piece;
        if (piece < 0) return `${data.header.symbols[1]}${id}`;
        const node = piece ? parents[piece - 1]! : id;
        const symbol = data.symbol(node);
        if (node === id) return symbol;
        const title = [data.headline(node), valueText(data, node)].join("  ");
        return <Link text={symbol} title={title} look="code" does={() => page.show({ node })} />;
      })}
    </>
  );
}

/** The bytes that a node allocates, and saves for the backward pass. */
function Memory({ id }: { id: number }) {
  const { page } = usePage();
  const own = page.measured.filter(({ metric }) => MEMORY.includes(metric.name));
  const texts = own.map(({ metric, nodes }) => [metric, metric.text(nodes[id - 1]!)] as const);
  return (
    <p class="where">
      {texts
        .filter(([, text]) => text)
        .map(([metric, text], i) => (
          <span title={metric.help}>{`${i ? " · " : ""}${metric.title} ${text}`}</span>
        ))}
    </p>
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
  const contents = contentRows(both.map((of) => of.form(id)));
  return (
    <>
      <h3>statistics</h3>
      <table>
        <thead>
          <tr>
            <td />
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
          {contents.map(([name, texts]) => (
            <tr>
              <th scope="row" class="code">
                {name}
              </th>
              {texts.map((text) => (
                <td class="code">{text}</td>
              ))}
            </tr>
          ))}
          <tr>
            <td />
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
