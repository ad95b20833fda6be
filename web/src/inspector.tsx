/** The right, below: all facts of what is selected. */

import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";

import type { Data, Statistics } from "./data.ts";
import { idsOf, membersOf, pathTo } from "./graph.ts";
import { general, grouped, memoryText, timeText, title } from "./labels.ts";
import { copiesOf, normsOfCopies, type Page, type Place, usePage } from "./page.ts";
import { METRICS } from "./search.ts";
import { PerArgument } from "./source.tsx";

const A_PAGE = 40; // links
const KINDS: Record<string, string> = { param: "Param", input: "input" };
const MOST = 3; // parts of a shape, gradients of a rule

export function Inspector() {
  const { state } = usePage();
  const selected = state.selected;
  return (
    <section class="inspector" aria-label="Facts">
      <div class="facts" tabIndex={0}>
        {!selected && <Whole />}
        {selected && "node" in selected && <Node id={selected.node} />}
        {selected && "group" in selected && <Group group={selected.group} />}
        {selected && "line" in selected && <OfLine place={selected} />}
      </div>
    </section>
  );
}

function Node({ id }: { id: number }) {
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

/** The functions, loops and steps around something, as links. */
function Around({ target }: { target: { node: number } | { group: number } }) {
  const { page, data } = usePage();
  const copies = "node" in target ? new Map(copiesOf(data, target.node)) : new Map<number, number>();
  const around = pathTo(data, target).filter((group) => data.groupTitle(group));
  return (
    <>
      {around.map((group) => (
        <>
          {" › "}
          <button class="link" onClick={() => page.select({ group })}>
            {data.groupTitle(group)}
          </button>
          {copies.has(group) && ` ${copies.get(group)! + 1} of ${grouped(data.times(group))}`}
        </>
      ))}
    </>
  );
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

/** Links to nodes, and to groups as -g; a page of them at a time. */
function Links({ heading, ids }: { heading: string; ids: readonly number[] }) {
  const { page, data } = usePage();
  const [from, setFrom] = useState(0);
  useEffect(() => setFrom(0), [ids.length, ids[0]]);
  if (!ids.length) return null;
  return (
    <>
      <h3>
        {heading}
        {ids.length > 1 && ` · ${grouped(ids.length)}`}
      </h3>
      <div class="list">
        {ids.slice(from, from + A_PAGE).map((member) => (
          <button onClick={() => page.show(member < 0 ? { group: -member } : { node: member })}>
            <span class="id">{member < 0 ? "▣" : `v${member}`}</span>
            <span class="name code">{member < 0 ? title(data, -member) : data.label(member)}</span>
            <span class="dim">
              {member < 0 ? briefGroup(page, -member) : brief(data.value, data.gradient, member)}
            </span>
          </button>
        ))}
      </div>
      {ids.length > A_PAGE && (
        <div class="pages">
          <button class="link" disabled={!from} onClick={() => setFrom(from - A_PAGE)}>
            ‹ before
          </button>
          <span>
            {grouped(from + 1)} to {grouped(Math.min(from + A_PAGE, ids.length))} of {grouped(ids.length)}
          </span>
          <button class="link" disabled={from + A_PAGE >= ids.length} onClick={() => setFrom(from + A_PAGE)}>
            after ›
          </button>
        </div>
      )}
    </>
  );
}

function brief(value: Statistics, gradient: Statistics, id: number): string {
  const shape = value.form(id)?.[1];
  const text = shape?.length ? shape.slice(0, MOST).join("×") + (shape.length > MOST ? "×…" : "") : "";
  const norm = gradient.has(id) ? gradient.norm(id) : NaN;
  return [text, Number.isNaN(norm) ? "" : `∇ ${general(norm, 3)}`].filter(Boolean).join("  ");
}

function briefGroup({ measured }: Page, group: number): string {
  const facts = ["total", "grad"].map((name) => measured.find(({ metric }) => metric.name === name));
  const texts = facts.map((one) => one?.metric.text(one.groups[group]!) ?? "");
  return [texts[0], texts[1] && `∇ ${texts[1]}`].filter(Boolean).join("  ");
}

function Group({ group }: { group: number }) {
  const { page, data } = usePage();
  const place = page.placeOf({ group });
  const ids = useMemo(() => idsOf(data, group), [data, group]);
  const instance = data.groupInstance(group);
  return (
    <>
      <h2>{title(data, group) || "the whole graph"}</h2>
      <p class="where">
        {[data.groupKind(group), instance].filter(Boolean).join(" · ")}
        {place && (
          <>
            {" · "}
            <button class="link" onClick={() => page.select(place)}>
              {page.placeText(place)}
            </button>
          </>
        )}
        <Around target={{ group }} />
      </p>
      <Sums ids={ids} group={group} />
      {data.times(group) > 1 && <Copies group={group} />}
      <Operations ids={ids} />
      <Links heading="inside" ids={Array.from(membersOf(data, group))} />
    </>
  );
}

/** What the nodes of a group or a line come to together. */
function Sums({ ids, group }: { ids: Int32Array; group?: number }) {
  const { page } = usePage();
  const sums = METRICS.flatMap((metric) => {
    const measured = page.measured.find((one) => one.metric === metric);
    if (!measured || (group === undefined && metric.name === "self")) return [];
    let sum = NaN;
    if (group !== undefined) sum = measured.groups[group]!;
    else {
      for (const id of ids) {
        const n = measured.nodes[id - 1]!;
        if (Number.isNaN(n)) continue;
        if (Number.isNaN(sum)) sum = n;
        else sum = metric.fold === "sum" ? sum + n : metric.fold === "max" ? Math.max(sum, n) : Math.min(sum, n);
      }
    }
    return [[metric, metric.text(sum)] as const];
  });
  return (
    <table>
      <tbody>
        <tr>
          <th scope="row">nodes</th>
          <td class="number">{grouped(ids.length)}</td>
        </tr>
        {sums.map(([metric, text]) =>
          text ? (
            <tr title={metric.help}>
              <th scope="row">{metric.title}</th>
              <td class="number">{text}</td>
            </tr>
          ) : null,
        )}
      </tbody>
    </table>
  );
}

/** The steps of a folded group with the first, the last, the least and the largest gradient. */
function Copies({ group }: { group: number }) {
  const { page, data, state } = usePage();
  const norms = useMemo(() => normsOfCopies(data, group), [data, group]);
  const known = norms.filter((norm) => !Number.isNaN(norm));
  const shown = state.copy.get(group);
  const rows: [string, number][] = [
    ["first", 0],
    ["last", norms.length - 1],
  ];
  if (known.length) {
    rows.push(["smallest", norms.indexOf(Math.min(...known))], ["largest", norms.indexOf(Math.max(...known))]);
  }
  const goTo = (copy: number) => page.store.set({ copy: new Map([...state.copy, [group, copy]]) });
  return (
    <>
      <h3>
        copies · {shown === undefined ? "all" : `${grouped(shown + 1)} of`} {grouped(norms.length)} shown
      </h3>
      <table>
        <tbody>
          {rows.map(([name, copy]) => (
            <tr>
              <th scope="row">{name}</th>
              <td>
                <button class="link" onClick={() => goTo(copy)}>
                  step {grouped(copy + 1)}
                </button>
              </td>
              <td class="number">{Number.isNaN(norms[copy]) ? "" : `∇ ${general(norms[copy]!, 3)}`}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Operations({ ids }: { ids: Int32Array }) {
  const { page, data } = usePage();
  const counts = useMemo(() => {
    const found = new Map<string, number>();
    for (const id of ids) if (data.op(id)) found.set(data.op(id), (found.get(data.op(id)) ?? 0) + 1);
    return [...found].sort((a, b) => b[1] - a[1]);
  }, [data, ids]);
  if (!counts.length) return null;
  const parts: ComponentChildren[] = counts.slice(0, 10).map(([op, count]) => (
    <>
      <button class="link code" onClick={() => page.store.set({ query: `op=${op}` })}>
        {op}
      </button>
      {count > 1 && <span class="dim"> ×{grouped(count)}</span>}
      {"  "}
    </>
  ));
  return (
    <>
      <h3>operations</h3>
      <p class="where">
        {parts}
        {counts.length > 10 && `… ${counts.length - 10} more`}
      </p>
    </>
  );
}

function OfLine({ place }: { place: Place }) {
  const { page } = usePage();
  const ids = page.nodesAt(place);
  return (
    <>
      <h2 class="code">{page.codeAt(place) || page.placeText(place)}</h2>
      <p class="where">
        {page.placeText(place)} ·{" "}
        <button class="link" onClick={() => page.showLine(place)}>
          show in the graph
        </button>
      </p>
      {ids.length > 0 && <Sums ids={ids} />}
      <PerArgument place={place} />
      <Links heading="computed here" ids={Array.from(ids)} />
      <Links heading="begins here" ids={page.groupsAt(place).map((group) => -group)} />
    </>
  );
}

/** The whole graph, when nothing is selected. */
function Whole() {
  const { page, data } = usePage();
  const params = useMemo(() => {
    const found: number[] = [];
    for (let id = 1; id <= data.nodes; id += 1) if (data.kind(id) === "param") found.push(id);
    return found;
  }, [data]);
  return (
    <>
      <h2>{data.header.title}</h2>
      {data.header.notes.map((note) => (
        <p class="where">{note}</p>
      ))}
      {page.measured.length > 0 && <Sums ids={new Int32Array(data.nodes)} group={0} />}
      {data.header.result > 0 && <Links heading="result" ids={[data.header.result]} />}
      <Links heading="Params" ids={params} />
    </>
  );
}

