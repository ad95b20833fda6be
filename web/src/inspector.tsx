/** The right, below: all facts of what is selected. */

import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";

import { idsOf, membersOf } from "./graph.ts";
import { title } from "./labels.ts";
import { general, grouped } from "./numbers.ts";
import { Around, Links } from "./links.tsx";
import { Node } from "./node.tsx";
import { normsOf } from "./copies.ts";
import { type Place, usePage } from "./page.ts";
import { METRICS } from "./metrics.ts";

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
        else
          sum =
            metric.fold === "sum"
              ? sum + n
              : metric.fold === "max"
                ? Math.max(sum, n)
                : Math.min(sum, n);
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
  const norms = useMemo(() => normsOf(data, group), [data, group]);
  const known = norms.filter((norm) => norm !== null);
  const shown = state.copy.get(group);
  const rows: [string, number][] = [
    ["first", 0],
    ["last", norms.length - 1],
  ];
  if (known.length) {
    rows.push(
      ["smallest", norms.indexOf(Math.min(...known))],
      ["largest", norms.indexOf(Math.max(...known))],
    );
  }
  const text = `${shown === undefined ? "all" : `${grouped(shown + 1)} of`} ${grouped(norms.length)}`;
  const goTo = (copy: number) => page.store.set({ copy: new Map([...state.copy, [group, copy]]) });
  return (
    <>
      <h3>copies · {text} shown</h3>
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
              <td class="number">
                {norms[copy] == null ? "" : `∇ ${general(norms[copy], 3)}`}
              </td>
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
    for (const id of ids)
      if (data.op(id)) found.set(data.op(id), (found.get(data.op(id)) ?? 0) + 1);
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
